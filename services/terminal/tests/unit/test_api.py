from __future__ import annotations

import json

import httpx
import pytest
import respx

from messenger_terminal.api import API
from messenger_terminal.errors import Failure, LoggedOut, NotFound, Unreachable
from messenger_terminal.session import Session

SERVER = "https://chat.example"
MESSAGES = f"{SERVER}/api/chats/1/messages"


@pytest.fixture
def api(session: Session, http: httpx.Client) -> API:
    return API(SERVER, session, http, sleep=lambda _: None)


def test_a_send_is_repeated_with_one_client_id_until_it_is_answered(server: respx.MockRouter, api: API) -> None:
    away, lost, done = httpx.Response(503), httpx.ReadError("cut"), httpx.Response(200, json={"id": 7})
    route = server.post(MESSAGES).mock(side_effect=[away, lost, done])
    assert api.send(1, "hi", "c1")["id"] == 7
    assert [json.loads(call.request.content)["client_id"] for call in route.calls] == ["c1", "c1", "c1"]


def test_a_group_is_not_made_twice_after_a_lost_answer(server: respx.MockRouter, api: API) -> None:
    route = server.post(f"{SERVER}/api/chats").mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(Unreachable, match="may have been done"):
        api.new_group("T", [2])
    assert route.call_count == 1


def test_a_server_that_stays_away_is_given_up(server: respx.MockRouter, session: Session, http: httpx.Client) -> None:
    now = [0.0]
    api = API(SERVER, session, http, sleep=lambda nap: now.__setitem__(0, now[0] + nap), clock=lambda: now[0])
    server.get(f"{SERVER}/api/users/me").respond(503, headers={"Retry-After": "1"}, json={"detail": "Away."})
    with pytest.raises(Unreachable, match="Away"):
        api.me()
    assert now[0] <= 30


def test_a_token_goes_into_the_header_and_into_no_address(server: respx.MockRouter, api: API) -> None:
    route = server.get(f"{SERVER}/api/users/me").respond(json={"id": 1})
    api.me()
    request = route.calls.last.request
    assert request.headers["Authorization"] == "Bearer access-1"
    assert "access-1" not in str(request.url)


def test_a_refused_token_is_replaced_once(server: respx.MockRouter, api: API) -> None:
    tokens = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 300}
    server.post(f"{SERVER}/realms/messenger/token").respond(json=tokens)
    route = server.get(f"{SERVER}/api/users/me").respond(401, json={"title": "Unauthorized"})
    with pytest.raises(LoggedOut, match="messenger login"):
        api.me()
    assert [call.request.headers["Authorization"] for call in route.calls] == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.parametrize(("status", "kind"), [(403, Failure), (404, NotFound), (409, Failure), (422, Failure)])
def test_a_refusal_is_final_and_says_why(status: int, kind: type[Failure], server: respx.MockRouter, api: API) -> None:
    route = server.post(MESSAGES).respond(status, json={"detail": "Because."})
    with pytest.raises(kind, match=r"Because\."):
        api.send(1, "hi", "c1")
    assert route.call_count == 1


def test_the_newest_messages_are_paged_back_and_turned_round(server: respx.MockRouter, api: API) -> None:
    route = server.get(url__startswith=f"{SERVER}/api/history/1").mock(
        side_effect=[
            httpx.Response(200, json=[{"id": number} for number in range(300, 100, -1)]),
            httpx.Response(200, json=[{"id": number} for number in range(100, 50, -1)]),
        ]
    )
    assert [message["id"] for message in api.newest(1, 250)] == list(range(51, 301))
    assert route.calls.last.request.url.params["before_id"] == "101"
