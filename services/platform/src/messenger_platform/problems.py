"""Errors as RFC 9457 `application/problem+json`, the same in every service."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from messenger_platform.errors import InvalidToken, TooManyRequests, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1

logger = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818 - it is the answer, not a fault of ours.
    """An answer that is an error: raise it in a controller where no domain error says it better."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


class ProblemDocument(msgspec.Struct, omit_defaults=True):
    """The members of a problem, for OpenAPI and for readers of this module."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    errors: list[dict[str, str]] | None = None


def problem_response(status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> Response:
    """Make the answer: `title` is the status phrase, `members` are added as they are."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    return Response(
        msgspec.json.encode(body), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE
    )


def install_problem_handlers(app: FastAPI, statuses: Mapping[type[Exception], int]) -> None:
    """Answer every error of `app` as a problem; `statuses` maps the service's domain errors.

    A domain error's `code` is stable; its `field`, if it has one, is named as in a failed validation.
    """

    async def domain(_request: Request, error: Exception) -> Response:
        return domain_response(error, statuses)

    for kind in statuses:
        app.add_exception_handler(kind, domain)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(InvalidToken, _invalid_token)
    app.add_exception_handler(TooManyRequests, _too_many)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)


def domain_response(error: Exception, statuses: Mapping[type[Exception], int]) -> Response:
    """Answer a domain error as `install_problem_handlers` describes."""
    status = next(statuses[kind] for kind in type(error).__mro__ if kind in statuses)
    field = getattr(error, "field", None)
    members: dict[str, Any] = {} if field is None else {"errors": [{"field": field, "message": str(error)}]}
    return problem_response(status, str(error), code=getattr(error, "code", "invalid"), **members)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this type only.
    return problem_response(error.status, error.detail, headers=error.headers, **error.members)


async def _unavailable(_request: Request, error: Exception) -> Response:
    return unavailable_response(error)


def unavailable_response(error: Exception) -> Response:
    """Say that the same request may be repeated in a moment."""
    return problem_response(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)}, code=Unavailable.code)


async def _invalid_token(_request: Request, error: Exception) -> Response:
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return problem_response(401, str(error), headers=headers, code=InvalidToken.code)


async def _too_many(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyRequests)  # noqa: S101 - registered for this type only.
    headers = {"Retry-After": str(math.ceil(error.retry_after))}
    return problem_response(429, str(error), headers=headers, code=TooManyRequests.code)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only.
    if isinstance(error.__cause__, ValueError | RecursionError):
        # FastAPI knows these as a Bad Request; for us a body is malformed or it is not.
        return _malformed(
            [{"field": "body", "message": "Not JSON in UTF-8, nested too deeply, or with a number beyond reason."}]
        )
    return problem_response(error.status_code, error.detail, headers=error.headers)


async def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only.
    return _malformed([{"field": _field(item["loc"]), "message": item["msg"]} for item in error.errors()])


def _malformed(fields: list[dict[str, str]]) -> Response:
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in fields[:5])
    return problem_response(422, detail, errors=fields, code="invalid")


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.error("unexpected error", exc_info=error, extra={"path": request.url.path, "method": request.method})
    return problem_response(500, "Something went wrong on our side. Try again.", code="internal")


def _field(location: Sequence[str | int]) -> str:
    """Name a field without the part of the request it stands in: `("body", "text")` → `text`."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])
