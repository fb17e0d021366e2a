"""The operator's command for lost events: `python -m chat_service resync` with a stack's settings."""

import subprocess

from messenger_infra import system
from messenger_infra.errors import SetupError
from messenger_infra.programs import PACKAGES, service_environment
from messenger_infra.settings import Stack
from messenger_infra.supervision import Supervisor


def resync(stack: Stack) -> int:
    """Run it beside the running services, its sentences on our standard error; returns its exit code."""
    if Supervisor(stack).pid() is None:
        raise SetupError(f"The {stack.name} stack is not running: start it first, a resync needs its services.")
    command = [str(stack.venv / "bin" / "python"), "-m", PACKAGES["chat"][0], "resync"]
    environment = system.clean_environment(service_environment(stack, "chat", stack.port("CHAT")))
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603 - our own command
