"""Show a participant their chats."""

from __future__ import annotations

from chat_service.domain.errors import no_such_chat
from chat_service.domain.model import ChatId, ChatView, ListPosition, UserId
from chat_service.services.ports import ChatViews


class ViewChats:
    """Chats as the viewer sees them, with unread counts and marks."""

    def __init__(self, views: ChatViews) -> None:
        self._views = views

    async def one(self, chat_id: ChatId, viewer: UserId) -> ChatView:
        """Return a chat with all its participants; raises `NotFound` or `Unavailable`."""
        view = await self._views.of(chat_id, viewer)
        if view is None:
            raise no_such_chat()
        return view

    async def page(
        self, viewer: UserId, limit: int, after: ListPosition | None
    ) -> tuple[list[ChatView], ListPosition | None]:
        """Return a page, newest activity first, and where the next one begins; None at the end.

        A chat that becomes active meanwhile moves to the front, which the reader has passed: it is told by an event.
        """
        views = await self._views.page(viewer, limit + 1, after)
        shown = views[:limit]
        return shown, shown[-1].position if len(views) > limit else None
