"""Live connections: WebSocket, fan-out, sync."""
