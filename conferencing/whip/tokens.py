"""Bearer tokens of encoders and screens: each is one seat of one meeting. Blocking: called in threads."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from conferencing.meeting.codes import hash_token
from conferencing.tables import StreamTokenRow
from conferencing.whip.roles import Kind

TOKENS_LIMIT = 200
"""Of one meeting, those taken back and expired among them."""
_PREFIX = "tsw_"


class TooManyTokensError(Exception):
    """The meeting has TOKENS_LIMIT of them."""


@dataclass(frozen=True, slots=True)
class StreamToken:
    """`seat` is also its id; the token itself is not kept. Times are Unix seconds."""

    seat: str
    meeting_id: str
    kind: Kind
    name: str
    created_at: float
    created_by: str
    expires_at: float
    revoked_at: float | None

    def good(self, now: float) -> bool:
        return self.revoked_at is None and now < self.expires_at


class StreamTokens:
    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def create(
        self, meeting_id: str, kind: Kind, name: str, by: str, now: float, seconds: float
    ) -> tuple[StreamToken, str]:
        """The entry and the token, which is told this once. Raises TooManyTokensError."""
        token = _PREFIX + secrets.token_urlsafe(24)
        row = StreamTokenRow(
            seat=secrets.token_hex(6),
            meeting_id=meeting_id,
            token_hash=hash_token(token),
            kind=kind.value,
            name=name,
            created_at=now,
            created_by=by,
            expires_at=now + seconds,
            revoked_at=None,
        )
        with self._sessions.begin() as session:
            held = select(func.count()).select_from(StreamTokenRow).where(StreamTokenRow.meeting_id == meeting_id)
            if (session.scalar(held) or 0) >= TOKENS_LIMIT:
                raise TooManyTokensError
            session.add(row)
            session.flush()
            return _read(row), token

    def find(self, token: str) -> StreamToken | None:
        if not token.startswith(_PREFIX) or len(token) > 64:
            return None
        with self._sessions() as session:
            row = session.scalar(select(StreamTokenRow).where(StreamTokenRow.token_hash == hash_token(token)))
            return _read(row) if row is not None else None

    def of_meeting(self, meeting_id: str) -> Sequence[StreamToken]:
        query = select(StreamTokenRow).where(StreamTokenRow.meeting_id == meeting_id)
        with self._sessions() as session:
            return [_read(row) for row in session.scalars(query.order_by(StreamTokenRow.created_at))]

    def revoke(self, meeting_id: str, seat: str, now: float) -> StreamToken | None:
        """None when the meeting has no such token."""
        with self._sessions.begin() as session:
            row = session.get(StreamTokenRow, seat)
            if row is None or row.meeting_id != meeting_id:
                return None
            session.execute(
                update(StreamTokenRow)
                .where(StreamTokenRow.seat == seat, StreamTokenRow.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            return _read(row)


def _read(row: StreamTokenRow) -> StreamToken:
    return StreamToken(
        row.seat,
        row.meeting_id,
        Kind(row.kind),
        row.name,
        row.created_at,
        row.created_by,
        row.expires_at,
        row.revoked_at,
    )
