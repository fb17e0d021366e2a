"""Forged, foreign and stale tokens: all of them 401, whether they come in the header or in the cookie."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.enable_socket


def test_every_attack_is_in_the_table(forgeries: dict[str, str]) -> None:
    assert len(forgeries) >= 30
    assert len(set(forgeries.values())) == len(forgeries)


async def test_forged_tokens_are_refused(
    client: httpx.AsyncClient, forgeries: dict[str, str], subtests: pytest.Subtests
) -> None:
    for name, forged in forgeries.items():
        for carrier in ({"Authorization": f"Bearer {forged}"}, {"Cookie": f"access_token={forged}"}):
            with subtests.test(name, carrier=next(iter(carrier))):
                response = await client.get("/api/users/me", headers=carrier)
                assert response.status_code == 401
                assert response.headers["content-type"] == "application/problem+json"
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert response.json()["title"] == "Unauthorized"


async def test_token_is_taken_from_the_header_or_the_cookie(client: httpx.AsyncClient, token: str) -> None:
    assert (await client.get("/api/users/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    assert (await client.get("/api/users/me", headers={"Cookie": f"a=b; access_token={token}"})).status_code == 200
    # The cookie's name where the deployment has TLS.
    assert (await client.get("/api/users/me", headers={"Cookie": f"__Host-access_token={token}"})).status_code == 200


@pytest.mark.parametrize("name", ["token", "access_token", "jwt", "authorization"])
async def test_token_in_the_query_is_not_accepted(client: httpx.AsyncClient, token: str, name: str) -> None:
    assert (await client.get("/api/users/me", params={name: token})).status_code == 401
    assert (await client.get("/ws", params={name: token})).status_code == 401


async def test_token_of_another_scheme_is_not_accepted(client: httpx.AsyncClient, token: str) -> None:
    for value in (token, f"Basic {token}", f"Token {token}"):
        assert (await client.get("/api/users/me", headers={"Authorization": value})).status_code == 401


async def test_several_audiences_may_contain_ours(client: httpx.AsyncClient, forger: Any) -> None:
    several = forger.sign(aud=["account", "messenger-api"])
    assert (await client.get("/api/users/me", headers={"Authorization": f"Bearer {several}"})).status_code == 200


async def test_public_documents_need_no_token_and_mind_no_bad_one(client: httpx.AsyncClient) -> None:
    for path in ("/api/openapi.json", "/api/docs", "/api/docs/"):
        assert (await client.get(path)).status_code == 200
        assert (await client.get(path, headers={"Authorization": "Bearer bad"})).status_code == 200


async def test_public_prefix_is_no_way_around_the_token(client: httpx.AsyncClient) -> None:
    for path in (b"/api/docs/../users/me", b"/api/docs/%2e%2e/users/me", b"/api/openapi.json/../users/me"):
        request = client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path)
        assert (await client.send(request)).status_code == 401
