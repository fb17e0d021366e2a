"""The only table from a domain error to a status."""

from __future__ import annotations

from user_service.domain.errors import AccountNotFound

STATUSES: dict[type[Exception], int] = {AccountNotFound: 404}
