"""RabbitMQ: a node of our own, with its own port mapper, cookie and folders, and the topology it starts with.

Exchanges, durable queues and their bindings come from the definitions, loaded at every boot, so that they exist before
the relay publishes its first event. Everything that differs between RabbitMQ 3.10 (Debian 12) and 4.x is avoided.
"""

import base64
import hashlib
import json
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from messenger_infra import system
from messenger_infra.console import SetupError
from messenger_infra.settings import Stack

EVENTS, EPHEMERAL, DEAD = "messenger.events", "messenger.ephemeral", "messenger.dead"

NOTHING = "^$"
RIGHTS: dict[str, tuple[str, str, str]] = {
    # user: (configure, write, read), as regular expressions over names.
    "relay": (NOTHING, r"^messenger\.events$", NOTHING),
    "user": (NOTHING, NOTHING, NOTHING),
    "chat": (NOTHING, NOTHING, r"^chat\..*$"),
    # Server-named queues of its own, bound to both exchanges; binding writes to the queue and reads the exchange.
    "realtime": (
        r"^amq\.gen-.*$",
        r"^(amq\.gen-.*|messenger\.ephemeral)$",
        r"^(amq\.gen-.*|realtime\..*|messenger\.events|messenger\.ephemeral)$",
    ),
    "gateway": (NOTHING, NOTHING, r"^gateway\..*$"),
}

QUEUES: dict[str, tuple[str, ...]] = {
    # Durable projections: queue → routing keys of messenger.events.
    "chat.users": ("user.profile",),
    "realtime.membership": ("chat.membership",),
}

PROJECTION_QUEUE: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,  # Order: one consumer at a time, the next takes over.
    "x-delivery-limit": 20,  # Explicit, because the default differs: none in 3.10, 20 in 4.x.
    "x-dead-letter-exchange": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",  # What at-least-once dead-lettering asks for; there is no length limit to overflow.
}

CONFIGURATION = """\
# Written by `make up`; change infra/src/messenger_infra/rabbitmq.py instead.
listeners.tcp.1 = 127.0.0.1:{port}
load_definitions = {folder}/definitions.json
# A chat message is small; what is large is a mistake.
max_message_size = 16777216
heartbeat = 10
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 200MB
log.console = true
log.console.level = info
log.connection.level = error
log.file = false
"""


def password_hash(user: str, password: str) -> str:
    """Hash a password as RabbitMQ does: base64(salt + sha256(salt + password)).

    The salt follows from the input, so that the same settings give the same definitions.
    """
    salt = hashlib.sha256(f"{user}:{password}".encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def definitions(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the node's whole topology: virtual host, users, rights, exchanges, queues, bindings."""
    vhost = env["RABBITMQ_VHOST"]

    def queue(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": arguments}

    def exchange(name: str, kind: str) -> dict[str, Any]:
        return {
            "name": name, "vhost": vhost, "type": kind,
            "durable": True, "auto_delete": False, "internal": False, "arguments": {},
        }  # fmt: skip

    def binding(source: str, destination: str, key: str) -> dict[str, Any]:
        return {
            "source": source, "vhost": vhost, "destination": destination,
            "destination_type": "queue", "routing_key": key, "arguments": {},
        }  # fmt: skip

    return {
        "vhosts": [{"name": vhost}],
        "users": [
            {
                "name": user,
                "password_hash": password_hash(user, env[f"RABBITMQ_{user.upper()}_PASSWORD"]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for user in RIGHTS
        ],
        "permissions": [
            {"user": user, "vhost": vhost, "configure": configure, "write": write, "read": read}
            for user, (configure, write, read) in RIGHTS.items()
        ],
        "exchanges": [exchange(EVENTS, "topic"), exchange(EPHEMERAL, "fanout"), exchange(DEAD, "fanout")],
        "queues": [
            *(queue(name, PROJECTION_QUEUE) for name in QUEUES),
            queue(DEAD, {"x-queue-type": "quorum"}),
        ],
        "bindings": [
            *(binding(EVENTS, name, key) for name, keys in QUEUES.items() for key in keys),
            binding(DEAD, DEAD, ""),
        ],
    }


def home(stack: Stack) -> Path:
    """Return the node's folder."""
    return stack.folder / "rabbitmq"


def server() -> Path:
    """Return RabbitMQ's start script."""
    found = system.rabbitmq_server()
    if found is None:
        raise SetupError("RabbitMQ is not installed: run `make up` as root once.")
    return found


def environment(stack: Stack) -> dict[str, str]:
    """Return what makes the node ours: every path, port and name that it would otherwise take from the machine."""
    folder = home(stack)
    return {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"messenger-{stack.name}@localhost",
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
        "RABBITMQ_DIST_PORT": str(stack.port("RABBITMQ_DIST")),
        "ERL_EPMD_PORT": str(stack.port("EPMD")),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # One scheduler thread per kind: two stacks and their services share a small machine.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none"
        " -kernel inet_dist_use_interface {127,0,0,1}",
        # The script then becomes the Erlang machine instead of waiting for it: one process, one pid.
        "RUNNING_UNDER_SYSTEMD": "true",
        "RABBITMQ_DEFINITIONS": hashlib.sha256(json.dumps(definitions(stack.env)).encode()).hexdigest()[:12],
    }


def prepare(stack: Stack) -> None:
    """Write the node's configuration, definitions and cookie."""
    folder = system.make_folder(home(stack))
    for name in ("mnesia", "log", "config"):
        system.make_folder(folder / name)
    system.write(folder / "rabbitmq.conf", CONFIGURATION.format(port=stack.port("RABBITMQ"), folder=folder))
    system.write(folder / "definitions.json", json.dumps(definitions(stack.env), indent=1))
    system.write(folder / "enabled_plugins", "[].\n")
    system.write(folder / "advanced.config", "[].\n")
    system.write(folder / "rabbitmq-env.conf", "# Everything is set by the supervisor.\n")
    cookie = folder / ".erlang.cookie"
    if not cookie.exists():
        system.write(cookie, secrets.token_hex(20), mode=0o400)


def is_ready(port: int) -> bool:
    """Tell whether a node greets an AMQP client on this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"  # The first byte of Connection.Start, a method frame.
    except OSError:
        return False
