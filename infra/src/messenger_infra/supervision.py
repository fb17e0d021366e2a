"""The supervisor of a stack: its configuration file and its control socket.

supervisord runs as the service user, detached from the terminal, with its socket in the stack's folder. It restarts
whatever ends, at once and for ever; launch.py keeps a crash loop at one start a second.
"""

import http.client
import os
import time
import xmlrpc.client
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from messenger_infra import launch, system
from messenger_infra.errors import SetupError
from messenger_infra.programs import Program
from messenger_infra.settings import Stack

LAUNCHER = str(Path(launch.__file__).resolve())
"""Resolved, because the way through a link in a closed checkout is barred to the service user."""

ALREADY_STARTED, NOT_RUNNING = 60, 70

HEADER = """\
; Written by `make up`.
[unix_http_server]
file = {folder}/supervisor.sock
chmod = 0700

[supervisord]
logfile = {folder}/log/supervisord.log
logfile_maxbytes = 5MB
logfile_backups = 2
loglevel = info
pidfile = {folder}/supervisord.pid
childlogdir = {folder}/log
directory = {folder}
identifier = messenger-{name}
minfds = 4096
umask = 027

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command = {command}
environment = {environment}
directory = {folder}
autostart = false
autorestart = true
; Whatever ends is started again at once; launch.py spaces the starts.
startsecs = 0
stopsignal = {stop_signal}
stopwaitsecs = {stop_seconds}
killasgroup = true
stdout_logfile = {folder}/log/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
redirect_stderr = true
"""


def quoted(value: str) -> str:
    """Quote a value for supervisor's `environment`, whose % starts an expansion."""
    if '"' in value or "\n" in value:
        raise SetupError("A setting may contain neither double quotes nor line breaks.")
    return '"' + value.replace("%", "%%") + '"'


def section(stack: Stack, program: Program) -> str:
    """Render one program for supervisord."""
    waits = [part for port in program.waits for part in ("--wait", f"127.0.0.1:{port}")]
    stamp = stack.folder / "run" / program.name
    launcher = [str(stack.venv / "bin" / "python"), "-I", "-S"]
    command = [*launcher, LAUNCHER, "--stamp", str(stamp), *waits, "--", *program.command]
    environment = {**system.clean_environment(program.environment), system.MARKER: str(stack.folder)}
    return PROGRAM.format(
        name=program.name,
        command=" ".join(f"'{part}'" if set(part) & set(" ;{}") else part for part in command).replace("%", "%%"),
        environment=",".join(f"{name}={quoted(value)}" for name, value in sorted(environment.items())),
        folder=stack.folder,
        stop_signal=program.stop_signal,
        stop_seconds=program.stop_seconds,
    )


def configure(stack: Stack, programs: Iterable[Program]) -> None:
    """Write supervisord's configuration, secrets included: readable by the service user only."""
    for name in ("log", "run"):
        system.make_folder(stack.folder / name)
    sections = "".join(section(stack, program) for program in programs)
    system.write(
        stack.folder / "supervisor.conf", HEADER.format(folder=stack.folder, name=stack.name) + sections, mode=0o600
    )


class Supervisor:
    """A running supervisord, or none; every call that needs one says so when there is none."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @contextmanager
    def _rpc(self) -> Iterator[Any]:
        transport = SupervisorTransport(None, None, f"unix://{self._stack.folder / 'supervisor.sock'}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            yield proxy.supervisor
        except (OSError, http.client.HTTPException) as error:
            raise SetupError(f"The {self._stack.name} stack is not running.") from error
        finally:
            transport.close()

    def pid(self) -> int | None:
        """Return supervisord's process id, or None when it does not run."""
        try:
            with self._rpc() as rpc:
                return int(rpc.getPID())
        except SetupError:
            return None

    def start_daemon(self) -> None:
        """Start supervisord if it does not run. What a dead one left behind is ended first."""
        if self.pid() is not None:
            return
        system.sweep(self._stack.folder)
        python, configuration = self._stack.venv / "bin" / "python", self._stack.folder / "supervisor.conf"
        log = self._stack.folder / "log" / "supervisord.out"
        environment = {system.MARKER: str(self._stack.folder), "HOME": str(self._stack.folder)}
        command: list[str | Path] = [
            python,
            "-m",
            "supervisor.supervisord",
            "--nodaemon",
            "--silent",
            "-c",
            configuration,
        ]
        system.start_detached(command, env=environment, cwd=self._stack.folder, log=log)
        deadline = time.monotonic() + 20
        while self.pid() is None:
            if time.monotonic() > deadline:
                raise SetupError(f"supervisord did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)

    def reload(self) -> list[str]:
        """Take over a changed configuration; programs that changed or vanished are stopped. Returns those stopped."""
        with self._rpc() as rpc:
            ((added, changed, removed),) = rpc.reloadConfig()
            for name in (*changed, *removed):
                self._stop(rpc, [name])
                rpc.removeProcessGroup(name)
            for name in (*added, *changed):
                rpc.addProcessGroup(name)
        return [*changed, *removed]

    def states(self) -> dict[str, tuple[str, int]]:
        """Return (state, pid) of every program; pid 0 means that it does not run."""
        with self._rpc() as rpc:
            return {info["name"]: (info["statename"], int(info["pid"])) for info in rpc.getAllProcessInfo()}

    def start(self, name: str) -> None:
        """Start a program that does not run; it is restarted for ever from then on."""
        with self._rpc() as rpc:
            try:
                rpc.startProcess(name, False)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != ALREADY_STARTED:
                    raise SetupError(f"{name} could not be started: {fault.faultString}") from fault

    def stop(self, names: Iterable[str]) -> None:
        """Stop programs side by side and wait until they have ended."""
        with self._rpc() as rpc:
            self._stop(rpc, list(names))

    def _stop(self, rpc: Any, names: list[str]) -> None:
        for name in names:
            try:
                rpc.stopProcess(name, False)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != NOT_RUNNING:
                    raise SetupError(f"{name} could not be stopped: {fault.faultString}") from fault
        deadline = time.monotonic() + 60
        while any(rpc.getProcessInfo(name)["pid"] for name in names):
            if time.monotonic() > deadline:
                raise SetupError(f"{', '.join(names)} did not stop within 60 s.")
            time.sleep(0.05)

    def signal(self, name: str, number: int) -> int:
        """Send a signal to a program; returns the pid it went to."""
        pid = self.states().get(name, ("", 0))[1]
        if not pid:
            raise SetupError(f"{name} is not running.")
        os.kill(pid, number)
        return pid

    def shut_down(self) -> None:
        """Stop everything in order, then supervisord itself, then whatever is left of the stack."""
        pid = self.pid()
        if pid is not None:
            running = [name for name, (_, number) in self.states().items() if number]
            servers = [name for name in running if name in ("postgres", "rabbitmq", "rabbitmq-epmd", "keycloak")]
            self.stop(name for name in running if name not in servers)
            self.stop(name for name in servers if name in ("rabbitmq", "keycloak"))
            self.stop(name for name in servers if name in ("postgres", "rabbitmq-epmd"))
            with self._rpc() as rpc:
                rpc.shutdown()
            deadline = time.monotonic() + 20
            while system.is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            system.reap(pid)
        system.sweep(self._stack.folder)
