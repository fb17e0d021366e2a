"""What the user service reads from the environment beside the common variables."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from sqlalchemy import URL

from messenger_platform.settings import Port, ServiceSettings


class UserSettings(ServiceSettings):
    """Settings of `serve`."""

    port: Port = 8110
    user_runtime_password: SecretStr
    rabbitmq_user_password: SecretStr
    user_service_client_secret: SecretStr
    # How long a change in the realm may wait to be looked for; 0 for never, where others follow it or nobody should.
    realm_poll_s: Annotated[float, Field(ge=0, le=60)] = 1.0

    @property
    def runtime_url(self) -> URL:
        """The database under the role that may read and write rows, but change no table."""
        return self.database_url("user_runtime", self.user_runtime_password)

    @property
    def listener_url(self) -> str:
        """The broker under the user that may hear of ended sessions, and write nothing."""
        return self.broker_url("user", self.rabbitmq_user_password)


class MigrationSettings(ServiceSettings):
    """Settings of `migrate`, the only command that holds the owner's password."""

    user_owner_password: SecretStr

    @property
    def owner_url(self) -> URL:
        """The database under the role that owns the schema."""
        return self.database_url("user_owner", self.user_owner_password)
