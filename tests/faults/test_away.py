"""Hypothesis: a server that is away gives 503 or `unavailable`, and everything recovers by itself when it is back."""

from __future__ import annotations

import asyncio
import uuid

import httpx
import pytest

from messenger_testing.browser import Browser
from messenger_testing.client import Account, Frame, LiveClient
from messenger_testing.e2e import Processes


@pytest.mark.timeout(300)
async def test_without_postgresql_sends_are_unavailable_and_succeed_afterwards(
    processes: Processes, accounts: list[Account]
) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    client_id = str(uuid.uuid4())
    frame = {"type": "send", "chat_id": chat_id, "client_id": client_id, "text": "through the storm"}
    async with await alice.live() as sender, await bob.live() as receiver:
        await sender.say(chat_id, "calm")
        processes.stop("postgres")
        try:
            await sender.send(frame)
            error = await sender.wait_for(lambda item: item["type"] == "error")
            assert (error["code"], error["client_id"]) == ("unavailable", client_id)
            body = {"client_id": client_id, "text": frame["text"]}
            response = await alice.http.post(f"/api/chats/{chat_id}/messages", json=body)
            assert response.status_code == 503
            assert response.headers["content-type"] == "application/problem+json"
            assert "retry-after" in response.headers
            await processes.ailing()
        finally:
            processes.start("postgres")
        await processes.healthy()
        ack = await _repeat(sender, frame)
        await receiver.wait_for_message(ack["message"]["id"])
        assert [item["message"]["text"] for item in receiver.messages(chat_id)] == ["calm", "through the storm"]


async def _repeat(sender: LiveClient, frame: Frame) -> Frame:
    while True:
        start = len(sender.frames)
        await sender.send(frame)
        answer = await sender.wait_for(
            lambda item: frame["client_id"] in (item.get("client_id"), item.get("message", {}).get("client_id")),
            start=start,
        )
        if answer["type"] == "message":
            return answer
        assert answer["code"] == "unavailable"


@pytest.mark.timeout(300)
async def test_without_rabbitmq_sends_are_acknowledged_and_everyone_is_told_afterwards(
    processes: Processes, accounts: list[Account]
) -> None:
    alice, bob = accounts[:2]
    known = await alice.group("Broker", bob)
    fresh = await alice.group("Broker, silent until now", bob)
    # Instances that have just started follow no chat: the silent one is unknown to them during the fault.
    for name in ("realtime-1", "realtime-2"):
        await processes.restart(name)
    senders = [await alice.live() for _ in range(2)]
    receivers = [await bob.live() for _ in range(4)]
    first = await senders[0].say(known, "before")
    for receiver in receivers:
        await receiver.wait_for_message(first["message"]["id"])
    processes.stop("rabbitmq")
    try:
        during = [await senders[number % 2].say(known, f"during {number}") for number in range(6)]
        during.append(await senders[0].say(fresh, "during, in the silent one"))
        await processes.ailing()
    finally:
        processes.start("rabbitmq")
    await processes.healthy()
    after = await senders[1].say(known, "after")
    for receiver in receivers:
        for ack in [*during, after]:
            await receiver.wait_for_message(ack["message"]["id"])
        versions = [item["version"] for item in receiver.messages(known)]
        assert versions == list(range(first["version"], after["version"] + 1))
        assert len(receiver.messages(fresh)) == 1
    for client in [*senders, *receivers]:
        await client.close()


@pytest.mark.timeout(300)
async def test_without_the_user_service_people_go_on_talking(processes: Processes, accounts: list[Account]) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    # Processes that have just started remember nobody.
    for name in ("chat-1", "chat-2"):
        await processes.restart(name)
    async with await alice.live() as sender, await bob.live() as receiver:
        await sender.say(chat_id, "before")
        processes.stop("user")
        try:
            ack = await sender.say(chat_id, "without profiles")
            await receiver.wait_for_message(ack["message"]["id"])
            assert (await alice.history(chat_id, limit=1))[0]["chat_id"] == chat_id
            response = await alice.http.get("/api/users/me")
            assert response.status_code == 503
            assert response.headers["content-type"] == "application/problem+json"
        finally:
            processes.start("user")


@pytest.mark.timeout(300)
async def test_without_keycloak_valid_tokens_go_on_and_nobody_is_logged_out(
    processes: Processes, accounts: list[Account]
) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    async with Browser(alice.public_url) as browser, await bob.live() as receiver:
        await browser.log_in("carol")
        processes.stop("keycloak")
        try:
            async with await alice.live() as sender, await browser.live():
                ack = await sender.say(chat_id, "nobody issues tokens now")
                await receiver.wait_for_message(ack["message"]["id"])
            forged = {"Authorization": "Bearer " + alice.token[:-4] + "AAAA"}
            async with httpx.AsyncClient(base_url=alice.public_url) as http:
                assert (await http.get("/api/users/me", headers=forged)).status_code == 401
            refused = await browser.change("POST", "/auth/refresh")
            assert refused.status_code == 503
            assert "retry-after" in refused.headers
            assert (await browser.get("/api/users/me")).status_code == 200
        finally:
            processes.start("keycloak")
        await processes.healthy()
        assert (await browser.change("POST", "/auth/refresh")).is_success
        assert (await browser.get("/api/users/me")).status_code == 200
        await browser.change("POST", "/auth/logout")


async def test_a_realtime_instance_that_ends_tells_its_clients_to_reconnect(
    processes: Processes, accounts: list[Account]
) -> None:
    alice = accounts[0]
    clients = [await alice.live() for _ in range(4)]
    for name in ("realtime-1", "realtime-2"):
        await asyncio.to_thread(processes.stop, name)
        processes.start(name)
    assert {await client.wait_closed() for client in clients} == {1012}
