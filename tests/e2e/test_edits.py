"""Replies, edits and deletions, before everyone's eyes and for those who were away."""

from __future__ import annotations

import uuid

from messenger_testing.client import Account


async def test_a_reply_over_the_socket_carries_its_quote(accounts: list[Account]) -> None:
    alice, bob = accounts[:2]
    group = await alice.group("Replies", bob)
    async with await alice.live() as asker, await bob.live() as answerer:
        asked = (await asker.say(group, "Tea or coffee?"))["message"]
        client_id = str(uuid.uuid4())
        frame = {"type": "send", "chat_id": group, "client_id": client_id, "text": "Tea", "reply_to_id": asked["id"]}
        await answerer.send(frame)
        answer = (await answerer.wait_for_ack(client_id))["message"]
        assert answer["reply_to"] == {"id": asked["id"], "sender_id": alice.id, "text": "Tea or coffee?"}
        seen = (await asker.wait_for_message(answer["id"]))["message"]
        assert (seen["reply_to_id"], seen["reply_to"]) == (asked["id"], answer["reply_to"])
        await answerer.send({**frame, "client_id": str(uuid.uuid4()), "reply_to_id": 2**50})
        assert (await answerer.wait_for(lambda frame: frame["type"] == "error"))["code"] == "not_found"


async def test_edits_and_deletions_reach_those_who_are_there_and_those_who_come_back(accounts: list[Account]) -> None:
    alice, bob = accounts[:2]
    group = await alice.group("Edits", bob)
    async with await alice.live() as phone, await alice.live() as laptop, await bob.live() as other:
        first = await phone.say(group, "hallo")
        second = await phone.say(group, "ops")
        base = f"/api/chats/{group}/messages"
        edited = await alice.http.patch(f"{base}/{first['message']['id']}", json={"text": "hello"})
        assert (edited.status_code, edited.json()["text"]) == (200, "hello")
        assert (await alice.http.delete(f"{base}/{second['message']['id']}")).status_code == 204
        for client in (phone, laptop, other):
            changed = await client.wait_for(lambda frame: frame.get("version") == 4)
            assert (changed["type"], changed["message"]["text"]) == ("message_changed", "hello")
            assert ("client_id" in changed["message"]) is (client is not other)
            gone = await client.wait_for(lambda frame: frame.get("version") == 5)
            assert (gone["message"]["deleted"], gone["message"]["text"]) == (True, "")
    assert (await bob.http.patch(f"{base}/{first['message']['id']}", json={"text": "x"})).status_code == 403
    assert (await bob.http.delete(f"{base}/{first['message']['id']}")).status_code == 403
    async with await bob.live() as late:
        synced = await late.sync({group: 3})
        missed = [(frame["type"], frame["version"]) for frame in late.frames if "version" in frame]
        assert missed == [("message_changed", 4), ("message_changed", 5)]
        assert synced["chats"][str(group)]["version"] == 5
    chat = (await bob.http.get(f"/api/chats/{group}")).json()
    assert (chat["last_message"]["text"], chat["unread_count"]) == ("hello", 2)
