"""Settings of a stack: `.env.example` is the list, `.env` the user's choice, the environment overrides both.

Two stacks can run on one machine: "up" (what `make up` starts, settings from .env) and "test" (what the tests start,
the defaults of .env.example moved to free ports, secrets of its own). Only the standard library, so that
`make env` can write .env for `docker compose` on a machine without our environment.
"""

import base64
import hashlib
import os
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from messenger_infra.errors import SetupError

ASSIGNMENT = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$")

TEST_OFFSETS = range(2000, 6000, 300)
"""Candidates for the distance between the ports of .env.example and those of the test stack."""

TEST_BEHAVIOUR = {"CHAT_PROCESSES": "2", "REALTIME_PROCESSES": "2", "RATE_LIMITS": "off", "DEMO": "true"}
"""Two of everything that is sharded, so that the tests meet the hard case."""


MAIL = ("SMTP_HOST", "SMTP_PORT", "SMTP_FROM", "SMTP_USER", "SMTP_PASSWORD", "SMTP_STARTTLS")
"""Somebody else's server: its port is not ours to listen on, its password not ours to make up."""

OPTIONAL = ("PUBLIC_URL", *MAIL)
"""Settings that .env.example shows in comments, because they have no default."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One running copy of the system: its name, its folder and the environment its processes share."""

    name: str
    repo: Path
    state: Path
    env: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Everything the stack writes."""
        return self.state / self.name

    @property
    def cache(self) -> Path:
        """What can be made again and is shared by all stacks."""
        return self.state / "cache"

    @property
    def integration(self) -> dict[str, str]:
        """What integration tests use in place of the running services' own: another database, another virtual host.

        They empty tables and publish made-up events, which the services beside them must not see.
        """
        if self.name != "test":
            return {}
        return {name: f"{self.env[name]}_integration" for name in ("POSTGRES_DB", "RABBITMQ_VHOST")}

    @property
    def venv(self) -> Path:
        """The environment whose interpreter runs our programs."""
        return self.state / "venv"

    def port(self, name: str) -> int:
        """Return the port in the variable NAME_PORT."""
        return int(self.env[f"{name}_PORT"])

    def count(self, name: str) -> int:
        """Return how many processes the variable NAME_PROCESSES asks for."""
        return int(self.env[f"{name}_PROCESSES"])


def repository() -> Path:
    """Return the root of the checkout: MESSENGER_HOME, or the nearest parent that holds .env.example."""
    start = Path(os.environ.get("MESSENGER_HOME", Path.cwd())).resolve()
    for folder in (start, *start.parents):
        if (folder / ".env.example").is_file():
            return folder
    raise SetupError("Run this inside the checkout (no .env.example found here or above).")


def parse(text: str) -> dict[str, str]:
    """Read KEY=value lines; comments and blank lines are skipped, quotes around a value removed."""
    matches = (ASSIGNMENT.match(line.strip()) for line in text.splitlines())
    return {match[1]: match[2].strip().strip("\"'") for match in matches if match}


def is_secret(name: str) -> bool:
    """Tell whether an empty value of this variable is to be generated."""
    return name.endswith(("_PASSWORD", "_SECRET", "_KEYS"))


def new_secret(name: str) -> str:
    """Return 144 random bits; for a variable of `_KEYS`, a first key of 256 bits under the name k1."""
    if name.endswith("_KEYS"):
        return f"k1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"
    return secrets.token_hex(18)


def fill_secrets(text: str) -> str:
    """Give every empty secret in a .env text a random value; leave everything else as it is."""
    lines = []
    for line in text.splitlines():
        match = ASSIGNMENT.match(line.strip())
        if match and is_secret(match[1]) and match[1] not in MAIL and not match[2].strip():
            lines.append(f"{match[1]}={new_secret(match[1])}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, replacing it at once or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(text)
    draft.replace(path)


def ensure_env_file(repo: Path) -> dict[str, str]:
    """Return the settings in .env, creating it from .env.example and adding what a newer example has."""
    example, path = repo / ".env.example", repo / ".env"
    wanted = parse(example.read_text())
    text = path.read_text() if path.exists() else example.read_text()
    missing = [f"{name}={value}" for name, value in wanted.items() if name not in parse(text)]
    filled = fill_secrets("\n".join([text.rstrip("\n"), *missing]))
    if not path.exists() or filled != path.read_text():
        write_private(path, filled)
    return parse(filled)


def processes(env: Mapping[str, str], name: str) -> list[int]:
    """Return the ports of the processes of a service that runs several times."""
    first, count = int(env[f"{name}_PORT"]), int(env.get(f"{name}_PROCESSES", "2"))
    return [first + index for index in range(count)]


def complete(env: Mapping[str, str]) -> dict[str, str]:
    """Add what follows from the settings: addresses of the parts as the processes see them."""

    def local(port: int | str) -> str:
        return f"http://127.0.0.1:{port}"

    public = env.get("PUBLIC_URL") or f"http://localhost:{env['PUBLIC_PORT']}"
    derived = {
        "PUBLIC_URL": public.rstrip("/"),
        "OIDC_ISSUER": f"{public.rstrip('/')}/realms/messenger",
        "KEYCLOAK_URL": local(env["KEYCLOAK_PORT"]),
        "GATEWAY_URL": local(env["GATEWAY_PORT"]),
        "USER_URL": local(env["USER_PORT"]),
        "CHAT_URLS": ",".join(local(port) for port in processes(env, "CHAT")),
        "REALTIME_URLS": ",".join(local(port) for port in processes(env, "REALTIME")),
        "RELAY_URLS": ",".join(local(port) for port in processes(env, "RELAY")),
        "POSTGRES_HOST": "127.0.0.1",
        "RABBITMQ_HOST": "127.0.0.1",
    }
    return {**env, **derived}


def ports(env: Mapping[str, str]) -> dict[str, int]:
    """Return every port a stack listens on, by a name fit for a message. Two equal ones are an error."""
    single = [
        name
        for name in env
        if name.endswith("_PORT") and name not in ("CHAT_PORT", "REALTIME_PORT", "RELAY_PORT", *MAIL)
    ]
    found = {name: int(env[name]) for name in single}
    for service in ("CHAT", "REALTIME", "RELAY"):
        found |= {f"{service}_PORT+{index}": port for index, port in enumerate(processes(env, service))}
    seen: dict[int, str] = {}
    for name, port in found.items():
        if port in seen:
            raise SetupError(f"{name} and {seen[port]} are both {port}: change one of them in .env.")
        seen[port] = name
    return found


def is_free(port: int) -> bool:
    """Tell whether nothing listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def shifted(example: Mapping[str, str], offset: int) -> dict[str, str]:
    """Move every port of the example by `offset`."""
    return {name: str(int(value) + offset) if name.endswith("_PORT") else value for name, value in example.items()}


