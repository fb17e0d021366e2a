"""The commands behind the Makefile."""

import os
import shutil
import signal
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from messenger_infra import resync, system, testing, web, web_tests
from messenger_infra.console import console
from messenger_infra.errors import SetupError
from messenger_infra.programs import expected
from messenger_infra.settings import Stack, repository, stack_of_tests, up_stack
from messenger_infra.status import as_json, as_table, rows
from messenger_infra.supervision import Supervisor
from messenger_infra.up import Launch

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

StackName = Annotated[str, typer.Option("--stack", help="up or test")]


class Format(StrEnum):
    """How `status` prints."""

    table = "table"
    json = "json"


class Action(StrEnum):
    """What `ctl` can do to one process."""

    restart = "restart"
    kill = "kill"
    stop = "stop"
    start = "start"
    pid = "pid"
    pause = "pause"
    resume = "resume"


def chosen(name: str) -> Stack:
    """Return the stack of that name."""
    return stack_of_tests() if name == "test" else up_stack()


def complain(stack: Stack, unhealthy: list[str]) -> None:
    """Say which parts are not healthy and show the end of their logs."""
    for name in unhealthy:
        log = stack.folder / "log" / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
        console.print(f"\n[red]{name} is not healthy[/]; the end of its log:")
        for line in lines:
            console.print(f"    {line}", markup=False)
    if unhealthy:
        console.print("\nMore: `make logs NAME=…`. Everything else is running.")


def announce(stack: Stack) -> None:
    """Print where everything is and who can log in."""
    env = stack.env
    console.print(f"\n[bold green]Messenger is up[/] at [bold]{env['PUBLIC_URL']}[/]")
    console.print(f"  API          {env['PUBLIC_URL']}/api/docs")
    console.print(f"  WebSocket    {env['PUBLIC_URL'].replace('http', 'ws', 1)}/ws")
    console.print(f"  Issuer       {env['OIDC_ISSUER']}")
    console.print(f"  Admin        http://localhost:{env['KEYCLOAK_PORT']}/admin/messenger/console/")
    if env["DEMO"] == "true":
        console.print("  Accounts     alice, bob, carol, dave, erin (password: name-demo), admin-demo / admin-demo")
    console.print("  Next         make status · make demo · make logs · make down\n")


@app.command()
def up() -> None:
    """Install what is missing, start everything, wait until it is ready."""
    stack = up_stack()
    unhealthy = Launch(stack).run()
    complain(stack, unhealthy)
    if unhealthy:
        raise SystemExit(1)
    announce(stack)


@app.command()
def down(stack: StackName = "up") -> None:
    """Stop what `up` started; data are kept."""
    Supervisor(chosen(stack)).shut_down()
    console.print(f"The {stack} stack is stopped; its data are kept.")


@app.command()
def clean() -> None:
    """Stop the stack and remove its data; downloads and .env are kept."""
    stack = up_stack()
    Supervisor(stack).shut_down()
    shutil.rmtree(stack.folder, ignore_errors=True)
    console.print(f"Stopped; {stack.folder} is removed. Downloads stay in {stack.cache}, settings in .env.")


@app.command()
def status(
    output: Annotated[Format, typer.Option("--format")] = Format.table,
    stack: StackName = "up",
) -> None:
    """Print one line per process: name, pid, port, healthy or not."""
    found = chosen(stack)
    result = rows(expected(found), Supervisor(found))
    if output is Format.json:
        sys.stdout.write(as_json(result) + "\n")
    else:
        from rich.console import Console  # noqa: PLC0415 - the only use of standard output by rich

        Console(highlight=False).print(as_table(result))
    if not all(row["healthy"] for row in result) and output is Format.table:
        raise SystemExit(1)


@app.command()
def logs(name: Annotated[str, typer.Option("--name")] = "", stack: StackName = "up") -> None:
    """Follow the log of one process, or of all."""
    folder = chosen(stack).folder / "log"
    files = sorted(folder.glob(f"{name or '*'}.log"))
    if not files:
        raise SetupError(f"No log of {name or 'any process'} in {folder}.")
    os.execvp("tail", ["tail", "-n", "40", "-F", *map(str, files)])  # noqa: S606, S607 - the terminal's own tail


