"""One WebSocket to the server, and what its end means."""

from __future__ import annotations

import random

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from messenger_terminal.errors import Failure

SESSION_ENDED, SLOW_CONSUMER, RESTARTING, ABUSE = 4401, 4408, 1012, 1008
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# A chat frame names every participant of its group.
LARGEST_FRAME = 1 << 23


class TokenRefused(Exception):  # noqa: N818 - errors are named as facts.
    """The server does not take this token, or no longer; the text is its reason."""


class Disconnected(Exception):  # noqa: N818 - errors are named as facts.
    """The connection is gone or did not come about; another one is worth a try, not before `wait_s`."""

    def __init__(self, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class _Connect(connect):
    """Follows no redirect: the token is for this address alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_socket(server: str, token: str) -> ClientConnection:
    """Connect to `/ws`; the token goes into a header, never into the address."""
    address = server.replace("http", "ws", 1) + "/ws"
    headers = {"Authorization": f"Bearer {token}"}
    try:
        return await _Connect(address, additional_headers=headers, max_size=LARGEST_FRAME)
    except InvalidStatus as refusal:
        raise _refused(refusal) from None
    except (OSError, TimeoutError, EOFError, InvalidHandshake, InvalidMessage) as error:
        raise Disconnected(f"{server} does not answer") from error


def meaning_of(closed: ConnectionClosed) -> Exception:
    """Say what a close frame, or its absence, asks of us."""
    code = None if closed.rcvd is None else closed.rcvd.code
    reason = "" if closed.rcvd is None else closed.rcvd.reason
    if code == SESSION_ENDED:
        return TokenRefused(reason)
    if code == ABUSE:
        return Failure(f"The server has closed the connection for abuse: {reason}")
    words = {RESTARTING: "the server restarts", SLOW_CONSUMER: "reading was too slow"}
    return Disconnected(words.get(code or 0, "the connection was lost"))


class Backoff:
    """Pauses between attempts: growing, and spread so that a thousand clients do not come back in one moment."""

    def __init__(self) -> None:
        self._longest = FIRST_PAUSE_S

    def reset(self) -> None:
        """All is well again."""
        self._longest = FIRST_PAUSE_S

    def next(self, at_least: float = 0.0) -> float:
        """Return the seconds to wait before the next attempt."""
        pause = max(at_least, 0.0) + random.uniform(0, self._longest)  # noqa: S311 - jitter is not cryptography.
        self._longest = min(self._longest * 2, LONGEST_PAUSE_S)
        return pause


def seconds_of(retry_after: str | None) -> float:
    """Read a Retry-After; the form with a date, which this server never sends, counts as none."""
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else 0.0


def _refused(refusal: InvalidStatus) -> Exception:
    response = refusal.response
    status = response.status_code
    if status == httpx.codes.UNAUTHORIZED:
        return TokenRefused("")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Disconnected(f"the server answered {status}", seconds_of(response.headers.get("Retry-After")))
    return Failure(f"The server refuses a live connection ({status}).")
