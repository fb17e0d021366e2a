import configparser
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from messenger_infra import keycloak, launch, system
from messenger_infra.errors import SetupError
from messenger_infra.programs import Program, services
from messenger_infra.settings import Stack, complete, fill_secrets, is_secret, parse
from messenger_infra.status import as_json, rows
from messenger_infra.supervision import Supervisor, quoted, section

REPO = Path(__file__).parents[2]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    env = parse(fill_secrets((REPO / ".env.example").read_text()))
    return Stack("up", REPO, tmp_path, complete({**env, "CHAT_PROCESSES": "2"}))


def program(name: str, *, healthy: bool, hidden: bool = False) -> Program:
    return Program(name, "services", ("true",), {}, 1234, lambda: healthy, hidden=hidden)


class Running(Supervisor):
    """A supervisor that runs every program but those called `gone`."""

    def states(self) -> dict[str, tuple[str, int]]:
        return {"chat-1": ("RUNNING", 42), "gone": ("STOPPED", 0)}


def test_status_in_json_has_exactly_the_four_fields_of_the_contract(stack: Stack) -> None:
    found = rows([program("chat-1", healthy=True), program("gone", healthy=True)], Running(stack))
    assert json.loads(as_json(found)) == [
        {"name": "chat-1", "pid": 42, "port": 1234, "healthy": True},
        {"name": "gone", "pid": None, "port": 1234, "healthy": False},
    ]


def test_status_of_a_stack_that_is_down_lists_everything_as_not_running(stack: Stack) -> None:
    assert rows([program("chat-1", healthy=True)], Supervisor(stack))[0]["pid"] is None


def test_hidden_programs_are_not_in_the_status(stack: Stack) -> None:
    assert [
        r["name"]
        for r in rows([program("epmd", healthy=True, hidden=True), program("user", healthy=True)], Running(stack))
    ] == ["user"]


def test_our_processes_have_the_names_of_the_contract(stack: Stack) -> None:
    names = [found.name for found in services(stack)]
    assert names == ["user", "chat-1", "chat-2", "relay-1", "relay-2", "realtime-1", "gateway", "envoy"]


def test_a_service_gets_no_secret_of_another(stack: Stack) -> None:
    user = next(found for found in services(stack) if found.name == "user")
    secrets = {name for name in user.environment if is_secret(name)}
    assert secrets == {
        "USER_OWNER_PASSWORD",
        "USER_RUNTIME_PASSWORD",
        "USER_SERVICE_CLIENT_SECRET",
        "RABBITMQ_USER_PASSWORD",
        "INTERNAL_SECRET",
    }


def test_a_program_survives_the_way_through_the_supervisors_configuration(stack: Stack) -> None:
    awkward = Program("x", "services", ("run", "a b;c", "100%"), {"VALUE": "50%,'a'=b"}, 1, bool, waits=(5, 6))
    parsed = configparser.RawConfigParser(inline_comment_prefixes=(";",), strict=True)
    parsed.read_string(section(stack, awkward).replace("%%", "%"))
    command = shlex.split(parsed["program:x"]["command"])
    assert command[command.index("--") + 1 :] == ["run", "a b;c", "100%"]
    assert [command[i + 1] for i, part in enumerate(command) if part == "--wait"] == ["127.0.0.1:5", "127.0.0.1:6"]
    assert "VALUE=\"50%,'a'=b\"" in parsed["program:x"]["environment"]


def test_a_value_that_cannot_be_quoted_is_refused() -> None:
    with pytest.raises(SetupError):
        quoted('a"b')


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


@pytest.mark.enable_socket
def test_a_program_starts_only_when_what_it_waits_for_answers(listener: socket.socket, tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{reserved.getsockname()[1]}"
        waits = ["--wait", address, "--wait", f"127.0.0.1:{listener.getsockname()[1]}"]
        command = [sys.executable, "-I", "-S", launch.__file__, "--stamp", str(tmp_path / "x"), *waits, "--", "true"]
        with subprocess.Popen(command) as waiting:  # noqa: S603 - our own interpreter and script
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(0.5)
            reserved.listen()
            assert waiting.wait(10) == 0


@pytest.mark.parametrize(("crashes", "age", "least", "most"), [("0", 0.1, 0.8, 1.5), ("1", 60, 0, 0.1)])
def test_only_a_quick_crash_delays_the_next_start(
    tmp_path: Path, crashes: str, age: float, least: float, most: float
) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text(crashes)
    os.utime(stamp, (time.time() - age,) * 2)
    started = time.monotonic()
    launch.pause_before_start(stamp)
    assert least <= time.monotonic() - started <= most


def test_a_realm_placeholder_without_a_value_is_refused(stack: Stack, tmp_path: Path) -> None:
    realm = tmp_path / "keycloak" / "realm" / "messenger-realm.json"
    realm.parent.mkdir(parents=True)
    realm.write_text('{"a": "${GATEWAY_CLIENT_SECRET}", "b": "${GATEWAY_URL:http://x:1}/y", "c": "${username}"}')
    known = Stack("up", tmp_path, tmp_path, {"GATEWAY_CLIENT_SECRET": "s"})
    assert keycloak.realm_variables(known) == {"GATEWAY_CLIENT_SECRET": "s"}
    with pytest.raises(SetupError, match="GATEWAY_CLIENT_SECRET"):
        keycloak.realm_variables(Stack("up", tmp_path, tmp_path, {"GATEWAY_CLIENT_SECRET": ""}))


def test_sweep_ends_only_processes_that_carry_the_stacks_mark(tmp_path: Path) -> None:
    def sleeper(mark: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "60"], env={"PATH": system.PATH, system.MARKER: str(mark)})  # noqa: S607 - PATH is set

    mine, other = sleeper(tmp_path / "mine"), sleeper(tmp_path / "other")
    try:
        assert system.sweep(tmp_path / "mine", patience=5) == [mine.pid]
        assert mine.wait(5) != 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
