"""The web client's own tests: Vitest, the size budget, and Playwright against a running stack."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from messenger_infra import system, web
from messenger_infra.console import console, step
from messenger_infra.errors import SetupError
from messenger_infra.settings import Stack

LINES = 16
"""Of what a failed test says, in the summary."""


def run(stack: Stack, env: Mapping[str, str], arguments: Sequence[str] = ()) -> list[str]:
    """Run Vitest, the size budget and Playwright against a running stack; returns what failed, a text each.

    With `arguments` only Playwright runs, and gets them. Traces of its failures are in `.state/web-results`.
    """
    parts: dict[str, tuple[str, ...]] = {} if arguments else {"Vitest": ("test",), "the size budget": ("size",)}
    scripts = browser_tests(stack.repo)
    if scripts:
        env = {**env, **browser_environment()}
        parts |= {f"Playwright ({name})": (name, "--", *arguments) for name in scripts}
    failed = []
    for title, command in parts.items():
        console.rule(f"web client: {title}")
        results = system.make_folder(stack.state / "web-results") / command[0].replace(":", "-")
        shutil.rmtree(results, ignore_errors=True)
        report = results / "report.xml"
        if web.run(stack.repo, *command, env={**env, "E2E_RESULTS": str(results), "TEST_REPORT": str(report)}):
            failed += failures(title, report)
    return failed


def run_alone(stack: Stack, env: Mapping[str, str], script: str, arguments: Sequence[str] = ()) -> int:
    """Run one Playwright script of package.json that is no part of the tests; returns its exit code.

    What it leaves of failures is in `.state/web-results`, in a folder of its name.
    """
    results = system.make_folder(stack.state / "web-results") / script
    shutil.rmtree(results, ignore_errors=True)
    env = {**env, **browser_environment(), "E2E_RESULTS": str(results)}
    return web.run(stack.repo, script, "--", *arguments, env=env)


def failures(title: str, report: Path) -> list[str]:
    """Return a text for each failed test of a JUnit report: its name and how it failed; only the title without one."""
    if not report.exists():
        return [title]
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - our own test runners wrote it
    found = [(case, wrong) for case in cases for wrong in (*case.findall("failure"), *case.findall("error"))]
    return [f"{title}: {case.get('name')}{_beginning(wrong)}" for case, wrong in found] or [title]


def _beginning(wrong: ET.Element) -> str:
    lines = [line.rstrip() for line in (wrong.text or wrong.get("message") or "").splitlines() if line.strip()]
    return "".join(f"\n    {line}" for line in lines[:LINES])


def browser_environment() -> dict[str, str]:
    """Return what a Playwright process needs to know beside the settings of the stack."""
    return {
        "CHROMIUM": find_chromium(),
        "MESSENGER_PYTHON": sys.executable,
    }


def browser_tests(repo: Path) -> list[str]:
    """Return the scripts of package.json that have tests for a browser: those that run together, then the faults."""
    tests = web.folder(repo) / "e2e"
    found = {"e2e": tests.glob("*.spec.ts"), "e2e:faults": (tests / "faults").glob("*.spec.ts")}
    return [name for name, specs in found.items() if any(specs)]


def find_chromium() -> str:
    """Return the Chromium that browser tests run in, installed by apt if there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        with step("installing chromium (apt)"):
            system.install(["chromium", "fonts-liberation"])
        found = shutil.which("chromium")
    if found is None:
        raise SetupError("There is no Chromium, even after its installation: name one in CHROMIUM.")
    console.print(f"  [dim]·[/] browser tests run in {found}")
    return found
