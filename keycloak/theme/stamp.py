# noqa: INP001 - a script, run by its path.
"""Write the hash of every style sheet, script and picture of the theme behind its name, wherever it is referred to.

Keycloak lets browsers keep these files for 30 days under an address that does not change with them. So the address
has to: `css/messenger.css?v=1a2b3c4d`, in theme.properties and within style sheets. Run this after changing one of
them (`python keycloak/theme/stamp.py`); a test tells when it was forgotten.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

THEME = Path(__file__).parent / "messenger"
REFERENCE = re.compile(r"(?P<path>[\w.][\w./-]*\.(?:css|js|svg))\?v=(?P<hash>\w*)")


def stamp(text: str, folder: Path) -> str:
    """Return the text with every reference, which is relative to `folder`, carrying its file's hash of today."""

    def current(match: re.Match[str]) -> str:
        content = (folder / match["path"]).read_bytes()
        return f"{match['path']}?v={hashlib.sha256(content).hexdigest()[:8]}"

    return REFERENCE.sub(current, text)


def outdated(*, repair: bool) -> list[Path]:
    """Return the files whose references are not up to date, style sheets first since their own hash depends on it."""
    found = []
    for kind in sorted(path for path in THEME.iterdir() if path.is_dir()):
        resources = kind / "resources"
        referring = [(sheet, sheet.parent) for sheet in sorted(resources.rglob("*.css"))]
        for path, folder in [*referring, (kind / "theme.properties", resources)]:
            text = path.read_text(encoding="utf-8")
            stamped = stamp(text, folder)
            if stamped != text:
                found.append(path)
                if repair:
                    path.write_text(stamped, encoding="utf-8")
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{path.relative_to(THEME)}\n" for path in outdated(repair=True))
