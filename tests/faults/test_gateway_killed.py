"""Hypothesis: killing Envoy cuts every socket, and all are back in ten seconds; killing the BFF cuts none.

A browser stays logged in through both: its session stands in the database.
"""

from __future__ import annotations

import pytest

from messenger_drill.drill import Drill
from messenger_testing.browser import Browser


@pytest.mark.timeout(400)
async def test_a_killed_envoy_loses_and_doubles_nothing(drill: Drill) -> None:
    async with drill.crowd() as crowd, Browser(drill.stack.env["PUBLIC_URL"]) as browser:
        await browser.log_in("dave")
        recovery = await drill.kill(crowd, ["envoy"], drill.times(10, 2))
        assert (await browser.get("/api/users/me")).status_code == 200
        verdict = await crowd.verdict()
        drill.found("Envoy killed", verdict, recovery.first(), recovery.whole(10))


@pytest.mark.timeout(400)
async def test_a_killed_gateway_app_cuts_no_socket(drill: Drill) -> None:
    async with drill.crowd() as crowd, Browser(drill.stack.env["PUBLIC_URL"]) as browser:
        await browser.log_in("dave")
        recovery = await drill.kill(crowd, ["gateway"], drill.times(10, 2))
        assert (await browser.get("/api/users/me")).status_code == 200
        assert not crowd.journal.closes
        verdict = await crowd.verdict()
        drill.found("gateway app killed", verdict, recovery.first(), recovery.whole(10))
