"""The composition root: settings → engine → repositories → use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_service.controllers.consumers.users import QUEUE, UserEvents
from chat_service.controllers.link import Link
from chat_service.repositories.chats import Chats
from chat_service.repositories.histories import Histories
from chat_service.repositories.logs import Logs
from chat_service.repositories.messages import Messages
from chat_service.repositories.pages import Pages
from chat_service.repositories.receipts import Receipts
from chat_service.repositories.users import KnownUsers
from chat_service.repositories.views import Views
from chat_service.services.add_participant import AddParticipant
from chat_service.services.appoint_participant import AppointParticipant
from chat_service.services.check_people import CheckPeople
from chat_service.services.choose_settings import ChooseSettings
from chat_service.services.create_chat import CreateChat
from chat_service.services.delete_message import DeleteMessage
from chat_service.services.edit_message import EditMessage
from chat_service.services.list_readers import ListReaders
from chat_service.services.mark_read import MarkRead
from chat_service.services.open_messenger import OpenMessenger
from chat_service.services.page_history import PageHistory
from chat_service.services.read_log import ReadLog
from chat_service.services.read_page import ReadPage
from chat_service.services.remove_participant import RemoveParticipant
from chat_service.services.rename_group import RenameGroup
from chat_service.services.send_message import SendMessage
from chat_service.services.view_chats import ViewChats
from chat_service.services.write_batch import WriteBatch
from chat_service.services.writer import Writer
from chat_service.settings import ChatSettings
from messenger_platform.accounts import Accounts
from messenger_platform.authentication import authentication
from messenger_platform.broker import Consumer
from messenger_platform.database import ALONG_INDEXES, create_engine
from messenger_platform.limits import TokenBuckets
from messenger_platform.service import background
from messenger_platform.tokens import TokenVerifier

MESSAGES_PER_S, MESSAGE_BURST = 20, 60
CHATS_PER_S, CHAT_BURST = 10 / 60, 30


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything a running chat service consists of."""

    engine: AsyncEngine
    verifier: TokenVerifier
    accounts: Accounts
    link: Link
    open_messenger: OpenMessenger
    create_chat: CreateChat
    view_chats: ViewChats
    choose_settings: ChooseSettings
    rename_group: RenameGroup
    add_participant: AddParticipant
    appoint_participant: AppointParticipant
    remove_participant: RemoveParticipant
    send_message: SendMessage
    edit_message: EditMessage
    delete_message: DeleteMessage
    mark_read: MarkRead
    list_readers: ListReaders
    page_history: PageHistory
    read_page: ReadPage


@asynccontextmanager
async def wire(settings: ChatSettings) -> AsyncIterator[Wiring]:
    """Build the parts, run what runs beside the requests, and close what has connections at the end."""
    engine = create_engine(settings.runtime_url, application_name="chat", planner=ALONG_INDEXES)
    log = Messages(engine)
    pages = Pages(engine)
    writer = Writer(WriteBatch(log))
    known_users = KnownUsers(engine)
    consumer = Consumer(settings.consumer_url, QUEUE, UserEvents(known_users))
    async with httpx.AsyncClient() as http:
        accounts = Accounts(http, settings.user_url, known_users.id_of)
        callers = authentication(settings, http, settings.consumer_url)
        try:
            async with background(writer.run(), consumer.run(), callers.feed.run()):
                yield _assemble(
                    settings=settings,
                    engine=engine,
                    pages=pages,
                    writer=writer,
                    accounts=accounts,
                    known_users=known_users,
                    verifier=callers.verifier,
                )
        finally:
            await log.close()
            await pages.close()
            await engine.dispose()


def _assemble(
    *,
    settings: ChatSettings,
    engine: AsyncEngine,
    pages: Pages,
    writer: Writer,
    accounts: Accounts,
    known_users: KnownUsers,
    verifier: TokenVerifier,
) -> Wiring:
    def limit(rate: float, burst: float) -> TokenBuckets:
        return TokenBuckets(rate=rate if settings.rate_limited else 0, burst=burst)

    chats, views = Chats(engine), Views(engine)
    messages = limit(MESSAGES_PER_S, MESSAGE_BURST)  # Edits and deletions reach as many people as sends.
    check_people = CheckPeople(known_users, accounts)
    return Wiring(
        engine=engine,
        verifier=verifier,
        accounts=accounts,
        link=Link(writer, ReadLog(Logs(engine)), settings.internal_secret),
        open_messenger=OpenMessenger(views, known_users, accounts),
        create_chat=CreateChat(chats, check_people, limit(CHATS_PER_S, CHAT_BURST)),
        view_chats=ViewChats(views),
        choose_settings=ChooseSettings(chats),
        rename_group=RenameGroup(chats),
        add_participant=AddParticipant(chats, check_people),
        appoint_participant=AppointParticipant(chats),
        remove_participant=RemoveParticipant(chats),
        send_message=SendMessage(writer, messages),
        edit_message=EditMessage(chats, messages),
        delete_message=DeleteMessage(chats, messages),
        mark_read=MarkRead(writer),
        list_readers=ListReaders(Receipts(engine)),
        page_history=PageHistory(Histories(engine)),
        read_page=ReadPage(pages),
    )
