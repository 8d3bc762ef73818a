"""Notes which sessions are in a meeting, and the changes of routes that know no audit log."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector import audit
from hub.http.principal import Principal, address_of
from hub.http.sign_in import SignIns

logger = logging.getLogger(__name__)

SIGNALING = "/signaling"
SHOWN_CODE_CHARACTERS = 4
"""Of a meeting's code, which lets people in: enough to find it, not to use it."""


class Presence:
    """Pure ASGI, around the whole application."""

    def __init__(self, app: ASGIApp, sign_ins: SignIns) -> None:
        self._app = app
        self._sign_ins = sign_ins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"].endswith(SIGNALING):
            async with self._sign_ins.in_meeting(HTTPConnection(scope)):
                await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            await self._with_audit(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _with_audit(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, noted)
        action = scope.get("state", {}).get("audited")
        principal = scope.get("state", {}).get("principal")
        if action and isinstance(principal, Principal) and 200 <= status < 300:
            await self._record(scope, action, principal)

    async def _record(self, scope: Scope, action: str, principal: Principal) -> None:
        code = str(scope.get("path_params", {}).get("code", ""))[:SHOWN_CODE_CHARACTERS]
        address = address_of(HTTPConnection(scope))

        def work(session: Session) -> None:
            now = self._sign_ins.clock()
            audit.record(session, principal.name, action, code and f"{code}…", now=now, address=address)

        try:
            await self._sign_ins.transaction(work)
        except SQLAlchemyError as error:
            # The change was made and answered; what is left is to say so here.
            logger.error("%s by %s is not in the audit log: %s", action, principal.name, error)
