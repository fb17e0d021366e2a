"""HTTP, WebSocket and AMQP in and out; no rules."""