def free_offset(example: Mapping[str, str], candidates: Iterable[int] = TEST_OFFSETS) -> int:
    """Return the first offset at which all ports of a test stack are free."""
    for offset in candidates:
        if all(is_free(port) for port in ports(shifted({**example, **TEST_BEHAVIOUR}, offset)).values()):
            return offset
    raise SetupError("No free range of ports for the test stack: is another one still running? (`make test-down`)")


def up_stack(repo: Path | None = None) -> Stack:
    """Return the stack of `make up`: .env, overridden by the environment."""
    repo = repo or repository()
    env = ensure_env_file(repo)
    env |= {name: os.environ[name] for name in (*env, *OPTIONAL) if name in os.environ}
    ports(env)
    return Stack("up", repo, (repo / ".state").resolve(), complete(env))


def stack_of_tests(repo: Path | None = None) -> Stack:
    """Return the test stack: what it was started with, or fresh settings on free ports.

    The caller's TEST_<NAME> variables override single settings (TEST_RATE_LIMITS=on).
    """
    repo = repo or repository()
    state = (repo / ".state").resolve()
    kept = state / "test" / "settings"
    if kept.exists():
        return Stack("test", repo, state, complete(parse(kept.read_text())))
    example = repo / ".env.example"
    secrets_file = state / "cache" / "test-secrets"
    if not secrets_file.exists():
        secrets_file.parent.mkdir(parents=True, exist_ok=True)
        empty = "".join(f"{name}=\n" for name in parse(example.read_text()) if is_secret(name))
        write_private(secrets_file, fill_secrets(empty))
    defaults = parse(example.read_text())
    env = (
        shifted(defaults, free_offset(defaults))
        | TEST_BEHAVIOUR
        | {name: value for name, value in parse(secrets_file.read_text()).items() if name in defaults}
    )
    missing = [name for name in env if is_secret(name) and not env[name]]
    if missing:
        secrets_file.unlink()
        return stack_of_tests(repo)
    env |= {name: os.environ[f"TEST_{name}"] for name in env if f"TEST_{name}" in os.environ}
    return Stack("test", repo, state, complete(env))


def fingerprint(*texts: str) -> str:
    """Return a short hash that changes when one of the texts does."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def shell_lines(env: Mapping[str, str]) -> str:
    """Render an environment for `set -a; . FILE`. Values hold no quotes by construction."""
    return "".join(f"{name}='{value}'\n" for name, value in sorted(env.items()))


if __name__ == "__main__":
    ensure_env_file(repository())
