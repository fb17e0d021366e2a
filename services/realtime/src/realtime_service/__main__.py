"""`python -m realtime_service serve | migrate`."""

from __future__ import annotations

import sys
from pathlib import Path

from messenger_platform.migrations import run_migrations
from messenger_platform.service import serve
from realtime_service.controllers.socket_protocol import SocketProtocol
from realtime_service.main import create_app
from realtime_service.repositories.tables import SCHEMA
from realtime_service.settings import Settings

DRAIN_S = 5


def main(command: str) -> None:
    """Run one command of the service."""
    settings = Settings()
    if command == "serve":
        serve(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_level=settings.log_level,
            drain_s=DRAIN_S,
            ws=SocketProtocol,
        )
    elif command == "migrate":
        url = settings.database_url("realtime_owner", settings.realtime_owner_password)
        run_migrations(Path(__file__).parent / "migrations", url, SCHEMA)
    else:
        sys.exit(f"unknown command {command!r}: serve or migrate")


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["serve"])
