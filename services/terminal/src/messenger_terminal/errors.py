"""What a command ends with when it cannot do its work: one line for a person, one number for a script."""

from __future__ import annotations

FAILED, USAGE, LOGGED_OUT, NOT_FOUND, UNREACHABLE, INTERRUPTED = 1, 2, 3, 4, 5, 130


class Failure(Exception):  # noqa: N818 - errors are named as facts.
    """The server said no, or something is not as it must be; the text says what to do about it."""

    exit_code = FAILED


class WrongUsage(Failure):
    """The command line does not say what is wanted."""

    exit_code = USAGE


class LoggedOut(Failure):
    """There is no login, or it has ended."""

    exit_code = LOGGED_OUT


class NotFound(Failure):
    """No such chat, person or message, for this account."""

    exit_code = NOT_FOUND


class Unreachable(Failure):
    """The server, or a part of it, does not answer."""

    exit_code = UNREACHABLE


# The words of the close code 4401 and what they mean to a person.
REASONS = {
    "logout": "you logged out elsewhere, perhaps in the browser that approved this device",
    "revoked": "it was ended from another device or by an administrator",
    "evicted": "too many newer logins of yours pushed it out",
    "expired": "it was not used for too long",
}


def login_ended(reason: str) -> LoggedOut:
    """Say why a login is over and what to do."""
    return LoggedOut(f"Your login has ended: {REASONS.get(reason, reason or 'no reason given')}. Run: messenger login")
