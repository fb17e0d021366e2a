"""The queue in front of the encoded pages, with a reader that the test steers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from chat_service.domain.errors import NotFound
from chat_service.domain.history import Asked
from chat_service.domain.model import ChatId, MessageId, UserId
from chat_service.services.read_page import ReadPage
from messenger_platform.errors import Unavailable

NOBODYS = 404


def page_of(number: int, limit: int = 1) -> Asked:
    return Asked(ChatId(number), UserId(1), MessageId(0), MessageId(9), from_end=True, limit=limit, newest_first=False)


class Pages:
    """Notes the batches; the gate holds them back, `fail` says what becomes of a chat."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fail: dict[int, Exception] = {}

    async def read(self, asked: Sequence[Asked]) -> list[bytes | None]:
        numbers = [int(one.chat_id) for one in asked]
        self.batches.append(numbers)
        await self.gate.wait()
        for number in numbers:
            if number in self.fail:
                raise self.fail[number]
        return [None if number == NOBODYS else b"%d" % number for number in numbers]


async def ask(read_page: ReadPage, *numbers: int, limit: int = 1) -> list[asyncio.Task[bytes]]:
    tasks = [asyncio.create_task(read_page(page_of(number, limit))) for number in numbers]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_one_who_asks_alone_is_answered_at_once() -> None:
    pages = Pages()
    read_page = ReadPage(pages)
    assert [await read_page(page_of(1)), await read_page(page_of(2))] == [b"1", b"2"]
    assert pages.batches == [[1], [2]]


async def test_what_piles_up_meanwhile_is_read_together() -> None:
    pages = Pages()
    pages.gate.clear()
    read_page = ReadPage(pages, lanes=2, max_batch=3)
    asked = [*await ask(read_page, 1), *await ask(read_page, 2), *await ask(read_page, 3, 4, 5, 6)]
    pages.gate.set()
    assert await asyncio.gather(*asked) == [b"1", b"2", b"3", b"4", b"5", b"6"]
    assert pages.batches == [[1], [2], [3, 4, 5], [6]]


async def test_few_long_pages_fill_a_batch() -> None:
    pages = Pages()
    read_page = ReadPage(pages, lanes=1)
    await asyncio.gather(*await ask(read_page, *range(1, 11), limit=200))
    assert pages.batches == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


async def test_a_page_that_the_viewer_may_not_see_fails_alone() -> None:
    read_page = ReadPage(Pages())
    seen, missing = await ask(read_page, 1, NOBODYS)
    assert await seen == b"1"
    with pytest.raises(NotFound):
        await missing


async def test_a_database_that_is_away_refuses_all_that_wait_and_then_recovers() -> None:
    pages = Pages()
    pages.gate.clear()
    pages.fail[1] = Unavailable("away")
    read_page = ReadPage(pages, lanes=1, max_batch=1)
    asked = await ask(read_page, 1, 2, 3)
    pages.gate.set()
    assert [type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)] == [Unavailable] * 3
    assert await read_page(page_of(4)) == b"4"


async def test_only_the_guilty_request_fails() -> None:
    pages = Pages()
    pages.fail[2] = ZeroDivisionError()
    read_page = ReadPage(pages)
    answers = await asyncio.gather(*await ask(read_page, 1, 2, 3), return_exceptions=True)
    assert answers == [b"1", pages.fail[2], b"3"]
    assert pages.batches == [[1, 2, 3], [1], [2], [3]]


async def test_one_who_has_gone_is_not_read_for() -> None:
    pages = Pages()
    pages.gate.clear()
    read_page = ReadPage(pages, lanes=1)
    first, gone, third = await ask(read_page, 1, 2, 3)
    later = await ask(read_page, 4, 5)
    later[0].cancel()
    gone.cancel()
    await asyncio.sleep(0)
    pages.gate.set()
    assert await asyncio.gather(first, third, later[1]) == [b"1", b"3", b"5"]
    assert pages.batches == [[1, 2, 3], [5]]


async def test_who_has_waited_too_long_is_refused() -> None:
    pages = Pages()
    pages.gate.clear()
    read_page = ReadPage(pages, lanes=1, deadline_s=0.05)
    first, second = [*await ask(read_page, 1), *await ask(read_page, 2)]
    await asyncio.sleep(0.1)
    pages.gate.set()
    assert await first == b"1"
    with pytest.raises(Unavailable):
        await second
