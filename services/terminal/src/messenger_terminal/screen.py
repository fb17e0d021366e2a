"""How messages, chats and people look on a terminal; every text of others passes through `plain_text`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from messenger_terminal.api import API
from messenger_terminal.plain_text import one_line, paragraph
from messenger_terminal.versions import Frame

EXCERPT_CHARS = 60
PIPE_WIDTH = 200


def console_for(*, stderr: bool = False) -> Console:
    """Return a console that takes no text for markup, and cuts nothing short in a pipe."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


class Names:
    """The usernames of people, looked up once. Unlike display names they are unique and nobody can borrow one."""

    def __init__(self, api: API, me: dict[str, Any]) -> None:
        self._api = api
        self._known: dict[int, dict[str, Any]] = {me["id"]: me}

    def missing(self, user_ids: set[int]) -> set[int]:
        """Return whom nobody has looked up yet."""
        return user_ids - self._known.keys()

    def learn(self, user_ids: set[int]) -> None:
        """Look people up; blocking."""
        missing = self.missing(user_ids)
        nobody = {user_id: {"username": f"user-{user_id}", "name": ""} for user_id in missing}
        self._known |= nobody | self._api.people(missing)

    def username(self, user_id: int) -> str:
        """Return the username of somebody, fit for a terminal."""
        user = self._known.get(user_id)
        return f"user-{user_id}" if user is None else one_line(user["username"])

    def person(self, user_id: int) -> str:
        """Return display name and username."""
        name = one_line(self._known.get(user_id, {}).get("name") or "")
        username = self.username(user_id)
        return f"{name} (@{username})" if name and name != username else f"@{username}"


def people_of(chat: dict[str, Any]) -> set[int]:
    """Return who has to be known to show a chat in a list."""
    last = chat["last_message"]
    people = {item["user_id"] for item in chat["participants"]} if chat["type"] == "private" else set()
    return people | ({last["sender_id"]} if last else set())


def title_of(chat: dict[str, Any], names: Names, me: int) -> str:
    """Return what a chat is called for its viewer."""
    if chat["type"] == "group":
        return one_line(chat["title"])
    others = [item["user_id"] for item in chat["participants"] if item["user_id"] != me]
    return names.person(others[0] if others else me)


def clock_of(timestamp: str) -> str:
    """Return a time of the server in this place's time, with the day if it is not today."""
    moment = datetime.fromisoformat(timestamp).astimezone()
    today = moment.date() == datetime.now().astimezone().date()
    return moment.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def message_text(message: dict[str, Any], names: Names, me: int, label: str = "") -> Text:
    """Shape a message: when, who, what, and ticks behind the viewer's own (one: stored, two: read by everyone)."""
    own = message["sender_id"] == me
    text = Text().append(f"{clock_of(message['timestamp'])} ", style="dim")
    if label:
        text.append(f"[{label}] ", style="dim")
    text.append(names.username(message["sender_id"]), style="bold green" if own else "bold cyan").append(": ")
    if message.get("reply_to"):
        text.append(f"“{_excerpt(message['reply_to'].get('text') or '', 30)}” ← ", style="dim italic")
    text.append(paragraph(message["text"]))
    if message.get("edited_at"):
        text.append(" (edited)", style="dim")
    if own:
        text.append(" ✓✓" if message["is_read"] else " ✓", style="dim")
    return text


def event_text(frame: Frame, names: Names, me: int, label: str = "") -> Text | None:
    """Shape a live event, or None for what is not worth a line."""
    kind, prefix = frame["type"], f"[{label}] " if label else ""
    if kind == "message":
        return None if frame["message"].get("deleted") else message_text(frame["message"], names, me, label)
    if kind == "message_changed":
        message = frame["message"]
        if message.get("deleted"):
            return Text(f"      {prefix}a message of {names.username(message['sender_id'])} was deleted", style="dim")
        return message_text(message, names, me, label)
    if kind == "chat":
        chat = frame["chat"]
        count = chat.get("participant_count", len(chat["participants"]))
        return Text(f"      {title_of(chat, names, me)}: {count} people now", style="dim")
    return None


def chat_table(chats: list[dict[str, Any]], names: Names, me: int) -> Table:
    """Shape the list of chats."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("ID", justify="right")
    table.add_column("CHAT")
    table.add_column("UNREAD", justify="right")
    table.add_column("LAST MESSAGE", ratio=1, no_wrap=True, overflow="ellipsis")
    for chat in chats:
        last, unread = chat["last_message"], chat["unread_count"]
        said = Text()
        if last is not None:
            said.append(f"{clock_of(last['timestamp'])} ", style="dim")
            said.append(f"{names.username(last['sender_id'])}: {_excerpt(last['text'], EXCERPT_CHARS)}")
        table.add_row(
            str(chat["id"]),
            Text(title_of(chat, names, me)),
            Text(str(unread) if unread else "", style="bold yellow"),
            said,
        )
    return table


def _excerpt(text: str, length: int) -> str:
    line = one_line(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"
