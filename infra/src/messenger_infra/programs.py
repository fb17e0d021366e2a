"""The processes of a stack: command, environment, port, what they wait for and how we see that they are healthy."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from messenger_infra import keycloak, launch, postgres, rabbitmq, system, web
from messenger_infra.settings import Stack, fingerprint, is_secret, processes

SERVERS, SERVICES = "servers", "services"

PACKAGES = {
    "gateway": ("gateway_app", "gateway/app"),
    "user": ("user_service", "services/user"),
    "chat": ("chat_service", "services/chat"),
    "relay": ("chat_service", "services/chat"),
    "realtime": ("realtime_service", "services/realtime"),
}

OWN_SETTINGS = {
    # Beside the common settings a service gets only its own secrets: prefixes of their names.
    "gateway": ("INTERNAL_SECRET", "GATEWAY_", "RABBITMQ_GATEWAY_", "SESSION_KEYS"),
    "user": ("INTERNAL_SECRET", "USER_", "RABBITMQ_USER_"),
    "chat": ("INTERNAL_SECRET", "CHAT_", "RABBITMQ_CHAT_", "RABBITMQ_RELAY_"),
    "relay": ("INTERNAL_SECRET", "CHAT_", "RABBITMQ_CHAT_", "RABBITMQ_RELAY_"),
    "realtime": ("INTERNAL_SECRET", "REALTIME_", "RABBITMQ_REALTIME_"),
}


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process."""

    name: str
    tier: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    is_healthy: Callable[[], bool]
    waits: tuple[int, ...] = ()
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    hidden: bool = field(default=False)

    @property
    def title(self) -> str:
        """Return the name and port as a person wants to read them."""
        return f"{self.name} (port {self.port})"


def answers_ok(url: str) -> Callable[[], bool]:
    """Return a check that a URL answers 200 within three seconds."""

    def check() -> bool:
        try:
            return httpx.get(url, timeout=3).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return check


def secrets_of(service: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings for one service: everything that is no secret, and its own secrets."""
    prefixes = OWN_SETTINGS[service]
    return {name: value for name, value in env.items() if not is_secret(name) or name.startswith(prefixes)}


def sources_of(*folders: Path) -> str:
    """Return a short hash over the sources in these folders, so that changed code restarts its processes."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def service_environment(stack: Stack, service: str, port: int) -> dict[str, str]:
    """Return the whole environment of one of our services."""
    platform = stack.repo / "services" / "platform" / "src"
    sources = sources_of(stack.repo / PACKAGES[service][1] / "src", platform)
    root = web.published(stack) if service == "gateway" else None
    return {
        **secrets_of(service, stack.env),
        **({"WEB_ROOT": str(root)} if root else {}),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "HOME": str(stack.folder),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MESSENGER_SOURCES": sources,
    }


def service(stack: Stack, name: str, port: int, *, command: str = "serve", stop_seconds: int = 10) -> Program:
    """Return one process of one of our services."""
    kind = name.partition("-")[0]
    return Program(
        name=name,
        tier=SERVICES,
        command=(str(stack.venv / "bin" / "python"), "-m", PACKAGES[kind][0], command),
        environment=service_environment(stack, kind, port),
        port=port,
        is_healthy=answers_ok(f"http://127.0.0.1:{port}/readyz"),
        # The relay waits by itself, so that it is there when they are; Python alone takes it a second to start.
        waits=() if command == "relay" else (stack.port("POSTGRES"), stack.port("RABBITMQ")),
        stop_seconds=stop_seconds,
    )


def servers(stack: Stack, java: str, tree: Path) -> list[Program]:
    """Return the servers that are not ours, in the order in which they start."""
    amqp, epmd, database = stack.port("RABBITMQ"), stack.port("EPMD"), stack.port("POSTGRES")
    return [
        Program(
            "postgres",
            SERVERS,
            (str(postgres.binaries() / "postgres"), "-D", str(postgres.data_folder(stack))),
            {"HOME": str(stack.folder), "MESSENGER_CONFIGURATION": fingerprint(postgres.CONFIGURATION)},
            database,
            lambda: postgres.is_ready(stack),
            stop_signal="INT",  # Fast shutdown: sessions are ended, nothing committed is lost.
            stop_seconds=30,
        ),
        Program(
            "rabbitmq-epmd",
            SERVERS,
            ("epmd", "-address", "127.0.0.1", "-port", str(epmd)),
            {"HOME": str(rabbitmq.home(stack))},
            epmd,
            lambda: launch.answers(f"127.0.0.1:{epmd}"),
            hidden=True,
        ),
        Program(
            "rabbitmq",
            SERVERS,
            (str(rabbitmq.server()),),
            rabbitmq.environment(stack),
            amqp,
            lambda: rabbitmq.is_ready(amqp),
            waits=(epmd,),
            stop_seconds=30,
        ),
        Program(
            "keycloak",
            SERVERS,
            tuple(keycloak.command(stack, java, tree)),
            keycloak.environment(stack),
            stack.port("KEYCLOAK"),
            lambda: keycloak.is_ready(stack),
            waits=(database,),
            stop_seconds=20,
        ),
    ]


def services(stack: Stack) -> list[Program]:
    """Return our own processes and the gateway in front of them."""
    envoy = (
        str(stack.venv / "bin" / "envoy"),
        *("-c", str(stack.folder / "envoy.yaml"), "--concurrency", "2", "--log-level", "warn"),
        "--disable-hot-restart",  # No shared memory between two stacks.
    )
    rendered = stack.folder / "envoy.yaml"
    configuration = fingerprint(rendered.read_text() if rendered.exists() else "")
    return [
        service(stack, "user", stack.port("USER")),
        *(service(stack, f"chat-{i}", port) for i, port in enumerate(processes(stack.env, "CHAT"), 1)),
        *(
            service(stack, f"relay-{i}", port, command="relay")
            for i, port in enumerate(processes(stack.env, "RELAY"), 1)
        ),
        *(
            # A drain: clients are told to come back, with jitter, before their connection closes.
            service(stack, f"realtime-{i}", port, stop_seconds=15)
            for i, port in enumerate(processes(stack.env, "REALTIME"), 1)
        ),
        service(stack, "gateway", stack.port("GATEWAY")),
        Program(
            "envoy",
            SERVICES,
            envoy,
            {"HOME": str(stack.folder), "MESSENGER_CONFIGURATION": configuration},
            int(stack.env["PUBLIC_PORT"]),
            answers_ok(f"http://127.0.0.1:{stack.env['ENVOY_ADMIN_PORT']}/ready"),
        ),
    ]


def expected(stack: Stack) -> list[Program]:
    """Return every program of a stack for reports and control; starting needs what `servers` is given by `make up`."""
    java = system.find_java() or "java"
    return [*servers(stack, java, stack.cache / f"keycloak-{keycloak.VERSION}"), *services(stack)]
