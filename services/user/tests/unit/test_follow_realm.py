from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from messenger_platform.errors import Unavailable
from user_service.domain.accounts import Claims
from user_service.domain.realm import Log, RealmAway, RealmUser
from user_service.events import UserChanged, UserDeleted, UserRegistered
from user_service.services.follow_realm import GAP, MAX_BACK_OFF_S, OVERLAP, RECONCILE_EVERY, Following, FollowRealm
from user_service.services.mirror_user import MirrorUser
from user_service.services.recognise_caller import RecogniseCaller

Person = Callable[..., RealmUser]


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_s(self, seconds: float) -> datetime:
        self.time += timedelta(seconds=seconds)
        return self.time


class FakePositions:
    def __init__(self) -> None:
        self.kept: dict[Log, datetime] = {}

    async def read(self) -> dict[Log, datetime]:
        return dict(self.kept)

    async def advance(self, log: Log, to: datetime) -> None:
        self.kept[log] = to


class World:
    """A realm, accounts and positions that outlive their follower."""

    def __init__(self, realm: Any, accounts: Any) -> None:
        self.realm = realm
        self.accounts = accounts
        self.clock = Clock()
        self.positions = FakePositions()

    def follower(self) -> Following:
        return Following(self.realm, self.accounts, MirrorUser(self.accounts), self.positions, self.clock)

    async def settled(self) -> Following:
        """Return a follower whose first comparison is over."""
        following = self.follower()
        while await following.once():
            pass
        self.realm.asked.clear()
        self.realm.listed = 0
        self.accounts.published.clear()
        return following

    def name_of(self, user: RealmUser) -> str:
        name: str = self.accounts.rows[user.sub][0].name
        return name


@pytest.fixture
def world(fake_realm: Any, fake_accounts: Any) -> World:
    return World(fake_realm, fake_accounts)


@pytest.mark.parametrize("log", Log)
async def test_a_change_is_followed_by_the_next_poll_and_asked_about_once(
    world: World, person: Person, log: Log
) -> None:
    following = await world.settled()
    world.realm.put(person(), world.clock.pass_s(1), log)
    for _ in range(3):
        await following.once()
    assert world.name_of(person()) == "Alice Adams"
    assert world.realm.asked == [person().sub]
    world.realm.put(person(name="Alice Brown"), world.clock.pass_s(1), log)
    await following.once()
    world.realm.remove(person().sub, world.clock.pass_s(1), log)
    await following.once()
    assert [type(event) for event in world.accounts.published] == [
        UserRegistered,
        UserChanged,
        UserChanged,
        UserDeleted,
    ]


async def test_many_changes_of_one_person_are_one_question(world: World, person: Person) -> None:
    following = await world.settled()
    for number in range(3):
        world.realm.put(person(name=f"Name {number}"), world.clock.pass_s(0.1))
    await following.once()
    assert world.realm.asked == [person().sub]
    assert world.name_of(person()) == "Name 2"


async def test_more_entries_than_a_page_holds_are_all_followed(world: World, person: Person) -> None:
    following = await world.settled()
    people = [person(f"user{number:02d}") for number in range(20)]
    for user in people:
        world.realm.put(user, world.clock.pass_s(0.01))
    await following.once()
    assert set(world.accounts.rows) == {user.sub for user in people}
    assert world.positions.kept == {Log.ADMINISTRATORS: world.clock.time}


async def test_an_entry_that_appears_late_is_followed_though_newer_ones_were(world: World, person: Person) -> None:
    following = await world.settled()
    early = world.clock.pass_s(1)
    world.realm.put(person("bob"), world.clock.pass_s(20))
    await following.once()
    world.realm.put(person("alice"), early)
    await following.once()
    assert person("alice").sub in world.accounts.rows
    assert world.realm.asked == [person("bob").sub, person("alice").sub]


async def test_what_has_been_dealt_with_is_forgotten_when_it_is_no_longer_read(world: World, person: Person) -> None:
    following = await world.settled()
    for number in range(50):
        world.realm.put(person(f"user{number}"), world.clock.pass_s(OVERLAP.total_seconds()))
        await following.once()
    assert len(following._done[Log.ADMINISTRATORS]) <= 3


