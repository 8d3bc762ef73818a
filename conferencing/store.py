"""Reads and writes of meetings in the database. Blocking: called in threads."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from conferencing.meeting.codes import hash_token, new_code
from conferencing.meeting.events import Event, detail_of, kind_of, read_event
from conferencing.tables import MeetingEventRow, MeetingRow, SeatRow

OPEN_MEETINGS_LIMIT = 200
"""Listed at once, the newest first."""


@dataclass(frozen=True, slots=True)
class StoredMeeting:
    """`id` is also the name of its room in a worker: the code, which lets people in, stays out of logs."""

    id: str
    code: str
    title: str
    created_at: float
    created_by: str
    closed_at: float | None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    meeting_id: str
    at: float
    event: Event


class MeetingStore:
    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def create(self, title: str, created_by: str, now: float) -> StoredMeeting:
        row = MeetingRow(
            id=secrets.token_hex(8),
            code=new_code(),
            title=title,
            created_at=now,
            created_by=created_by,
            closed_at=None,
        )
        with self._sessions.begin() as session:
            session.add(row)
            session.flush()
            return _stored(row)

    def by_code(self, code: str) -> StoredMeeting | None:
        with self._sessions() as session:
            row = session.scalar(select(MeetingRow).where(MeetingRow.code == code))
            return _stored(row) if row is not None else None

    def by_id(self, meeting_id: str) -> StoredMeeting | None:
        with self._sessions() as session:
            row = session.get(MeetingRow, meeting_id)
            return _stored(row) if row is not None else None

    def open_meetings(self) -> list[StoredMeeting]:
        query = select(MeetingRow).where(MeetingRow.closed_at.is_(None)).order_by(MeetingRow.created_at.desc())
        with self._sessions() as session:
            return [_stored(row) for row in session.scalars(query.limit(OPEN_MEETINGS_LIMIT))]

    def close(self, meeting_id: str, now: float) -> None:
        with self._sessions.begin() as session:
            session.execute(
                update(MeetingRow)
                .where(MeetingRow.id == meeting_id, MeetingRow.closed_at.is_(None))
                .values(closed_at=now)
            )

    def seat_of(self, meeting_id: str, token: str) -> str | None:
        with self._sessions() as session:
            query = select(SeatRow.id).where(
                SeatRow.meeting_id == meeting_id, SeatRow.token_hash == hash_token(token)
            )
            return session.scalar(query)

    def add_seat(self, meeting_id: str, token: str, now: float) -> str:
        row = SeatRow(id=secrets.token_hex(6), meeting_id=meeting_id, token_hash=hash_token(token), created_at=now)
        with self._sessions.begin() as session:
            session.add(row)
            session.flush()
            return row.id

    def append(self, events: Sequence[LoggedEvent]) -> None:
        with self._sessions.begin() as session:
            session.add_all(
                MeetingEventRow(
                    meeting_id=logged.meeting_id,
                    at=logged.at,
                    kind=kind_of(logged.event),
                    seat_id=getattr(logged.event, "seat", None),
                    detail=detail_of(logged.event),
                )
                for logged in events
            )

    def events(self, meeting_id: str) -> list[Event]:
        """The whole log of a meeting, in order; kinds of a newer version are left out."""
        query = select(MeetingEventRow).where(MeetingEventRow.meeting_id == meeting_id).order_by(MeetingEventRow.id)
        with self._sessions() as session:
            rows = [(row.kind, row.detail) for row in session.scalars(query)]
        return [event for kind, detail in rows if (event := read_event(kind, detail)) is not None]


def _stored(row: MeetingRow) -> StoredMeeting:
    return StoredMeeting(row.id, row.code, row.title, row.created_at, row.created_by, row.closed_at)
