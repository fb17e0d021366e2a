"""`make demo`: people log in at Keycloak's page and talk over the gateway; everything shown is what came back.

Two demo accounts hold a private conversation and one in a group, with the ticks as the server sends them:
✓ stored, ✓✓ read by everyone.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import httpx
from rich.console import Console
from rich.markup import escape

from messenger_testing.client import Account, Frame, LiveClient
from messenger_testing.login import LoginFailed, log_in

console = Console(highlight=False)
COLOURS = {"alice": "cyan", "bob": "magenta"}


class Person:
    """An account with an open connection, who says what happens at its end."""

    def __init__(self, account: Account, live: LiveClient, names: dict[int, str]) -> None:
        self.account = account
        self.live = live
        self._names = names

    @property
    def label(self) -> str:
        """The name in its colour."""
        name = self.account.username
        return f"[bold {COLOURS[name]}]{name:>6}[/]"

    async def say(self, chat_id: int, text: str, *listeners: Person) -> Frame:
        """Send, print the acknowledgement, and print who has received it."""
        began = time.perf_counter()
        ack: Frame = (await self.live.say(chat_id, text))["message"]
        stored_ms = (time.perf_counter() - began) * 1000
        console.print(f"  {self.label}  {escape(text)}  [dim]#{ack['id']}[/] ✓ [dim]{stored_ms:.0f} ms[/]")
        for listener in listeners:
            await listener.live.wait_for_message(ack["id"])
            console.print(f"  [dim]         → at {listener.account.username}'s[/]")
        return ack

    async def read(self, message: Frame, author: Person) -> None:
        """Read up to a message, and wait until its author sees the double tick."""
        await self.live.send({"type": "read", "chat_id": message["chat_id"], "message_id": message["id"]})
        await author.live.wait_for(
            lambda frame: (
                frame["type"] == "is_read"
                and frame["chat_id"] == message["chat_id"]
                and frame["up_to_message_id"] >= message["id"]
            )
        )
        console.print(f"  [dim]         {self.account.username} has read it:[/] #{message['id']} [green]✓✓[/]")

    async def show_history(self, chat_id: int) -> None:
        """Print the history as REST gives it."""
        for message in reversed(await self.account.history(chat_id, order="desc", limit=3)):
            ticks = "[green]✓✓[/]" if message["is_read"] else "✓"
            sender = self._names[message["sender_id"]]
            clock = message["timestamp"][11:19]
            console.print(f"  [dim]{clock}[/] {sender}: {escape(message['text'])} {ticks}")


async def enter(public_url: str, username: str) -> Account:
    """Log in as a person does."""
    began = time.perf_counter()
    tokens = await log_in(public_url, username, f"{username}-demo")
    account = await Account(public_url, username, tokens.access_token).start()
    seconds = time.perf_counter() - began
    console.print(f"  [bold {COLOURS[username]}]{username}[/] is in: account {account.id}, login took {seconds:.1f} s")
    return account


async def talk(public_url: str) -> None:
    """Play the whole demo."""
    console.rule(f"login at {public_url}/realms/messenger")
    alice_account, bob_account = [await enter(public_url, username) for username in ("alice", "bob")]
    names = {account.id: account.username for account in (alice_account, bob_account)}
    alice, bob = [Person(account, await account.live(), names) for account in (alice_account, bob_account)]
    try:
        console.rule("a private chat")
        private = await alice_account.private_chat(bob_account)
        await bob.read(await alice.say(private, "Hi Bob! Did you see the lake this morning?", bob), alice)
        await alice.read(await bob.say(private, "Not yet. Is it frozen?", alice), bob)
        last = await alice.say(private, "All of it. Come!", bob)
        console.rule("a group")
        group = await alice_account.group("Skating", bob_account)
        invited = await bob.live.wait_for(lambda frame: frame["type"] == "chat" and frame["chat"]["id"] == group)
        console.print(f"  {bob.label}  is in the group “{escape(invited['chat']['title'])}” now")
        await bob.live.send({"type": "typing", "chat_id": group})
        await alice.live.wait_for(lambda frame: frame["type"] == "typing" and frame["chat_id"] == group)
        console.print("  [dim]         alice sees bob typing …[/]")
        await alice.read(await bob.say(group, "Ten o'clock at the pier?", alice), bob)
        await bob.read(await alice.say(group, "Коньки возьму ⛸", bob), alice)
        console.rule("the private chat, read back by REST")
        await bob.read(last, alice)
        await alice.show_history(private)
    finally:
        await alice_account.aclose()
        await bob_account.aclose()


def main() -> None:
    """Run the demo against PUBLIC_URL."""
    public_url = os.environ.get("PUBLIC_URL", "http://localhost:8080")
    try:
        asyncio.run(talk(public_url))
    except (httpx.ConnectError, LoginFailed) as error:
        console.print(f"[red]The demo could not run:[/] {escape(str(error))}\nIs the system up? Try `make up` first.")
        sys.exit(1)
    console.print("\n[green]That was real:[/] Keycloak, Envoy, PostgreSQL, RabbitMQ.")


if __name__ == "__main__":
    main()
