"""What the person at the terminal sees: one line per step, on stderr, so that stdout stays machine-readable."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step, then say how long it took or that it failed."""
    started = time.monotonic()
    console.print(f"  [dim]·[/] {title} …")
    try:
        yield
    except BaseException:
        console.print(f"  [red]✗[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")
        raise
    console.print(f"  [green]✓[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")
