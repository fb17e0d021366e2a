"""One image, two commands: `python -m user_service serve | migrate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from messenger_platform.migrations import run_migrations
from messenger_platform.service import serve
from user_service.main import create_app
from user_service.repositories.tables import SCHEMA
from user_service.settings import MigrationSettings, UserSettings

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="user_service", description=__doc__)
    parser.add_argument("command", choices=("serve", "migrate"))
    if parser.parse_args().command == "migrate":
        run_migrations(MIGRATIONS, MigrationSettings().owner_url, SCHEMA)
    else:
        settings = UserSettings()
        serve(create_app(settings), host=settings.host, port=settings.port, log_level=settings.log_level)


if __name__ == "__main__":
    main()
