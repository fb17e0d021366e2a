"""What the gateway app reads from the environment beside the common variables."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import URL

from messenger_platform.settings import CommaList, Port, ServiceSettings, split_list

REALM = "messenger"


class GatewaySettings(ServiceSettings):
    """Settings of `serve`; every address is `scheme://host:port` without a path."""

    port: Port = 8100
    gateway_runtime_password: SecretStr
    gateway_client_id: str = "gateway"
    gateway_client_secret: SecretStr
    gateway_sessions_client_id: str = "gateway-sessions"
    gateway_sessions_client_secret: SecretStr
    rabbitmq_gateway_password: SecretStr
    # Encrypts tokens at rest; see domain/keyring.py for the form and for rotation.
    session_keys: SecretStr
    chat_urls: CommaList = "http://127.0.0.1:8120"
    realtime_urls: CommaList = "http://127.0.0.1:8140"
    relay_urls: CommaList = "http://127.0.0.1:8160,http://127.0.0.1:8161"
    keycloak_management_port: Port = 9000
    keycloak_management_url: str = ""
    # The built web client; without it there is no page, and everything else works.
    web_root: Path | None = None

    @property
    def runtime_url(self) -> URL:
        """The database under the role that may read and write rows, but change no table."""
        return self.database_url("gateway_runtime", self.gateway_runtime_password)

    @property
    def realm_url(self) -> str:
        """The realm at Keycloak, reached without the gateway."""
        return f"{self.keycloak_url}/realms/{REALM}"

    @property
    def is_secure(self) -> bool:
        """Whether users reach us over TLS."""
        return self.public_url.startswith("https://")

    @cached_property
    def chats(self) -> list[str]:
        """The chat processes."""
        return split_list(self.chat_urls)

    @cached_property
    def readiness(self) -> dict[str, str]:
        """Where each part of the system says whether it is ready, by the names that the supervisor uses."""
        management = self.keycloak_management_url or f"http://127.0.0.1:{self.keycloak_management_port}"
        several = {"chat": self.chats, "relay": split_list(self.relay_urls), "realtime": split_list(self.realtime_urls)}
        return {
            "keycloak": f"{management}/health/ready",
            "user": f"{self.user_url}/readyz",
            **{f"{part}-{n}": f"{url}/readyz" for part, urls in several.items() for n, url in enumerate(urls, 1)},
        }


class MigrationSettings(ServiceSettings):
    """Settings of `migrate`, the only command that holds the owner's password."""

    gateway_owner_password: SecretStr

    @property
    def owner_url(self) -> URL:
        """The database under the role that owns the schema."""
        return self.database_url("gateway_owner", self.gateway_owner_password)
