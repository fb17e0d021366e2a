"""The first half of a login: a transaction for this browser, and the way to Keycloak."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway_app.domain.keyring import KeyRing
from gateway_app.domain.logins import Login
from gateway_app.domain.return_address import checked
from gateway_app.services.ports import Grants


@dataclass(frozen=True, slots=True)
class Started:
    """Where the browser goes, and what it keeps until it is back."""

    address: str
    state: str
    cookie: str


class StartLogin:
    """Begin a login; any number may be on their way in one browser."""

    def __init__(self, grants: Grants, keys: KeyRing, clock: Callable[[], float] = time.time) -> None:
        self._grants = grants
        self._keys = keys
        self._clock = clock

    def __call__(self, return_to: str) -> Started:
        """Return the way to Keycloak; raises `ReturnAddressRefused`."""
        login = Login.begin(checked(return_to), self._clock())
        return Started(self._grants.address(login), login.state, login.sealed(self._keys))