async def test_changes_while_the_realm_is_away_are_followed_afterwards(world: World, person: Person) -> None:
    following = await world.settled()
    world.realm.answering = False
    world.realm.put(person(), world.clock.pass_s(1))
    with pytest.raises(RealmAway):
        await following.once()
    world.realm.answering = True
    await following.once()
    assert world.name_of(person()) == "Alice Adams"
    assert world.realm.listed == 0


async def test_a_failure_in_the_middle_loses_nothing(world: World, person: Person) -> None:
    following = await world.settled()
    for name in ("alice", "bob"):
        world.realm.put(person(name), world.clock.pass_s(1))

    def fail(sub: object) -> None:
        if sub == person("bob").sub:
            raise RealmAway

    world.realm.on_user = fail
    with pytest.raises(RealmAway):
        await following.once()
    assert world.positions.kept == {}
    world.realm.on_user = lambda _: None
    await following.once()
    assert world.name_of(person("bob")) == "Alice Adams"
    assert [type(event) for event in world.accounts.published] == [UserRegistered, UserRegistered]


async def test_the_next_process_goes_on_where_the_last_one_died(world: World, person: Person) -> None:
    """Between the effect and the position, or long after: the effect is asked for again and changes nothing."""
    first = await world.settled()
    world.realm.put(person("alice"), world.clock.pass_s(1))
    await first.once()
    world.realm.put(person("bob"), world.clock.pass_s(1))
    world.clock.pass_s(3600)
    world.accounts.published.clear()
    await world.follower().once()
    assert [(type(event), event.username) for event in world.accounts.published] == [(UserRegistered, "bob")]


async def test_a_start_compares_everything(world: World, person: Person, claims: Callable[..., Claims]) -> None:
    """What no log tells of: people who were here before, names that changed, people who are gone."""
    people = [person(f"user{number}") for number in range(7)]
    for user in people:
        world.realm.people[user.sub] = user
    recognise = RecogniseCaller(world.accounts)
    long_ago = world.clock.time - timedelta(days=30)
    await recognise(person("user3", name="Old Name").claims(long_ago))
    gone = await recognise(claims("gone", age=10 * 365 * 86400))
    world.accounts.published.clear()
    following = world.follower()
    steps = 1
    while await following.once():
        steps += 1
    assert 3 <= steps <= 6
    assert {world.name_of(user) for user in people} == {"Alice Adams"}
    assert world.accounts.rows[gone.sub][0].deleted_at is not None
    told = [type(event) for event in world.accounts.published]
    assert told.count(UserRegistered) == 6
    assert told.count(UserDeleted) == 1
    # A second comparison finds nothing to do.
    world.accounts.published.clear()
    again = world.follower()
    while await again.once():
        pass
    assert world.accounts.published == []


async def test_a_person_who_slips_between_two_pages_is_asked_for_before_being_called_gone(
    world: World, person: Person
) -> None:
    people = [person(f"user{number}") for number in range(6)]
    for user in people:
        world.realm.people[user.sub] = user
        await MirrorUser(world.accounts)(user.sub, user, world.clock.time)
    following = world.follower()
    await following.once()
    # The first of a page that was read is removed: the first of the next page moves into it, unread.
    world.realm.remove(people[0].sub, world.clock.pass_s(1))
    while await following.once():
        pass
    assert world.accounts.rows[people[3].sub][0].deleted_at is None
    assert world.accounts.rows[people[0].sub][0].deleted_at is not None


@pytest.mark.parametrize(("seconds", "compared"), [(GAP.total_seconds() - 1, False), (GAP.total_seconds() + 1, True)])
async def test_a_gap_leads_to_a_comparison(world: World, person: Person, seconds: float, *, compared: bool) -> None:
    """Somebody may have cleared the logs meanwhile."""
    following = await world.settled()
    world.realm.people[person().sub] = person()
    world.clock.pass_s(seconds)
    while await following.once():
        pass
    assert (person().sub in world.accounts.rows) is compared
    assert (world.realm.listed > 0) is compared


