"""One image, four commands: `python -m chat_service serve | relay | migrate | resync`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chat_service.main import create_app
from chat_service.relay import run_relay
from chat_service.repositories.tables import SCHEMA
from chat_service.resync import run_resync
from chat_service.settings import ChatSettings, MigrationSettings, RelaySettings, ResyncSettings
from messenger_platform.migrations import run_migrations
from messenger_platform.service import serve

MIGRATIONS = Path(__file__).parent / "migrations"
LINK_FRAME_BYTES = 16 * 1024 * 1024  # 200 sends of 4,096 characters, every one escaped as two surrogates (12 bytes).


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="chat_service", description=__doc__)
    parser.add_argument("command", choices=("serve", "relay", "migrate", "resync"))
    command = parser.parse_args().command
    if command == "migrate":
        run_migrations(MIGRATIONS, MigrationSettings().owner_url, SCHEMA)
    elif command == "relay":
        run_relay(RelaySettings())
    elif command == "resync":
        sys.exit(run_resync(ResyncSettings()))
    else:
        settings = ChatSettings()
        serve(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_level=settings.log_level,
            ws_max_size=LINK_FRAME_BYTES,
        )


if __name__ == "__main__":
    main()
