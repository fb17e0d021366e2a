from __future__ import annotations

import dataclasses
import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from messenger_terminal.errors import LoggedOut, Unreachable, WrongUsage
from messenger_terminal.oidc import OIDCClient
from messenger_terminal.session import Session
from messenger_terminal.store import Login, LoginStore, state_folder

REALM = "https://chat.example/realms/messenger"


class RotatingRealm:
    """Gives each refresh token's successor once; a spent one ends everything, as Keycloak does."""

    def __init__(self) -> None:
        self.generation = 1
        self.reused = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        spent = parse_qs(request.content.decode())["refresh_token"][0]
        if self.reused or spent != f"refresh-{self.generation}":
            self.reused = True
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.generation += 1
        names = {"access_token": f"access-{self.generation}", "refresh_token": f"refresh-{self.generation}"}
        return httpx.Response(200, json={**names, "expires_in": 300})


def expire(store: LoginStore) -> None:
    login = store.load()
    assert login is not None
    store.save(dataclasses.replace(login, expires_at=0))


def test_the_file_is_for_its_owner_alone(session: Session, store: LoginStore, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "default.json").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["default.json"]


def test_tokens_are_in_no_repr(store: LoginStore, session: Session) -> None:
    assert "access-1" not in repr(store.load())
    assert "refresh-1" not in repr(store.load())


def test_a_damaged_file_counts_as_no_login(store: LoginStore, session: Session, tmp_path: Path) -> None:
    (tmp_path / "state" / "default.json").write_text("{")
    with pytest.raises(LoggedOut):
        session.access_token()


def test_the_state_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "messenger-terminal"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_folder() == Path.home() / ".local" / "state" / "messenger-terminal"


def test_a_profile_is_no_path() -> None:
    with pytest.raises(WrongUsage):
        LoginStore("../elsewhere")


def test_a_good_token_is_used_without_asking(server: respx.MockRouter, session: Session) -> None:
    assert session.access_token() == "access-1"
    assert not server.calls


def test_an_old_token_is_refreshed_and_its_successor_stored(
    server: respx.MockRouter, session: Session, store: LoginStore
) -> None:
    server.post(f"{REALM}/token").mock(side_effect=RotatingRealm())
    expire(store)
    assert session.access_token() == "access-2"
    login = store.load()
    assert login is not None
    assert login.refresh_token == "refresh-2"


def test_a_refused_token_is_replaced_though_it_looked_good(server: respx.MockRouter, session: Session) -> None:
    server.post(f"{REALM}/token").mock(side_effect=RotatingRealm())
    assert session.access_token(rejected="access-1") == "access-2"
    assert session.access_token(rejected="access-1") == "access-2", "another process had replaced it already"


def test_many_at_once_spend_a_refresh_token_once(server: respx.MockRouter, store: LoginStore, session: Session) -> None:
    realm = RotatingRealm()
    server.post(f"{REALM}/token").mock(side_effect=realm)
    expire(store)
    with httpx.Client() as http, ThreadPoolExecutor(8) as pool:
        sessions = [Session(store, OIDCClient("https://chat.example", http)) for _ in range(8)]
        tokens = {future.result() for future in [pool.submit(each.access_token) for each in sessions]}
    assert tokens == {"access-2"}
    assert not realm.reused


def hold(folder: Path, taken: multiprocessing.synchronize.Event, let_go: multiprocessing.synchronize.Event) -> None:
    with LoginStore(folder=folder).locked():
        taken.set()
        let_go.wait(10)


def test_the_lock_holds_between_processes_and_dies_with_its_process(store: LoginStore, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    taken, let_go = context.Event(), context.Event()
    process = context.Process(target=hold, args=(tmp_path / "state", taken, let_go))
    process.start()
    assert taken.wait(10)
    with pytest.raises(Unreachable), store.locked(patience_s=0.1):
        pass
    process.kill()
    process.join()
    with store.locked(patience_s=1):
        pass


def test_an_ended_login_is_forgotten(server: respx.MockRouter, session: Session, store: LoginStore) -> None:
    server.post(f"{REALM}/token").respond(400, json={"error": "invalid_grant"})
    with pytest.raises(LoggedOut):
        session.access_token(rejected="access-1")
    assert store.load() is None


def test_a_login_survives_a_realm_that_is_away(server: respx.MockRouter, session: Session, store: LoginStore) -> None:
    server.post(f"{REALM}/token").mock(side_effect=httpx.ConnectError("away"))
    with pytest.raises(Unreachable):
        session.access_token(rejected="access-1")
    assert isinstance(store.load(), Login)


def test_logout_ends_the_session_at_the_realm(server: respx.MockRouter, session: Session, store: LoginStore) -> None:
    route = server.post(f"{REALM}/logout").respond(204)
    session.end()
    assert b"refresh_token=refresh-1" in route.calls.last.request.content
    assert store.load() is None
