"""`/ws`: the handshake by FastAPI, the frames by the connection's session."""

from __future__ import annotations

import logging

from fastapi import APIRouter, WebSocket
from starlette.responses import Response

from messenger_platform.accounts import Accounts
from messenger_platform.errors import InvalidToken, Unavailable
from messenger_platform.http_auth import cookie_of, principal_of
from messenger_platform.problems import RETRY_AFTER_S, problem_response
from messenger_platform.sessions import EndedSessions
from messenger_platform.tokens import Principal
from realtime_service.controllers.socket_protocol import SocketProtocol, socket_of
from realtime_service.domain.frames import Hello, to_wire
from realtime_service.services.client_session import ClientSession, Collaborators
from realtime_service.services.connection import Connection

logger = logging.getLogger(__name__)


class LiveEndpoint:
    """Accept clients; each socket then belongs to its session."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        shared: Collaborators,
        ended: EndedSessions,
        public_url: str,
        connections_per_user: int,
    ) -> None:
        self._ended = ended
        self._accounts = accounts
        self._shared = shared
        self._public_url = public_url
        self._connections_per_user = connections_per_user
        self.router = APIRouter()
        self.router.add_api_websocket_route("/ws", self.connect)

    async def connect(self, websocket: WebSocket) -> None:
        """Verify, accept, say hello, and leave the socket to its session."""
        refusal = self._refuse_origin(websocket)
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        try:
            principal = await principal_of(websocket)
            user_id = await self._accounts.id_of(principal)
        except InvalidToken as error:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            await websocket.send_denial_response(problem_response(401, str(error), headers=headers))
            return
        except Unavailable as error:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            await websocket.send_denial_response(problem_response(503, str(error), headers=headers))
            return
        hub = self._shared.hub
        if len(hub.connections.of(user_id)) >= self._connections_per_user:
            detail = f"More than {self._connections_per_user} connections of one account."
            await websocket.send_denial_response(problem_response(429, detail, headers={"Retry-After": "60"}))
            return
        await websocket.accept()
        socket = socket_of(websocket)
        connection = Connection(
            socket,
            user_id=user_id,
            sub=principal.sub,
            sid=principal.sid,
            issued_at=principal.issued_at,
            expires_at=principal.expires_at,
            schedule=hub.connections.schedule,
        )
        self._hand_over(socket, connection, principal)

    def _hand_over(self, socket: SocketProtocol, connection: Connection, principal: Principal) -> None:
        connection.push(to_wire(Hello(connection.user_id, connection.id)))
        session = ClientSession(connection, self._shared)
        self._shared.hub.add(connection)
        end = self._ended.end_of(principal)
        if end is not None:
            # The session ended between the verification of its token and now.
            connection.end_session(end.reason)
        socket.attach(session)

    def _refuse_origin(self, websocket: WebSocket) -> Response | None:
        """Refuse a foreign page whatever it brings, and a cookie without our own Origin."""
        origin = websocket.headers.get("origin")
        by_cookie = "authorization" not in websocket.headers and cookie_of(websocket) is not None
        if origin == self._public_url or (origin is None and not by_cookie):
            return None
        return problem_response(403, "This origin may not connect.")
