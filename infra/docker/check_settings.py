# noqa: INP001 - a script, run by its path.
"""Refuse to start with an empty secret, then write what other containers read: Envoy's and RabbitMQ's configuration."""

import os
import runpy
import sys
from pathlib import Path

GENERATED = Path("/generated")


def main() -> None:
    """Check the environment of this container, which has every secret, and write the files."""
    empty = sorted(n for n, value in os.environ.items() if n.endswith(("_PASSWORD", "_SECRET", "_KEYS")) and not value)
    if empty:
        raise SystemExit(f"Empty: {', '.join(empty)}. Run `make env`, which writes .env with generated secrets.")
    sys.argv = ["topology", str(GENERATED / "definitions.json")]
    runpy.run_module("messenger_infra.topology", run_name="__main__")
    sys.argv = ["render.py", str(GENERATED / "envoy.yaml")]
    runpy.run_path("/app/gateway/envoy/render.py", run_name="__main__")


if __name__ == "__main__":
    main()
