"""The examples of docs/oidc-client.md, run as they stand there; only the address is the test stack's."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from messenger_testing.browser import Browser
from messenger_testing.people import Person

PAGE = Path(__file__).parents[2] / "docs" / "oidc-client.md"
PATIENCE_S = 30
_ADDRESS = re.compile(r"Open (\S+) on any device")


def example(number: int, public_url: str) -> str:
    """Return one of the page's programs."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    return str(blocks[number]).replace("http://localhost:8080", public_url)


async def start(program: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",
        "-c",
        program,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_example_with_a_loopback_port_logs_in(public_url: str, person: Person, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    # $BROWSER is how Python's webbrowser learns which browser to open; this one tells us the address.
    process = await start(example(0, public_url), BROWSER=f"sh -c 'echo \"$0\" >{opened}' %s")
    async with asyncio.timeout(PATIENCE_S), Browser(public_url) as browser:
        address = (await asyncio.to_thread(opened.read_text)).strip()
        answer = await browser.walk(address, person.username, person.password)
        output, errors = await process.communicate()
    assert answer.text == "Logged in. You may close this window."
    assert process.returncode == 0, errors.decode()
    assert f"'username': '{person.username}'" in output.decode()


async def test_the_example_with_a_device_code_logs_in(public_url: str, person: Person) -> None:
    process = await start(example(1, public_url))
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S), Browser(public_url) as browser:
        found = _ADDRESS.search((await process.stdout.readline()).decode())
        assert found is not None
        await browser.walk(found[1], person.username, person.password)
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert f"'username': '{person.username}'" in output.decode()
