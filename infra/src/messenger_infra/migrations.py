"""Bring each service's schema to its newest revision, side by side, before its processes start."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.markup import escape

from messenger_infra import system
from messenger_infra.console import console
from messenger_infra.errors import SetupError
from messenger_infra.programs import PACKAGES, service_environment
from messenger_infra.settings import Stack

MIGRATED = ("user", "chat", "realtime", "gateway")


def migrate(stack: Stack, service: str) -> str | None:
    """Run `python -m <service> migrate` on the stack's databases; returns what went wrong, or None."""
    package, _ = PACKAGES[service]
    environment = service_environment(stack, service, stack.port(service.upper()))
    command: list[str | Path] = [stack.venv / "bin" / "python", "-m", package, "migrate"]
    try:
        system.run(command, as_service=True, env=environment, cwd=stack.folder, timeout=120)
        if stack.integration:
            environment |= stack.integration
            system.run(command, as_service=True, env=environment, cwd=stack.folder, timeout=120)
    except SetupError as error:
        return str(error)
    return None


def migrate_all(stack: Stack) -> list[str]:
    """Migrate every service; returns the names of those that failed, their errors printed."""
    with ThreadPoolExecutor(len(MIGRATED)) as pool:
        problems = dict(zip(MIGRATED, pool.map(lambda name: migrate(stack, name), MIGRATED), strict=True))
    for name, problem in problems.items():
        if problem:
            console.print(f"  [red]✗[/] migrations of {name}: {escape(problem)}")
    return [name for name, problem in problems.items() if problem]
