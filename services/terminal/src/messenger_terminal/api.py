"""REST with a bearer token: what may be repeated is repeated until it is answered, what may not is not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from messenger_terminal.connection import seconds_of
from messenger_terminal.errors import Failure, LoggedOut, NotFound, Unreachable
from messenger_terminal.session import Session

JSON = dict[str, Any]
PATIENCE_S = 30.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
IDS_A_CALL = 100
CHATS_A_PAGE = 200
HISTORY_A_PAGE = 200
# The request was not obeyed, or its answer was lost on the way: worth another try, if a second time does no harm.
_AWAY = {429, 502, 503, 504}


class API:
    """The calls that a terminal needs. Blocking: asynchronous code calls them in a thread."""

    def __init__(
        self,
        server: str,
        session: Session,
        http: httpx.Client,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._session = session
        self._http = http
        self._sleep = sleep
        self._clock = clock

    def me(self) -> JSON:
        """Return the own profile."""
        return self._object("GET", "/api/users/me")

    def people(self, user_ids: set[int]) -> dict[int, JSON]:
        """Return people by id; those without an account are left out."""
        found: dict[int, JSON] = {}
        wanted = sorted(user_ids)
        for start in range(0, len(wanted), IDS_A_CALL):
            ids = ",".join(str(user_id) for user_id in wanted[start : start + IDS_A_CALL])
            found |= {user["id"]: user for user in self._list("/api/users", ids=ids)}
        return found

    def person(self, username: str) -> JSON:
        """Return the person of exactly this username."""
        for user in self._list("/api/users", query=username, limit=50):
            if str(user["username"]).casefold() == username.casefold():
                return user
        raise NotFound(f"There is nobody called @{username}.")

    def chats(self) -> Iterator[JSON]:
        """Return all chats, newest activity first, fetching as far as they are wanted."""
        params: JSON = {"limit": CHATS_A_PAGE}
        while True:
            page = self._object("GET", "/api/chats", params=params)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            params["cursor"] = page["next_cursor"]

    def chat(self, chat_id: int) -> JSON:
        """Return one chat with all its participants."""
        return self._object("GET", f"/api/chats/{chat_id}")

    def newest(self, chat_id: int, count: int) -> list[JSON]:
        """Return the newest messages, oldest first."""
        found: list[JSON] = []
        while len(found) < count:
            params: JSON = {"limit": min(count - len(found), HISTORY_A_PAGE), "order": "desc"}
            if found:
                params["before_id"] = found[-1]["id"]
            page = self._list(f"/api/history/{chat_id}", **params)
            found += page
            if len(page) < params["limit"]:
                break
        return found[::-1]

    def after(self, chat_id: int, message_id: int) -> list[JSON]:
        """Return a page of the messages behind this one, oldest first; empty when there are none."""
        return self._list(f"/api/history/{chat_id}", after_id=message_id, limit=HISTORY_A_PAGE)

    def send(self, chat_id: int, text: str, client_id: str) -> JSON:
        """Append a message exactly once, however often this is called with the same client id."""
        return self._object("POST", f"/api/chats/{chat_id}/messages", json={"client_id": client_id, "text": text})

    def private_chat(self, user_id: int) -> JSON:
        """Return the private chat with a person, made if there is none; the pair has at most one."""
        return self._object("POST", "/api/chats", json={"type": "private", "user_id": user_id})

    def new_group(self, title: str, user_ids: list[int]) -> JSON:
        """Make a group. A second call would make a second one, so a lost answer is not followed by another try."""
        body = {"type": "group", "title": title, "participant_ids": user_ids}
        return self._object("POST", "/api/chats", once=True, json=body)

    def _list(self, path: str, **params: Any) -> list[JSON]:
        found: list[JSON] = self._call("GET", path, params=params).json()
        return found

    def _object(self, method: str, path: str, *, once: bool = False, **options: Any) -> JSON:
        found: JSON = self._call(method, path, once=once, **options).json()
        return found

    def _call(self, method: str, path: str, *, once: bool = False, **options: Any) -> httpx.Response:
        """Call until there is an answer; raises a `Failure` for one that refuses."""
        deadline, pause = self._clock() + PATIENCE_S, FIRST_PAUSE_S
        while True:
            try:
                response = self._authorized(method, path, **options)
                if response.is_success:
                    return response
                wait = seconds_of(response.headers.get("retry-after"))
                failure = failure_of(response)
                hopeless = response.status_code not in _AWAY or (
                    once and response.status_code != httpx.codes.TOO_MANY_REQUESTS
                )
            except (Unreachable, httpx.TransportError) as error:
                wait = 0.0
                failure = Unreachable(f"{self._server} does not answer: {error}")
                hopeless = once and not isinstance(error, httpx.ConnectError)
                if hopeless:
                    failure = Unreachable("No answer: it may have been done or not. See: messenger chats")
            wait = max(wait, random.uniform(0.5, 1) * pause)  # noqa: S311 - spreading retries is not cryptography.
            if hopeless or self._clock() + wait > deadline:
                raise failure
            self._sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _authorized(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call with a good token; one that is refused all the same is refreshed once."""
        token = self._session.access_token()
        response = self._request(token, method, path, **options)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = self._session.access_token(rejected=token)
            response = self._request(token, method, path, **options)
        return response

    def _request(self, token: str, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self._http.request(method, self._server + path, headers=headers, **options)


def failure_of(response: httpx.Response) -> Failure:
    """Say what an RFC 9457 answer says."""
    try:
        body = response.json()
    except ValueError:
        body = None
    problem: JSON = body if isinstance(body, dict) else {}
    text = str(problem.get("detail") or problem.get("title") or f"The server answered {response.status_code}.")
    status = response.status_code
    if status == httpx.codes.UNAUTHORIZED:
        return LoggedOut(f"{text} Run: messenger login")
    if status == httpx.codes.NOT_FOUND:
        return NotFound(text)
    return Unreachable(text) if status in _AWAY else Failure(text)
