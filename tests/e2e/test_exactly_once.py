"""No message is lost, none arrives twice, however it is sent."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from contextlib import AsyncExitStack

import asyncpg

from messenger_testing.client import Account, LiveClient

ROUNDS = 40
CONNECTIONS = 5


async def test_one_client_id_from_five_sockets_and_rest_at_once_is_one_message(
    accounts: list[Account], stack: AsyncExitStack, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    senders = [await stack.enter_async_context(await alice.live()) for _ in range(CONNECTIONS)]
    receivers = [await stack.enter_async_context(await bob.live()) for _ in range(2)]
    client_ids = [str(uuid.uuid4()) for _ in range(ROUNDS)]
    for client_id in client_ids:
        body = {"client_id": client_id, "text": f"once {client_id}"}
        frame = {"type": "send", "chat_id": chat_id, **body}
        answers = await asyncio.gather(
            *(sender.send(frame) for sender in senders),
            *(alice.http.post(f"/api/chats/{chat_id}/messages", json=body) for _ in range(2)),
        )
        rest = answers[CONNECTIONS:]
        assert {response.status_code for response in rest if response is not None} <= {200, 201}
        acks = [await sender.wait_for_ack(client_id) for sender in senders]
        ids = {ack["message"]["id"] for ack in acks} | {response.json()["id"] for response in rest if response}
        assert len(ids) == 1
    last = (await senders[0].say(chat_id, "the end"))["message"]["id"]
    for client in [*senders, *receivers]:
        await client.wait_for_message(last)
        seen = [frame["message"]["id"] for frame in client.messages(chat_id)]
        assert len(seen) == len(set(seen)) == ROUNDS + 1
        assert seen == sorted(seen)
    rows = await database.fetchval(
        "SELECT count(*) FROM chat.message WHERE chat_id = $1 AND client_id = ANY($2::uuid[])", chat_id, client_ids
    )
    assert rows == ROUNDS


async def test_a_repeated_send_is_acknowledged_again_with_the_same_message(
    accounts: list[Account], stack: AsyncExitStack
) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    first = await stack.enter_async_context(await alice.live())
    receiver = await stack.enter_async_context(await bob.live())
    client_id = str(uuid.uuid4())
    ack = await first.say(chat_id, "again", client_id)
    assert await first.say(chat_id, "again", client_id) == ack
    second = await stack.enter_async_context(await alice.live())
    assert await second.say(chat_id, "again", client_id) == ack
    rest = await alice.http.post(f"/api/chats/{chat_id}/messages", json={"client_id": client_id, "text": "again"})
    assert rest.status_code == 200
    assert rest.json()["id"] == ack["message"]["id"]
    end = await first.say(chat_id, "end")
    await receiver.wait_for_message(end["message"]["id"])
    assert [frame["message"]["text"] for frame in receiver.messages(chat_id)] == ["again", "end"]


async def test_the_same_client_id_with_another_text_is_a_conflict(
    accounts: list[Account], stack: AsyncExitStack
) -> None:
    alice, bob = accounts[:2]
    chat_id = await alice.private_chat(bob)
    live = await stack.enter_async_context(await alice.live())
    client_id = str(uuid.uuid4())
    await live.say(chat_id, "one", client_id)
    await live.send({"type": "send", "chat_id": chat_id, "client_id": client_id, "text": "two"})
    refused = await live.wait_for(lambda frame: frame["type"] == "error")
    assert (refused["code"], refused["client_id"]) == ("conflict", client_id)
    rest = await alice.http.post(f"/api/chats/{chat_id}/messages", json={"client_id": client_id, "text": "three"})
    assert rest.status_code == 409


async def test_many_senders_at_once_are_seen_by_all_in_one_order(
    accounts: list[Account], stack: AsyncExitStack
) -> None:
    group = await accounts[0].group("Crowd", *accounts[1:])
    clients = [await stack.enter_async_context(await account.live()) for account in accounts for _ in range(2)]

    async def chatter(client: LiveClient) -> None:
        for number in range(20):
            await client.say(group, f"{client.user_id} {number}")

    await asyncio.gather(*(chatter(client) for client in clients))
    total = 20 * len(clients)
    for client in clients:
        await client.wait_for(lambda frame: frame.get("version", 0) >= total + 1)
    views = [[frame["message"]["id"] for frame in client.messages(group)] for client in clients]
    assert all(view == views[0] for view in views)
    assert len(set(views[0])) == total
    versions = [frame["version"] for frame in clients[0].messages(group)]
    assert versions == list(range(versions[0], versions[0] + total))
    history = []
    for offset in range(0, total, 100):
        history += [message["id"] for message in await accounts[0].history(group, limit=100, offset=offset)]
    assert history == views[0]
    senders = Counter(frame["message"]["sender_id"] for frame in clients[0].messages(group))
    assert senders == {account.id: 40 for account in accounts}
