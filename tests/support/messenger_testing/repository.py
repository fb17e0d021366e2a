"""What the repository holds, as git sees it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

HOME = Path(__file__).resolve().parents[3]
TEXT_LIMIT = 1_000_000


def tracked() -> list[Path]:
    """List what git tracks and what it would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=HOME, check=True, capture_output=True, text=True).stdout  # noqa: S603 - fixed.
    return [path for line in listing.splitlines() if (path := HOME / line).is_file()]


@cache
def texts() -> list[tuple[str, str]]:
    """Read every tracked text file; the names are relative to the repository."""
    return [
        (str(path.relative_to(HOME)), path.read_text(encoding="utf-8", errors="replace"))
        for path in tracked()
        if path.stat().st_size < TEXT_LIMIT and path.suffix not in {".png", ".woff2", ".ico"}
    ]
