"""Tables of meetings. Their Alembic branch is `conferencing`; the hub migrates it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only in an INTEGER key.
_ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(naming_convention=_NAMES)


class Base(DeclarativeBase):
    metadata = metadata


class MeetingRow(Base):
    """Times are Unix seconds."""

    __tablename__ = "meetings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(14), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[float] = mapped_column(Float)
    created_by: Mapped[str] = mapped_column(String(100))
    closed_at: Mapped[float | None] = mapped_column(Float)


class SeatRow(Base):
    __tablename__ = "seats"
    __table_args__ = (Index("ix_seats_meeting_id_token_hash", "meeting_id", "token_hash", unique=True),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Float)


class StreamTokenRow(Base):
    """A seat that an encoder or a screen takes with a bearer token. Times are Unix seconds."""

    __tablename__ = "stream_tokens"

    seat: Mapped[str] = mapped_column(String(32), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[float] = mapped_column(Float)
    created_by: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[float] = mapped_column(Float)
    revoked_at: Mapped[float | None] = mapped_column(Float)


class MeetingEventRow(Base):
    """The log. `id` gives the order; `detail` is the event's own fields."""

    __tablename__ = "meeting_events"

    # SQLite numbers rows by itself only in an INTEGER key.
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), index=True)
    at: Mapped[float] = mapped_column(Float)
    kind: Mapped[str] = mapped_column(String(40))
    seat_id: Mapped[str | None] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class RecordingRow(Base):
    """`id` is also the name of its folder. Times are Unix seconds."""

    __tablename__ = "recordings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id"), index=True)
    started_at: Mapped[float] = mapped_column(Float)
    started_by: Mapped[str] = mapped_column(String(100))
    stopped_at: Mapped[float | None] = mapped_column(Float)


class JobRow(Base):
    """Work for the jobs process; see recording.store.Job."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(_ROW_NUMBER, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10), index=True)
    progress: Mapped[float] = mapped_column(Float)
    detail: Mapped[str] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[float] = mapped_column(Float)
    created_by: Mapped[str] = mapped_column(String(100))
