"""Lines of a person or a pipe, and a screen on which others' messages do not run into what is being typed."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import shutil
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from messenger_terminal.plain_text import one_line

_CHUNK = 65536
_ERASE_ROW = "\r\x1b[K"
_KEYS_WITHOUT_TEXT = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_LAST_WORD = re.compile(r"\S+\s*$")
_BACKSPACE, _ERASE_ALL, _ERASE_WORD, _END = {"\x7f", "\b"}, "\x15", "\x17", "\x04"


class Lines(Protocol):
    """Where lines come from and where others' lines go. The queue ends with None."""

    queue: asyncio.Queue[str | None]
    interactive: bool

    def show(self, text: Text) -> None:
        """Print a line."""

    def status(self, text: str) -> None:
        """Say something beside the input line, until the next time."""


class PipedLines:
    """Standard input that is no terminal, read to its end by a thread."""

    interactive = False

    def __init__(self, console: Console) -> None:
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._console = console
        self._loop = asyncio.get_running_loop()
        # A thread, since a file or a pipe that is slow would stop the loop; it may end with the process in mid-read,
        # which is why it reads the descriptor and not sys.stdin, whose lock the interpreter takes at its end.
        threading.Thread(target=self._read, args=(sys.stdin.fileno(),), daemon=True).start()

    def _read(self, descriptor: int) -> None:
        decoder, rest = codecs.getincrementaldecoder("utf-8")(errors="replace"), ""
        while chunk := os.read(descriptor, _CHUNK):
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in lines:
                self._put(line)
        if rest:
            self._put(rest)
        self._put(None)

    def _put(self, line: str | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self.queue.put_nowait, line)
        except RuntimeError:
            return  # The loop has ended; so does the process.

    def show(self, text: Text) -> None:
        """Print a line."""
        self._console.print(text, soft_wrap=True)

    def status(self, text: str) -> None:
        """Nobody looks."""


class TypedLines:
    """A terminal: keys one by one, so that the line being typed can be put aside and drawn again."""

    interactive = True

    def __init__(self, console: Console, on_key: Callable[[], None]) -> None:
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._console = console
        self._on_key = on_key
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._typed = ""
        self._status = ""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Take the keyboard, and give it back as it was whatever happens."""
        descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
        loop.add_reader(descriptor, self._read, descriptor)
        self._draw()
        try:
            yield
        finally:
            loop.remove_reader(descriptor)
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
            self._write(_ERASE_ROW)

    def show(self, text: Text) -> None:
        """Print a line above the one being typed."""
        self._write(_ERASE_ROW)
        self._console.print(text, soft_wrap=True)
        self._draw()

    def status(self, text: str) -> None:
        """Say something before the input line."""
        if text != self._status:
            self._status = text
            self._draw()

    def _read(self, descriptor: int) -> None:
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            asyncio.get_running_loop().remove_reader(descriptor)
            self.queue.put_nowait(None)
            return
        self.press(self._decoder.decode(chunk))

    def press(self, keys: str) -> None:
        """Edit the line by some keys."""
        for key in _KEYS_WITHOUT_TEXT.sub("", keys):
            if key in "\r\n":
                self.queue.put_nowait(self._typed)
                self._typed = ""
            elif key == _END and not self._typed:
                self.queue.put_nowait(None)
            elif key in _BACKSPACE:
                self._typed = self._typed[:-1]
            elif key == _ERASE_ALL:
                self._typed = ""
            elif key == _ERASE_WORD:
                self._typed = _LAST_WORD.sub("", self._typed)
            elif key >= " " or key == "\t":
                self._typed += key
                self._on_key()
        self._draw()

    def _draw(self) -> None:
        prompt = f"({self._status}) > " if self._status else "> "
        room = max(10, shutil.get_terminal_size().columns - cell_len(prompt) - 1)
        shown = one_line(self._typed.replace("\t", " "))
        while cell_len(shown) > room:
            shown = shown[1:]
        self._write(f"{_ERASE_ROW}{prompt}{shown}")

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
