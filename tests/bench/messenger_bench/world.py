"""What a benchmark stands on: the running test stack, its database, and accounts that have logged in at Keycloak."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
import httpx

from messenger_infra.settings import Stack, write_private
from messenger_testing.login import LoginFailed, LoginPage, Tokens
from messenger_testing.people import RealmAdmin

LOGINS_AT_ONCE = 4
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with a fresh access token."""

    user_id: int
    username: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request carries."""
        return {"Authorization": f"Bearer {self.token}"}


async def open_database(stack: Stack) -> asyncpg.Connection[asyncpg.Record]:
    """Connect to the application's database as its superuser, in chat's schema."""
    env = stack.env
    return await asyncpg.connect(
        host=env["POSTGRES_HOST"],
        port=int(env["POSTGRES_PORT"]),
        user="postgres",
        password=env["POSTGRES_SUPERUSER_PASSWORD"],
        database=env["POSTGRES_DB"],
        server_settings={"search_path": "chat"},
    )


class World:
    """The stack as its users and its operator see it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.public_url = stack.env["PUBLIC_URL"]
        self.http = httpx.AsyncClient(base_url=self.public_url, timeout=PATIENCE_S)
        self._known = Path(stack.folder / "bench-accounts")
        self.database: asyncpg.Connection[asyncpg.Record]

    async def __aenter__(self) -> Self:
        self.database = await open_database(self.stack)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.database.close()
        await self.http.aclose()

    async def accounts(self, count: int) -> list[Account]:
        """Return `count` accounts with fresh tokens: made once for a stack, logged in again for each run."""
        known: list[dict[str, str]] = json.loads(self._known.read_text()) if self._known.exists() else []
        if len(known) < count:
            keycloak = f"http://127.0.0.1:{self.stack.env['KEYCLOAK_PORT']}"
            async with RealmAdmin(keycloak, self.stack.env["KEYCLOAK_ADMIN_PASSWORD"]) as admin:
                for _ in range(count - len(known)):
                    person = await admin.new_person()
                    known.append({"username": person.username, "password": person.password, "refresh_token": ""})
        places = asyncio.Semaphore(LOGINS_AT_ONCE)

        async def enter(person: dict[str, str]) -> Account:
            async with places:
                tokens = await self._tokens(person)
                person["refresh_token"] = tokens.refresh_token
                user_id = await self._id_of(tokens)
                return Account(user_id, person["username"], tokens.access_token)

        try:
            return list(await asyncio.gather(*(enter(person) for person in known[:count])))
        finally:
            write_private(self._known, json.dumps(known))

    async def _id_of(self, tokens: Tokens) -> int:
        """Ask who this is; while a part is away (503) ask again, as clients are told to."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                headers = {"Authorization": f"Bearer {tokens.access_token}"}
                answer = await self.http.get("/api/users/me", headers=headers)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    answer.raise_for_status()
                    return int(answer.json()["id"])
                await asyncio.sleep(0.2)

    async def _tokens(self, person: dict[str, str]) -> Tokens:
        async with LoginPage(self.public_url) as page:
            if person["refresh_token"]:
                try:
                    return await page.refresh(person["refresh_token"])
                except LoginFailed:
                    pass  # The session has ended meanwhile: a new one.
            return await page.log_in(person["username"], person["password"])

    async def private_chat(self, one: Account, other: Account) -> int:
        """Return the private chat of two accounts."""
        return await self._chat(one, {"type": "private", "user_id": other.user_id})

    async def group(self, creator: Account, title: str, others: list[int]) -> int:
        """Make a group."""
        return await self._chat(creator, {"type": "group", "title": title, "participant_ids": others})

    async def _chat(self, account: Account, body: dict[str, Any]) -> int:
        answer = await self.http.post("/api/chats", json=body, headers=account.headers)
        answer.raise_for_status()
        return int(answer.json()["id"])

    async def versions(self, chat_ids: list[int]) -> dict[int, int]:
        """Return the version of each chat."""
        rows = await self.database.fetch("SELECT id, last_seq FROM chat WHERE id = ANY($1::bigint[])", chat_ids)
        return {row["id"]: row["last_seq"] for row in rows}

    async def stored(self, after: dict[int, int]) -> int:
        """Count the messages in the tables beyond these versions of their chats."""
        count: int = await self.database.fetchval(
            "SELECT count(*) FROM unnest($1::bigint[], $2::bigint[]) AS c (id, seq) "
            "JOIN message m ON m.chat_id = c.id AND m.seq > c.seq",
            list(after),
            list(after.values()),
        )
        return count
