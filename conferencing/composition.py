"""Conferencing as the hub takes it: one object with a router, a running part and a snapshot."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from sqlalchemy.orm import Session, sessionmaker

from conferencing.admission import Admission
from conferencing.api import Routes
from conferencing.meetings import Meetings
from conferencing.pages import StaticFiles
from conferencing.protocols import Accounts, Directory
from conferencing.recording.desk import RecordingDesk
from conferencing.recording.routes import RecordingRoutes
from conferencing.recording.status import read_status
from conferencing.recording.store import RecordingStore
from conferencing.snapshot import ConferencingSnapshot, room_snapshot, worker_snapshot
from conferencing.store import MeetingStore
from conferencing.turn import TurnServers
from conferencing.whip.routes import StreamRoutes
from conferencing.whip.sessions import StreamSessions
from conferencing.whip.token_routes import TokenRoutes
from conferencing.whip.tokens import StreamTokens

NO_TURN = TurnServers()


@dataclass(frozen=True, slots=True)
class RecorderPlace:
    """Where the recorder listens, and where it writes."""

    socket: Path
    folder: Path


class Conferencing:
    """`worker_sockets`: control sockets of the media workers, the last of several being the warm spare."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        accounts: Accounts,
        directory: Directory,
        worker_sockets: Sequence[Path],
        clock: Callable[[], float] = time.time,
        turn: TurnServers = NO_TURN,
        recorder: RecorderPlace | None = None,
    ) -> None:
        self._counts: Counter[str] = Counter()
        self._meetings = Meetings(MeetingStore(sessions), worker_sockets, clock)
        admission = Admission(self._meetings, directory, turn)
        files = StaticFiles()
        self._routes = Routes(self._meetings, admission, accounts, files, self._counts)
        self.router: APIRouter = self._routes.router()
        streams = StreamSessions(self._meetings, StreamTokens(sessions))
        self.router.include_router(StreamRoutes(streams, turn, files, self._counts, clock).router())
        self.router.include_router(TokenRoutes(self._meetings, accounts, streams).router())

        recordings = RecordingStore(sessions)
        self._desk = RecordingDesk(self._meetings, recordings, recorder.socket if recorder else None)
        self._recordings_folder = recorder.folder if recorder else None
        recording = RecordingRoutes(self._meetings, accounts, self._desk, recordings, self._recordings_folder)
        self.router.include_router(recording.router())

    async def run(self) -> None:
        """Keeps the connections to the workers, writes the log, keeps recordings going, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._meetings.run(), name="meetings")
            tasks.create_task(self._desk.run(), name="recordings")

    def snapshot(self) -> ConferencingSnapshot:
        live = [meeting for meeting in self._meetings.live_meetings() if not meeting.idle]
        qualities = self._meetings.quality.peers(self._meetings.clock())
        return ConferencingSnapshot(
            tuple(room_snapshot(meeting, qualities) for meeting in live),
            tuple(map(worker_snapshot, self._meetings.links)),
            self._routes.connections,
            dict(self._counts),
            self._meetings.journal.lost,
            dict(self._meetings.quality.totals),
            read_status(self._recordings_folder),
        )
