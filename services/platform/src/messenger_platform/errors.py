"""Facts that any service may meet and that every edge answers alike."""

from __future__ import annotations


class Unavailable(Exception):  # noqa: N818 - errors are named as facts.
    """A part that the answer needs is away; the same call may pass in a moment (503, `unavailable`)."""

    code = "unavailable"


class InvalidToken(Exception):  # noqa: N818 - errors are named as facts.
    """The bearer token is absent, forged, expired or not meant for us (401)."""

    code = "unauthorized"


class TooManyRequests(Exception):  # noqa: N818 - errors are named as facts.
    """The caller's rate limit is used up (429); `retry_after` in seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after:.1f} s.")
        self.retry_after = retry_after
