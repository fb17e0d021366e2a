"""The web client: its packages, its build, and the copy of it that a stack serves.

Two stamps say what is up to date: `node_modules/.messenger` (the lock and Node's version) and `dist/.messenger` (all
sources). A stack serves a copy, because servers may not be able to read the checkout and because a build in progress
must not be seen; each build has a folder of its own, so that a running gateway keeps the one it has listed.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from messenger_infra import system
from messenger_infra.console import step
from messenger_infra.errors import SetupError
from messenger_infra.settings import Stack, fingerprint

OLDEST_NODE = (20, 19)
STAMP = ".messenger"
SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "public",
    "scripts",
    "src",
)
PATIENCE = 15
KEPT = 2
"""Copies a stack keeps: the one that is served, and the one before it, until its gateway has been restarted."""


def folder(repo: Path) -> Path:
    """Return where the web client lives in the repository."""
    return repo / "services" / "web"


def node_version() -> str:
    """Return Node's version, for example `v20.19.0`; raises unless there is one that is new enough, and npm."""
    wanted = f"Node {'.'.join(map(str, OLDEST_NODE))} or newer, with npm, builds the web client"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SetupError(f"{wanted}: install it (from nodejs.org or your distribution) and try again.")
    version = system.run(["node", "--version"], timeout=30).strip()
    numbers = re.match(r"v(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST_NODE:
        raise SetupError(f"{wanted}; {shutil.which('node')} is {version}.")
    return version


def sources(web: Path) -> str:
    """Return a short hash over everything that a build is made of; tests are no part of it."""
    files = [
        path for name in SOURCES for path in sorted((web / name).rglob("*") if (web / name).is_dir() else [web / name])
    ]
    return fingerprint(
        *(
            f"{path.relative_to(web)}\0{path.read_bytes().hex()}"
            for path in files
            if path.is_file() and ".test." not in path.name
        )
    )


def _stamp_of(path: Path) -> str:
    stamp = path / STAMP
    return stamp.read_text() if stamp.exists() else ""


def install(repo: Path) -> None:
    """Install the locked packages unless they are there."""
    web = folder(repo)
    wanted = fingerprint((web / "package-lock.json").read_text(), (web / ".npmrc").read_text(), node_version())
    if _stamp_of(web / "node_modules") == wanted:
        return
    with step("web client: packages (npm ci)"):
        system.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=web, timeout=600)
        (web / "node_modules" / STAMP).write_text(wanted)


def build(repo: Path) -> None:
    """Build the web client unless nothing has changed; raises with the end of what the tools say."""
    install(repo)
    web = folder(repo)
    wanted = sources(web)
    if _stamp_of(web / "dist") == wanted:
        return
    with step("web client: build"):
        system.run(["npm", "run", "--silent", "build"], cwd=web, timeout=300, env={"NO_COLOR": "1"})
        (web / "dist" / STAMP).write_text(wanted)


def published(stack: Stack) -> Path | None:
    """Return the folder that a stack serves, if there is one."""
    found = stack.folder / "web" / _stamp_of(folder(stack.repo) / "dist")
    return found if (found / "index.html").exists() else None


def publish(stack: Stack) -> None:
    """Copy the build into the stack's folder, where the service user can read it."""
    if published(stack) is not None:
        return
    built = folder(stack.repo) / "dist"
    copies = system.make_folder(stack.folder / "web")
    copy = copies / _stamp_of(built)
    draft = copies / f"{copy.name}.new"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(built, draft, ignore=shutil.ignore_patterns(".*"))
    system.own(draft, recursive=True)
    shutil.rmtree(copy, ignore_errors=True)
    draft.rename(copy)
    copy.touch()
    old = sorted((path for path in copies.iterdir() if path != copy), key=lambda path: path.stat().st_mtime)
    for path in old[: -(KEPT - 1)]:
        shutil.rmtree(path)


def run(repo: Path, *arguments: str, env: Mapping[str, str] | None = None) -> int:
    """Run a script of the web client's package.json with its output on the terminal; returns its exit code.

    Whatever ends us ends everything that it has started, browsers included: it is interrupted as a whole and given
    `PATIENCE` seconds to tidy up.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell that started us in its background made us deaf, and what we start would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command = ["npm", "run", "--silent", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=folder(repo),
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        process_group=0,
    ) as running:
        try:
            return running.wait()
        except BaseException:
            _end_group(running)
            raise


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    """Interrupt a process group and kill what is left of it after `PATIENCE`; its leader may end before the others."""
    give_up = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGINT)
        while time.monotonic() < give_up:
            leader.poll()  # Reaps it: a zombie would count as one of the group.
            os.killpg(leader.pid, 0)
            time.sleep(0.02)  # No event tells that a whole group is gone.
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
