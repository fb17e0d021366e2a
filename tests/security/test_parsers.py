"""Whatever arrives, a parser answers, and in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messenger_platform.relay import Decoder
from messenger_testing.realtime_world import World
from messenger_testing.wal import REFUSALS, begin, commit, cut, joined, message

FUZZ = Path(__file__).parent / "fuzz" / "fuzz_parsers.py"
FUZZ_S = 2
BOUND_S = 0.1  # Of this thread's own time; the slowest of 64 KiB needs a hundredth of it.

GOOD_FRAMES = [
    {"type": "send", "chat_id": 1, "client_id": str(uuid.UUID(int=7)), "text": "hi", "reply_to_id": 3},
    {"type": "read", "chat_id": 1, "message_id": 2},
    {"type": "typing", "chat_id": 1},
    {"type": "sync", "chats": {"1": 0, "9007199254740991": 3}},
    {"type": "auth", "token": "a.b.c"},
    {"type": "ping"},
]
GOOD_WAL = joined(begin(), message("messenger.chat.message", b'[{"type":"MessageSent"}]'), message("x", b""), commit())

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["type", "chat_id", "client_id", "text", "message_id", "chats", "token", "reply_to_id", "x"])
near_frames = st.builds(
    lambda frame, changes: json.dumps({**frame, **changes}),
    st.sampled_from(GOOD_FRAMES),
    st.dictionaries(fields, values, max_size=3),
)
hostile = st.sampled_from(
    [
        "[" * 60_000, '{"a":' * 10_000, '"' + "\\u0000" * 10_000 + '"', "9" * 60_000, "1e" + "9" * 6_000,
        '{"type":"sync","chats":{' + ",".join(f'"{n}":0' for n in range(5_000)) + "}}",
        '{"type":"sync","chats":{"' + "9" * 50_000 + '":0}}', '{"type":"ping",' + '"type":"ping",' * 4_000 + '"x":1}',
        '{"type":"typing","chat_id":' + " " * 60_000 + "1}", "\ud800", '"\\ud800"', "\x00", "NaN", "\ufeff{}",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=300) | near_frames | hostile)
async def test_a_frame_is_obeyed_or_refused_and_never_ends_a_connection(text: str) -> None:
    world = World()
    session, socket = world.session(1)
    before = time.thread_time()
    session.on_text(text)
    assert time.thread_time() - before < BOUND_S
    await asyncio.sleep(0)
    session.end()
    assert socket.closed is None
    for frame in socket.frames:
        assert frame["type"] in {"pong", "error"}
    if not socket.frames:  # Accepted: it waits for the chat service, or for silence.
        assert json.loads(text)["type"] in {"send", "read", "typing", "sync", "auth"}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(cut(GOOD_WAL))
        | st.binary(max_size=64)
        | st.builds(lambda kind, rest: kind + rest, st.sampled_from([b"B", b"M", b"C", b"R", b"O"]), st.binary())
        | st.just(b"M\x01" + b"x" * 1_000_000),
        max_size=12,
    )
)
def test_the_log_is_read_or_refused_and_gives_out_whole_transactions_only(stream: list[bytes]) -> None:
    decoder = Decoder()
    for payload in stream:
        opened, before, done = decoder.in_transaction, time.thread_time(), None
        with contextlib.suppress(*REFUSALS):
            done = decoder.feed(payload)
        assert time.thread_time() - before < BOUND_S
        if done is not None:
            assert opened
            assert payload[:1] == b"C"


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is built for Linux on x86-64 only")
@pytest.mark.parametrize("parser", ["frames", "wal"])
def test_the_fuzzer_finds_nothing_in_a_few_seconds(parser: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    seeds = [json.dumps(frame).encode() for frame in GOOD_FRAMES] if parser == "frames" else [GOOD_WAL]
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    limits = [
        f"-max_total_time={FUZZ_S}",
        "-timeout=2",
        "-rss_limit_mb=1024",
        "-max_len=4096",
        f"-artifact_prefix={tmp_path}/",
    ]
    command = [sys.executable, str(FUZZ), parser, str(corpus), *limits]
    support = Path(__file__).parents[1] / "support"
    ran = subprocess.run(  # noqa: S603 - ours.
        command, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(support)}
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert "Done" in ran.stderr
