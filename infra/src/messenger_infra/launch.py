"""Wait for the ports a program depends on, then become that program.

Run as a plain script with only the standard library, so that it costs a few milliseconds. The supervisor restarts what
crashes at once; this spaces the starts of a program that crashes again and again, and keeps a program whose database or
broker is away waiting instead of crashing.

Usage: launch.py --stamp FILE [--wait HOST:PORT]... -- COMMAND...
"""

import os
import socket
import sys
import time
from pathlib import Path

QUICK = 2.0
"""A program that lived for less than this many seconds has crashed on start."""

LONGEST_PAUSE = 5.0
"""Seconds between two starts of a program that crashes on every start; the first repetition comes after one."""


def pause_before_start(stamp: Path) -> None:
    """Wait one second longer after every quick crash in a row; not at all after a program that had lived.

    The stamp holds the number of quick crashes; its time is that of the last start.
    """
    crashes = 0
    if stamp.exists():
        # The file's clock is the only one that two processes share; a leap of it costs at most one pause.
        lived = time.time() - stamp.stat().st_mtime
        if 0 <= lived < QUICK:
            crashes = int(stamp.read_text() or 0) + 1
            time.sleep(min(LONGEST_PAUSE, crashes) - min(lived, 1.0))
    stamp.write_text(str(crashes))


def answers(address: str) -> bool:
    """Tell whether something accepts connections at HOST:PORT."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def main(arguments: list[str]) -> None:
    """Parse the arguments, wait, and replace this process."""
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    pairs = list(zip(options[::2], options[1::2], strict=True))
    stamp = Path(next(value for name, value in pairs if name == "--stamp"))
    waits = [value for name, value in pairs if name == "--wait"]
    pause_before_start(stamp)
    while not all(answers(address) for address in waits):
        time.sleep(0.1)
    stamp.touch()
    os.execvp(command[0], command)  # noqa: S606 - the command comes from our own configuration


if __name__ == "__main__":
    main(sys.argv[1:])
