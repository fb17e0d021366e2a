"""Schemathesis against every OpenAPI document: no 5xx, nothing undescribed, nothing malformed accepted."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from messenger_testing.login import log_in
from messenger_testing.people import Person

CONFIG = Path(__file__).with_name("schemathesis.toml")
STARTED = str(Path(sys.executable).with_name("st"))
# The whole goes through the gateway, the parts straight to their services, with fewer examples.
DOCUMENTS = {
    "whole": ("PUBLIC_URL", "/api/openapi.json", ()),
    "user": ("USER_URL", "/openapi.json", ("-n", "2")),
    "chat": ("CHAT_URLS", "/openapi.json", ("-n", "2")),
}


async def _ask(document: str, folder: Path, headers: list[str]) -> tuple[int | None, str]:
    """Run Schemathesis; return its exit code and what it says."""
    setting, path, options = DOCUMENTS[document]
    url = os.environ[setting].partition(",")[0]
    ran = await asyncio.create_subprocess_exec(
        *(STARTED, "--config-file", str(CONFIG), "run", url + path, "--url", url, *options, *headers),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await ran.communicate())[0].decode()
    return ran.returncode, output


async def test_every_service_is_as_it_describes_itself(public_url: str, person: Person, tmp_path: Path) -> None:
    token = (await log_in(public_url, person.username, person.password)).access_token
    headers = [f"Authorization: Bearer {token}", "X-CSRF: 1", f"Origin: {public_url}"]
    for document in DOCUMENTS:
        (tmp_path / document).mkdir()  # Where it leaves its examples.
    given = [argument for header in headers for argument in ("-H", header)]
    runs = await asyncio.gather(*(_ask(document, tmp_path / document, given) for document in DOCUMENTS))
    for code, output in runs:
        assert code == 0, output[-8000:]
        assert re.search(r"\b[1-9]\d+ generated", output), output[-2000:]
