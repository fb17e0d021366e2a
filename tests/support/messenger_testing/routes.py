"""Every REST call of the whole system: a body that is good, and the least of the roles that may make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

LEVELS = ("anyone", "stranger", "removed", "participant", "admin", "creator")


@dataclass(frozen=True, slots=True)
class Route:
    """What one call needs: `least` of `LEVELS`, or `session` for the cookie that only browsers have.

    One that `spends` leaves a group in which others may less or more than before.
    """

    least: Literal["anyone", "stranger", "participant", "admin", "creator", "session"]
    body: Any = None
    query: str = ""
    spends: bool = False


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/healthz"): Route("anyone"),
    ("GET", "/auth/login"): Route("anyone"),
    ("GET", "/auth/callback"): Route("anyone"),
    ("POST", "/auth/logout"): Route("anyone"),
    ("POST", "/auth/refresh"): Route("session"),
    ("GET", "/auth/sessions"): Route("session"),
    ("DELETE", "/auth/sessions"): Route("session", query="?others=true"),
    ("DELETE", "/auth/sessions/{session_id}"): Route("session"),
    ("GET", "/api/users/me"): Route("stranger"),
    ("GET", "/api/users"): Route("stranger", query="?query=al"),
    ("GET", "/api/users/{user_id}"): Route("stranger"),
    ("GET", "/api/bootstrap"): Route("stranger"),
    ("GET", "/api/chats"): Route("stranger"),
    ("POST", "/api/chats"): Route("stranger", {"type": "group", "title": "Own", "participant_ids": ["{user_id}"]}),
    ("GET", "/api/chats/{chat_id}"): Route("participant"),
    ("PATCH", "/api/chats/{chat_id}"): Route("admin", {"title": "Other"}),
    ("PATCH", "/api/chats/{chat_id}/settings"): Route("participant", {"muted": True}),
    ("POST", "/api/chats/{chat_id}/participants"): Route("admin", {"user_id": "{stranger}"}, spends=True),
    ("PUT", "/api/chats/{chat_id}/participants/{user_id}"): Route("creator", {"role": "admin"}, spends=True),
    ("DELETE", "/api/chats/{chat_id}/participants/{user_id}"): Route("admin", spends=True),
    ("POST", "/api/chats/{chat_id}/messages"): Route("participant", {"client_id": "{uuid}", "text": "hi"}),
    ("PATCH", "/api/chats/{chat_id}/messages/{message_id}"): Route("creator", {"text": "other"}, spends=True),
    ("DELETE", "/api/chats/{chat_id}/messages/{message_id}"): Route("admin", spends=True),
    ("GET", "/api/chats/{chat_id}/messages/{message_id}/seen"): Route("participant"),
    ("POST", "/api/chats/{chat_id}/read"): Route("participant", {"message_id": "{message_id}"}),
    ("GET", "/api/history/{chat_id}"): Route("participant"),
}


def described(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Return every call of an OpenAPI document."""
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item if method in methods}
