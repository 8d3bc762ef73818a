"""API of stream tokens, for whoever may hold meetings: made, listed, taken back. The hub audits it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from conferencing import problems
from conferencing.admission import clean_name
from conferencing.live import LiveMeeting
from conferencing.meeting.codes import read_code
from conferencing.meetings import Meetings
from conferencing.origin import same_origin
from conferencing.problems import ProblemError
from conferencing.protocols import Accounts, Identity
from conferencing.request_body import json_body
from conferencing.whip.roles import Kind
from conferencing.whip.sessions import StreamSessions
from conferencing.whip.tokens import StreamToken, TooManyTokensError

HOURS_OTHERWISE = 12
HOURS_LIMIT = 24 * 31
PATH = "/api/v1/meetings/{code}/streams"

BAD_FIELDS = ProblemError(
    422,
    "Thông tin mã truyền không hợp lệ / The token cannot be made so",
    "kind: whip hoặc whep; name: 1–80 ký tự; hours: 1–744. / "
    "kind: whip or whep; name: 1–80 characters; hours: 1–744.",
)
NO_STREAM = ProblemError(404, "Không có mã này / No such token", "Mã đã bị xóa. / It is not of this meeting.")
TOO_MANY = ProblemError(
    409,
    "Cuộc họp đã có quá nhiều mã / Too many tokens",
    "Tạo cuộc họp mới để có mã mới. / Make a new meeting for new tokens.",
)


class TokenRoutes:
    def __init__(self, meetings: Meetings, accounts: Accounts, sessions: StreamSessions) -> None:
        self._meetings = meetings
        self._accounts = accounts
        self._sessions = sessions

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(PATH, _answering(self._create), methods=["POST"], status_code=201)
        router.add_api_route(PATH, _answering(self._list), methods=["GET"])
        router.add_api_route(PATH + "/{stream}", _answering(self._revoke), methods=["DELETE"], status_code=204)
        return router

    async def _create(self, request: Request) -> Response:
        identity, live = await self._allowed(request)
        body = await json_body(request)
        name = clean_name(body["name"]) if isinstance(body.get("name"), str) else ""
        hours = body.get("hours", HOURS_OTHERWISE)
        if body.get("kind") not in tuple(Kind) or not name or type(hours) is not int or not 1 <= hours <= HOURS_LIMIT:
            raise BAD_FIELDS
        now = self._meetings.clock()
        try:
            made, token = await asyncio.to_thread(
                self._sessions.tokens.create,
                live.stored.id,
                Kind(body["kind"]),
                name,
                identity.user_name,
                now,
                hours * 3600.0,
            )
        except TooManyTokensError:
            raise TOO_MANY from None
        base = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
        document = _document(made, self._sessions.session_of(made, live), now)
        document |= {"token": token, "url": f"{base}/{made.kind}"}
        if made.kind is Kind.WHEP:
            document["page"] = f"{base}/xem#{token}"
        return JSONResponse(document, 201)

    async def _list(self, request: Request) -> Response:
        _identity, live = await self._allowed(request)
        now = self._meetings.clock()
        found = await asyncio.to_thread(self._sessions.tokens.of_meeting, live.stored.id)
        return JSONResponse({"streams": [_document(one, self._sessions.session_of(one, live), now) for one in found]})

    async def _revoke(self, request: Request) -> Response:
        _identity, live = await self._allowed(request)
        now = self._meetings.clock()
        revoked = await asyncio.to_thread(
            self._sessions.tokens.revoke, live.stored.id, request.path_params["stream"], now
        )
        if revoked is None:
            raise NO_STREAM
        self._sessions.close(revoked, live)
        return Response(status_code=204)

    async def _allowed(self, request: Request) -> tuple[Identity, LiveMeeting]:
        identity = await self._accounts.identify(request)
        if identity is None:
            raise problems.NOT_SIGNED_IN
        if request.method != "GET" and not same_origin(request):
            raise problems.FOREIGN_ORIGIN
        code = read_code(request.path_params["code"])
        live = await self._meetings.find(code) if code is not None else None
        if live is None:
            raise problems.UNKNOWN_MEETING
        return identity, live


def _document(token: StreamToken, session: str | None, now: float) -> dict[str, Any]:
    return {
        "id": token.seat,
        "kind": token.kind.value,
        "name": token.name,
        "created_at": token.created_at,
        "created_by": token.created_by,
        "expires_at": token.expires_at,
        "good": token.good(now),
        "live": session is not None,
    }


def _answering(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ProblemError as error:
            return problems.problem_response(error)

    return answer
