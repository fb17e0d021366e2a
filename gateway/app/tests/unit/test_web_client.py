"""The page and its parts, as browsers are given them."""

from __future__ import annotations

import gzip

import httpx
import pytest

ADDRESSES = ["/", "/c/12", "/c/12/m/400", "/new", "/settings", "/settings/sessions", "/join/token"]
SCRIPT = "/assets/index-e1ox6OIe.js"


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_address_of_the_client_is_the_page(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == 'text/html; charset="utf-8"'
    assert "<title>Messenger</title>" in page.text


@pytest.mark.parametrize("path", ["/nothing", "/c", "/c/", "/c/1/x", "/newer", "/settings/", "/assets/", "/assets/x"])
async def test_other_addresses_do_not_exist(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/assets/%2e%2e/index.html", "/assets/..%2f..%2f/etc/passwd", "/%00"])
async def test_no_path_leads_out_of_the_assets(client: httpx.AsyncClient, path: str) -> None:
    request = client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    assert (await client.send(request)).status_code == 404


async def test_page_runs_and_loads_nothing_that_is_not_ours(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/")).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' blob: data:",
        "style-src": "'self'",
        "script-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/", "/sw.js", "/manifest.webmanifest", "/icon.svg", "/icon-192.png"])
async def test_what_keeps_its_name_is_asked_for_again(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get(path, headers={"If-None-Match": 'W/"other"'})).status_code == 200


async def test_what_has_a_hash_in_its_name_is_kept_for_ever(client: httpx.AsyncClient) -> None:
    response = await client.get(SCRIPT)
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"] == 'text/javascript; charset="utf-8"'


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None), ("br;q=0, gzip;q=0", None)],
)
async def test_smallest_form_that_the_browser_takes_is_sent(
    client: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    async with client.stream("GET", SCRIPT, headers={"Accept-Encoding": accepted}) as response:
        body = b"".join([part async for part in response.aiter_raw()])
    assert response.headers.get("content-encoding") == encoding
    assert response.headers["vary"] == "Accept-Encoding"
    plain = b"console.log(1);" * 40
    assert {"br": body, "gzip": gzip.decompress(body) if encoding == "gzip" else b"", None: body}[encoding] == (
        b"brotli" if encoding == "br" else plain
    )


@pytest.mark.parametrize("path", ["/", SCRIPT])
async def test_pages_are_read_only(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path)).status_code in (404, 405)
    assert (await client.head(path)).status_code == 200
