"""RabbitMQ: a node of our own, with its own port mapper, cookie and folders."""

import json
import secrets
import socket
from pathlib import Path

from messenger_infra import system
from messenger_infra.errors import SetupError
from messenger_infra.settings import Stack, fingerprint
from messenger_infra.topology import definitions

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
log.console.use_colors = off
log.connection.level = error
log.file = false
"""


def topology(stack: Stack) -> str:
    """Return the node's definitions; a test stack has a second virtual host for integration tests."""
    more = [stack.integration["RABBITMQ_VHOST"]] if stack.integration else []
    return json.dumps(definitions(stack.env, *more), indent=1)


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
        # A changed configuration is a changed program, which the supervisor restarts.
        "MESSENGER_CONFIGURATION": fingerprint(CONFIGURATION, topology(stack)),
    }


def prepare(stack: Stack) -> None:
    """Write the node's configuration, definitions and cookie."""
    folder = system.make_folder(home(stack))
    for name in ("mnesia", "log", "config"):
        system.make_folder(folder / name)
    system.write(folder / "rabbitmq.conf", CONFIGURATION.format(port=stack.port("RABBITMQ"), folder=folder))
    system.write(folder / "definitions.json", topology(stack))
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
