import os
import signal
import threading
import time
from pathlib import Path

import pytest

from messenger_infra import web, web_tests
from messenger_infra.errors import SetupError
from messenger_infra.programs import services
from messenger_infra.settings import Stack, complete, fill_secrets, parse

REPO = Path(__file__).parents[2]
TOOLS = {
    "node": 'echo "${NODE_SAYS:-v20.19.0}"',
    # Notes what it was asked for, and leaves behind what the real one would.
    "npm": """echo "$1 $2" >>calls
case $1 in
  ci) rm -rf node_modules && mkdir node_modules ;;
  run) [ "$3" != sleep ] || { (trap ': >tidied; exit' INT; : >ready; while :; do sleep 1; done); exit; }
       [ ! -e broken ] || { echo "src/main.tsx: Unexpected token"; exit 1; }
       rm -rf dist && mkdir -p dist/.vite dist/assets && cp index.html dist && cp src/main.tsx dist/assets/main.js ;;
esac""",
}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a checkout whose Node and npm are stand-ins."""
    tools, client = tmp_path / "tools", tmp_path / "repo" / "services" / "web"
    for folder in (tools, client / "src"):
        folder.mkdir(parents=True)
    for name, script in TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    for name in ("index.html", "package.json", "package-lock.json", "src/main.tsx", "src/main.test.tsx", ".npmrc"):
        (client / name).write_text(f"{name} 1")
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return tmp_path / "repo"


@pytest.fixture
def stack(repo: Path, tmp_path: Path) -> Stack:
    found = Stack("up", repo, tmp_path, complete(parse(fill_secrets((REPO / ".env.example").read_text()))))
    found.folder.mkdir()
    return found


def calls(repo: Path) -> list[str]:
    log = web.folder(repo) / "calls"
    found = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [call.split()[0] for call in found]


def test_a_second_build_has_nothing_to_do(repo: Path) -> None:
    web.build(repo)
    assert calls(repo) == ["ci", "run"]
    web.build(repo)
    assert calls(repo) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("src/main.tsx", ["run"]),
        ("index.html", ["run"]),
        ("package-lock.json", ["ci", "run"]),
        ("src/main.test.tsx", []),
        (".npmrc", ["ci"]),
    ],
)
def test_only_what_has_changed_is_done_again(repo: Path, changed: str, expected: list[str]) -> None:
    web.build(repo)
    calls(repo)
    (web.folder(repo) / changed).write_text("2")
    web.build(repo)
    assert calls(repo) == expected


def test_a_failed_build_says_why_and_is_tried_again(repo: Path) -> None:
    broken = web.folder(repo) / "broken"
    broken.touch()
    with pytest.raises(SetupError, match="Unexpected token"):
        web.build(repo)
    broken.unlink()
    calls(repo)
    web.build(repo)
    assert calls(repo) == ["run"]


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "nonsense"])
def test_an_old_node_is_named(repo: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("NODE_SAYS", version)
    with pytest.raises(SetupError, match=rf"Node 20\.19 or newer.*{version}"):
        web.build(repo)


def test_a_missing_node_is_asked_for(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match=r"Node 20\.19 or newer, with npm.*install it"):
        web.build(repo)


def test_a_stack_serves_a_copy_of_its_own_and_keeps_the_one_before(stack: Stack, repo: Path) -> None:
    assert web.published(stack) is None
    seen = []
    for number in range(3):
        (web.folder(repo) / "src" / "main.tsx").write_text(str(number))
        web.build(repo)
        assert web.published(stack) is None
        web.publish(stack)
        served = web.published(stack)
        assert served is not None
        assert (served / "assets" / "main.js").read_text() == str(number)
        assert not (served / ".vite").exists()
        seen.append(served)
    assert sorted((stack.folder / "web").iterdir()) == sorted(seen[1:])


def test_only_the_gateway_is_told_where_it_is_and_a_new_build_restarts_it(stack: Stack, repo: Path) -> None:
    web.build(repo)
    web.publish(stack)
    told = {found.name: found.environment["WEB_ROOT"] for found in services(stack) if "WEB_ROOT" in found.environment}
    assert told == {"gateway": str(web.published(stack))}


def test_what_ends_us_ends_what_we_run(repo: Path) -> None:
    client = web.folder(repo)

    class EndedError(Exception):
        pass

    def end(*_: object) -> None:
        raise EndedError

    def when_ready() -> None:
        while not (client / "ready").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, end)
    watching = threading.Thread(target=when_ready)
    watching.start()
    try:
        with pytest.raises(EndedError):
            web.run(repo, "sleep")
    finally:
        watching.join()
        signal.signal(signal.SIGUSR1, before)
    assert (client / "tidied").exists()


def test_what_failed_is_told_with_its_name_and_its_reason(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        """<testsuites><testsuite name="tabs.spec.ts">
        <testcase name="two tabs"/>
        <testcase name="a draft"><failure message="tabs.spec.ts:45:1"><![CDATA[
  Error: expected "To be continued"

    Received: ""
        ]]></failure></testcase>
        </testsuite></testsuites>"""
    )
    assert web_tests.failures("Playwright (e2e)", report) == [
        'Playwright (e2e): a draft\n      Error: expected "To be continued"\n        Received: ""'
    ]


def test_what_fails_without_a_test_of_its_own_is_told_all_the_same(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert web_tests.failures("the size budget", report) == ["the size budget"]
    report.write_text('<testsuites><testsuite><testcase name="fine"/></testsuite></testsuites>')
    assert web_tests.failures("Vitest", report) == ["Vitest"]
