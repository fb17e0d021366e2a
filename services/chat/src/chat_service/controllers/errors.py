"""The only table from a domain error to a status."""

from __future__ import annotations

from chat_service.domain.errors import ChatError, Conflict, NotAllowed, NotFound

STATUSES: dict[type[Exception], int] = {NotFound: 404, NotAllowed: 403, Conflict: 409, ChatError: 422}
