"""The facts that stop a use case; each carries a stable code."""

from __future__ import annotations

from gateway_app.domain.sessions import EndReason


class ReturnAddressRefused(Exception):  # noqa: N818 - errors are named as facts.
    """The address to return to after the login is not a path of our own origin."""

    code = "invalid"


class LoginUnknown(Exception):  # noqa: N818 - as above.
    """This browser began no such login, or it took too long, or it has been finished before."""

    code = "login_unknown"


class LoginFailed(Exception):  # noqa: N818 - as above.
    """Keycloak's answer to a login is an error or is not acceptable; `code` is fit for an address."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class LoginRevived(Exception):  # noqa: N818 - as above.
    """Keycloak's own cookie let in a login session whose end was announced: no service would take its tokens."""

    code = "session_ended"


class GrantRefused(Exception):  # noqa: N818 - as above.
    """Keycloak says that a code or refresh token is spent, expired or withdrawn (`invalid_grant`)."""

    code = "invalid_grant"


class TokenRefused(Exception):  # noqa: N818 - as above.
    """An ID token or logout token is forged, stale, replayed or meant for somebody else."""

    code = "invalid_token"


class SessionHasEnded(Exception):  # noqa: N818 - as above.
    """The cookie names a session that has ended, or none at all (`reason` is None)."""

    code = "unauthorized"

    def __init__(self, reason: EndReason | None) -> None:
        super().__init__("The session has ended." if reason else "There is no session. Log in.")
        self.reason = reason


class SessionNotFound(Exception):  # noqa: N818 - as above.
    """The caller has no session with this id."""

    code = "not_found"
