"""RabbitMQ's topology: virtual host, users, rights, exchanges, durable queues and their bindings, as definitions.

The node loads them at every boot, so that they exist before the relay publishes its first event. Everything that
differs between RabbitMQ 3.10 (Debian 12) and 4.x is avoided. Only the standard library, because `docker-compose.yml`
runs this as well: `python -m messenger_infra.topology FILE`.
"""

import base64
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVENTS, EPHEMERAL, DEAD = "messenger.events", "messenger.ephemeral", "messenger.dead"

NOTHING = "^$"
OWN_QUEUES = r"^amq\.gen-.*$"
RIGHTS: dict[str, tuple[str, str, str]] = {
    # user: (configure, write, read), as regular expressions over names.
    "relay": (NOTHING, r"^messenger\.events$", NOTHING),
    # Server-named queues of their own, for ends of sessions; binding writes to the queue and reads the exchange.
    "user": (OWN_QUEUES, OWN_QUEUES, r"^(amq\.gen-.*|messenger\.events)$"),
    "chat": (OWN_QUEUES, OWN_QUEUES, r"^(amq\.gen-.*|chat\..*|messenger\.events)$"),
    "realtime": (
        OWN_QUEUES,
        r"^(amq\.gen-.*|messenger\.ephemeral)$",
        r"^(amq\.gen-.*|realtime\..*|messenger\.events|messenger\.ephemeral)$",
    ),
    "gateway": (OWN_QUEUES, OWN_QUEUES, r"^(amq\.gen-.*|gateway\..*|messenger\.events)$"),
}

QUEUES: dict[str, tuple[str, ...]] = {
    # Durable projections: queue → routing keys of messenger.events.
    "chat.users": ("user.profile",),
    # Disabled and deleted accounts: their sessions end.
    "gateway.users": ("user.profile",),
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


def password_hash(user: str, password: str) -> str:
    """Hash a password as RabbitMQ does: base64(salt + sha256(salt + password)).

    The salt follows from the input, so that the same settings give the same definitions.
    """
    salt = hashlib.sha256(f"{user}:{password}".encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def definitions(env: Mapping[str, str], *more_vhosts: str) -> dict[str, Any]:
    """Return the node's whole topology: users, and the same exchanges, queues and rights in every virtual host."""
    vhosts = (env["RABBITMQ_VHOST"], *more_vhosts)
    users = [
        {
            "name": user,
            "password_hash": password_hash(user, env[f"RABBITMQ_{user.upper()}_PASSWORD"]),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": [],
        }
        for user in RIGHTS
    ]
    whole: dict[str, Any] = {"vhosts": [{"name": vhost} for vhost in vhosts], "users": users}
    for vhost in vhosts:
        for kind, entries in in_vhost(vhost).items():
            whole.setdefault(kind, []).extend(entries)
    return whole


def in_vhost(vhost: str) -> dict[str, list[dict[str, Any]]]:
    """Return rights, exchanges, queues and bindings of one virtual host."""

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


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(definitions(os.environ), indent=1))
