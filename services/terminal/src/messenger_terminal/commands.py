"""The messenger in a terminal. Exit codes: 1 refused, 2 usage, 3 not logged in, 4 not found, 5 unreachable."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import typer
from rich.text import Text

from messenger_terminal.api import API
from messenger_terminal.chat_window import ChatWindow
from messenger_terminal.errors import INTERRUPTED, Failure, LoggedOut, NotFound, Unreachable, WrongUsage
from messenger_terminal.follow import Follower
from messenger_terminal.live import Live
from messenger_terminal.oidc import CLIENT_ID, OIDCClient, checked_server
from messenger_terminal.plain_text import one_line
from messenger_terminal.screen import Names, chat_table, console_for, message_text, people_of, title_of
from messenger_terminal.session import Session, login_of
from messenger_terminal.store import LoginStore

TIMEOUT_S = 15.0
SHOWN_IN_CHAT = 20

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

ProfileOption = Annotated[
    str, typer.Option(envvar="MESSENGER_PROFILE", help="Which login to use, if you have several.")
]
ServerOption = Annotated[str, typer.Option(envvar="MESSENGER_SERVER", help="The server's address.")]
ChatArgument = Annotated[str, typer.Argument(metavar="CHAT|@USER", help="A chat's number, or @username.")]


@dataclass(frozen=True, slots=True)
class Client:
    """What a command works with."""

    server: str
    session: Session
    api: API


def http_client() -> httpx.Client:
    """Return the HTTP client of everything; it follows no redirects, so a token stays where it belongs."""
    return httpx.Client(timeout=TIMEOUT_S, headers={"User-Agent": "messenger-terminal"})


@contextmanager
def opened(context: typer.Context) -> Iterator[Client]:
    """Use the stored login of the chosen profile."""
    store: LoginStore = context.obj
    login = store.load()
    if login is None:
        raise LoggedOut("You are not logged in. Run: messenger login")
    with http_client() as http:
        session = Session(store, OIDCClient(login.server, http, login.client_id))
        yield Client(login.server, session, API(login.server, session, http))


@app.callback()
def choose_profile(context: typer.Context, profile: ProfileOption = "default") -> None:
    """The messenger in a terminal.

    Exit codes: 1 refused, 2 usage, 3 not logged in, 4 not found, 5 server unreachable.
    """  # noqa: D401 - what `--help` shows.
    context.obj = LoginStore(profile)


@app.command()
def login(context: typer.Context, server: ServerOption = "http://localhost:8080") -> None:
    """Log in with a browser on any device."""
    store: LoginStore = context.obj
    refuse_second_login(context)
    console = console_for()
    with http_client() as http:
        oidc = OIDCClient(checked_server(server), http)
        device = oidc.start_device_login()
        console.print(f"Open      {one_line(device.verification_uri)}", soft_wrap=True)
        console.print(f"and enter {one_line(device.user_code)}", soft_wrap=True)
        if device.verification_uri_complete is not None:
            console.print(f"or open   {one_line(device.verification_uri_complete)}", soft_wrap=True)
        console.print(f"Waiting, at most {device.expires_in_s / 60:.0f} minutes …", style="dim")
        sys.stdout.flush()
        tokens = oidc.finish_device_login(device)
        with store.locked():
            store.save(login_of(checked_server(server), CLIENT_ID, tokens))
    with opened(context) as client:
        console.print(f"You are logged in as @{one_line(client.api.me()['username'])}.")


def refuse_second_login(context: typer.Context) -> None:
    """Keep a login that is alive from being forgotten without having been ended."""
    try:
        with opened(context) as client:
            me = client.api.me()
    except LoggedOut:
        return
    raise Failure(f"You are logged in as @{me['username']}. Run `messenger logout` first, or choose a --profile.")


@app.command()
def logout(context: typer.Context) -> None:
    """End the login, here and at the server."""
    with opened(context) as client:
        client.session.end()
    console_for().print("You are logged out.")


@app.command()
def whoami(context: typer.Context) -> None:
    """Show who is logged in, and where."""
    with opened(context) as client:
        me = client.api.me()
        name = f" ({one_line(me['name'])})" if me.get("name") else ""
        console_for().print(f"@{one_line(me['username'])}{name}, user {me['id']} at {client.server}", soft_wrap=True)


@app.command()
def chats(
    context: typer.Context,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="At most so many, newest activity first.")] = 50,
) -> None:
    """List your chats, with what is unread."""
    with opened(context) as client:
        names, me = known(client)
        shown = [chat for chat, _ in zip(client.api.chats(), range(count), strict=False)]
        names.learn({user_id for chat in shown for user_id in people_of(chat)})
        console_for().print(chat_table(shown, names, me))


@app.command()
def history(
    context: typer.Context,
    chat: ChatArgument,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many messages.")] = SHOWN_IN_CHAT,
) -> None:
    """Show the newest messages of a chat; nothing is marked as read."""
    with opened(context) as client:
        names, me = known(client)
        messages = client.api.newest(chosen_chat(client, chat, me, make=False), count)
        names.learn({message["sender_id"] for message in messages})
        console = console_for()
        for message in messages:
            if not message.get("deleted"):
                console.print(message_text(message, names, me), soft_wrap=True)


@app.command()
def send(
    context: typer.Context,
    chat: ChatArgument,
    text: Annotated[str, typer.Argument(help="What to say.")],
    client_id: Annotated[
        uuid.UUID | None, typer.Option(help="The id of a message that may have been sent: it is not sent twice.")
    ] = None,
) -> None:
    """Send a message, once, however often it has to be tried."""
    with opened(context) as client:
        me = client.api.me()["id"]
        chat_id = chosen_chat(client, chat, me, make=True)
        message_id = str(client_id or uuid.uuid4())
        try:
            message = client.api.send(chat_id, text, message_id)
        except Unreachable as error:
            raise Unreachable(
                f"{error} It may have been sent; to be sure, repeat with --client-id {message_id}"
            ) from error
        console_for().print(f"Sent as message {message['id']} in chat {chat_id}.")


@app.command()
def new(
    context: typer.Context,
    people: Annotated[list[str], typer.Argument(metavar="@USER…", help="Whom to talk to.")],
    group: Annotated[str | None, typer.Option(metavar="TITLE", help="Make a group of this title.")] = None,
) -> None:
    """Open a private chat with somebody, or make a group."""
    if group is None and len(people) > 1:
        raise WrongUsage("A private chat has one other person; a group has a title: messenger new --group TITLE @a @b")
    with opened(context) as client:
        names, me = known(client)
        ids = [client.api.person(username_in(name))["id"] for name in people]
        chat = client.api.private_chat(ids[0]) if group is None else client.api.new_group(group, ids)
        names.learn(people_of(chat))
        console_for().print(f"Chat {chat['id']}: {title_of(chat, names, me)}", soft_wrap=True)


@app.command()
def chat(context: typer.Context, chat: ChatArgument) -> None:
    """Talk: lines you type, or pipe in, are sent; /quit leaves."""
    with opened(context) as client:
        names, me = known(client)
        chat_id = chosen_chat(client, chat, me, make=True)
        found = client.api.chat(chat_id)
        messages = client.api.newest(chat_id, SHOWN_IN_CHAT)
        names.learn({item["user_id"] for item in found["participants"]} | {item["sender_id"] for item in messages})
        asyncio.run(talk(client, ChatWindow(found, me, names, console_for()), chat_id, messages))


async def talk(client: Client, window: ChatWindow, chat_id: int, messages: list[dict[str, Any]]) -> None:
    """Connect and keep a window open."""
    live = Live(client.server, client.session, client.api, show=window.take, notice=window.notice, only=chat_id)
    await window.run(live, messages, interactive=sys.stdin.isatty() and sys.stdout.isatty())


@app.command()
def follow(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line: the frames of /ws.")] = False,
) -> None:
    """Print everything that arrives, until Ctrl-C."""
    with opened(context) as client:
        names, me = known(client)
        asyncio.run(listen(client, names, me, as_json=as_json))


async def listen(client: Client, names: Names, me: int, *, as_json: bool) -> None:
    """Connect and print."""
    follower = Follower(client.api, names, me, console_for(), console_for(stderr=True))
    live = Live(client.server, client.session, client.api, show=follower.take, notice=follower.notice)
    await follower.run(live, as_json=as_json)


def known(client: Client) -> tuple[Names, int]:
    """Return the names known so far, which is the own one, and the own id."""
    me = client.api.me()
    return Names(client.api, me), int(me["id"])


def username_in(argument: str) -> str:
    """Return the username that an argument names."""
    if not argument.startswith("@") or not argument[1:]:
        raise WrongUsage(f"{argument} is no @username.")
    return argument[1:]


def chosen_chat(client: Client, argument: str, me: int, *, make: bool) -> int:
    """Return the chat that an argument names, by its number or by the other person."""
    if argument.isdecimal():
        return int(argument)
    person = client.api.person(username_in(argument))
    if make:
        return int(client.api.private_chat(person["id"])["id"])
    for chat in client.api.chats():
        if chat["type"] == "private" and {item["user_id"] for item in chat["participants"]} == {me, person["id"]}:
            return int(chat["id"])
    raise NotFound(f"You have no chat with {argument} yet.")


def main() -> None:
    """Run the command line; a failure is one line and an exit code."""
    try:
        app()
    except Failure as failure:
        sys.exit(complain(str(failure), failure.exit_code))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output is content; without this Python would complain while flushing at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str, exit_code: int) -> int:
    """Print a failure as one harmless line; returns the exit code."""
    console_for(stderr=True).print(Text(f"messenger: {one_line(text)}"), soft_wrap=True)
    return exit_code
