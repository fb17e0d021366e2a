"""Hypothesis: two seconds after an administrator ends someone's sessions none of their sockets is open."""

from __future__ import annotations

import time

from messenger_drill.drill import Drill
from messenger_drill.findings import Measure
from messenger_testing.browser import Browser
from messenger_testing.people import Person

SOCKETS = 10


async def test_the_sockets_of_a_revoked_session_are_closed(drill: Drill, person: Person) -> None:
    async with Browser(drill.stack.env["PUBLIC_URL"]) as browser:
        await browser.log_in(person.username, person.password)
        sockets = [await browser.live() for _ in range(SOCKETS)]
        revoked = time.perf_counter()
        await person.log_out_everywhere()
        assert {await socket.wait_closed() for socket in sockets} == {4401}
        took = max(socket.closed_at for socket in sockets) - revoked
        drill.measured("session revoked by an administrator", Measure("the last socket closed after", took, 2))
