"""Hypothesis: without Keycloak whoever has a valid token goes on, reconnects included; nobody is logged out.

A flood of tokens with unknown keys meanwhile asks Keycloak nothing that would empty the cache of keys.
"""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from messenger_drill.drill import Drill, Recovery
from messenger_testing.tokens import TokenIssuer

AWAY_S = 150.0
"""As long as the crowd's tokens, which live for five minutes, allow."""


@pytest.mark.drill
@pytest.mark.timeout(400)
async def test_without_keycloak_valid_tokens_go_on(drill: Drill) -> None:
    async with drill.crowd() as crowd, httpx.AsyncClient(base_url=drill.stack.env["PUBLIC_URL"]) as http:
        crowd.talk()
        await crowd.normal()
        await asyncio.to_thread(drill.processes.stop, "keycloak")
        away = time.perf_counter()
        try:
            forged = {"Authorization": f"Bearer {TokenIssuer('unknown', drill.stack.env['OIDC_ISSUER']).token()}"}
            while time.perf_counter() - away < AWAY_S:
                answers = await asyncio.gather(*(http.get("/api/users/me", headers=forged) for _ in range(20)))
                assert {answer.status_code for answer in answers} == {401}
                for phone in crowd.phones[::5]:
                    phone.cut()
                await crowd.calm(5)
                await crowd.all_back()
        finally:
            drill.processes.start("keycloak")
        assert set(crowd.journal.closes) <= {1006}
        recovery = Recovery(crowd, [away, time.perf_counter()])
        verdict = await crowd.verdict()
        drill.found("Keycloak away for minutes", verdict, recovery.first(), recovery.acknowledgement())
