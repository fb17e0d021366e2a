"""The internal link: what realtime asks of chat, over one WebSocket of binary JSON frames.

Requests of one connection are answered as they finish, in any order. The operations of `write` enter the writer's
queue in the order in which their frames arrived, before the next frame is read.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, WebSocket
from pydantic import SecretStr
from starlette.websockets import WebSocketDisconnect

from chat_service.controllers.frames import difference_frame, event_entry, problem, send_result, unknown
from chat_service.domain.batch import Op, Read, Send, Sent
from chat_service.domain.errors import ChatError
from chat_service.domain.model import MAX_ID, ChatId, MessageId, UserId
from chat_service.domain.texts import clean_text
from chat_service.services.read_log import MAX_ENTRIES, ReadLog
from chat_service.services.writer import Answer, Writer
from messenger_platform.errors import Unavailable

MAX_IN_FLIGHT = 64
MAX_SYNC_CHATS = 1_000

Id = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]
Version = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
ChatIdKey = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,15}$")]

logger = logging.getLogger(__name__)


class Request(msgspec.Struct):
    """One request; `params` are decoded by the method."""

    id: int
    method: str
    params: msgspec.Raw


class SendOp(msgspec.Struct, tag_field="op", tag="send"):
    """Append a message."""

    user_id: Id
    chat_id: Id
    client_id: UUID
    text: str
    reply_to_id: Id | None = None


class ReadOp(msgspec.Struct, tag_field="op", tag="read"):
    """Move a read mark."""

    user_id: Id
    chat_id: Id
    message_id: Id


class WriteParams(msgspec.Struct):
    """Operations in the order in which they shall happen."""

    ops: list[SendOp | ReadOp]


class SyncParams(msgspec.Struct):
    """A user's chats with the versions that the user has."""

    user_id: Id
    chats: Annotated[dict[ChatIdKey, Version], msgspec.Meta(max_length=MAX_SYNC_CHATS)]


class EntriesParams(msgspec.Struct):
    """A part of one chat's log."""

    chat_id: Id
    after_version: Version
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_ENTRIES)] = MAX_ENTRIES


class MembersParams(msgspec.Struct):
    """One chat."""

    chat_id: Id


class ChangedParams(msgspec.Struct):
    """Users, and the time since which their chats may have changed."""

    user_ids: list[Id]
    since: Annotated[datetime, msgspec.Meta(tz=True)]


class BadRequest(ChatError):  # noqa: N818 - errors are named as facts.
    """The frame is not one of the link's requests."""


router = APIRouter()
_requests = msgspec.json.Decoder(Request)
_write_params = msgspec.json.Decoder(WriteParams)
_sync_params = msgspec.json.Decoder(SyncParams)
_entries_params = msgspec.json.Decoder(EntriesParams)
_members_params = msgspec.json.Decoder(MembersParams)
_changed_params = msgspec.json.Decoder(ChangedParams)
_encoder = msgspec.json.Encoder()


