"""How OpenAPI names the errors of a route."""

from __future__ import annotations

from typing import Any

from messenger_platform.problems import MEDIA_TYPE

_TEXTS = {
    401: "No valid access token.",
    403: "The caller is in the chat, but may not do this.",
    404: "There is no such chat, message or person, or the caller may not see it.",
    409: "What is asked contradicts what is there; `detail` says what.",
    422: "Something in the request is malformed; `errors` names the fields.",
    429: "Too many requests; `Retry-After` says in how many seconds to try again.",
    503: "The outcome is unknown or the service cannot answer now: repeat the same request after `Retry-After`.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that a route may answer with; 401, 422 and 503 are always possible."""
    return {
        status: {"description": _TEXTS[status], "content": {MEDIA_TYPE: {}}}
        for status in sorted({401, 422, 503, *statuses})
    }
