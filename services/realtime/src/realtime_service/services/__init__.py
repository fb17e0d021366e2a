"""Use cases: connections, fan-out, sync."""
