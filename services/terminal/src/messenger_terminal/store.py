"""The login on disk: a file per profile, for its owner's eyes only, and a lock for who spends its refresh token."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from messenger_terminal.errors import Unreachable, WrongUsage

PATIENCE_S = 60.0
_POLL_S = 0.05
_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Login:
    """What a login consists of. Tokens are left out of its `repr`, so no traceback shows them."""

    server: str
    client_id: str
    expires_at: float  # Of the access token, by this machine's clock.
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def state_folder() -> Path:
    """Return our folder below the XDG state directory; a relative XDG_STATE_HOME does not count, by its standard."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return base / "messenger-terminal"


class LoginStore:
    """The file of one profile. A reader sees a whole login or none: writing replaces the file."""

    def __init__(self, profile: str = "default", folder: Path | None = None) -> None:
        if not _PROFILE.fullmatch(profile):
            raise WrongUsage("A profile's name has letters, digits, - and _ only.")
        self._folder = folder or state_folder()
        self._path = self._folder / f"{profile}.json"

    def load(self) -> Login | None:
        """Return the login, or None."""
        try:
            login = Login(**json.loads(self._path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None  # Absent, or not of our making: a new login replaces it.
        return login

    def save(self, login: Login) -> None:
        """Write the login; after a crash the file holds the old one or this one."""
        self._make_folder()
        # mkstemp makes the file with mode 0600, so there is no moment in which others could open it.
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".login-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(dataclasses.asdict(login), file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def forget(self) -> None:
        """Remove the login."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Be the only process that refreshes, replaces or ends this login.

        A refresh token works once: without the lock two processes would both spend it, which ends the login.
        The kernel drops the lock with its process, so a crash leaves none behind.
        """
        self._make_folder()
        handle = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            _lock(handle, time.monotonic() + patience_s)
            yield
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _lock(handle: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unreachable("Another `messenger` has been refreshing the login for too long.") from None
            time.sleep(_POLL_S)
        else:
            return
