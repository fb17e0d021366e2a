"""The WebSocket protocol against a model of a dozen lines, in any order of steps that Hypothesis thinks of."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from messenger_testing.client import Account, Frame, LiveClient
from messenger_testing.e2e import People

Result = TypeVar("Result")
WHO = ("creator", "member", "guest")
BAD_FRAMES = (
    "",
    "{",
    "[]",
    "7",
    '{"type":"fly"}',
    '{"type":"send"}',
    '{"type":"read","chat_id":1}',
    '{"type":"sync","chats":{"x":1}}',
)

people = st.sampled_from(WHO)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30).filter(str.strip)


@dataclass
class Sent:
    """A message that was acknowledged."""

    sender: str
    client_id: str
    text: str
    message_id: int
    version: int


@dataclass
class Model:
    """What the chat must be: a gapless version, who is in it, what was said, and how far each has read."""

    version: int = 1
    members: set[str] = field(default_factory=lambda: {"creator", "member"})
    sent: list[Sent] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)


class Protocol(RuleBasedStateMachine):
    """Steps of three people, two of them in a group and one coming and going."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    accounts: ClassVar[dict[str, Account]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.live: dict[str, LiveClient] = {}
        self.chat_id = 0

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Wait for something."""
        return self.loop.run_until_complete(asyncio.wait_for(work, 20))

    def teardown(self) -> None:
        """Close what is open."""
        for live in self.live.values():
            self.run(live.close())

    @initialize()
    def begin(self) -> None:
        """Make the group and connect everybody."""
        self.chat_id = self.run(self.accounts["creator"].group("Modelled", self.accounts["member"]))
        for who in WHO:
            self.live[who] = self.run(LiveClient.open(self.accounts[who].public_url, self.accounts[who].token))

    async def _answer(self, who: str, frame: Frame) -> Frame:
        """Send a frame with a client id and return what answers it."""
        live, client_id = self.live[who], frame["client_id"]
        start = len(live.frames)
        await live.send(frame)
        return await live.wait_for(
            lambda answer: (
                answer.get("client_id") == client_id or answer.get("message", {}).get("client_id") == client_id
            ),
            start=start,
        )

    def _frame(self, client_id: str, text: str) -> Frame:
        return {"type": "send", "chat_id": self.chat_id, "client_id": client_id, "text": text}

    @rule(who=people, text=texts)
    def send(self, who: str, text: str) -> None:
        """Say something: a member's message takes the next version, nobody else's takes any."""
        client_id = str(uuid.uuid4())
        answer = self.run(self._answer(who, self._frame(client_id, text)))
        if who not in self.model.members:
            assert (answer["type"], answer["code"]) == ("error", "not_found")
            return
        message = answer["message"]
        self.model.version += 1
        assert (answer["version"], message["text"]) == (self.model.version, text.strip())
        assert all(message["id"] > sent.message_id for sent in self.model.sent)
        self.model.sent.append(Sent(who, client_id, text.strip(), message["id"], answer["version"]))
        self.model.read[who] = message["id"]

    @precondition(lambda self: self.model.sent)
    @rule(data=st.data(), changed=st.booleans())
    def repeat(self, data: st.DataObject, changed: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis.
        """Send again: the same is the same message, and another text under its id a conflict."""
        sent = data.draw(st.sampled_from(self.model.sent))
        answer = self.run(self._answer(sent.sender, self._frame(sent.client_id, sent.text + "!" * changed)))
        if sent.sender not in self.model.members:
            assert (answer["type"], answer["code"]) == ("error", "not_found")
        elif changed:
            assert (answer["type"], answer["code"]) == ("error", "conflict")
        else:
            assert (answer["version"], answer["message"]["id"]) == (sent.version, sent.message_id)

    @precondition(lambda self: self.model.sent)
    @rule(who=people, data=st.data())
    def read(self, who: str, data: st.DataObject) -> None:
        """Read up to a message: the mark moves forward only."""
        sent = data.draw(st.sampled_from(self.model.sent))
        live = self.live[who]
        start = len(live.frames)
        self.run(live.send({"type": "read", "chat_id": self.chat_id, "message_id": sent.message_id}))
        if who in self.model.members:
            self.model.read[who] = max(self.model.read.get(who, 0), sent.message_id)
            # Nothing answers a read; what is sent behind it for the same chat is answered behind it.
            empty = self.run(self._answer(who, self._frame(str(uuid.uuid4()), " ")))
            assert (empty["type"], empty["code"]) == ("error", "bad_frame")
        else:
            refusal = self.run(live.wait_for(lambda frame: frame["type"] == "error", start=start))
            assert refusal["code"] == "not_found"

    @rule()
    def come_or_go(self) -> None:
        """Let the guest join or be removed: a version each."""
        base = f"/api/chats/{self.chat_id}/participants"
        http, guest = self.accounts["creator"].http, self.accounts["guest"].id
        if "guest" in self.model.members:
            assert self.run(http.delete(f"{base}/{guest}")).status_code == 204
            self.model.members.discard("guest")
        else:
            assert self.run(http.post(base, json={"user_id": guest})).status_code == 201
            self.model.members.add("guest")
            # Who joins has nothing to read.
            self.model.read["guest"] = max((sent.message_id for sent in self.model.sent), default=0)
        self.model.version += 1

    @rule(who=people, text=st.sampled_from(BAD_FRAMES))
    def break_a_frame(self, who: str, text: str) -> None:
        """Send a bad frame: it is answered and changes nothing."""
        live = self.live[who]
        start = len(live.frames)
        self.run(live.send_raw(text))
        assert self.run(live.wait_for(lambda frame: frame["type"] == "error", start=start))["code"] == "bad_frame"

    @rule(who=people)
    def drop(self, who: str) -> None:
        """Cut a connection without a word; another follows."""
        self.live[who].cut()
        self.run(self.live[who].close())
        self.live[who] = self.run(LiveClient.open(self.accounts[who].public_url, self.accounts[who].token))

    @rule(who=people, data=st.data())
    def sync(self, who: str, data: st.DataObject) -> None:
        """Whoever was away learns each version since; whoever is outside nothing."""
        since = data.draw(st.integers(0, self.model.version))
        self.run(self._compare(who, since))

    async def _compare(self, who: str, since: int) -> None:
        account = self.accounts[who]
        async with await LiveClient.open(account.public_url, account.token) as late:
            synced = (await late.sync({self.chat_id: since}))["chats"]
            if who not in self.model.members:
                assert synced == {}
                assert any(frame["type"] == "error" and frame["code"] == "not_found" for frame in late.frames)
                return
            state = synced[str(self.chat_id)]
            assert (state["version"], state["read_up_to"]) == (self.model.version, self.model.read.get(who, 0))
            told = [frame["version"] for frame in late.frames if "version" in frame]
            # What came live before the question is told again by the answer, which begins where the client said.
            assert set(told) == set(range(since + 1, self.model.version + 1))
            assert max(map(told.count, told), default=1) <= 2
            heard = {frame["version"]: frame["message"]["text"] for frame in late.messages(self.chat_id)}
            assert heard == {sent.version: sent.text for sent in self.model.sent if sent.version > since}

    @invariant()
    def nobody_hears_a_version_twice_by_itself(self) -> None:
        """Versions rise on every connection, but for the answers to one's own repetitions."""
        for live in self.live.values():
            told = [
                (frame["version"], "client_id" in frame.get("message", {}))
                for frame in live.frames
                if "version" in frame
            ]
            strange = [version for version, own in told if not own]
            assert strange == sorted(set(strange))


@pytest.fixture
def loop_of_its_own(public_url: str) -> Iterator[None]:
    """Log three people in; the machine is no coroutine, so it turns the loop itself."""
    loop = asyncio.new_event_loop()
    people = People(public_url)
    Protocol.loop = loop
    Protocol.accounts = {
        who: loop.run_until_complete(people.account(name))
        for who, name in zip(WHO, ("alice", "bob", "carol"), strict=True)
    }
    yield
    for account in Protocol.accounts.values():
        loop.run_until_complete(account.aclose())
    loop.close()


@pytest.mark.usefixtures("loop_of_its_own")
def test_the_protocol_does_what_the_model_says() -> None:
    run_state_machine_as_test(
        Protocol,
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # Steps over a network do not shrink in bounded time; the seed repeats them.
            suppress_health_check=list(HealthCheck),
        ),
    )
