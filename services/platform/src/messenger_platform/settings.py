"""What every process reads from the environment; each service adds its own role and password."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

Port = Annotated[int, Field(ge=1, le=65535)]
CommaList = str


class ServiceSettings(BaseSettings):
    """The environment variables of `.env.example` that are common to all processes."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: Port = 8000
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    public_url: str = "http://localhost:8080"
    oidc_issuer: str = "http://localhost:8080/realms/messenger"
    oidc_audience: str = "messenger-api"
    oidc_authorized_parties: CommaList = "gateway,messenger-cli,api-docs"
    keycloak_url: str = "http://127.0.0.1:8081"
    user_url: str = "http://127.0.0.1:8110"
    gateway_url: str = "http://127.0.0.1:8100"

    postgres_host: str = "127.0.0.1"
    postgres_port: Port = 5442
    postgres_db: str = "messenger"

    rabbitmq_host: str = "127.0.0.1"
    rabbitmq_port: Port = 5682
    rabbitmq_vhost: str = "messenger"

    internal_secret: SecretStr
    rate_limits: Literal["on", "off"] = "on"

    @property
    def rate_limited(self) -> bool:
        """Whether the per-user limits apply; load tests switch them off."""
        return self.rate_limits == "on"

    @property
    def jwks_url(self) -> str:
        """Where Keycloak publishes the realm's public keys, reached without the gateway."""
        return f"{self.keycloak_url}/realms/messenger/protocol/openid-connect/certs"

    @cached_property
    def authorized_parties(self) -> frozenset[str]:
        """The client ids whose access tokens are accepted (`azp`)."""
        return frozenset(split_list(self.oidc_authorized_parties))

    def database_url(self, role: str, password: SecretStr) -> URL:
        """Return the SQLAlchemy address of the database for one role."""
        return URL.create(
            "postgresql+asyncpg",
            username=role,
            password=password.get_secret_value(),
            host=self.postgres_host,
            port=self.postgres_port,
            database=self.postgres_db,
        )

    def broker_url(self, user: str, password: SecretStr) -> str:
        """Return the AMQP address for one broker user; heartbeat in seconds."""
        secret = password.get_secret_value()
        return f"amqp://{user}:{secret}@{self.rabbitmq_host}:{self.rabbitmq_port}/{self.rabbitmq_vhost}?heartbeat=10"


def split_list(text: str) -> list[str]:
    """Split a comma-separated variable, dropping blanks: `"a, b,"` → `["a", "b"]`."""
    return [part.strip() for part in text.split(",") if part.strip()]
