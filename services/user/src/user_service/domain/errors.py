"""The facts that stop a use case; each carries a stable code."""

from __future__ import annotations


class AccountNotFound(Exception):  # noqa: N818 - errors are named as facts.
    """No account has this id."""

    code = "not_found"


class QueryRefused(Exception):  # noqa: N818 - as above.  # noqa: N818 - errors are named as facts.
    """The search text is empty, too long, or no text."""

    code = "invalid"
