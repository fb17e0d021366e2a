"""What goes over the wire, as OpenAPI tells it. Unknown fields in a body are refused."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from chat_service.domain.model import (
    MAX_ID,
    ChatId,
    ChatView,
    ListPosition,
    Message,
    Quote,
    Readers,
    SeenMessage,
    UserId,
)
from chat_service.services.open_messenger import Opening
from messenger_platform.accounts import Person

_encoder = msgspec.json.Encoder()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Strict: `"2"`, `2.0` and `true` are no ids.
Id = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPrivateChat(_Body):
    """A chat of two; the pair has at most one."""

    type: Literal["private"]
    user_id: Id = Field(description="The other person.", examples=[2])


class NewGroup(_Body):
    """A group with a title."""

    type: Literal["group"]
    title: str = Field(description="1 to 128 characters after trimming.", examples=["Weekend"])
    participant_ids: list[Id] = Field(
        description="The other people; repetitions and the creator are ignored.", examples=[[2, 3]], max_length=10_000
    )


NewChatBody = Annotated[NewPrivateChat | NewGroup, Field(discriminator="type")]


class NewTitle(_Body):
    """Another title for a group."""

    title: str = Field(description="1 to 128 characters after trimming.", examples=["Weekend at the lake"])


class NewParticipant(_Body):
    """Whom to add."""

    user_id: Id = Field(examples=[4])


class NewRole(_Body):
    """What a participant shall be from now on."""

    role: Literal["admin", "member"]


class NewSettings(_Body):
    """What the caller chooses for a chat; what is absent or null stays as it is."""

    muted: StrictBool | None = Field(default=None, description="Whether clients shall keep quiet about the chat.")
    pinned: StrictBool | None = Field(default=None, description="Whether the chat stands first in the caller's list.")


class NewMessage(_Body):
    """A message; the same `client_id` again is answered with the same message."""

    client_id: UUID = Field(
        description="Chosen by the client, once per message.", examples=["7d4f1c9e-2f0b-4c53-9a51-0d6f3a1f9b11"]
    )
    text: str = Field(description="1 to 4096 characters after trimming.", examples=["hi"])
    reply_to_id: Id | None = Field(default=None, description="The message of this chat that this one answers.")


class NewText(_Body):
    """Another text for a message."""

    text: str = Field(description="1 to 4096 characters after trimming.", examples=["hi!"])


class ReadMark(_Body):
    """How far the caller has read."""

    message_id: Id = Field(examples=[17])


class QuoteBody(BaseModel):
    """The message that a reply answers."""

    id: int
    sender_id: int
    text: str = Field(description="Its first 120 characters.")


class MessageBody(BaseModel):
    """A message as its reader may see it."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: datetime
    is_read: bool = Field(description="Whether everyone in the chat other than the sender has read it.")
    reply_to_id: int | None = Field(description="The message that this one answers.")
    reply_to: QuoteBody | None = Field(description="Null when this is no reply, or what it answers was deleted.")
    edited_at: datetime | None = Field(description="Null when it is as it was sent.")
    deleted: bool = Field(description="Its text is empty then, and stays so.")
    client_id: UUID | None = Field(
        default=None,
        description="Only in the sender's own messages.",
        exclude_if=lambda client_id: client_id is None,
    )

    @classmethod
    def of(cls, message: Message, viewer: UserId, *, is_read: bool) -> MessageBody:
        """Leave out what is not for the viewer."""
        quote = message.quote
        return cls(
            id=message.id,
            chat_id=message.chat_id,
            sender_id=message.sender_id,
            text=message.text,
            timestamp=message.created_at,
            is_read=is_read,
            reply_to_id=message.reply_to_id,
            edited_at=message.edited_at,
            deleted=message.deleted,
            reply_to=None if quote is None else QuoteBody(id=quote.id, sender_id=quote.sender_id, text=quote.text),
            client_id=message.client_id if message.sender_id == viewer else None,
        )

    @classmethod
    def seen(cls, seen: SeenMessage, viewer: UserId) -> MessageBody:
        """Shape a message with its read flag."""
        return cls.of(seen.message, viewer, is_read=seen.is_read)


class _MessageJson(msgspec.Struct, gc=False):
    """`MessageBody` for pages of them, where pydantic would take most of the time; a test holds the two together."""

    id: int
    chat_id: int
    sender_id: int
    text: str
    timestamp: datetime
    is_read: bool
    reply_to_id: int | None
    reply_to: Quote | None
    edited_at: datetime | None
    deleted: bool
    client_id: UUID | msgspec.UnsetType


def encode_messages(messages: Sequence[SeenMessage], viewer: UserId) -> bytes:
    """Encode a list of `MessageBody` as JSON."""
    return _encoder.encode(
        [
            _MessageJson(
                message.id,
                message.chat_id,
                message.sender_id,
                message.text,
                message.created_at,
                seen.is_read,
                message.reply_to_id,
                message.quote,
                message.edited_at,
                message.deleted,
                message.client_id if message.sender_id == viewer else msgspec.UNSET,
            )
            for seen in messages
            for message in (seen.message,)
        ]
    )