async def test_everything_is_compared_once_a_day(world: World) -> None:
    following = await world.settled()
    minutes = int(RECONCILE_EVERY.total_seconds() / 60) + 20
    for _ in range(minutes):
        world.clock.pass_s(60)
        await following.once()
    assert world.realm.listed == 1


async def test_changes_are_followed_during_a_long_comparison(world: World, person: Person) -> None:
    for number in range(30):
        user = person(f"user{number:02d}")
        world.realm.people[user.sub] = user
    following = world.follower()
    await following.once()
    world.realm.put(person("zoe"), world.clock.pass_s(1))
    assert await following.once()
    assert person("zoe").sub in world.accounts.rows


async def test_an_account_of_a_client_is_nobody(world: World, person: Person) -> None:
    following = await world.settled()
    world.realm.put(person("service-account-x", is_person=False), world.clock.pass_s(1))
    await following.once()
    assert world.accounts.rows == {}


async def test_a_realm_whose_clock_is_ahead_is_followed_all_the_same(world: World, person: Person) -> None:
    """Its tokens look newer than our answers; the entry's own time says that the answer is newer still."""
    following = await world.settled()
    ahead = world.clock.time + timedelta(seconds=4)
    await RecogniseCaller(world.accounts)(person().claims(ahead))
    world.realm.put(person(name="Alice Brown"), ahead + timedelta(milliseconds=1))
    await following.once()
    assert world.name_of(person()) == "Alice Brown"


class FakeLead:
    def __init__(self, positions: FakePositions) -> None:
        self.positions = positions
        self.free = True
        self.times = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[FakePositions | None]:
        self.times += 1
        yield self.positions if self.free else None


class Enough(Exception):
    """Ends a run after so many sleeps."""


def follow(world: World, lead: Any, during: list[Callable[[], object]]) -> tuple[FollowRealm, list[float]]:
    """Make a follower that does one thing after the other instead of sleeping."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        world.clock.pass_s(seconds)
        if not during:
            raise Enough
        during.pop(0)()

    mirror = MirrorUser(world.accounts)
    task = FollowRealm(world.realm, world.accounts, mirror, lead, poll_s=1.0, clock=world.clock, sleep=sleep)
    return task, slept


def nothing() -> None:
    pass


async def test_a_realm_that_is_away_is_asked_ever_less_often_and_then_followed(world: World, person: Person) -> None:
    def away() -> None:
        world.realm.answering = False

    def back() -> None:
        world.realm.answering = True
        world.realm.put(person(), world.clock.time)

    task, slept = follow(world, FakeLead(world.positions), [nothing, away, nothing, nothing, nothing, back])
    with pytest.raises(Enough):
        await task.run()
    assert slept == [0.2, 1.0, 1.0, 2.0, 4.0, MAX_BACK_OFF_S, 1.0]
    assert world.name_of(person()) == "Alice Adams"


async def test_a_process_that_is_not_the_follower_waits_for_its_turn(world: World, person: Person) -> None:
    lead = FakeLead(world.positions)
    lead.free = False
    world.realm.put(person(), world.clock.time)

    def dies() -> None:
        lead.free = True

    task, slept = follow(world, lead, [nothing, dies])
    with pytest.raises(Enough):
        await task.run()
    assert slept[:2] == [1.0, 1.0]
    assert world.name_of(person()) == "Alice Adams"


async def test_a_database_that_is_away_costs_the_lead_and_nothing_else(world: World, person: Person) -> None:
    class Flaky(FakePositions):
        async def read(self) -> dict[Log, datetime]:
            if lead.times == 1:
                raise Unavailable("away")
            return await super().read()

    lead = FakeLead(Flaky())
    world.realm.put(person(), world.clock.time)
    task, _ = follow(world, lead, [nothing])
    with pytest.raises(Enough):
        await task.run()
    assert lead.times == 2
    assert world.name_of(person()) == "Alice Adams"


async def test_a_log_without_entries_moves_nothing(world: World) -> None:
    following = await world.settled()
    await following.once()
    assert world.positions.kept == {}
    world.realm.note(uuid4(), world.clock.pass_s(1), Log.PEOPLE)
    await following.once()
    assert world.positions.kept == {Log.PEOPLE: world.clock.time}
