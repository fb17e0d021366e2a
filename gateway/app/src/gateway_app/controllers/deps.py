"""The last inch from a request to the wired use cases."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request

from gateway_app.domain.sessions import Device, Session
from gateway_app.services.describe_api import DescribeAPI
from gateway_app.services.watch_readiness import WatchReadiness
from gateway_app.wiring import Wiring
from messenger_platform.problems import Problem

MAX_USER_AGENT = 400


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]


def _describe_api(wiring: Wired) -> DescribeAPI:
    return wiring.describe_api


def _watch_readiness(wiring: Wired) -> WatchReadiness:
    return wiring.watch_readiness


async def _device(request: Request) -> Device:
    # Envoy has removed what a client says about its address, and put the connection's own in its place.
    forwarded = request.headers.get("x-forwarded-for", "")
    try:
        ip = str(ip_address(forwarded.strip()))
    except ValueError:
        ip = None
    agent = "".join(char for char in request.headers.get("user-agent", "") if char.isprintable())
    return Device(agent[:MAX_USER_AGENT], ip)


async def _session(request: Request, wiring: Wired) -> Session:
    return await wiring.refresh_session.session_of(wiring.cookies.session(request))


async def _csrf(request: Request, wiring: Wired) -> None:
    """Refuse what another site could make a browser send.

    A page elsewhere cannot set the header without asking first (CORS), and nobody allows it to. Envoy checks the
    origin as well; this holds also where the two are not on one machine.
    """
    if request.headers.get("x-csrf") != "1":
        raise Problem(403, "The header X-CSRF: 1 is missing.", code="forbidden")
    if request.headers.get("origin") != wiring.origin:
        raise Problem(403, "The request does not come from our own origin.", code="forbidden")


APIDescription = Annotated[DescribeAPI, Depends(_describe_api)]
Readiness = Annotated[WatchReadiness, Depends(_watch_readiness)]
CallerDevice = Annotated[Device, Depends(_device)]
CallerSession = Annotated[Session, Depends(_session)]
needs_csrf_header = Depends(_csrf)
