"""What the realtime service reads from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from messenger_platform.settings import ServiceSettings, split_list


class Settings(ServiceSettings):
    """The common settings and this service's own."""

    realtime_owner_password: SecretStr
    realtime_runtime_password: SecretStr
    rabbitmq_realtime_password: SecretStr
    chat_urls: str = "http://127.0.0.1:8120"
    connections_per_user: Annotated[int, Field(ge=1)] = 100

    @property
    def chat_links(self) -> list[str]:
        """The WebSocket addresses of the chat processes' links, by shard."""
        return [url.replace("http", "ws", 1) + "/internal/link" for url in split_list(self.chat_urls)]
