"""The terminal client as a person uses it: a device login through Keycloak's pages, a conversation, a logout."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from messenger_testing.browser import Browser
from messenger_testing.client import Account
from messenger_testing.people import Person

PATIENCE_S = 60
EVIL = "\x1b[2Jboo"


class Terminal:
    """A shell with a state folder of its own."""

    def __init__(self, state: Path) -> None:
        self._environment = {**os.environ, "XDG_STATE_HOME": str(state), "PYTHONUNBUFFERED": "1"}

    async def start(self, *arguments: str) -> Process:
        command = [sys.executable, "-m", "messenger_terminal", *arguments]
        return await asyncio.create_subprocess_exec(
            *command, env=self._environment, stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.STDOUT
        )

    async def run(self, *arguments: str) -> tuple[int | None, str]:
        process = await self.start(*arguments)
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    async def log_in(self, public_url: str, person: Person) -> str:
        """Log in by device code, approved in a browser."""
        process = await self.start("login", "--server", public_url)
        assert process.stdout is not None
        address = None
        while address is None:
            address = re.search(r"or open +(\S+)", (await process.stdout.readline()).decode())
        async with Browser(public_url) as browser:
            await browser.walk(address[1], person.username, person.password)
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()


async def read_until(process: Process, words: str) -> str:
    """Read lines up to the one with these words."""
    assert process.stdout is not None
    found = ""
    while words not in found:
        line = (await process.stdout.readline()).decode()
        assert line, f"ended before {words!r}:\n{found}"
        found += line
    return found


async def test_somebody_logs_in_by_device_code_talks_and_logs_out(
    public_url: str, person: Person, accounts: list[Account], tmp_path: Path
) -> None:
    terminal, alice = Terminal(tmp_path), accounts[0]
    async with asyncio.timeout(PATIENCE_S):
        assert f"logged in as @{person.username}" in await terminal.log_in(public_url, person)
        live = await alice.live()

        chat = await terminal.start("chat", "@alice")
        assert chat.stdin is not None
        chat.stdin.write(b"one\n\ntwo\n")
        await read_until(chat, f"{person.username}: two")
        heard = await live.wait_for(lambda frame: frame.get("message", {}).get("text") == "two")
        chat_id = heard["message"]["chat_id"]
        assert [frame["message"]["text"] for frame in live.messages(chat_id)] == ["one", "two"]
        answer = await live.say(chat_id, EVIL)
        assert "alice: ␛[2Jboo" in await read_until(chat, "boo")
        await live.wait_for(lambda frame: frame["type"] == "is_read" and frame["chat_id"] == chat_id)
        output, _ = await chat.communicate(b"/quit\n")
        assert chat.returncode == 0, output.decode()

        await live.say(chat_id, "Are you there?")
        code, listed = await terminal.run("chats")
        assert code == 0
        assert re.search(rf"{chat_id} .*alice.* 1 .*Are you there\?", listed), listed
        code, told = await terminal.run("history", str(chat_id), "-n", "2")
        assert (code, [line[6:] for line in told.splitlines()]) == (0, ["alice: ␛[2Jboo", "alice: Are you there?"])
        assert answer["message"]["text"] == EVIL

        assert len(await person.sids()) == 1
        assert (await terminal.run("logout"))[0] == 0
        assert await person.sids() == set()
        code, told = await terminal.run("whoami")
        assert (code, told) == (3, "messenger: You are not logged in. Run: messenger login\n")


async def test_a_terminal_whose_login_is_ended_says_so_and_stops(
    public_url: str, person: Person, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path)
    async with asyncio.timeout(PATIENCE_S):
        await terminal.log_in(public_url, person)
        following = await terminal.start("follow")
        await asyncio.sleep(2)  # Until it is connected; if it is not, it is refused with the same result.
        await person.log_out_everywhere()
        output, _ = await following.communicate()
    assert following.returncode == 3
    assert "Run: messenger login" in output.decode()
    assert (await terminal.run("whoami"))[0] == 3
