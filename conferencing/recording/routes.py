"""HTTP routes of recordings: start, stop, look, compose, download. docs/protocol.md, 5."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from conferencing import problems
from conferencing.live import LiveMeeting
from conferencing.meeting.codes import read_code
from conferencing.meetings import Meetings
from conferencing.origin import same_origin
from conferencing.problems import ProblemError
from conferencing.protocols import Accounts, Identity
from conferencing.recording.desk import RecordingDesk
from conferencing.recording.folder import RESULT
from conferencing.recording.status import read_status
from conferencing.recording.store import Job, RecordingStore, StoredRecording

COMPOSE = "compose"


class RecordingRoutes:
    """`folder`: where the recorder writes, None where this hub has none."""

    def __init__(
        self, meetings: Meetings, accounts: Accounts, desk: RecordingDesk, store: RecordingStore, folder: Path | None
    ) -> None:
        self._meetings = meetings
        self._accounts = accounts
        self._desk = desk
        self._store = store
        self._folder = folder

    def router(self) -> APIRouter:
        router = APIRouter()
        base = "/api/v1/meetings/{code}/recording"
        router.add_api_route(base, _answering(self._start), methods=["POST"])
        router.add_api_route(base, _answering(self._stop), methods=["DELETE"])
        router.add_api_route(f"{base}s", _answering(self._list), methods=["GET"])
        router.add_api_route(f"{base}s/{{name}}/composition", _answering(self._compose), methods=["POST"])
        router.add_api_route(f"{base}s/{{name}}/video", _answering(self._video), methods=["GET"])
        return router

    async def _start(self, request: Request) -> Response:
        identity, live = await self._asked(request)
        if live.meeting.closed:
            raise problems.UNKNOWN_MEETING
        if not self._desk.possible or self._full():
            raise problems.NO_RECORDER
        name = await self._desk.start(live, identity.user_name)
        return JSONResponse({"code": live.stored.code, "recording": name})

    async def _stop(self, request: Request) -> Response:
        identity, live = await self._asked(request)
        name = await self._desk.stop(live, identity.user_name)
        return JSONResponse({"code": live.stored.code, "recording": None, "stopped": name})

    async def _list(self, request: Request) -> Response:
        _identity, live = await self._asked(request)
        found = await asyncio.to_thread(self._store.of_meeting, live.stored.id)
        listed = [await asyncio.to_thread(self._document, one) for one in found]
        return JSONResponse({"code": live.stored.code, "recording": live.meeting.recording, "recordings": listed})

    async def _compose(self, request: Request) -> Response:
        identity, live = await self._asked(request)
        recording = await self._recording(live, request)
        job = await asyncio.to_thread(
            self._store.add_job, COMPOSE, recording.name, identity.user_name, self._meetings.clock()
        )
        return JSONResponse(_job(job), 202)

    async def _video(self, request: Request) -> Response:
        _identity, live = await self._asked(request)
        recording = await self._recording(live, request)
        path = self._path(recording.name) / RESULT
        if not path.is_file():
            raise problems.NOT_COMPOSED
        return FileResponse(
            path,
            media_type="video/mp4",
            filename=f"{live.stored.code}-{recording.name}.mp4",
            headers={"Cache-Control": "no-store"},
        )

    async def _asked(self, request: Request) -> tuple[Identity, LiveMeeting]:
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

    async def _recording(self, live: LiveMeeting, request: Request) -> StoredRecording:
        """Of this meeting alone: the code of one opens no recording of another."""
        wanted = request.path_params["name"]
        for one in await asyncio.to_thread(self._store.of_meeting, live.stored.id):
            if one.name == wanted and self._path(one.name).is_dir():
                return one
        raise problems.UNKNOWN_RECORDING

    def _document(self, one: StoredRecording) -> dict[str, Any]:
        folder = self._path(one.name)
        kept = folder.is_dir()
        job = self._store.job_of(COMPOSE, one.name)
        return {
            "name": one.name,
            "started_at": one.started_at,
            "started_by": one.started_by,
            "stopped_at": one.stopped_at,
            "kept": kept,
            "bytes": sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) if kept else 0,
            "composition": _job(job) if job is not None else None,
            "video": kept and (folder / RESULT).is_file(),
        }

    def _path(self, name: str) -> Path:
        return (self._folder or Path("/nonexistent")) / name

    def _full(self) -> bool:
        """As the recorder said last; nothing said is no reason to refuse."""
        status = read_status(self._folder)
        return status is not None and status.full


def _job(job: Job) -> dict[str, Any]:
    return {"state": job.state, "progress": round(job.progress, 3), "detail": job.detail}


def _answering(handler: Any) -> Any:
    async def answer(request: Request) -> Response:
        try:
            response: Response = await handler(request)
        except ProblemError as error:
            response = problems.problem_response(error)
        return response

    return answer
