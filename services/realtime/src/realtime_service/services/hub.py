"""Fan-out: every event of a chat to the connections of its participants, in version order, once.

Guarantees
    Per chat and connection, versions arrive without repetition and in order. An event at or below the chat's version
    is dropped, the next one delivered, a later one held until the missing are fetched from the chat service.
Who owns what
    All state belongs to the event loop; `apply` and `accept_answer` never wait. Two sources feed the same log: the
    events of the broker, and the answers to this instance's own sends, which usually come first. An answer is only
    taken when it is the very next version of a chat whose position is known; otherwise the event decides.
At shutdown
    Nothing is kept: clients reconnect elsewhere and sync.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from messenger_platform.errors import Unavailable
from realtime_service.domain.events import (
    ChatEvent,
    ChatResynced,
    ChatSettingsChanged,
    MessageChanged,
    MessageEvent,
    MessageRead,
    MessageSent,
)
from realtime_service.domain.frames import (
    ChatFrame,
    ChatSettingsFrame,
    IsReadFrame,
    Message,
    MessageChangedFrame,
    MessageFrame,
    ReadFrame,
    TooLong,
    TypingFrame,
    to_wire,
)
from realtime_service.services.connection import Connection
from realtime_service.services.connections import Connections
from realtime_service.services.ports import Chats, Entry, Memberships
from realtime_service.services.tasks import Tasks

MAX_LOADED_CHATS = 100_000
MAX_HELD_EVENTS = 2_000
MAX_WAITING_EVENTS = 20_000
RETRY_S = 0.5

T = TypeVar("T")
Versioned = MessageSent | MessageChanged | ChatEvent
ChatLogEvent = Versioned | ChatResynced
logger = logging.getLogger(__name__)


class LoadedChat:
    """A chat that this instance follows; `held` is a list while its members or missing events are being fetched."""

    __slots__ = ("connections", "held", "members", "version")

    def __init__(self, version: int) -> None:
        self.version = version
        self.members: frozenset[int] = frozenset()
        self.connections: set[Connection] = set()
        self.held: list[ChatLogEvent] | None = None


class Hub:
    """All connections of this instance and the chats that their users are in."""

    def __init__(self, chats: Chats, memberships: Memberships) -> None:
        self.connections = Connections()
        self._chats_service = chats
        self._memberships = memberships
        self._chats: dict[int, LoadedChat] = {}
        self._chats_of: defaultdict[int, set[int]] = defaultdict(set)
        # Events that wait until what was missed before them has been fetched; None when nothing was missed.
        self._waiting: deque[ChatLogEvent] | None = None
        self._fetches: dict[int, asyncio.Task[None]] = {}
        self._tasks = Tasks()
        # A message's time is taken some moments before its commit.
        self._started_at = datetime.now(UTC) - timedelta(seconds=10)

    # Connections

    def add(self, connection: Connection) -> None:
        """Let a connection receive from now on."""
        self.connections.add(connection)
        for chat_id in self._chats_of.get(connection.user_id, ()):
            self._join(self._chats[chat_id], chat_id, connection)

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        for chat_id in connection.chats:
            self._chats[chat_id].connections.discard(connection)
        connection.chats.clear()
        self.connections.remove(connection)

    @staticmethod
    def _join(chat: LoadedChat, chat_id: int, connection: Connection) -> None:
        chat.connections.add(connection)
        connection.chats.add(chat_id)

    def version_of(self, chat_id: int) -> int:
        """Return up to which version a chat has been delivered here; 0 when it is not followed."""
        chat = self._chats.get(chat_id)
        return 0 if chat is None else chat.version

    # The log of chats

    def apply(self, event: ChatLogEvent) -> None:
        """Take the next event of a chat from the broker."""
        if self._waiting is not None:
            self._waiting.append(event)
            return
        chat_id = event.message.chat_id if isinstance(event, MessageEvent) else event.chat_id
        chat = self._chats.get(chat_id)
        if isinstance(event, ChatResynced):
            self._resync(chat, event)
            return
        if chat is None:
            chat = self._open(chat_id, event)
        if chat.held is not None:
            self._hold(chat, event)
        elif event.version == chat.version + 1:
            self._deliver(chat_id, chat, event)
        elif event.version > chat.version:
            chat.held = [event]
            self._fetch(chat_id, self._repair(chat_id, chat))

    def accept_answer(self, version: int, message: Message) -> bool:
        """Take an own send from the chat service's answer: deliver it at once if it is the chat's next version.

        True when everything up to `version` has been delivered here; False when its event is still to come.
        """
        chat = self._chats.get(message.chat_id)
        if chat is None or chat.held is not None:
            return False
        if version == chat.version + 1:
            self._deliver(message.chat_id, chat, MessageSent(version, message))
        return version <= chat.version

    def _resync(self, chat: LoadedChat | None, event: ChatResynced) -> None:
        """Compare a chat with where it stands by the tables, and fetch what makes the difference.

        A chat that is not followed has had no events here; what its users have missed, `catch_up` fetches.
        """
        if event.is_read_up_to:
            self._tell_authors(event.chat_id, event.participants, event.is_read_up_to)
        if chat is None:
            return
        if chat.held is not None:
            self._hold(chat, event)
        elif chat.version == event.version:
            self._set_members(event.chat_id, chat, event.participants)
        else:
            chat.held = []
            self._fetch(event.chat_id, self._repair(event.chat_id, chat))

    def _open(self, chat_id: int, event: Versioned) -> LoadedChat:
        if len(self._chats) >= MAX_LOADED_CHATS:
            self._unload_idle()
        chat = self._chats[chat_id] = LoadedChat(event.version - 1)
        if isinstance(event, ChatEvent):
            self._set_members(chat_id, chat, event.participants)
        elif event.to is None:
            chat.held = []
            self._fetch(chat_id, self._load(chat_id, chat, event))
        else:
            self._set_members(chat_id, chat, event.to)
        return chat

    def _hold(self, chat: LoadedChat, event: ChatLogEvent) -> None:
        held = chat.held
        if held is not None and len(held) < MAX_HELD_EVENTS:
            held.append(event)
        # Beyond that the events are dropped: the hole shows at the next one, and the repair fetches what is missing.

    def _deliver(self, chat_id: int, chat: LoadedChat, event: Versioned) -> None:
        chat.version = event.version
        if isinstance(event, MessageEvent):
            self._deliver_message(chat, event)
        else:
            self._deliver_change(chat_id, chat, event)

    def _deliver_message(self, chat: LoadedChat, event: MessageSent | MessageChanged) -> None:
        version, message = event.version, event.message
        chat_id, sender_id = message.chat_id, message.sender_id
        shape = MessageFrame if isinstance(event, MessageSent) else MessageChangedFrame
        # A change acknowledges no send.
        acknowledged = message if isinstance(event, MessageSent) else None
        own = b""
        others = b""
        for connection in chat.connections:
            if connection.user_id == sender_id:
                own = own or to_wire(shape(version, message))
                connection.deliver(chat_id, version, own, acknowledged)
            else:
                others = others or to_wire(shape(version, without_client_id(message)))
                connection.deliver(chat_id, version, others)

    def _deliver_change(self, chat_id: int, chat: LoadedChat, event: ChatEvent) -> None:
        frame = to_wire(ChatFrame(event.version, event.chat))
        before = set(chat.connections)
        self._set_members(chat_id, chat, event.participants)
        # Who has just been removed learns of it by this frame, and gets nothing after it.
        for connection in before | chat.connections:
            connection.deliver(chat_id, event.version, frame)
        self._tell_authors(chat_id, event.is_read_authors, event.is_read_up_to)

    def _set_members(self, chat_id: int, chat: LoadedChat, members: Iterable[int]) -> None:
        now = frozenset(members)
        for user_id in chat.members - now:
            self._chats_of[user_id].discard(chat_id)
            if not self._chats_of[user_id]:
                del self._chats_of[user_id]
            for connection in self.connections.of(user_id):
                chat.connections.discard(connection)
                connection.chats.discard(chat_id)
        for user_id in now - chat.members:
            self._chats_of[user_id].add(chat_id)
            for connection in self.connections.of(user_id):
                self._join(chat, chat_id, connection)
        chat.members = now

    def _unload_idle(self) -> None:
        for chat_id, chat in list(self._chats.items()):
            if not chat.connections and chat.held is None:
                self._set_members(chat_id, chat, ())
                del self._chats[chat_id]

    # Read state, settings and typing: state, not log

    def apply_read(self, event: MessageRead) -> None:
        """Tell the authors, and the reader's other connections, how far somebody has read."""
        chat = self._chats.get(event.chat_id)
        frame = to_wire(ReadFrame(event.chat_id, event.user_id, event.message_id))
        for user_id in {*event.authors, event.user_id}:
            if chat is not None and chat.members and user_id not in chat.members:
                continue
            for connection in self.connections.of(user_id):
                if user_id == event.user_id and connection.read_marks.get(event.chat_id, 0) >= event.message_id:
                    continue
                connection.push(frame)
        self._tell_authors(event.chat_id, event.is_read_authors, event.is_read_up_to)

    def _tell_authors(self, chat_id: int, authors: Iterable[int], up_to: int | None) -> None:
        if up_to is None:
            return
        frame = to_wire(IsReadFrame(chat_id, up_to))
        for user_id in authors:
            for connection in self.connections.of(user_id):
                connection.push(frame)

    def apply_settings(self, event: ChatSettingsChanged) -> None:
        """Tell someone's connections what they have chosen for a chat."""
        frame = to_wire(ChatSettingsFrame(event.chat_id, event.muted, event.pinned))
        for connection in self.connections.of(event.user_id):
            connection.push(frame)

    def show_typing(self, chat_id: int, user_id: int) -> None:
        """Show the other participants here that somebody types, if the chat is followed here."""
        chat = self._chats.get(chat_id)
        if chat is None or user_id not in chat.members:
            return
        frame = to_wire(TypingFrame(chat_id, user_id))
        for connection in chat.connections:
            if connection.user_id != user_id:
                connection.push(frame)

    async def is_member(self, chat_id: int, user_id: int) -> bool:
        """Tell whether somebody is in a chat, from memory or from where it is known; raises `Unavailable`."""
        chat = self._chats.get(chat_id)
        if chat is not None and chat.held is None:
            return user_id in chat.members
        return user_id in await self._find_members(chat_id, 1)

    # Fetching what is missing

    def _fetch(self, chat_id: int, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start the one fetch of a chat, whose events are held meanwhile."""
        task = self._fetches[chat_id] = self._tasks.start(work)
        task.add_done_callback(lambda done: self._fetches.pop(chat_id) if self._fetches[chat_id] is done else None)
        return task

    async def pull(self, chat_id: int, version: int, user_id: int) -> None:
        """Deliver a chat up to a committed version although its events do not come; raises `Unavailable`.

        So the acknowledgements of this instance, and with them the order of what its clients see, depend on neither
        the relay nor the broker.
        """
        # One that is done, but not yet forgotten, would be awaited without ever letting the loop forget it.
        while (fetch := self._fetches.get(chat_id)) is not None and not fetch.done():
            await asyncio.shield(fetch)
        chat = self._chats.get(chat_id)
        if chat is None:
            changed = await self._chats_service.changed_since([user_id], self._started_at.isoformat())
            chat = self._chats.get(chat_id)
            since = next((item.since_version for item in changed if item.chat_id == chat_id), None)
            if chat is None and since is not None:
                chat = self._chats[chat_id] = LoadedChat(since)
        if chat is not None and chat.held is None and chat.version < version:
            chat.held = []
            await asyncio.shield(self._fetch(chat_id, self._repair(chat_id, chat)))

    async def _find_members(self, chat_id: int, version: int) -> list[int]:
        known = await self._memberships.find(chat_id)
        if known is not None and known[0] >= version:
            return known[1]
        # The projection is behind the events: the chat service is not.
        return (await self._chats_service.members(chat_id))[1]

    async def _load(self, chat_id: int, chat: LoadedChat, event: MessageSent | MessageChanged) -> None:
        """Fetch the participants of a group first met by a message, then deliver what has waited."""
        participants = await _persistently(lambda: self._find_members(chat_id, event.members_version))
        self._set_members(chat_id, chat, participants)
        self._release(chat)

    async def _repair(self, chat_id: int, chat: LoadedChat) -> None:
        """Fetch the entries between the chat's version and the first held event, then go on with the held."""
        log = await _persistently(lambda: self._chats_service.entries(chat_id, chat.version))
        if log.version < chat.version:
            # An event may come some moments before what it tells of can be read.
            await asyncio.sleep(RETRY_S)
            log = await _persistently(lambda: self._chats_service.entries(chat_id, chat.version))
            if log.version < chat.version:
                self._rewind(chat_id, chat, log.version)
        self._set_members(chat_id, chat, log.participants)
        for entry in log.entries:
            if entry.version == chat.version + 1:
                self._deliver_entry(chat_id, chat, entry, log.participants)
        if chat.version < log.version:
            # More is missing than one answer holds: whoever is here pages the history instead.
            chat.version = log.version
            frame = to_wire(TooLong(chat_id, log.version))
            for connection in chat.connections:
                connection.deliver(chat_id, log.version, frame)
        self._release(chat)

    @staticmethod
    def _rewind(chat_id: int, chat: LoadedChat, version: int) -> None:
        """Go back with a chat that a restored backup has taken back: whoever is here pages the history anew."""
        chat.version = version
        frame = to_wire(TooLong(chat_id, version))
        for connection in chat.connections:
            connection.rewind(chat_id)
            connection.deliver(chat_id, version, frame)

    def _deliver_entry(self, chat_id: int, chat: LoadedChat, entry: Entry, participants: list[int]) -> None:
        if entry.message is not None:
            event = MessageChanged if entry.changed else MessageSent
            self._deliver(chat_id, chat, event(entry.version, entry.message))
        elif entry.chat:
            self._deliver(chat_id, chat, ChatEvent(entry.version, participants, entry.chat))

    def _release(self, chat: LoadedChat) -> None:
        """Deliver the held events that follow; a hole among them starts another repair."""
        held, chat.held = chat.held or [], None
        for event in held:
            self.apply(event)

    def hold_events(self) -> None:
        """Let events wait: the first one of a chat not followed yet tells nothing of those missed before it."""
        if self._waiting is None:
            self._waiting = deque(maxlen=MAX_WAITING_EVENTS)

    def release_events(self) -> None:
        """Apply the events that have waited, in their order."""
        waiting, self._waiting = self._waiting or (), None
        for event in waiting:
            self.apply(event)

    async def catch_up(self, since: datetime) -> None:
        """Repair after a time without events: fetch what the users of this instance have missed since then.

        A chat that is followed has a version to go on from. One that is not has delivered nothing here, so what
        has happened in it since then is missing. Raises `Unavailable`.
        """
        since = max(since, self._started_at)
        for item in await self._chats_service.changed_since(self.connections.users, since.isoformat()):
            chat = self._chats.get(item.chat_id)
            if chat is None:
                chat = self._chats[item.chat_id] = LoadedChat(item.since_version)
            if chat.held is None and chat.version < item.version:
                chat.held = []
                await asyncio.shield(self._fetch(item.chat_id, self._repair(item.chat_id, chat)))


async def _persistently(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a fetch until the chat service answers: events wait for it, and it comes back or we are restarted."""
    while True:
        try:
            return await call()
        except Unavailable:
            logger.warning("the chat service does not answer a fetch")
            await asyncio.sleep(RETRY_S)


def without_client_id(message: Message) -> Message:
    """Return the message as the others see it."""
    return msgspec.structs.replace(message, client_id=UNSET)
