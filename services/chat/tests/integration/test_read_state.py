"""Random lives of a group, compared with a model of sixty lines after every step.

Two things are compared for every participant: what the service answers (`is_read` of every message, unread counts),
and what a client knows that has only applied the events since it joined: apply(events, old state) == fresh state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chat_service.domain.batch import Read, Send, Sent
from chat_service.domain.history import Oldest, Page
from chat_service.domain.log import Difference
from chat_service.domain.model import ChatId, MessageId, NewChat, UserId
from chat_service.events import Emission
from chat_service.repositories.chats import Chats, ChatTransaction
from chat_service.repositories.histories import Histories
from chat_service.repositories.logs import Logs
from chat_service.repositories.messages import Messages
from chat_service.repositories.views import Views
from chat_service.services.add_participant import AddParticipant
from chat_service.services.delete_message import DeleteMessage
from chat_service.services.edit_message import EditMessage
from chat_service.services.read_log import ReadLog
from chat_service.services.remove_participant import RemoveParticipant
from chat_service.services.write_batch import WriteBatch
from chat_service.settings import ChatSettings
from messenger_platform.limits import TokenBuckets

SOMEBODY: Any = None  # Only the user service would look at it.
USERS = [UserId(number) for number in range(1, 6)]


class Model:
    """What should be: messages in order, and for each participant how many of them are read."""

    def __init__(self, *participants: UserId) -> None:
        self.senders: list[UserId] = []
        self.read: dict[UserId, int] = dict.fromkeys(participants, 0)

    def send(self, user: UserId) -> None:
        self.senders.append(user)
        self.read[user] = len(self.senders)

    def mark(self, user: UserId, ordinal: int) -> None:
        self.read[user] = max(self.read[user], ordinal)

    def join(self, user: UserId) -> None:
        self.read[user] = len(self.senders)

    def leave(self, user: UserId) -> None:
        del self.read[user]

    def is_read(self, ordinal: int) -> bool:
        sender = self.senders[ordinal - 1]
        others = [read for user, read in self.read.items() if user != sender]
        return bool(others) and all(read >= ordinal for read in others)

    def unread(self, user: UserId) -> int:
        return len(self.senders) - self.read[user]


class Everybody:
    """The user service: all exist."""

    async def __call__(self, user_ids: Any, principal: Any) -> None:
        """Agree."""


class RecordingChats:
    """Chats that remember what their committed transactions told."""

    def __init__(self, chats: Chats, told: list[tuple[str, Any]]) -> None:
        self._chats = chats
        self._told = told

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ChatTransaction]:
        told: list[Emission] = []
        async with self._chats.transaction() as transaction:
            emit = transaction.emit

            async def note(emissions: Sequence[Emission]) -> None:
                await emit(emissions)
                told.extend(emissions)

            transaction.emit = note  # type: ignore[method-assign] # it is what is recorded
            yield transaction
        self._told += [(event.type, event.data) for _, event in told]


class World:
    """The service's use cases on the real database, with the events they tell."""

    def __init__(self, engine: AsyncEngine, recording_log: type[Any]) -> None:
        self.log = Messages(engine)
        recording = recording_log(self.log)
        self.told: list[tuple[str, Any]] = recording.events
        self.write = WriteBatch(recording)
        self.chats = RecordingChats(Chats(engine), self.told)
        self.add = AddParticipant(self.chats, Everybody())  # type: ignore[arg-type] # a stand-in
        self.remove = RemoveParticipant(self.chats)
        self.edit = EditMessage(self.chats, TokenBuckets(0, 1))
        self.delete = DeleteMessage(self.chats, TokenBuckets(0, 1))
        self.histories = Histories(engine)
        self.views = Views(engine)
        self.read_log = ReadLog(Logs(engine))
        self.engine = engine

    async def create(self, *participants: UserId) -> ChatId:
        async with self.chats.transaction() as chats:
            created = await chats.create(NewChat(participants[0], participants, "A group", datetime.now(UTC)))
        assert created is not None
        return created


class Ticks:
    """A client of one person: how far its own messages are read, and the version, from events alone."""

    def __init__(self, version: int, read_up_to: int) -> None:
        self.version = version
        self.read_up_to = read_up_to


