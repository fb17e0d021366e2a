"""`/healthz`: the health of the whole."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from gateway_app.controllers.deps import Readiness
from messenger_platform.problems import MEDIA_TYPE, problem_response

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """All parts are ready, each by its name."""

    status: Literal["ready"]
    parts: dict[str, bool]


@router.get(
    "/healthz",
    summary="Whether all parts are ready",
    response_model=Health,
    responses={
        503: {"description": "The parts that are not ready, in `detail` and in `parts`.", "content": {MEDIA_TYPE: {}}}
    },
    openapi_extra={"security": []},
)
async def healthz(readiness: Readiness) -> Health | Response:
    """Ask every part of the system; no token is needed and nothing but names is told."""
    parts = await readiness()
    away = [name for name, ready in parts.items() if not ready]
    if away:
        return problem_response(503, f"Not ready: {', '.join(away)}.", headers={"Retry-After": "1"}, parts=parts)
    return Health(status="ready", parts=parts)
