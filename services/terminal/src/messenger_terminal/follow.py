"""`messenger follow`: everything that arrives, line by line, for people and for scripts."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable

from rich.console import Console

from messenger_terminal.api import API
from messenger_terminal.errors import Failure
from messenger_terminal.live import Live
from messenger_terminal.plain_text import one_line
from messenger_terminal.screen import Names, event_text, people_of, title_of
from messenger_terminal.versions import VERSIONED, Frame, chat_of


class Follower:
    """Prints events until it is cancelled."""

    def __init__(self, api: API, names: Names, me: int, console: Console, errors: Console) -> None:
        self._api = api
        self._names = names
        self._me = me
        self._console = console
        self._errors = errors
        self._titles: dict[int, str] = {}
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.take: Callable[[Frame], None] = self._frames.put_nowait

    def notice(self, text: str) -> None:
        """Say something about the connection, aside from the output."""
        self._errors.print(f"messenger: {one_line(text)}", soft_wrap=True)

    async def run(self, live: Live, *, as_json: bool) -> None:
        """Print until the login ends or the reader of a pipe goes."""
        tasks = [asyncio.create_task(live.run()), asyncio.create_task(self._print(as_json=as_json))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _print(self, *, as_json: bool) -> None:
        while True:
            frame = await self._frames.get()
            if as_json:
                # ASCII only: whatever is in a text, a terminal is shown nothing that it would obey.
                sys.stdout.write(json.dumps(frame) + "\n")
                sys.stdout.flush()
            elif frame["type"] in VERSIONED:
                await asyncio.to_thread(self._prepare, frame)
                text = event_text(frame, self._names, self._me, self._titles[chat_of(frame)])
                if text is not None:
                    self._console.print(text, soft_wrap=True)

    def _prepare(self, frame: Frame) -> None:
        """Look up the names that a line needs."""
        chat_id = chat_of(frame)
        if frame["type"] == "chat":
            self._names.learn(people_of(frame["chat"]))
            self._titles[chat_id] = title_of(frame["chat"], self._names, self._me)
            return
        self._names.learn({frame["message"]["sender_id"]})
        if chat_id not in self._titles:
            self._titles[chat_id] = self._title(chat_id)

    def _title(self, chat_id: int) -> str:
        try:
            chat = self._api.chat(chat_id)
        except Failure:
            return str(chat_id)
        self._names.learn(people_of(chat))
        return title_of(chat, self._names, self._me)