@app.command()
def ctl(action: Action, name: str, stack: StackName = "test") -> None:
    """Restart, kill -9, stop, start, pause, resume one process, or print its pid."""
    supervisor = Supervisor(chosen(stack))
    signals = {Action.kill: signal.SIGKILL, Action.pause: signal.SIGSTOP, Action.resume: signal.SIGCONT}
    if action in signals:
        sys.stdout.write(f"{supervisor.signal(name, signals[action])}\n")
        return
    if action in (Action.stop, Action.restart):
        supervisor.stop([name])
    if action in (Action.start, Action.restart):
        supervisor.start(name)
    sys.stdout.write(f"{supervisor.states()[name][1]}\n")


@app.command("resync")
def resync_stack(stack: StackName = "up") -> None:
    """Make the replication slot anew and announce everything again: when events were lost, with everything running."""
    raise SystemExit(resync.resync(chosen(stack)))


@app.command("test-up")
def test_up() -> None:
    """Start the test stack and leave it running, for a quick loop with `test-only`."""
    stack = testing.bring_up()
    console.print(f"The test stack runs at {stack.env['PUBLIC_URL']}; settings in {stack.folder}/env.")


@app.command("test-down")
def test_down() -> None:
    """Stop the test stack and remove its data."""
    testing.tear_down()


@app.command("test-only", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test_only(context: typer.Context) -> None:
    """Run pytest with the given arguments against the test stack that `test-up` started."""
    raise SystemExit(testing.pytest(testing.running_stack(), context.args))


@app.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Measure the system on a fresh test stack and write docs/bench."""
    raise SystemExit(testing.bench(context.args))


@app.command("drill", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def drill(context: typer.Context) -> None:
    """Break everything, one after the other, on a fresh test stack and write docs/reliability.md."""
    raise SystemExit(testing.drill(context.args))


@app.command("test-web", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test_web(context: typer.Context) -> None:
    """Run Vitest, the size budget and Playwright (with the given arguments) against the running test stack."""
    stack = testing.running_stack()
    failed = web_tests.run(stack, testing.environment(stack), context.args)
    if failed:
        raise SetupError("Failed:\n" + "\n".join(failed))


@app.command("web")
def build_web() -> None:
    """Install the web client's packages and build it, if anything has changed."""
    web.build(repository())
    console.print(f"The web client is built in {web.folder(repository()) / 'dist'}; `make up` serves it.")


@app.command("web-check")
def check_web() -> None:
    """Check the types and the style of the web client."""
    web.install(repository())
    raise SystemExit(web.run(repository(), "check"))


@app.command("screens")
def take_screens() -> None:
    """Write docs/screens/web-*.png, pictures of the web client with made-up people, from the test stack."""
    stack = testing.bring_up()
    raise SystemExit(web_tests.run_alone(stack, testing.environment(stack), "screens"))


@app.command("visual", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def compare_pictures(context: typer.Context) -> None:
    """Compare pages of the web client, on the test stack, with their pictures in services/web/e2e/visual.

    `--update` renews the pictures that differ; other arguments are Playwright's.
    """
    stack = testing.bring_up()
    arguments = ["--update-snapshots" if one == "--update" else one for one in context.args]
    raise SystemExit(web_tests.run_alone(stack, testing.environment(stack), "visual", arguments))


@app.command("soak")
def soak(minutes: Annotated[float, typer.Option("--minutes", min=1)] = 120) -> None:
    """Let one tab of the web client live through a long day on the test stack: it loses nothing and does not grow."""
    stack = testing.bring_up()
    env = testing.environment(stack) | {"SOAK_MINUTES": str(minutes)}
    raise SystemExit(web_tests.run_alone(stack, env, "soak"))


@app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test_all(context: typer.Context) -> None:
    """Run everything: start the test stack, test the web client, one pytest over the rest, stop it whatever happens."""
    raise SystemExit(testing.run_all(context.args))


@app.command("env")
def print_environment(stack: StackName = "up") -> None:
    """Print the environment of a stack as shell assignments, secrets included."""
    from messenger_infra.settings import shell_lines  # noqa: PLC0415 - kept beside its only use

    sys.stdout.write(shell_lines(chosen(stack).env))


def main() -> None:
    """Run a command; an error of the machine is a sentence, not a traceback."""
    os.umask(0o022)
    try:
        app()
    except SetupError as error:
        console.print(f"\n[bold red]error:[/] {escape(str(error))}")
        raise SystemExit(1) from None
    except PermissionError as error:
        advice = "run as the user who started the stack" if not system.is_root() else "check the owner of that path"
        console.print(f"\n[bold red]error:[/] {error}: {advice}.")
        raise SystemExit(1) from None
