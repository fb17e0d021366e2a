"""What arrives from RabbitMQ."""
