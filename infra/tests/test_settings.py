import stat
from pathlib import Path

import pytest

from messenger_infra import settings
from messenger_infra.errors import SetupError
from messenger_infra.settings import (
    OPTIONAL,
    TEST_BEHAVIOUR,
    TEST_OFFSETS,
    complete,
    ensure_env_file,
    fill_secrets,
    is_secret,
    parse,
    ports,
    shifted,
    stack_of_tests,
    up_stack,
)

REPO = Path(__file__).parents[2]
EXAMPLE = parse((REPO / ".env.example").read_text())


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".env.example").write_text((REPO / ".env.example").read_text())
    for name in (*EXAMPLE, *OPTIONAL):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"TEST_{name}", raising=False)
    monkeypatch.setattr(settings, "is_free", lambda _port: True)
    return tmp_path


def test_every_variable_of_the_example_has_a_sentence_before_it() -> None:
    previous = ""
    unexplained = []
    for line in (REPO / ".env.example").read_text().splitlines():
        name = line.partition("=")[0]
        explained = (
            previous.startswith("# ") or name.rpartition("_")[2] == previous.partition("=")[0].rpartition("_")[2]
        )
        if "=" in line and not line.startswith("#") and not explained:
            unexplained.append(name)
        previous = line
    assert unexplained == []


def test_the_example_holds_no_secret() -> None:
    assert [name for name, value in EXAMPLE.items() if is_secret(name) and value] == []


def test_first_run_fills_every_secret_differently_and_keeps_the_comments(checkout: Path) -> None:
    env = ensure_env_file(checkout)
    secrets = [env[name] for name in env if is_secret(name)]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 32 for secret in secrets)
    assert "# --- Secrets." in (checkout / ".env").read_text()


def test_env_file_is_readable_by_its_owner_only(checkout: Path) -> None:
    ensure_env_file(checkout)
    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600


def test_second_run_changes_nothing(checkout: Path) -> None:
    ensure_env_file(checkout)
    before = (checkout / ".env").read_bytes()
    ensure_env_file(checkout)
    assert (checkout / ".env").read_bytes() == before


def test_an_older_env_file_gets_what_a_newer_example_has_and_keeps_its_own_values(checkout: Path) -> None:
    (checkout / ".env").write_text("POSTGRES_PORT=6001\nINTERNAL_SECRET=mine\n")
    env = ensure_env_file(checkout)
    assert (env["POSTGRES_PORT"], env["INTERNAL_SECRET"]) == ("6001", "mine")
    assert env.keys() >= EXAMPLE.keys()


def test_the_environment_overrides_the_file(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMITS", "off")
    monkeypatch.setenv("PUBLIC_PORT", "8888")
    env = up_stack(checkout).env
    assert env["RATE_LIMITS"] == "off"
    assert env["OIDC_ISSUER"] == "http://localhost:8888/realms/messenger"


def test_addresses_follow_the_number_of_processes() -> None:
    env = complete({**EXAMPLE, "CHAT_PROCESSES": "3", "PUBLIC_URL": "https://chat.example.org/"})
    assert env["CHAT_URLS"] == "http://127.0.0.1:8120,http://127.0.0.1:8121,http://127.0.0.1:8122"
    assert env["RELAY_URLS"] == "http://127.0.0.1:8160,http://127.0.0.1:8161"
    assert env["OIDC_ISSUER"] == "https://chat.example.org/realms/messenger"


def test_two_equal_ports_are_refused_by_name() -> None:
    with pytest.raises(SetupError, match="KEYCLOAK_PORT and PUBLIC_PORT are both 8080"):
        ports({**EXAMPLE, "KEYCLOAK_PORT": "8080"})


def test_the_mail_servers_port_and_password_are_left_alone() -> None:
    assert ports({**EXAMPLE, "SMTP_PORT": EXAMPLE["PUBLIC_PORT"]}) == ports(EXAMPLE)
    assert fill_secrets("SMTP_PASSWORD=\n") == "SMTP_PASSWORD=\n"
    assert is_secret("SMTP_PASSWORD"), "No service is to see it."


def test_the_environment_may_name_a_mail_server(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "smtp.example.org")
    assert up_stack(checkout).env["SMTP_HOST"] == "smtp.example.org"


def test_processes_that_grow_into_another_service_are_refused() -> None:
    with pytest.raises(SetupError, match="REALTIME_PORT"):
        ports({**EXAMPLE, "CHAT_PROCESSES": "30"})


@pytest.mark.parametrize("offset", TEST_OFFSETS)
def test_no_port_of_a_test_stack_is_one_of_the_other_stacks(offset: int) -> None:
    up = set(ports(EXAMPLE).values())
    test = set(ports(shifted({**EXAMPLE, **TEST_BEHAVIOUR}, offset)).values())
    assert up.isdisjoint(test)
    assert max(test) < 32768, "a port of the kernel's own range could be taken by any client"


def test_the_test_stack_has_secrets_of_its_own_and_keeps_them(checkout: Path) -> None:
    mine, first, second = ensure_env_file(checkout), stack_of_tests(checkout).env, stack_of_tests(checkout).env
    names = [name for name in EXAMPLE if is_secret(name)]
    assert [first[name] for name in names] == [second[name] for name in names]
    assert all(mine[name] != first[name] for name in names)


def test_the_test_stack_moves_when_its_ports_are_taken(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "is_free", lambda port: port != 10080)
    assert stack_of_tests(checkout).env["PUBLIC_PORT"] == "10380"


def test_filling_secrets_leaves_other_empty_values_alone() -> None:
    filled = parse(fill_secrets("NAME=\nX_SECRET=\nY_PASSWORD=kept\n"))
    assert (filled["NAME"], filled["Y_PASSWORD"]) == ("", "kept")
    assert filled["X_SECRET"]
