"""One template for loopback and for containers; what it renders, Envoy accepts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ENVOY = Path(sys.executable).with_name("envoy")
NATIVE: dict[str, str] = {}
CONTAINERS = {
    "PUBLIC_URL": "https://chat.example",
    "PUBLIC_BIND": "0.0.0.0",  # noqa: S104 - inside a container.
    "GATEWAY_URL": "http://gateway:8100",
    "USER_URL": "http://user:8110",
    "CHAT_URLS": "http://chat-1:8120,http://chat-2:8120",
    "REALTIME_URLS": "http://realtime-1:8140, http://realtime-2:8140",
    "KEYCLOAK_URL": "http://keycloak:8080",
    "RATE_LIMITS": "off",
}


@pytest.mark.parametrize("environment", [NATIVE, CONTAINERS], ids=["native", "containers"])
def test_envoy_accepts_the_configuration(rendering: ModuleType, tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "envoy.yaml"
    path.write_text(rendering.render(environment), encoding="utf-8")
    command = [str(ENVOY), "--mode", "validate", "--log-level", "warning", "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own command.
    assert done.returncode == 0, done.stderr
    assert "eprecated" not in done.stderr


def test_loopback_is_static_and_names_are_resolved(rendering: ModuleType) -> None:
    assert "STRICT_DNS" not in rendering.render(NATIVE)
    assert rendering.render(CONTAINERS).count("type: STRICT_DNS") == 6
    assert "0.0.0.0" in rendering.render(CONTAINERS)  # noqa: S104 - inside a container.


def test_rate_limits_can_be_switched_off(rendering: ModuleType) -> None:
    assert "local_ratelimit" in rendering.render(NATIVE)
    assert "local_ratelimit" not in rendering.render(CONTAINERS)


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8080",
        "http://",
        "ftp://a",
        "http://a/path",
        "http://a?x",
        "http://u:p@a",
        "http://a:x",
        'http://a"\n',
    ],
)
def test_bad_addresses_are_refused(rendering: ModuleType, address: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        rendering.render({"USER_URL": address})


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://Chat.Example:443", "https://chat.example"),
        ("http://chat.example:80", "http://chat.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_origin_is_written_as_browsers_write_it(rendering: ModuleType, url: str, origin: str) -> None:
    assert rendering.Address.parse(url).origin == origin


def test_wrong_usage_and_wrong_addresses_end_with_an_error(
    rendering: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert rendering.main([]) == 2
    monkeypatch.setenv("USER_URL", "nonsense")
    assert rendering.main([str(tmp_path / "out")]) == 1
    assert "nonsense" in capsys.readouterr().err
    monkeypatch.setenv("USER_URL", "http://127.0.0.1:1")
    assert rendering.main([str(tmp_path / "out")]) == 0
    assert "port_value: 1}" in (tmp_path / "out").read_text()
