"""The last inch from a request to the wired use cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from gateway_app.services.describe_api import DescribeAPI
from gateway_app.services.watch_readiness import WatchReadiness


def _describe_api(request: Request) -> DescribeAPI:
    describe_api: DescribeAPI = request.app.state.wiring.describe_api
    return describe_api


def _watch_readiness(request: Request) -> WatchReadiness:
    watch_readiness: WatchReadiness = request.app.state.wiring.watch_readiness
    return watch_readiness


APIDescription = Annotated[DescribeAPI, Depends(_describe_api)]
Readiness = Annotated[WatchReadiness, Depends(_watch_readiness)]
