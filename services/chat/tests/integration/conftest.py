from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import respx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.main import create_app
from chat_service.settings import ChatSettings
from messenger_testing.postgres import committed_events
from messenger_testing.tokens import TokenIssuer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "integration" in item.path.parts:
            item.add_marker(pytest.mark.integration)


class Person:
    """Somebody with a token: their id and their way to call the service."""

    def __init__(self, user_id: int, username: str, client: httpx.AsyncClient) -> None:
        self.id = user_id
        self.username = username
        self.client = client

    async def call(self, method: str, path: str, expected: int, body: Any = None, **query: Any) -> Any:
        """Call the service and insist on a status; returns the JSON of the answer."""
        response = await self.client.request(method, path, json=body, params=query)
        assert response.status_code == expected, (method, path, response.status_code, response.text)
        if expected >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            problem = response.json()
            assert problem["status"] == expected
            assert {"type", "title", "detail"} <= problem.keys()
        return response.json() if response.content else None

    async def private(self, other: Person) -> int:
        chat = await self.call("POST", "/api/chats", 201, {"type": "private", "user_id": other.id})
        return int(chat["id"])

    async def group(self, *others: Person, title: str = "A group") -> int:
        body = {"type": "group", "title": title, "participant_ids": [other.id for other in others]}
        return int((await self.call("POST", "/api/chats", 201, body))["id"])

    async def say(self, chat_id: int, text: str = "hi", expected: int = 201) -> Any:
        body = {"client_id": str(uuid4()), "text": text}
        return await self.call("POST", f"/api/chats/{chat_id}/messages", expected, body)

    async def read(self, chat_id: int, message_id: int) -> None:
        await self.call("POST", f"/api/chats/{chat_id}/read", 204, {"message_id": message_id})

    async def history(self, chat_id: int, **query: Any) -> list[Any]:
        messages: list[Any] = await self.call("GET", f"/api/history/{chat_id}", 200, None, **query)
        return messages

    async def chat(self, chat_id: int) -> Any:
        return await self.call("GET", f"/api/chats/{chat_id}", 200)


class People:
    """The user service as respx plays it, and people who call the chat service."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer
        self._ids = itertools.count(1)
        self._tokens: dict[str, int] = {}
        self.asked_about: list[int] = []
        self.app: FastAPI | None = None
        self.users_route: respx.Route
        self._clients: list[httpx.AsyncClient] = []

    async def __call__(self, username: str) -> Person:
        user_id, token = next(self._ids), self._issuer.token(username)
        self._tokens[token] = user_id
        return Person(user_id, username, self.client(token))

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        assert self.app is not None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://chat", headers=headers)
        self._clients.append(client)
        return client

    def me(self, request: httpx.Request) -> httpx.Response:
        user_id = self._tokens.get(request.headers["authorization"].removeprefix("Bearer "))
        return httpx.Response(401) if user_id is None else httpx.Response(200, json={"id": user_id})

    def several(self, request: httpx.Request) -> httpx.Response:
        people = [
            {"id": user_id, "username": f"user{user_id}", "name": f"User {user_id}"}
            for user_id in map(int, request.url.params["ids"].split(","))
            if user_id in self._tokens.values()
        ]
        return httpx.Response(200, json=people)

    def one(self, request: httpx.Request, user_id: str) -> httpx.Response:
        del request
        self.asked_about.append(int(user_id))
        return httpx.Response(200 if int(user_id) in self._tokens.values() else 404, json={})

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@pytest.fixture(scope="session")
def issuer(settings: ChatSettings) -> TokenIssuer:
    return TokenIssuer(issuer=settings.oidc_issuer)


@pytest.fixture
def tuned(settings: ChatSettings) -> ChatSettings:
    """Return the settings of the running service; a test module overrides this to change them."""
    return settings


@pytest.fixture
async def people(clean: None, tuned: ChatSettings, issuer: TokenIssuer) -> AsyncIterator[People]:
    """Run the service as `serve` does, trusting the throw-away realm, between people and a stand-in user service."""
    app = create_app(tuned)
    people = People(issuer)
    people.app = app
    with respx.mock(assert_all_called=False) as mock:
        mock.get(tuned.jwks_url).respond(json=issuer.jwks)
        mock.get(f"{tuned.user_url}/api/users/me").mock(side_effect=people.me)
        several = mock.get(url__startswith=f"{tuned.user_url}/api/users?")
        people.users_route = several.mock(side_effect=people.several)
        mock.get(url__regex=rf"{re.escape(tuned.user_url)}/api/users/(?P<user_id>\d+)").mock(side_effect=people.one)
        async with app.router.lifespan_context(app):
            yield people
        await people.close()


@pytest.fixture
def engine(people: People) -> AsyncEngine:
    """Return the engine of the running service."""
    assert people.app is not None
    engine: AsyncEngine = people.app.state.wiring.engine
    return engine


@pytest.fixture
async def wal(clean: None, settings: ChatSettings) -> AsyncIterator[Callable[[], Any]]:
    """Return the events committed since the test began, as the relay would see them: (routing key, type, data)."""
    async with committed_events(settings, "chat.") as committed:

        async def events() -> list[tuple[str, str, Any]]:
            return [(key, event["type"], event["data"]) for key, event in await committed()]

        yield events
