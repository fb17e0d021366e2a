"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any

CANCEL_AGAIN_S = 0.2


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: aiormq turns a cancellation that comes while its link breaks into an error of the link, which
    a loop that connects again takes for one.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
