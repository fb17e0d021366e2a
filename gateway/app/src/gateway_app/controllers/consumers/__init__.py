"""AMQP in."""
