# noqa: INP001 - a script, run by its path.
"""Render Envoy's configuration from the environment: `python render.py OUTPUT`; needs nothing but Jinja2.

Environment: PUBLIC_URL, PUBLIC_BIND, PUBLIC_PORT, ENVOY_ADMIN_PORT, RATE_LIMITS (`on`/`off`), OIDC_ISSUER,
OIDC_AUDIENCE, and the parts' addresses as URLs: GATEWAY_URL, USER_URL, CHAT_URLS, REALTIME_URLS (comma lists),
KEYCLOAK_URL. Hosts that are IP addresses become static endpoints, names are resolved by DNS all the time.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATE = "envoy.yaml.j2"
BUFFER_BYTES = 32 * 1024
BODY_BYTES = 64 * 1024
# Per address, for everything behind the gateway; users have their own limits in the services.
RATE_LIMITS = {"per_second": 200, "burst": 1000, "logins_per_second": 10, "login_burst": 60}
HOST = re.compile(r"[A-Za-z0-9_.:-]+")
DEFAULT_PORTS = {"http": 80, "https": 443}

RETRY = {"retry-after": "1"}
AWAY = "A part that the answer needs is away. Try again."
# Status, title, code, detail and extra headers of what Envoy refuses itself.
PROBLEMS: tuple[tuple[int, str, str, str, dict[str, str]], ...] = (
    (400, "Bad Request", "bad_request", "The request is malformed.", {}),
    (401, "Unauthorized", "unauthorized", "A bearer token is needed.", {"www-authenticate": "Bearer"}),
    (403, "Forbidden", "forbidden", "The request is not allowed.", {}),
    (404, "Not Found", "not_found", "There is nothing at this address.", {}),
    (408, "Request Timeout", "timeout", "The request took too long to arrive.", {}),
    (413, "Content Too Large", "too_long", f"The body is longer than {BODY_BYTES} bytes.", {}),
    (426, "Upgrade Required", "bad_request", "This address speaks WebSocket over HTTP/1.1.", {}),
    (429, "Too Many Requests", "rate_limited", "Too many requests from this address. Slow down.", RETRY),
    (431, "Request Header Fields Too Large", "too_long", "The headers are too long or too many.", {}),
    (500, "Internal Server Error", "internal", "Something went wrong on our side. Try again.", {}),
    (502, "Bad Gateway", "unavailable", AWAY, RETRY),
    (503, "Service Unavailable", "unavailable", AWAY, RETRY),
    (504, "Gateway Timeout", "unavailable", "A part did not answer in time. Try again.", RETRY),
)


class BadAddressError(ValueError):
    """A variable that should be `scheme://host[:port]` is something else."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a part listens; `origin` is what a browser writes into `Origin`."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `scheme://host[:port]`; raises `BadAddressError` for a path, a query, user info or another scheme."""
        parts = urlsplit(text.strip().rstrip("/"))
        plain = not (parts.path or parts.query or parts.fragment or parts.username)
        host = parts.hostname or ""
        if parts.scheme not in DEFAULT_PORTS or not plain or not HOST.fullmatch(host):
            raise BadAddressError(f"{text!r} is not an address like http://host:port.")
        return cls(parts.scheme, host, parts.port or DEFAULT_PORTS[parts.scheme])

    @property
    def authority(self) -> str:
        """Host and port, the scheme's own port left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """The origin as RFC 6454 serialises it."""
        return f"{self.scheme}://{self.authority}"

    @property
    def literal(self) -> bool:
        """Whether the host is an IP address."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


def addresses(text: str) -> list[Address]:
    """Read a comma list of addresses; raises `BadAddressError`, also for an empty list."""
    found = [Address.parse(part) for part in text.split(",") if part.strip()]
    if not found:
        raise BadAddressError("An address is missing.")
    return found


def render(environment: Mapping[str, str], rate_limits: Mapping[str, int] = RATE_LIMITS) -> str:
    """Return the configuration; unset and empty variables take their defaults. Raises `BadAddressError`."""

    def setting(name: str, default: str) -> str:
        return environment.get(name) or default

    public = Address.parse(setting("PUBLIC_URL", "http://localhost:8080"))
    keycloak = setting("KEYCLOAK_URL", "http://127.0.0.1:8081")
    values: dict[str, Any] = {
        "public": public,
        "bind": setting("PUBLIC_BIND", "127.0.0.1"),
        "port": int(setting("PUBLIC_PORT", "8080")),
        "admin_port": int(setting("ENVOY_ADMIN_PORT", "9901")),
        "issuer": setting("OIDC_ISSUER", f"{public.origin}/realms/messenger"),
        "audience": setting("OIDC_AUDIENCE", "messenger-api"),
        "jwks_url": f"{keycloak.rstrip('/')}/realms/messenger/protocol/openid-connect/certs",
        "gateway": addresses(setting("GATEWAY_URL", "http://127.0.0.1:8100")),
        "user": addresses(setting("USER_URL", "http://127.0.0.1:8110")),
        "chat": addresses(setting("CHAT_URLS", "http://127.0.0.1:8120")),
        "realtime": addresses(setting("REALTIME_URLS", "http://127.0.0.1:8140")),
        "keycloak": addresses(keycloak),
        "rate_limits": None if setting("RATE_LIMITS", "on") == "off" else rate_limits,
        "problems": PROBLEMS,
        "buffer_bytes": BUFFER_BYTES,
        "body_bytes": BODY_BYTES,
    }
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - the output is YAML; every value from outside goes through `tojson`.
    )
    return templates.get_template(TEMPLATE).render(values)


def main(arguments: list[str]) -> int:
    """Write the configuration to the path given; 2 for wrong usage, 1 for a wrong address."""
    if len(arguments) != 1:
        sys.stderr.write("usage: render.py OUTPUT\n")
        return 2
    try:
        text = render(os.environ)
    except BadAddressError as error:
        sys.stderr.write(f"envoy: {error}\n")
        return 1
    Path(arguments[0]).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
