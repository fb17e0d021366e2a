from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from messenger_terminal.errors import Failure, LoggedOut, Unreachable
from messenger_terminal.oidc import DeviceCode, OIDCClient, checked_server

SERVER = "https://chat.example"
REALM = f"{SERVER}/realms/messenger"
DEVICE = DeviceCode(f"{REALM}/device", None, "ABCD-EFGH", 600.0, 5.0, "the-code", "the-verifier")
TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 300}


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def poll(oidc: OIDCClient, clock: Clock, device: DeviceCode = DEVICE) -> Any:
    return oidc.finish_device_login(device, sleep=clock.sleep, clock=clock)


def refusal(error: str) -> httpx.Response:
    return httpx.Response(400, json={"error": error})


def form_of(call: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.request.content.decode()).items()}


def test_a_device_login_is_started_with_a_challenge(server: respx.MockRouter, oidc: OIDCClient) -> None:
    answer = {"device_code": "d", "user_code": "u", "verification_uri": "https://x", "expires_in": 600}
    route = server.post(f"{REALM}/device").respond(json=answer)
    device = oidc.start_device_login()
    form = form_of(route.calls.last)
    assert form["client_id"] == "messenger-cli"
    assert form["code_challenge_method"] == "S256"
    assert device.verifier not in form.values()
    assert device.interval_s == 5
    assert device.verification_uri_complete is None


def test_polling_waits_first_and_slows_down_for_good_when_told(server: respx.MockRouter, oidc: OIDCClient) -> None:
    pending, slower = refusal("authorization_pending"), refusal("slow_down")
    granted = httpx.Response(200, json=TOKENS)
    route = server.post(f"{REALM}/token").mock(side_effect=[pending, slower, pending, granted])
    clock = Clock()
    assert poll(oidc, clock).access_token == "a"
    assert clock.naps == [5, 5, 10, 10]
    assert form_of(route.calls.last)["code_verifier"] == "the-verifier"


def test_an_answer_that_does_not_come_doubles_the_interval(server: respx.MockRouter, oidc: OIDCClient) -> None:
    lost, away, granted = httpx.ReadTimeout("late"), httpx.Response(503), httpx.Response(200, json=TOKENS)
    server.post(f"{REALM}/token").mock(side_effect=[lost, away, granted])
    clock = Clock()
    poll(oidc, clock)
    assert clock.naps == [5, 10, 20]


@pytest.mark.parametrize(
    ("error", "words"), [("access_denied", "denied"), ("expired_token", "expired"), ("odd", "odd")]
)
def test_a_refused_device_login_says_why(error: str, words: str, server: respx.MockRouter, oidc: OIDCClient) -> None:
    server.post(f"{REALM}/token").mock(return_value=refusal(error))
    with pytest.raises(Failure, match=words):
        poll(oidc, Clock())


def test_polling_ends_with_the_life_of_the_code(server: respx.MockRouter, oidc: OIDCClient) -> None:
    server.post(f"{REALM}/token").mock(return_value=refusal("authorization_pending"))
    clock = Clock()
    with pytest.raises(Failure, match="expired"):
        poll(oidc, clock)
    assert clock.now <= DEVICE.expires_in_s


def test_a_server_that_names_another_issuer_is_refused(server: respx.MockRouter, oidc: OIDCClient) -> None:
    server.get(f"{REALM}/.well-known/openid-configuration").respond(json={"issuer": "https://evil.example"})
    with pytest.raises(Failure, match=r"evil\.example"):
        oidc.start_device_login()


def test_an_endpoint_may_not_be_less_safe_than_its_issuer(server: respx.MockRouter, oidc: OIDCClient) -> None:
    document = {"issuer": REALM, "token_endpoint": "http://chat.example/token"}
    server.get(f"{REALM}/.well-known/openid-configuration").respond(json=document)
    with pytest.raises(Failure, match="token_endpoint"):
        oidc.refresh("r")


def test_a_dead_refresh_token_means_logged_out(server: respx.MockRouter, oidc: OIDCClient) -> None:
    server.post(f"{REALM}/token").mock(return_value=refusal("invalid_grant"))
    with pytest.raises(LoggedOut, match="messenger login"):
        oidc.refresh("r")


def test_a_realm_that_is_away_does_not_mean_logged_out(server: respx.MockRouter, oidc: OIDCClient) -> None:
    server.post(f"{REALM}/token").respond(503)
    with pytest.raises(Unreachable):
        oidc.refresh("r")


@pytest.mark.parametrize("address", ["ftp://x", "localhost:8080", "http://chat.example", "https://a@x", "https://x/y"])
def test_an_unsafe_or_odd_address_is_refused(address: str) -> None:
    with pytest.raises(Failure):
        checked_server(address)


def test_a_plain_address_of_this_machine_is_taken() -> None:
    assert checked_server("http://localhost:8080/") == "http://localhost:8080"
