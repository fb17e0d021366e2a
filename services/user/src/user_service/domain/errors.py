"""The facts that stop a use case; each carries a stable code."""

from __future__ import annotations

from messenger_platform.errors import InvalidToken


class AccountNotFound(Exception):  # noqa: N818 - errors are named as facts.
    """No account has this id."""

    code = "not_found"


class QueryRefused(Exception):  # noqa: N818 - as above.
    """The search text is empty, too long, or no text."""

    code = "invalid"


class AccountClosed(InvalidToken):
    """The token is genuine, but the realm has disabled or deleted its owner since it was issued (401)."""
