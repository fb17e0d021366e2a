"""What a browser is told when its session has ended."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from gateway_app.controllers.cookies import Cookies
from gateway_app.controllers.errors import install_session_handler
from gateway_app.domain.errors import SessionHasEnded
from gateway_app.domain.sessions import EndReason


@pytest.mark.parametrize("reason", [*EndReason, None])
async def test_the_end_of_a_session_wipes_what_the_page_kept_and_no_session_does_not(reason: EndReason | None) -> None:
    app = FastAPI()
    app.state.wiring = SimpleNamespace(cookies=Cookies(secure=False))
    install_session_handler(app)

    @app.get("/auth/anything")
    async def refuse() -> None:
        raise SessionHasEnded(reason)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as client:
        answer = await client.get("/auth/anything")
    assert answer.status_code == 401
    assert answer.json()["reason"] == (reason.value if reason else None)
    assert answer.headers.get("clear-site-data") == ('"cache", "storage"' if reason else None)
    dropped = {cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie") if "Max-Age=0" in cookie}
    assert dropped == {"session", "access_token"}
