"""Links that are opened again for ever, with pauses that grow while they do not come about."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NoReturn


class BackOff:
    """The pauses between attempts, doubled up to a longest.

    Each is varied by half, so that many processes do not try in step.
    """

    def __init__(self, shortest_s: float, longest_s: float) -> None:
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._next_s = shortest_s

    def reset(self) -> None:
        """Begin with the shortest pause again."""
        self._next_s = self._shortest_s

    def next_s(self) -> float:
        """Return how long to wait before the next attempt."""
        pause_s = self._next_s * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not cryptography.
        self._next_s = min(self._next_s * 2, self._longest_s)
        return pause_s


async def reconnect(
    session: Callable[[], Awaitable[None]],
    back_off: BackOff,
    *,
    breaks: tuple[type[Exception], ...],
    lost: Callable[[Exception], None],
) -> NoReturn:
    """Run one session after the other until cancelled; one that ends without an error resets the back-off.

    An error of `breaks` ends a session and is told to `lost`, inside its `except`; any other is raised.
    """
    while True:
        try:
            await session()
            back_off.reset()
        except breaks as error:
            lost(error)
        await asyncio.sleep(back_off.next_s())