class GroupLife(RuleBasedStateMachine):
    engine_url: Any
    recording_log: type[Any]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world: World
        self.ids: list[int] = []
        self.deleted: set[int] = set()

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @initialize(size=st.integers(1, 3))
    def start(self, size: int) -> None:
        async def begin() -> None:
            self.world = World(create_async_engine(self.engine_url, pool_size=3), self.recording_log)
            self.chat_id = await self.world.create(*USERS[:size])

        self.model = Model(*USERS[:size])
        self.run(begin())
        self.clients = {user: Ticks(1, 0) for user in USERS[:size]}

    def apply_events(self) -> None:
        """Give every client that is in the group what was told since the last time."""
        for kind, data in self.world.told:
            version = getattr(data, "version", None)
            for user, client in self.clients.items():
                if version is not None:
                    assert version == client.version + 1, (kind, version, client.version)
                    client.version = version
                up_to = getattr(data, "is_read_up_to", None)
                if isinstance(up_to, int) and user in data.is_read_authors:
                    client.read_up_to = max(client.read_up_to, up_to)
        self.world.told.clear()

    @property
    def present(self) -> list[UserId]:
        return list(self.model.read)

    def ops(self, data: Any, size: int) -> list[tuple[UserId, int | None]]:
        chosen = st.tuples(st.sampled_from(self.present), st.none() | st.integers(1, max(1, len(self.ids))))
        picked: list[tuple[UserId, int | None]] = data.draw(st.lists(chosen, min_size=1, max_size=size))
        return picked

    @precondition(lambda self: self.model.read)
    @rule(data=st.data())
    def batch(self, data: Any) -> None:
        """Write sends (None) and reads (an ordinal) of several people in one transaction."""
        picked = [(user, ordinal) for user, ordinal in self.ops(data, 6) if ordinal is None or self.ids]
        ops = [
            Send(user, self.chat_id, uuid4(), "hi")
            if ordinal is None
            else Read(user, self.chat_id, MessageId(self.ids[ordinal - 1]))
            for user, ordinal in picked
        ]
        outcomes = self.run(self.world.write(ops)) if ops else []
        for (user, ordinal), outcome in zip(picked, outcomes, strict=True):
            if ordinal is None:
                assert isinstance(outcome, Sent)
                self.model.send(user)
                self.ids.append(outcome.message.id)
            else:
                self.model.mark(user, ordinal)
        self.apply_events()

    @precondition(lambda self: self.ids and self.model.read)
    @rule(data=st.data(), deletes=st.booleans())
    def change(self, data: Any, deletes: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name.
        """Edit or delete a message of someone who is there: counts and ticks stay as they are."""
        ordinal = data.draw(st.integers(1, len(self.ids)))
        sender = self.model.senders[ordinal - 1]
        message_id = MessageId(self.ids[ordinal - 1])
        if sender not in self.model.read:
            return
        if deletes:
            self.run(self.world.delete(self.chat_id, sender, message_id))
            self.deleted.add(message_id)
        elif message_id not in self.deleted:
            self.run(self.world.edit(self.chat_id, sender, message_id, data.draw(st.sampled_from(["hi", "ho"]))))
        self.apply_events()

    @precondition(lambda self: USERS[0] in self.model.read and len(self.model.read) < len(USERS))
    @rule(data=st.data())
    def join(self, data: Any) -> None:
        user = data.draw(st.sampled_from([user for user in USERS if user not in self.model.read]))
        assert self.run(self.world.add(self.chat_id, USERS[0], user, SOMEBODY))
        self.model.join(user)
        self.apply_events()
        self.clients[user] = self.fresh(user)

    @precondition(lambda self: self.model.read)
    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        user = data.draw(st.sampled_from(self.present))
        self.run(self.world.remove(self.chat_id, user, user))
        self.model.leave(user)
        del self.clients[user]
        self.apply_events()

    @precondition(lambda self: not self.model.read)
    @rule()
    def rest(self) -> None:
        """Let a group that nobody is in be."""

    def fresh(self, user: UserId) -> Ticks:
        """Make a client that fetches the chat now."""
        history = self.run(self.world.histories.page(self.chat_id, user, Page(Oldest(0), 200)))
        own = [seen.message.id for seen in history if seen.is_read and seen.message.sender_id == user]
        return Ticks(self.run(self.world.views.of(self.chat_id, user)).version, max(own, default=0))

    @invariant()
    def the_service_agrees_with_the_model(self) -> None:
        if not hasattr(self, "chat_id"):
            return
        for user in self.present:
            history = self.run(self.world.histories.page(self.chat_id, user, Page(Oldest(0), 200)))
            assert [seen.message.id for seen in history] == self.ids
            assert {seen.message.id for seen in history if seen.message.deleted} == self.deleted
            assert [seen.is_read for seen in history] == [
                self.model.is_read(ordinal) for ordinal in range(1, len(self.ids) + 1)
            ]
            view = self.run(self.world.views.of(self.chat_id, user))
            assert view.unread_count == self.model.unread(user)
            assert view.participant_count == len(self.present)
            left = [id_ for id_ in self.ids if id_ not in self.deleted]
            assert (view.last_message and view.last_message.message.id) == (left[-1] if left else None)

    @invariant()
    def a_client_that_applied_the_events_knows_the_same(self) -> None:
        if not hasattr(self, "chat_id"):
            return
        for user, client in self.clients.items():
            fresh = self.fresh(user)
            assert client.version == fresh.version
            if len(self.present) > 1:  # Someone left alone keeps the ticks that were there.
                own = [id_ for id_, sender in zip(self.ids, self.model.senders, strict=True) if sender == user]
                ticked = max((id_ for id_ in own if id_ <= client.read_up_to), default=0)
                assert ticked == fresh.read_up_to, (user, ticked, fresh.read_up_to)

    @invariant()
    def the_log_has_every_version_once(self) -> None:
        if not hasattr(self, "chat_id") or not self.present:
            return
        asked = {self.chat_id: 0}
        difference: Difference = self.run(self.world.read_log.differences(self.present[0], asked))[self.chat_id]
        assert difference.entries is not None
        assert [entry.version for entry in difference.entries] == list(range(1, difference.state.version + 1))

    def teardown(self) -> None:
        async def end() -> None:
            await self.world.log.close()
            await self.world.engine.dispose()

        if hasattr(self, "world"):
            self.run(end())
        self.runner.close()


# Each step asks several times afresh: on a busy machine a dozen lives take a while, and a signal in the midst of one
# breaks more than this test.
@pytest.mark.timeout(600)
def test_read_state_and_events_agree_with_the_model_through_any_life_of_a_group(
    clean: None, settings: ChatSettings, recording_log_type: type[Any]
) -> None:
    class Machine(GroupLife):
        engine_url = settings.runtime_url
        recording_log = recording_log_type

    run_state_machine_as_test(
        Machine,
        settings=hypothesis_settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # Shrinking against a database takes minutes and tells little more.
            print_blob=True,
        ),
    )
