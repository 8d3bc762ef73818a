"""Recordings and their jobs in the database. Blocking: called in threads."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from conferencing.tables import JobRow, MeetingRow, RecordingRow

LISTED_LIMIT = 500


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """Times in Unix seconds; `stopped_at` None while it goes on."""

    name: str
    meeting_id: str
    started_at: float
    started_by: str
    stopped_at: float | None


@dataclass(frozen=True, slots=True)
class Job:
    """`state`: "queued", "running", "done", "failed". `progress` 0–1. `subject`: of "compose", a recording."""

    number: int
    kind: str
    subject: str
    state: str
    progress: float
    detail: str
    created_at: float
    created_by: str


class RecordingStore:
    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def begin(self, name: str, meeting_id: str, by: str, now: float) -> None:
        with self._sessions.begin() as session:
            session.add(RecordingRow(id=name, meeting_id=meeting_id, started_at=now, started_by=by, stopped_at=None))

    def end(self, name: str, now: float) -> None:
        with self._sessions.begin() as session:
            session.execute(
                update(RecordingRow)
                .where(RecordingRow.id == name, RecordingRow.stopped_at.is_(None))
                .values(stopped_at=now)
            )

    def end_of_closed(self) -> None:
        """Recordings that were going on when their meeting was closed."""
        closed = select(MeetingRow.id, MeetingRow.closed_at).where(MeetingRow.closed_at.is_not(None))
        with self._sessions() as session:
            query = select(RecordingRow.id, RecordingRow.meeting_id).where(RecordingRow.stopped_at.is_(None))
            going = {meeting: name for name, meeting in session.execute(query)}
            ended = session.execute(closed.where(MeetingRow.id.in_(going))).all() if going else []
        for meeting, at in ended:
            self.end(going[meeting], at or 0.0)

    def of_meeting(self, meeting_id: str) -> list[StoredRecording]:
        """The newest first."""
        query = select(RecordingRow).where(RecordingRow.meeting_id == meeting_id)
        with self._sessions() as session:
            rows = session.scalars(query.order_by(RecordingRow.started_at.desc()).limit(LISTED_LIMIT))
            return [_recording(row) for row in rows]

    def job_of(self, kind: str, subject: str) -> Job | None:
        """The newest."""
        query = select(JobRow).where(JobRow.kind == kind, JobRow.subject == subject)
        with self._sessions() as session:
            row = session.scalar(query.order_by(JobRow.id.desc()).limit(1))
            return _job(row) if row is not None else None

    def add_job(self, kind: str, subject: str, by: str, now: float) -> Job:
        """One that is queued or running already is it."""
        existing = self.job_of(kind, subject)
        if existing is not None and existing.state in ("queued", "running"):
            return existing
        row = JobRow(
            kind=kind, subject=subject, state="queued", progress=0.0, detail="", created_at=now, created_by=by,
            attempts=0,
        )  # fmt: skip
        with self._sessions.begin() as session:
            session.add(row)
            session.flush()
            return _job(row)


def _recording(row: RecordingRow) -> StoredRecording:
    return StoredRecording(row.id, row.meeting_id, row.started_at, row.started_by, row.stopped_at)


def _job(row: JobRow) -> Job:
    return Job(row.id, row.kind, row.subject, row.state, row.progress, row.detail, row.created_at, row.created_by)
