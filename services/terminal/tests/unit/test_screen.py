from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
import respx
from rich.console import Console
from typer.testing import CliRunner

from messenger_terminal.api import API
from messenger_terminal.commands import app
from messenger_terminal.screen import Names, chat_table, message_text
from messenger_terminal.session import Session
from messenger_terminal.typed_lines import TypedLines

SERVER = "https://chat.example"
EVIL = "\x1b[2J[red]\u202e"


def printed(item: Any) -> str:
    output = io.StringIO()
    Console(file=output, width=120, markup=False, emoji=False, highlight=False).print(item)
    return output.getvalue()


@pytest.fixture
def names(server: respx.MockRouter, session: Session, http: httpx.Client) -> Names:
    server.get(url__startswith=f"{SERVER}/api/users").respond(json=[{"id": 2, "username": "bob", "name": EVIL}])
    found = Names(API(SERVER, session, http), {"id": 1, "username": "alice", "name": "Alice"})
    found.learn({1, 2, 3})
    return found


def test_names_and_texts_of_others_are_harmless_and_no_markup(names: Names) -> None:
    last = {"sender_id": 2, "text": EVIL, "timestamp": "2026-01-01T00:00:00Z", "is_read": False}
    people = [{"user_id": 1}, {"user_id": 2}]
    private = {"id": 5, "type": "private", "participants": people, "last_message": last, "unread_count": 3}
    group = {**private, "type": "group", "title": EVIL}
    shown = printed(chat_table([private, group], names, 1)) + printed(message_text(last, names, 1))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("␛[2J[red]\ufffd") == 5


def test_who_is_gone_has_a_number(names: Names) -> None:
    assert names.username(3) == "user-3"


async def test_a_typed_line_can_be_edited() -> None:
    keys = 0

    def on_key() -> None:
        nonlocal keys
        keys += 1

    lines = TypedLines(Console(file=io.StringIO()), on_key)
    lines.press("hellp\x7fo\x1b[A you")
    lines.press("\x17world\r/quit\n\x04")
    assert [lines.queue.get_nowait() for _ in range(3)] == ["hello world", "/quit", None]
    assert keys == 20


def test_a_stranger_is_told_to_log_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["whoami"])
    assert "messenger login" in str(result.exception)
