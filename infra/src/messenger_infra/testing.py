"""The tests' own stack: other ports, another folder, fresh data, stopped in the end whatever happens.

Starting Keycloak on an empty database takes half a minute, so the cluster is copied right after the realm was imported
and the next run starts from the copy (`cluster-<hash>` in the cache; the hash covers the realm and its settings).
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from messenger_infra import system, web_tests
from messenger_infra.console import console
from messenger_infra.errors import SetupError
from messenger_infra.settings import Stack, shell_lines, stack_of_tests, write_private
from messenger_infra.supervision import Supervisor
from messenger_infra.up import Launch


def bring_up() -> Stack:
    """Start a test stack with fresh data; one that runs already is brought up to date and keeps its data."""
    stack = stack_of_tests()
    if Supervisor(stack).pid() is None:
        tear_down()
        stack = stack_of_tests()
        system.make_folder(stack.folder, 0o751)
        names = (stack.repo / ".env.example").read_text()
        settings = {name: value for name, value in stack.env.items() if f"\n{name}=" in names}
        write_private(stack.folder / "settings", shell_lines(settings))
    unhealthy = Launch(stack, use_template=True).run()
    if unhealthy:
        console.print(f"  [red]✗[/] not healthy: {', '.join(unhealthy)} (logs in {stack.folder}/log)")
    return stack


def tear_down() -> None:
    """Stop the test stack and remove its data."""
    stack = stack_of_tests()
    Supervisor(stack).shut_down()
    shutil.rmtree(stack.folder, ignore_errors=True)


def environment(stack: Stack) -> dict[str, str]:
    """Return the environment of the pytest process: the caller's, and every setting of the stack."""
    return {
        **os.environ,
        **stack.env,
        **stack.integration,
        "MESSENGER_STACK": str(stack.folder),
        "MESSENGER_HOME": str(stack.repo),
    }


def running_stack() -> Stack:
    """Return the test stack, which must be running."""
    stack = stack_of_tests()
    if Supervisor(stack).pid() is None:
        raise SetupError("The test stack is not running: `make test-up` starts it.")
    return stack


def pytest(stack: Stack, arguments: Sequence[str]) -> int:
    """Run pytest against a running stack; returns its exit code."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, check=False, env=environment(stack), cwd=stack.repo).returncode  # noqa: S603 - our own command


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn TERM and HUP into SystemExit, as Ctrl-C is into KeyboardInterrupt, so that `finally` runs."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    previous = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def fresh_stack() -> Iterator[Stack]:
    """Start a test stack on fresh data; whatever ends the block or interrupts it, no server is left behind."""
    with ended_by_signals():
        tear_down()
        try:
            yield bring_up()
        finally:
            # A second Ctrl-C must not leave servers behind.
            previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
            sys.stdout.flush()
            tear_down()
            signal.signal(signal.SIGINT, previous)


def run_all(arguments: Sequence[str]) -> int:
    """Start a fresh test stack, run the web client's tests and one pytest over everything else, stop the stack.

    All run even if one fails; pytest comes last. Returns an exit code that is not zero if any of them failed.
    """
    with fresh_stack() as stack:
        failed = web_tests.run(stack, environment(stack))
        # conftest.py repeats it in pytest's summary, which closes the output.
        os.environ["MESSENGER_FAILED_BEFORE"] = "\n".join(failed)
        return pytest(stack, arguments) or int(bool(failed))


def drill(arguments: Sequence[str]) -> int:
    """Run every fault, whole, on a fresh test stack and write docs/reliability.md; returns pytest's exit code."""
    os.environ["DRILL"] = "full"
    with fresh_stack() as stack:
        return pytest(stack, ["tests/faults", *arguments])


def bench(arguments: Sequence[str]) -> int:
    """Measure on a fresh test stack with one process of each kind, unless TEST_CHAT_PROCESSES says otherwise.

    Stops the stack afterwards; returns the benchmark's exit code.
    """
    for kind in ("CHAT", "REALTIME"):
        os.environ.setdefault(f"TEST_{kind}_PROCESSES", "1")
    with fresh_stack() as stack:
        paths = ("tests/bench", "tests/support", "infra/src")
        env = environment(stack) | {"PYTHONPATH": os.pathsep.join(str(stack.repo / path) for path in paths)}
        command = [sys.executable, "-m", "messenger_bench", *arguments]
        return subprocess.run(command, check=False, env=env, cwd=stack.repo).returncode  # noqa: S603 - our own command
