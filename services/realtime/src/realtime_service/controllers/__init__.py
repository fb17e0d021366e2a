"""HTTP, WebSocket and AMQP in and out, nothing else."""