class ParticipantBody(BaseModel):
    """Someone in a chat."""

    user_id: int
    role: Literal["creator", "admin", "member"]
    last_read_message_id: int = Field(description="0 when nothing has been read yet.")


class ChatBody(BaseModel):
    """A chat as the caller sees it."""

    id: int
    type: Literal["private", "group"]
    title: str | None = Field(description="Null in private chats.")
    creator_id: int
    participants: list[ParticipantBody] = Field(
        description="In lists at most 200, the caller first; complete where one chat is asked for."
    )
    participant_count: int
    last_message: MessageBody | None = Field(description="The newest that is not deleted.")
    unread_count: int = Field(description="Messages of others behind the caller's mark.")
    version: int = Field(description="Grows by one with every message, edit, deletion and change of the chat.")
    read_by_all_up_to: int = Field(description="Id of the message up to which everyone has read, 0 for none.")
    read_up_to: int = Field(description="Id of the last message that the caller has read, 0 for none.")
    muted: bool = Field(description="The caller's own choice, as `pinned` is.")
    pinned: bool
    created_at: datetime
    updated_at: datetime = Field(
        description="Time of the newest message or change of the chat itself; orders the list."
    )

    @classmethod
    def of(cls, view: ChatView, viewer: UserId) -> ChatBody:
        """Shape a chat for the viewer."""
        return cls(
            id=view.id,
            type=view.type.value,
            title=view.title,
            creator_id=view.creator_id,
            participants=[
                ParticipantBody(user_id=p.user_id, role=p.role.value, last_read_message_id=p.last_read_message_id)
                for p in view.participants
            ],
            participant_count=view.participant_count,
            last_message=None if view.last_message is None else MessageBody.seen(view.last_message, viewer),
            unread_count=view.unread_count,
            version=view.version,
            read_by_all_up_to=view.read_by_all_up_to,
            read_up_to=view.read_up_to,
            muted=view.own.muted,
            pinned=view.own.pinned,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )


class ChatPage(BaseModel):
    """A page of the caller's chats."""

    items: list[ChatBody]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


class PersonBody(BaseModel):
    """A person by name."""

    id: int
    username: str
    name: str

    @classmethod
    def of(cls, person: Person) -> PersonBody:
        """Shape a person."""
        return cls(id=person.id, username=person.username, name=person.name)


class BootstrapBody(BaseModel):
    """What a client shows first."""

    me: PersonBody
    chats: list[ChatBody] = Field(
        description="Newest activity first: the 30 newest and all pinned ones. Their `participants` are both people of "
        "a private chat, and of a group the caller alone."
    )
    next_cursor: str | None = Field(description="Continues `GET /api/chats` behind the 30 newest; null at the end.")
    users: list[PersonBody] = Field(description="The caller and everyone named in `chats`.")
    server_time: datetime

    @classmethod
    def of(cls, opening: Opening, viewer: UserId) -> BootstrapBody:
        """Shape it for the viewer."""
        return cls(
            me=PersonBody.of(opening.me),
            chats=[ChatBody.of(view, viewer) for view in opening.chats],
            next_cursor=None if opening.next_position is None else write_cursor(opening.next_position),
            users=[PersonBody.of(person) for person in opening.people],
            server_time=opening.at,
        )


class ReaderBody(BaseModel):
    """Someone who has read a message."""

    user_id: int
    at: datetime


class ReadersBody(BaseModel):
    """Who has read a message and who has not, its sender left out."""

    count: int = Field(description="How many have read it.")
    seen: list[ReaderBody] | None = Field(description="Newest first; null in groups of more than 100.")
    not_seen: list[int] | None = Field(description="User ids; null in groups of more than 100.")

    @classmethod
    def of(cls, readers: Readers) -> ReadersBody:
        """Shape them."""
        return cls(
            count=readers.count,
            seen=None
            if readers.seen is None
            else [ReaderBody(user_id=reader.user_id, at=reader.at) for reader in readers.seen],
            not_seen=None if readers.not_seen is None else list(readers.not_seen),
        )


_cursor = struct.Struct(">qq")


def write_cursor(position: ListPosition) -> str:
    """Make the opaque form of a position: microseconds since the epoch and the chat's id."""
    micros = (position.updated_at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(_cursor.pack(micros, position.chat_id)).rstrip(b"=").decode()


def read_cursor(cursor: str) -> ListPosition:
    """Read a position that `write_cursor` made; raises `ValueError` for anything else."""
    try:
        micros, chat_id = _cursor.unpack(base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
        return ListPosition(EPOCH + timedelta(microseconds=micros), ChatId(chat_id))
    except (ValueError, struct.error, OverflowError) as error:
        raise ValueError("not a cursor") from error
