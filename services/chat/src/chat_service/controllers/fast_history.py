"""The short way to a page of history, the request that there are most of.

A well-formed request for a page by position is answered before routing, dependencies and validation, which take longer
than the page itself, with what PostgreSQL has encoded. Everything else goes the ordinary way through
`messages.page_history`, which is also what OpenAPI tells of. The tests of the route do not know which way their
requests go, and one compares the two.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chat_service.controllers.deps import caller_of, wiring_of
from chat_service.controllers.errors import STATUSES
from chat_service.controllers.messages import DEFAULT_PAGE, HISTORY, MAX_PAGE, span_of
from chat_service.domain.errors import ChatError
from chat_service.domain.history import Asked
from chat_service.domain.model import MAX_ID, ChatId
from messenger_platform.errors import InvalidToken, Unavailable
from messenger_platform.problems import domain_response, unavailable_response

_PATH = re.compile(rf"{HISTORY}/([1-9][0-9]{{0,15}})")
_QUERY = re.compile(rb"(?:(?:limit|before_id|after_id)=[0-9]{1,16}|order=(?:asc|desc))")


class FastHistory:
    """ASGI middleware that answers plain requests for history and passes on all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        answer: ASGIApp = self._app
        asked = _asked(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if asked is not None:
            answer = await _page(Request(scope), *asked) or answer
        await answer(scope, receive, send)


def _asked(scope: Scope) -> tuple[int, dict[str, Any]] | None:
    """Read chat and parameters; None unless they are plain, each at most once, and in their bounds."""
    path = _PATH.fullmatch(scope["path"])
    query: bytes = scope["query_string"]
    pairs = query.split(b"&") if query else []
    if path is None or not all(_QUERY.fullmatch(pair) for pair in pairs):
        return None
    found: dict[str, Any] = {"order": "asc", "limit": DEFAULT_PAGE, "before_id": None, "after_id": None}
    given = dict(pair.decode().split("=") for pair in pairs)
    for name, value in given.items():
        found[name] = value if name == "order" else int(value)
    chat_id = int(path[1])
    in_bounds = (
        1 <= found["limit"] <= MAX_PAGE and max(chat_id, found["before_id"] or 0, found["after_id"] or 0) <= MAX_ID
    )
    return (chat_id, found) if in_bounds and len(given) == len(pairs) else None


async def _page(request: Request, chat_id: int, asked: dict[str, Any]) -> Response | None:
    """Return the page; None where the ordinary way shall say what is wrong."""
    span = span_of(asked["order"], asked["before_id"], asked["after_id"])
    newest_first = asked["order"] == "desc"
    try:
        caller = await caller_of(request)
        page = await wiring_of(request).read_page(
            Asked(ChatId(chat_id), caller, span.after, span.before, span.from_end, asked["limit"], newest_first)
        )
    except InvalidToken:
        return None
    except ChatError as refusal:
        return domain_response(refusal, STATUSES)
    except Unavailable as error:
        return unavailable_response(error)
    return Response(page, media_type="application/json")
