"""HTTP of WHIP (RFC 9725) and WHEP: offer in, answer out; patched, deleted. docs/protocol.md, 5a."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from conferencing.pages import StaticFiles
from conferencing.problems import ProblemError, problem_response
from conferencing.turn import IceServer, TurnServers
from conferencing.whip import fragment, problems
from conferencing.whip.problems import StreamProblemError
from conferencing.whip.roles import Kind
from conferencing.whip.sessions import StreamSessions

logger = logging.getLogger(__name__)

SDP = "application/sdp"
BODY_LIMIT = 64 * 1024
WATCH_PAGE = "watch.html"


class StreamRoutes:
    def __init__(
        self,
        sessions: StreamSessions,
        turn: TurnServers,
        files: StaticFiles,
        counts: Counter[str],
        clock: Callable[[], float],
    ) -> None:
        self._sessions = sessions
        self._turn = turn
        self._files = files
        self._counts = counts
        self._clock = clock

    def router(self) -> APIRouter:
        router = APIRouter()
        for kind in Kind:
            one = _Endpoint(self, kind)
            add = router.add_api_route
            add(f"/{kind}", one.post, methods=["POST"], status_code=201, include_in_schema=False)
            add(f"/{kind}", one.options, methods=["OPTIONS"], status_code=204, include_in_schema=False)
            add(f"/{kind}/{{session}}", one.patch, methods=["PATCH"], include_in_schema=False)
            add(f"/{kind}/{{session}}", one.delete, methods=["DELETE"], include_in_schema=False)
        router.add_api_route("/xem", self._watch, methods=["GET"], include_in_schema=False)
        return router

    async def _watch(self, request: Request) -> Response:
        """The player; its token is behind the # of the address, which no server sees."""
        return self._files.response(request, WATCH_PAGE)

    async def post(self, request: Request, kind: Kind) -> Response:
        token, live = await self._sessions.authorized(_bearer(request), kind)
        if _media_type(request.headers.get("content-type", "")) != SDP:
            raise problems.NOT_SDP
        if not _accepts_sdp(request.headers.get("accept", "*/*")):
            raise problems.NOT_ACCEPTABLE
        session, answer = await self._sessions.open(token, live, await _text(request, BODY_LIMIT))
        response = Response(answer, 201, media_type=SDP)
        response.headers["Location"] = f"/{kind}/{session}"
        response.headers["ETag"] = f'"{self._sessions.tag(session)}"'
        response.headers["Accept-Patch"] = fragment.MEDIA_TYPE
        for server in self._turn.for_client(live.stored.id, self._clock()):
            for url in server.urls:
                response.headers.append("Link", _link(url, server))
        return response

    async def patch(self, request: Request, kind: Kind) -> Response:
        token, live = await self._sessions.authorized(_bearer(request), kind)
        session = request.path_params["session"]
        self._sessions.check(token, live, session)
        if _media_type(request.headers.get("content-type", "")) != fragment.MEDIA_TYPE:
            raise problems.NOT_FRAGMENT
        wanted = request.headers.get("if-match")
        if wanted is None:
            raise problems.NO_IF_MATCH
        text = await _text(request, fragment.FRAGMENT_LIMIT)
        try:
            found = fragment.read_fragment(text)
        except fragment.FragmentError as error:
            raise problems.bad_fragment(str(error)) from None
        if wanted.strip() == "*":
            if not found.restarts:
                raise problems.bad_fragment("an ICE restart has ice-ufrag and ice-pwd")
            answer = await self._sessions.restart(live, session, text)
            headers = {"ETag": f'"{self._sessions.tag(session)}"'}
            return Response(fragment.write_fragment(answer), 200, headers, fragment.MEDIA_TYPE)
        tag = self._sessions.tag(session)
        if tag is not None and f'"{tag}"' not in (one.strip() for one in wanted.split(",")):
            raise problems.OTHER_ICE_SESSION
        # Trickled candidates are of no use to a lite agent: it answers the checks that come (RFC 8445 section 2.5).
        return Response(status_code=204)

    async def delete(self, request: Request, kind: Kind) -> Response:
        token, live = await self._sessions.authorized(_bearer(request), kind)
        self._sessions.check(token, live, request.path_params["session"])
        self._sessions.close(token, live)
        return Response(status_code=200)

    async def answered(self, kind: Kind, answering: Awaitable[Response]) -> Response:
        try:
            return await answering
        except ProblemError as error:
            self._counts[f"{kind}_{error.status}"] += 1
            response = problem_response(error)
            if isinstance(error, StreamProblemError):
                response.headers.update(error.headers)
            return response


class _Endpoint:
    """The routes of one kind."""

    def __init__(self, routes: StreamRoutes, kind: Kind) -> None:
        self._routes = routes
        self._kind = kind

    async def post(self, request: Request) -> Response:
        return await self._routes.answered(self._kind, self._routes.post(request, self._kind))

    async def patch(self, request: Request) -> Response:
        return await self._routes.answered(self._kind, self._routes.patch(request, self._kind))

    async def delete(self, request: Request) -> Response:
        return await self._routes.answered(self._kind, self._routes.delete(request, self._kind))

    async def options(self, request: Request) -> Response:
        return Response(status_code=204, headers={"Accept-Post": SDP, "Allow": "POST, OPTIONS"})


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _accepts_sdp(header: str) -> bool:
    """Quality values of 0 are beyond what encoders send."""
    return any(_media_type(one) in (SDP, "application/*", "*/*") for one in header.split(","))


def _link(url: str, server: IceServer) -> str:
    """RFC 9725 section 4.4."""
    return (
        f'<{url}>; rel="ice-server"; username="{server.username}"; credential="{server.credential}"; '
        'credential-type="password"'
    )


async def _text(request: Request, most: int) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise problems.TOO_LARGE
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise problems.NOT_TEXT from None
