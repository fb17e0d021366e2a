"""What the chat service reads from the environment beside the common variables."""

from __future__ import annotations

from pydantic import SecretStr
from sqlalchemy import URL

from messenger_platform.settings import Port, ServiceSettings


class ChatSettings(ServiceSettings):
    """Settings of `serve`."""

    port: Port = 8120
    chat_runtime_password: SecretStr
    rabbitmq_chat_password: SecretStr

    @property
    def runtime_url(self) -> URL:
        """The database under the role that may read and write rows, but change no table."""
        return self.database_url("chat_runtime", self.chat_runtime_password)

    @property
    def consumer_url(self) -> str:
        """The broker under the user that may read the queue `chat.users` and the events, and write nothing."""
        return self.broker_url("chat", self.rabbitmq_chat_password)


class MigrationSettings(ServiceSettings):
    """Settings of `migrate`, the only command that holds the owner's password."""

    chat_owner_password: SecretStr

    @property
    def owner_url(self) -> URL:
        """The database under the role that owns the schema."""
        return self.database_url("chat_owner", self.chat_owner_password)


class RelaySettings(ServiceSettings):
    """Settings of `relay`, which may read the WAL and publish, and sees no table."""

    port: Port = 8160
    chat_relay_password: SecretStr
    rabbitmq_relay_password: SecretStr

    @property
    def dsn(self) -> str:
        """The database under the role that may only replicate, for libpq; a dead peer is noticed within 10 s."""
        url = self.database_url("chat_relay", self.chat_relay_password).set(drivername="postgresql")
        timeouts = {"connect_timeout": "3", "keepalives_idle": "5", "tcp_user_timeout": "10000"}
        return url.update_query_dict(timeouts).render_as_string(hide_password=False)

    @property
    def publisher_url(self) -> str:
        """The broker under the only user that may write to the exchange of events."""
        return self.broker_url("relay", self.rabbitmq_relay_password)


class ResyncSettings(ServiceSettings):
    """Settings of `resync`, which replaces the slot as the relay's role and reads the tables as the service's."""

    chat_runtime_password: SecretStr
    chat_relay_password: SecretStr

    @property
    def runtime_url(self) -> URL:
        """The database under the role that may read and write rows."""
        return self.database_url("chat_runtime", self.chat_runtime_password)

    @property
    def relay_dsn(self) -> str:
        """The database under the role that may replicate, for asyncpg."""
        url = self.database_url("chat_relay", self.chat_relay_password).set(drivername="postgresql")
        return url.render_as_string(hide_password=False)
