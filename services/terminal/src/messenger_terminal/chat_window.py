"""`messenger chat`: a conversation. Three tasks: the live connection, the printer of what it brings, the typed lines.

Only the printer writes to the screen; lines are sent one after another, so they arrive in the order of their typing.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import ExitStack
from typing import Any

from rich.console import Console
from rich.text import Text

from messenger_terminal.errors import Failure, Unreachable
from messenger_terminal.live import Live
from messenger_terminal.plain_text import one_line
from messenger_terminal.screen import Names, event_text, message_text, title_of
from messenger_terminal.typed_lines import Lines, PipedLines, TypedLines
from messenger_terminal.versions import Frame

TYPING_EVERY_S = 3.0
TYPING_SHOWN_S = 5.0
# How long what is not acknowledged yet may take after /quit, and after the end of a pipe.
PATIENCE_AT_QUIT_S = 5.0
PATIENCE_AT_END_S = 60.0
HELP = "Lines are sent. /quit or Ctrl-D leaves; a line that begins with // is sent with one /."


class ChatWindow:
    """One open chat."""

    def __init__(self, chat: dict[str, Any], me: int, names: Names, lines_on: Console) -> None:
        self._chat_id = int(chat["id"])
        self._chat = chat
        self._me = me
        self._names = names
        self._console = lines_on
        self._frames: asyncio.Queue[Frame | str] = asyncio.Queue()
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._unsent: list[str] = []
        self._read_up_to = 0
        self._own_read_told = 0
        self._newest_own = 0
        self._typing_told_at = float("-inf")
        self._background: set[asyncio.Task[None]] = set()
        self._forget_typing: asyncio.TimerHandle | None = None
        self._live: Live
        self._lines: Lines

    async def run(self, live: Live, history: list[dict[str, Any]], *, interactive: bool) -> None:
        """Talk until /quit or the end of input; raises a `Failure` when the conversation cannot go on."""
        self._live = live
        with ExitStack() as stack:
            if interactive:
                typed = TypedLines(self._console, self._on_key)
                self._lines = typed
                self._console.print(Text(f"— {title_of(self._chat, self._names, self._me)} — {HELP}", style="dim"))
                stack.enter_context(typed.opened())
            else:
                self._lines = PipedLines(self._console)
            last = (self._chat["last_message"] or {}).get("id", 0)
            for message in history:
                self._show_message(message)
                last = max(last, message["id"])
            live.versions.follow(self._chat_id, self._chat["version"], last)
            await self._talk()

    def take(self, frame: Frame) -> None:
        """Take a live event."""
        self._frames.put_nowait(frame)

    def notice(self, text: str) -> None:
        """Take a word about the connection."""
        self._frames.put_nowait(text)

    async def _talk(self) -> None:
        await self._tell_read()  # Kept until there is a connection.
        live = asyncio.create_task(self._live.run())
        printer = asyncio.create_task(self._print())
        sender = asyncio.create_task(self._send())
        typed = asyncio.create_task(self._take_lines())
        tasks: list[asyncio.Task[Any]] = [live, printer, sender, typed]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if typed.done():
                patience = typed.result()
                delivered = asyncio.create_task(self._outbox.join())
                tasks.append(delivered)
                await asyncio.wait([live, printer, sender, delivered], timeout=patience, return_when="FIRST_COMPLETED")
                if delivered.done():
                    await self._frames.join()
                    self._report()
                    return
            for task in (live, printer, sender):
                if task.done():
                    task.result()
            raise Unreachable(f"{self._outbox.qsize() + 1} of your lines may not have been sent.")
        finally:
            for task in [*tasks, *self._background]:
                task.cancel()
            await asyncio.gather(*tasks, *self._background, return_exceptions=True)

    def _report(self) -> None:
        if self._unsent and not self._lines.interactive:
            raise Failure(f"{len(self._unsent)} lines were refused.")

    # Input

    async def _take_lines(self) -> float:
        """Collect lines until there are no more; returns for how long their delivery is worth waiting."""
        while (line := await self._lines.queue.get()) is not None:
            text = line.strip()
            if text == "/quit":
                return PATIENCE_AT_QUIT_S
            if text.startswith("/") and not text.startswith("//"):
                self.notice(HELP)
            elif text:
                self._outbox.put_nowait(text.removeprefix("/") if text.startswith("//") else text)
        return PATIENCE_AT_QUIT_S if self._lines.interactive else PATIENCE_AT_END_S

    async def _send(self) -> None:
        while True:
            text = await self._outbox.get()
            try:
                await self._live.say(self._chat_id, text, str(uuid.uuid4()))
            except Failure as refusal:
                self._unsent.append(text)
                self.notice(f"not sent: {refusal}")
            self._outbox.task_done()

    def _on_key(self) -> None:
        if time.monotonic() - self._typing_told_at > TYPING_EVERY_S:
            self._typing_told_at = time.monotonic()
            task = asyncio.create_task(self._live.tell_typing(self._chat_id))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    # Output

    async def _print(self) -> None:
        while True:
            frame = await self._frames.get()
            if isinstance(frame, str):
                self._lines.show(Text(f"      {one_line(frame)}", style="dim"))
            else:
                await self._show(frame)
            self._frames.task_done()
            if self._frames.empty():
                await self._tell_read()

    async def _show(self, frame: Frame) -> None:
        people = _people_in(frame)
        if self._names.missing(people):
            await asyncio.to_thread(self._names.learn, people)
        if frame["type"] == "message" and not frame["message"].get("deleted"):
            self._lines.status("")
            self._show_message(frame["message"])
        elif frame["type"] == "typing":
            self._show_typing(self._names.username(frame["user_id"]))
        elif frame["type"] == "is_read":
            self._show_read(frame["up_to_message_id"])
        elif (text := event_text(frame, self._names, self._me)) is not None:
            self._lines.show(text)

    def _show_message(self, message: dict[str, Any]) -> None:
        if message.get("deleted"):
            return
        if message["sender_id"] == self._me:
            self._newest_own = message["id"]
            if message["is_read"]:
                self._own_read_told = message["id"]
        self._lines.show(message_text(message, self._names, self._me))

    def _show_read(self, up_to: int) -> None:
        if self._own_read_told < self._newest_own <= up_to:
            self._own_read_told = self._newest_own
            self._lines.show(Text("      ✓✓ read", style="dim"))

    def _show_typing(self, username: str) -> None:
        self._lines.status(f"{username} is typing …")
        if self._forget_typing is not None:
            self._forget_typing.cancel()
        self._forget_typing = asyncio.get_running_loop().call_later(TYPING_SHOWN_S, self._lines.status, "")

    async def _tell_read(self) -> None:
        newest = self._live.versions.last_message_id(self._chat_id) if self._chat_id in self._live.versions else 0
        if newest > self._read_up_to:
            self._read_up_to = newest
            await self._live.mark_read(self._chat_id, newest)


def _people_in(frame: Frame) -> set[int]:
    if "message" in frame:
        return {frame["message"]["sender_id"]}
    return {frame["user_id"]} if "user_id" in frame else set()
