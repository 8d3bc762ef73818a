"""Who may record what: starts and ends recordings of meetings, and keeps the workers at it. Knows no files."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from conferencing import control
from conferencing.live import LiveMeeting
from conferencing.meetings import Meetings
from conferencing.recording.store import RecordingStore
from conferencing.workers.link import WorkerUnavailable

logger = logging.getLogger(__name__)

REMIND_SECONDS = 1.0
"""Workers are told again so often what is recorded: one that is new, or was away, is at it at once."""


class RecordingDesk:
    """`socket`: the recorder's, None where this hub has none."""

    def __init__(self, meetings: Meetings, store: RecordingStore, socket: Path | None) -> None:
        self._meetings = meetings
        self._store = store
        self._socket = socket

    @property
    def possible(self) -> bool:
        return self._socket is not None and self._socket.exists()

    async def start(self, live: LiveMeeting, by: str) -> str:
        """The recording's name; that of the one that runs already, if one does."""
        if live.meeting.recording is not None:
            return live.meeting.recording
        name = secrets.token_hex(8)
        await asyncio.to_thread(self._store.begin, name, live.stored.id, by, self._meetings.clock())
        live.record(live.meeting.start_recording(name, by))
        self._remind(live)
        logger.info("- recording %s of meeting %s", name, live.stored.id)
        return name

    async def stop(self, live: LiveMeeting, by: str) -> str | None:
        """The name of what was recorded until now."""
        name = live.meeting.recording
        if name is None:
            return None
        live.record(live.meeting.stop_recording(by))
        if live.link is not None:
            with contextlib.suppress(WorkerUnavailable):
                live.link.send(control.StopRecording(live.stored.id))
        await asyncio.to_thread(self._store.end, name, self._meetings.clock())
        return name

    async def run(self) -> None:
        while True:
            await self._end_closed()
            for live in self._meetings.live_meetings():
                self._remind(live)
            await asyncio.sleep(REMIND_SECONDS)

    async def _end_closed(self) -> None:
        """A meeting that is closed ends its recording in the log; the table is told here."""
        try:
            await asyncio.to_thread(self._store.end_of_closed)
        except SQLAlchemyError as error:
            logger.warning("recordings of closed meetings are not marked as ended yet: %s", error)

    def _remind(self, live: LiveMeeting) -> None:
        name = live.meeting.recording
        if name is None or live.meeting.closed or live.link is None or not live.link.connected:
            return
        if self._socket is not None:
            with contextlib.suppress(WorkerUnavailable):
                live.link.send(control.Record(live.stored.id, name, str(self._socket.resolve())))
