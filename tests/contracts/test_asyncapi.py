"""docs/asyncapi.yaml says what the code reads and writes: the same frames and events with the same fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml

import chat_service.events as chat
import gateway_app.events as gateway
import realtime_service.domain.frames as live
import user_service.events as user

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "docs" / "asyncapi.yaml").read_text(encoding="utf-8")
)
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
CLIENT_FRAMES = {
    str(struct.__struct_config__.tag): struct
    for struct in get_args(live.ClientFrame)
    if issubclass(struct, msgspec.Struct)
}
SERVER_FRAMES = {
    "hello": live.Hello,
    "message": live.MessageFrame,
    "messageChanged": live.MessageChangedFrame,
    "chat": live.ChatFrame,
    "hasRead": live.ReadFrame,
    "isRead": live.IsReadFrame,
    "chatSettings": live.ChatSettingsFrame,
    "isTyping": live.TypingFrame,
    "tooLong": live.TooLong,
    "synced": live.Synced,
    "error": live.ErrorFrame,
    "reauthRequired": live.ReauthRequired,
}
EVENTS = {
    "MessageSent": chat.MessageSent,
    "MessageEdited": chat.MessageChanged,
    "MessageDeleted": chat.MessageChanged,
    "MessageRead": chat.MessageRead,
    "ChatSettingsChanged": chat.ChatSettingsChanged,
    "ChatCreated": chat.MembershipChange,
    "ChatChanged": chat.MembershipChange,
    "ParticipantJoined": chat.MembershipChange,
    "ParticipantLeft": chat.MembershipChange,
    "ChatResynced": chat.ChatResynced,
    "Resynced": chat.Resynced,
    "UserRegistered": user.UserRegistered,
    "UserChanged": user.UserChanged,
    "UserDisabled": user.UserDisabled,
    "UserEnabled": user.UserEnabled,
    "UserDeleted": user.UserDeleted,
    "SessionEnded": gateway.SessionEnded,
}
SHARED = {
    "message": live.Message,
    "syncedChat": live.SyncedChat,
    "sentMessage": chat.MessageData,
    "changedMessage": chat.ChangedMessageData,
    "chat": chat.ChatData,
}


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def data_of(message: dict[str, Any]) -> dict[str, Any]:
    payload = message["payload"]
    if "$ref" in payload:
        payload = SCHEMAS[payload["$ref"].rsplit("/", 1)[1]]
    data: dict[str, Any] = payload["allOf"][1]["properties"]["data"]
    return data


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [node["$ref"]] if "$ref" in node else [r for value in node.values() for r in references(value)]
    return [r for value in node for r in references(value)] if isinstance(node, list) else []


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            assert part in node, reference
            node = node[part]


def test_every_frame_of_the_code_is_described_and_no_other() -> None:
    described = {message for message in DOCUMENT["channels"]["live"]["messages"] if message != "pong"}
    assert described == set(CLIENT_FRAMES) | set(SERVER_FRAMES)


@pytest.mark.parametrize(("name", "struct"), (CLIENT_FRAMES | SERVER_FRAMES).items())
def test_a_frame_has_the_fields_of_its_struct(name: str, struct: type[msgspec.Struct]) -> None:
    payload = MESSAGES[name]["payload"]
    assert set(payload["properties"]) == fields(struct) | {"type"}
    assert payload["properties"]["type"]["const"] == struct.__struct_config__.tag
    needed = {field.encode_name for field in msgspec.structs.fields(struct) if field.required}
    assert needed <= set(payload["required"])


@pytest.mark.parametrize("name", CLIENT_FRAMES)
def test_a_client_frame_with_an_unknown_field_is_refused_as_described(name: str) -> None:
    assert MESSAGES[name]["payload"]["additionalProperties"] is False
    assert CLIENT_FRAMES[name].__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(("name", "struct"), EVENTS.items())
def test_an_event_has_the_fields_of_its_struct(name: str, struct: type[msgspec.Struct]) -> None:
    assert set(data_of(MESSAGES[name])["properties"]) == fields(struct)


@pytest.mark.parametrize(("name", "struct"), SHARED.items())
def test_a_shared_shape_has_the_fields_of_its_struct(name: str, struct: type[msgspec.Struct]) -> None:
    assert set(SCHEMAS[name]["properties"]) == fields(struct)
