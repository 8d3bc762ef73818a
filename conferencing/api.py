"""HTTP and WebSocket routes of meetings. docs/protocol.md, 5."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from conferencing import problems
from conferencing.admission import Admission, clean_name
from conferencing.live import LiveMeeting
from conferencing.meeting.codes import read_code
from conferencing.meetings import Meetings
from conferencing.origin import same_origin
from conferencing.pages import MEASURE_PAGE, PAGE, RECORDINGS_PAGE, StaticFiles
from conferencing.problems import ProblemError
from conferencing.protocols import Accounts, Identity
from conferencing.request_body import json_body
from conferencing.signaling.session import Session
from conferencing.statistics.view import meeting_figures

TITLE_CHARACTERS = 120
CONNECTIONS_LIMIT = 2000

_UNKNOWN_MEETING = 4404
_FOREIGN_ORIGIN = 4403
_TOO_MANY = 4429


class Routes:
    """`counts`: refused and faulty signaling by reason, for the snapshot."""

    def __init__(
        self, meetings: Meetings, admission: Admission, accounts: Accounts, files: StaticFiles, counts: Counter[str]
    ) -> None:
        self._meetings = meetings
        self._admission = admission
        self._accounts = accounts
        self._files = files
        self._counts = counts
        self.connections = 0

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/api/v1/meetings", _answering(self._create), methods=["POST"], status_code=201)
        router.add_api_route("/api/v1/meetings", _answering(self._list), methods=["GET"])
        router.add_api_route("/api/v1/meetings/{code}", _answering(self._one), methods=["GET"])
        router.add_api_route("/api/v1/meetings/{code}/close", _answering(self._close), methods=["POST"])
        router.add_api_websocket_route("/api/v1/meetings/{code}/signaling", self._signaling)
        router.add_api_route("/hop/static/{path:path}", self._static, methods=["GET"], include_in_schema=False)
        router.add_api_route("/api/v1/meetings/{code}/statistics", _answering(self._statistics), methods=["GET"])
        router.add_api_route("/hop/{code}/ban-ghi", self._recordings_page, methods=["GET"], include_in_schema=False)
        router.add_api_route("/hop/{code}/do-luong", self._measure_page, methods=["GET"], include_in_schema=False)
        router.add_api_route("/hop/{code}", self._page, methods=["GET"], include_in_schema=False)
        return router

    async def _create(self, request: Request) -> Response:
        identity = await self._signed_in(request)
        body = await json_body(request)
        title = clean_name(body["title"][: 4 * TITLE_CHARACTERS]) if isinstance(body.get("title"), str) else ""
        if not title or len(str(body["title"])) > TITLE_CHARACTERS:
            raise problems.TITLE_MISSING
        stored = await asyncio.to_thread(
            self._meetings.store.create, title, identity.user_name, self._meetings.clock()
        )
        url = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}/hop/{stored.code}"
        return JSONResponse({"code": stored.code, "title": stored.title, "url": url}, 201)

    async def _list(self, request: Request) -> Response:
        await self._signed_in(request)
        live = {meeting.stored.id: meeting for meeting in self._meetings.live_meetings()}
        stored = await asyncio.to_thread(self._meetings.store.open_meetings)
        return JSONResponse(
            {
                "meetings": [
                    {
                        "code": meeting.code,
                        "title": meeting.title,
                        "created_at": meeting.created_at,
                        "created_by": meeting.created_by,
                        "url": f"/hop/{meeting.code}",
                        "participants": _participants(live.get(meeting.id)),
                    }
                    for meeting in stored
                ]
            }
        )

    async def _one(self, request: Request) -> Response:
        live = await self._live(request)
        identity = await self._accounts.identify(request)
        return JSONResponse(
            {
                "code": live.stored.code,
                "title": live.stored.title,
                "open": not live.meeting.closed,
                "you": identity.display_name if identity is not None else None,
                "site": identity.site if identity is not None else None,
            }
        )

    async def _close(self, request: Request) -> Response:
        identity = await self._signed_in(request)
        live = await self._live(request)
        await self._meetings.close(live, identity.user_name)
        return JSONResponse({"code": live.stored.code, "title": live.stored.title, "open": False})

    async def _statistics(self, request: Request) -> Response:
        await self._signed_in(request)
        live = await self._live(request)
        now = self._meetings.clock()
        return JSONResponse(meeting_figures(live, self._meetings.quality.peers(now), now))

    async def _page(self, request: Request) -> Response:
        """The page also for a code that is none: it says so in the user's language."""
        return await self._shown(request, PAGE)

    async def _measure_page(self, request: Request) -> Response:
        return await self._shown(request, MEASURE_PAGE)

    async def _recordings_page(self, request: Request) -> Response:
        return await self._shown(request, RECORDINGS_PAGE)

    async def _shown(self, request: Request, page: str) -> Response:
        code = read_code(request.path_params["code"])
        known = code is not None and await asyncio.to_thread(self._meetings.store.by_code, code) is not None
        return self._files.page(request, 200 if known else 404, page)

    async def _static(self, request: Request) -> Response:
        return self._files.response(request, request.path_params["path"])

    async def _signaling(self, websocket: WebSocket) -> None:
        # Accepted before it is refused: a page is told the reason only by a close frame.
        await websocket.accept()
        if not same_origin(websocket):
            self._counts["foreign_origin"] += 1
            await websocket.close(_FOREIGN_ORIGIN)
            return
        if self.connections >= CONNECTIONS_LIMIT:
            self._counts["too_many_connections"] += 1
            await websocket.close(_TOO_MANY)
            return
        code = read_code(websocket.path_params["code"])
        live = await self._meetings.find(code) if code is not None else None
        if live is None:
            self._counts["unknown_meeting"] += 1
            await websocket.close(_UNKNOWN_MEETING)
            return
        identity = await self._accounts.identify(websocket)
        self.connections += 1
        try:
            await Session(websocket, live, self._admission, identity, self._counts).run()
        finally:
            self.connections -= 1

    async def _signed_in(self, request: Request) -> Identity:
        identity = await self._accounts.identify(request)
        if identity is None:
            raise problems.NOT_SIGNED_IN
        if request.method != "GET" and not same_origin(request):
            raise problems.FOREIGN_ORIGIN
        return identity

    async def _live(self, request: Request) -> LiveMeeting:
        code = read_code(request.path_params["code"])
        live = await self._meetings.find(code) if code is not None else None
        if live is None:
            raise problems.UNKNOWN_MEETING
        return live


def _answering(handler: Any) -> Any:
    async def answer(request: Request) -> Response:
        try:
            response: Response = await handler(request)
        except ProblemError as error:
            response = problems.problem_response(error)
        return response

    return answer


def _participants(live: LiveMeeting | None) -> list[dict[str, Any]]:
    if live is None:
        return []
    return [
        {"name": seat.name, "site": seat.site, "presence": seat.presence.value} for seat in live.meeting.present()
    ]
