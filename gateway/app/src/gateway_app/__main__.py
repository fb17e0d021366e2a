"""One image, two commands: `python -m gateway_app serve | migrate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway_app.main import create_app
from gateway_app.repositories.tables import SCHEMA
from gateway_app.settings import GatewaySettings, MigrationSettings
from messenger_platform.migrations import run_migrations
from messenger_platform.service import serve

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="gateway_app", description=__doc__)
    parser.add_argument("command", choices=("serve", "migrate"))
    if parser.parse_args().command == "migrate":
        run_migrations(MIGRATIONS, MigrationSettings().owner_url, SCHEMA)
    else:
        settings = GatewaySettings()
        serve(create_app(settings), host=settings.host, port=settings.port, log_level=settings.log_level)


if __name__ == "__main__":
    main()
