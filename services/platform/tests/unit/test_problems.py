"""Every error answers as a problem, and none tells more than it should."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from messenger_platform.errors import InvalidToken, TooManyRequests, Unavailable
from messenger_platform.problems import Problem, install_problem_handlers


class NotAParticipant(Exception):
    code = "not_found"


class EmptyText(Exception):
    code = "invalid"
    field = "text"


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app, {NotAParticipant: 404, EmptyText: 422})
    errors: dict[str, Exception] = {
        "domain": NotAParticipant("There is no such chat."),
        "field": EmptyText("The text is empty."),
        "problem": Problem(413, "The body is too large.", limit=65536),
        "unavailable": Unavailable("The database does not answer."),
        "token": InvalidToken("The token has expired."),
        "rate": TooManyRequests(1.2),
        "bug": RuntimeError("the password is hunter2"),
    }

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise errors[name]

    @app.get("/search")
    async def search(query: int) -> int:
        return query

    @app.post("/draft")
    async def draft(body: Draft) -> Draft:
        return body

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "title", "headers"),
    [
        ("domain", 404, "Not Found", {}),
        ("problem", 413, "Request Entity Too Large", {}),
        ("unavailable", 503, "Service Unavailable", {"retry-after": "1"}),
        ("token", 401, "Unauthorized", {"www-authenticate": 'Bearer error="invalid_token"'}),
        ("rate", 429, "Too Many Requests", {"retry-after": "2"}),
        ("bug", 500, "Internal Server Error", {}),
    ],
)
async def test_an_error_is_a_problem(
    client: httpx.AsyncClient, name: str, status: int, title: str, headers: dict[str, str]
) -> None:
    response = await client.get(f"/raise/{name}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert {key: response.headers[key] for key in headers} == headers
    body = response.json()
    assert (body["type"], body["title"], body["status"]) == ("about:blank", title, status)
    assert body["detail"]
    assert "hunter2" not in response.text


async def test_unknown_routes_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    for response in (await client.get("/nothing"), await client.put("/draft")):
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code


async def test_a_bad_body_names_its_fields(client: httpx.AsyncClient) -> None:
    response = await client.post("/draft", json={"text": 7, "sender_id": 1})
    assert response.status_code == 422
    assert {item["field"] for item in response.json()["errors"]} == {"text", "sender_id"}
    assert (await client.post("/draft", content=b"{")).status_code == 422


@pytest.mark.parametrize(
    "body",
    [b'{"text": "\xff"}', b"[" * 50_000, b'{"a":' * 50_000, b"9" * 5_000],
    ids=["no UTF-8", "lists", "objects", "digits"],
)
async def test_a_body_that_cannot_even_be_read_is_refused_like_any_other(
    client: httpx.AsyncClient, body: bytes
) -> None:
    response = await client.post("/draft", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"] == [
        {"field": "body", "message": "Not JSON in UTF-8, nested too deeply, or with a number beyond reason."}
    ]


async def test_a_field_may_be_called_like_a_part_of_the_request(client: httpx.AsyncClient) -> None:
    response = await client.get("/search", params={"query": "x"})
    assert [item["field"] for item in response.json()["errors"]] == ["query"]


async def test_a_domain_error_names_its_field(client: httpx.AsyncClient) -> None:
    response = await client.get("/raise/field")
    assert response.json()["errors"] == [{"field": "text", "message": "The text is empty."}]
