"""What clients build from frames equals what they would fetch afresh: apply(events, old state) == fresh state.

Random operations of several people in one group, some clients cut off and synced again in between. In the end every
client's view, made of frames only, is compared with REST.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from messenger_testing.client import Account, Frame, LiveClient

STEPS = 60


@dataclass(slots=True)
class View:
    """One client's picture of a chat."""

    user_id: int
    chat_id: int
    version: int = 0
    message_ids: list[int] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    own: list[int] = field(default_factory=list)
    participants: set[int] = field(default_factory=set)
    read_up_to: int = 0
    read_by_all_up_to: int = 0

    def apply(self, frame: Frame) -> None:
        """Take one frame, as it came."""
        kind = frame["type"]
        if kind == "message" and frame["message"]["chat_id"] == self.chat_id:
            if self._is_next(frame["version"]):
                self._add(frame["message"])
        elif kind == "message_changed" and frame["message"]["chat_id"] == self.chat_id:
            if self._is_next(frame["version"]):
                self._note(frame["message"])
        elif kind == "chat" and frame["chat"]["id"] == self.chat_id:
            if self._is_next(frame["version"]):
                self.participants = {item["user_id"] for item in frame["chat"]["participants"]}
        elif kind == "read" and frame["chat_id"] == self.chat_id and frame["user_id"] == self.user_id:
            self.read_up_to = max(self.read_up_to, frame["message_id"])
        elif kind == "is_read" and frame["chat_id"] == self.chat_id:
            self.read_by_all_up_to = max(self.read_by_all_up_to, frame["up_to_message_id"])
        elif kind == "synced" and str(self.chat_id) in frame["chats"]:
            chat = frame["chats"][str(self.chat_id)]
            self.read_up_to = max(self.read_up_to, chat["read_up_to"])
            self.read_by_all_up_to = max(self.read_by_all_up_to, chat["read_by_all_up_to"])

    def _is_next(self, version: int) -> bool:
        assert version <= self.version + 1, f"version {version} after {self.version}: a hole"
        if version != self.version + 1:
            return False
        self.version = version
        return True

    def _note(self, message: dict[str, Any]) -> None:
        assert (message["text"] == "") is message["deleted"]
        self.texts[message["id"]] = message["text"]

    def _add(self, message: dict[str, Any]) -> None:
        self._note(message)
        self.message_ids.append(message["id"])
        if message["sender_id"] == self.user_id:
            self.own.append(message["id"])
            self.read_up_to = max(self.read_up_to, message["id"])


class Watcher:
    """A client that is cut off now and then, and syncs when it is back."""

    def __init__(self, account: Account, chat_id: int) -> None:
        self.account = account
        self.view = View(account.id, chat_id)
        self._live: LiveClient | None = None

    async def connect(self) -> None:
        """Connect and sync."""
        live = await self.account.live()
        live.on_frame = self.view.apply
        await live.sync({self.view.chat_id: self.view.version})
        self._live = live

    def cut(self) -> None:
        """Lose the connection."""
        if self._live is not None:
            self._live.on_frame = None
            self._live.cut()
            self._live = None

    @property
    def is_connected(self) -> bool:
        """Whether it is there."""
        return self._live is not None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_views_made_of_frames_equal_what_rest_tells(accounts: list[Account], seed: int) -> None:
    chance = random.Random(seed)
    regulars, guest = accounts[:3], accounts[3]
    group = await regulars[0].group(f"Views {seed}", *regulars[1:])
    watchers = [Watcher(account, group) for account in regulars for _ in range(2)]
    for watcher in watchers:
        await watcher.connect()
    last = 0
    posted: list[tuple[Account, int]] = []
    guest_is_in = False
    for step in range(STEPS):
        account = chance.choice(regulars)
        act = chance.random()
        if act < 0.45:
            last = await _post(account, group, f"step {step}")
            posted.append((account, last))
        elif act < 0.6 and posted:
            await _change(*chance.choice(posted), group, f"edited in step {step}", deletes=chance.random() < 0.4)
        elif act < 0.8 and last:
            await _read(account, group, last)
        elif act < 0.9:
            guest_is_in = await _let_in_or_out(regulars[0], guest, group, is_in=guest_is_in)
        else:
            watcher = chance.choice(watchers)
            if watcher.is_connected:
                watcher.cut()
            else:
                await watcher.connect()
    for watcher in watchers:
        if not watcher.is_connected:
            await watcher.connect()
    last = await _post(regulars[0], group, "the end")
    await asyncio.gather(*(_until_equal(watcher, last) for watcher in watchers))


async def _post(account: Account, group: int, text: str) -> int:
    body = {"client_id": str(uuid.uuid4()), "text": text}
    response = await account.http.post(f"/api/chats/{group}/messages", json=body)
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


async def _change(account: Account, message_id: int, group: int, text: str, *, deletes: bool) -> None:
    path = f"/api/chats/{group}/messages/{message_id}"
    if deletes:
        response = await account.http.delete(path)
        assert response.status_code == 204, response.text
    else:
        response = await account.http.patch(path, json={"text": text})
        assert response.status_code in {200, 409}, response.text


async def _read(account: Account, group: int, message_id: int) -> None:
    response = await account.http.post(f"/api/chats/{group}/read", json={"message_id": message_id})
    assert response.status_code == 204, response.text


async def _let_in_or_out(owner: Account, guest: Account, group: int, *, is_in: bool) -> bool:
    if is_in:
        response = await owner.http.delete(f"/api/chats/{group}/participants/{guest.id}")
        assert response.status_code == 204
    else:
        response = await owner.http.post(f"/api/chats/{group}/participants", json={"user_id": guest.id})
        assert response.status_code == 201
    return not is_in


async def _fresh(account: Account, group: int) -> dict[str, Any]:
    chat = (await account.http.get(f"/api/chats/{group}")).json()
    history = await account.history(group, limit=200)
    me = next(item for item in chat["participants"] if item["user_id"] == account.id)
    return {
        "version": chat["version"],
        "participants": {item["user_id"] for item in chat["participants"]},
        "messages": [message["id"] for message in history],
        "texts": {message["id"]: message["text"] for message in history},
        "own read": [message["id"] for message in history if message["sender_id"] == account.id and message["is_read"]],
        "read up to": me["last_read_message_id"],
        "unread": chat["unread_count"],
    }


def _seen(view: View) -> dict[str, Any]:
    return {
        "version": view.version,
        "participants": view.participants,
        "messages": view.message_ids,
        "texts": view.texts,
        "own read": [message_id for message_id in view.own if message_id <= view.read_by_all_up_to],
        "read up to": view.read_up_to,
        "unread": sum(message_id > view.read_up_to for message_id in view.message_ids),
    }


async def _until_equal(watcher: Watcher, last: int) -> None:
    """Compare after quiescence: what is on its way has five seconds to arrive."""
    fresh = await _fresh(watcher.account, watcher.view.chat_id)
    assert fresh["messages"][-1] == last
    deadline = asyncio.get_running_loop().time() + 5
    while _seen(watcher.view) != fresh and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - six views.
        await asyncio.sleep(0.05)
    assert _seen(watcher.view) == fresh
