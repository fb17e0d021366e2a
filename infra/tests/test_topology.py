import base64
import hashlib
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from messenger_infra.settings import fill_secrets, parse
from messenger_infra.topology import DEAD, EPHEMERAL, EVENTS, definitions, password_hash

ENV = parse(fill_secrets((Path(__file__).parents[2] / ".env.example").read_text()))


@pytest.fixture
def topology() -> dict[str, Any]:
    return definitions(ENV)


def test_a_password_hash_is_what_rabbitmq_computes() -> None:
    raw = base64.b64decode(password_hash("chat", "secret"))
    assert raw[4:] == hashlib.sha256(raw[:4] + b"secret").digest()


def test_the_same_settings_give_the_same_definitions(topology: dict[str, Any]) -> None:
    assert topology == definitions(ENV)


def test_no_password_appears_in_the_definitions(topology: dict[str, Any]) -> None:
    text = repr(topology)
    assert [name for name, value in ENV.items() if name.endswith("_PASSWORD") and value in text] == []


@pytest.mark.parametrize(
    ("right", "resource", "holders"),
    [
        ("write", EVENTS, {"relay"}),
        ("write", EPHEMERAL, {"realtime"}),
        ("write", DEAD, set()),
        ("write", "amq.default", set()),
        ("configure", EVENTS, set()),
        ("configure", "chat.users", set()),
        ("configure", "amq.gen-abc", {"realtime", "user", "chat", "gateway"}),
        ("read", EVENTS, {"realtime", "user", "chat", "gateway"}),
        ("read", "chat.users", {"chat"}),
        ("read", "realtime.membership", {"realtime"}),
        ("read", "gateway.users", {"gateway"}),
        ("configure", "gateway.users", set()),
        ("read", DEAD, set()),
    ],
)
def test_only_the_named_users_have_a_right(
    topology: dict[str, Any], right: str, resource: str, holders: set[str]
) -> None:
    # RabbitMQ searches the expression in the name; anchors are ours to write.
    found = {entry["user"] for entry in topology["permissions"] if re.search(entry[right], resource)}
    assert found == holders


def test_every_durable_queue_is_bound_and_has_somewhere_for_poison(topology: dict[str, Any]) -> None:
    sources = defaultdict(set)
    for binding in topology["bindings"]:
        sources[binding["destination"]].add(binding["source"])
    for queue in topology["queues"]:
        assert sources[queue["name"]], f"{queue['name']} would stay empty"
        assert queue["durable"]
        if queue["name"] != DEAD:
            assert queue["arguments"]["x-dead-letter-exchange"] == DEAD
            assert queue["arguments"]["x-single-active-consumer"] is True
            assert queue["arguments"]["x-delivery-limit"] == 20


def test_every_routing_key_reaches_its_projection(topology: dict[str, Any]) -> None:
    bound = {(b["routing_key"], b["destination"]) for b in topology["bindings"] if b["source"] == EVENTS}
    assert bound == {
        ("user.profile", "chat.users"),
        ("user.profile", "gateway.users"),
        ("chat.membership", "realtime.membership"),
    }


def test_a_second_virtual_host_has_the_same_topology(topology: dict[str, Any]) -> None:
    both = definitions(ENV, "other")
    for kind in ("permissions", "exchanges", "queues", "bindings"):
        assert [{**entry, "vhost": "messenger"} for entry in both[kind] if entry["vhost"] == "other"] == topology[kind]
    assert both["users"] == topology["users"]