class Link:
    """Serves the link's methods."""

    def __init__(self, writer: Writer, read_log: ReadLog, secret: SecretStr) -> None:
        self._writer = writer
        self._read_log = read_log
        self._credential = b"Internal " + secret.get_secret_value().encode()

    def accepts(self, authorization: str) -> bool:
        """Compare the service credential in constant time."""
        return hmac.compare_digest(authorization.encode("utf-8", "surrogateescape"), self._credential)

    def start(self, frame: bytes) -> Awaitable[bytes]:
        """Take a request; what it awaits is the answer's frame. Writes are queued before this returns."""
        try:
            request = _requests.decode(frame)
        except msgspec.DecodeError as error:
            return _refused(0, BadRequest(str(error)))
        try:
            return self._answer(request.id, self._begin(request))
        except msgspec.DecodeError as error:
            return _refused(request.id, BadRequest(str(error)))

    def _begin(self, request: Request) -> Awaitable[Any]:
        match request.method:
            case "write":
                return self._write(_write_params.decode(request.params).ops)
            case "sync":
                return self._sync(_sync_params.decode(request.params))
            case "entries":
                return self._entries(_entries_params.decode(request.params))
            case "members":
                return self._members(_members_params.decode(request.params))
            case "changed_since":
                return self._changed_since(_changed_params.decode(request.params))
        raise msgspec.ValidationError(f"no such method: {request.method}")

    @staticmethod
    async def _answer(request_id: int, result: Awaitable[Any]) -> bytes:
        try:
            return _encoder.encode({"id": request_id, "result": await result})
        except (ChatError, Unavailable) as error:
            return _error_frame(request_id, error)
        except Exception as error:
            logger.exception("a link request failed")
            return _error_frame(request_id, error)

    def _write(self, ops: Sequence[SendOp | ReadOp]) -> Awaitable[list[Any]]:
        answers = [self._submit(op) for op in ops]

        async def results() -> list[Any]:
            return [_result(answer if isinstance(answer, ChatError) else await answer) for answer in answers]

        return results()

    async def _sync(self, params: SyncParams) -> Any:
        asked = {ChatId(int(chat_id)): version for chat_id, version in params.chats.items()}
        viewer = UserId(params.user_id)
        found = await self._read_log.differences(viewer, asked)
        return {
            "chats": [
                unknown(chat_id) if difference is None else difference_frame(difference, viewer)
                for chat_id, difference in found.items()
            ]
        }

    async def _entries(self, params: EntriesParams) -> Any:
        members, entries, chat = await self._read_log.entries(
            ChatId(params.chat_id), params.after_version, params.limit
        )
        return {
            "version": members.version,
            "participants": members.participants,
            "entries": [event_entry(entry, members, chat) for entry in entries],
        }

    async def _members(self, params: MembersParams) -> Any:
        members = await self._read_log.members(ChatId(params.chat_id))
        return {"version": members.version, "participants": members.participants}

    async def _changed_since(self, params: ChangedParams) -> Any:
        return await self._read_log.changed_since([UserId(user_id) for user_id in params.user_ids], params.since)

    def _submit(self, op: SendOp | ReadOp) -> asyncio.Future[Answer] | ChatError:
        try:
            return self._writer.submit(_checked(op))
        except ChatError as refusal:
            return refusal


def _checked(op: SendOp | ReadOp) -> Op:
    if isinstance(op, ReadOp):
        return Read(UserId(op.user_id), ChatId(op.chat_id), MessageId(op.message_id))
    reply_to_id = None if op.reply_to_id is None else MessageId(op.reply_to_id)
    return Send(UserId(op.user_id), ChatId(op.chat_id), op.client_id, clean_text(op.text), reply_to_id)


def _result(answer: Answer) -> Any:
    if isinstance(answer, Sent):
        return send_result(answer)
    if isinstance(answer, Exception):
        code, detail = problem(answer)
        return {"error": code, "detail": detail}
    return {}


def _error_frame(request_id: int, error: Exception) -> bytes:
    code, detail = problem(error)
    return _encoder.encode({"id": request_id, "error": {"code": code, "detail": detail}})


async def _refused(request_id: int, error: ChatError) -> bytes:
    return _error_frame(request_id, error)


@router.websocket("/internal/link")
async def serve_link(socket: WebSocket) -> None:
    """Serve one link until it closes."""
    link: Link = socket.app.state.wiring.link
    if not link.accepts(socket.headers.get("authorization", "")):
        await socket.close()  # Before the handshake is accepted: the client sees 403.
        return
    await socket.accept()
    places = asyncio.Semaphore(MAX_IN_FLIGHT)
    running: set[asyncio.Task[None]] = set()

    async def reply(answer: Awaitable[bytes]) -> None:
        try:
            await socket.send_bytes(await answer)
        except (WebSocketDisconnect, RuntimeError):
            return  # The peer has gone; what was written stays written, and its client asks again.
        finally:
            places.release()

    try:
        # A text frame is not of this protocol; like a close it ends the link.
        while isinstance(frame := (await socket.receive()).get("bytes"), bytes):
            await places.acquire()
            task = asyncio.create_task(reply(link.start(frame)))
            running.add(task)
            task.add_done_callback(running.discard)
    finally:
        for task in running:
            task.cancel()
