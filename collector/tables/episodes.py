"""What is made of line minutes: episodes with their cause, days, and what has still to be looked at again."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class LineEpisode(Base):
    """A line that was not good from `began` until `ended` (None: still so). One state class without a break."""

    __tablename__ = "line_episodes"
    __table_args__ = (Index("ix_line_episodes_began", "began"), Index("ix_line_episodes_ended", "ended"))

    line_id: Mapped[int] = mapped_column(
        ForeignKey("lines.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    began: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Unix seconds of its first minute."""
    ended: Mapped[int | None] = mapped_column(BigInteger)
    """Unix seconds of the first minute after it."""
    state: Mapped[str] = mapped_column(String(8))
    """The worst of it: weak, bad, down, or no_data."""
    cause: Mapped[str] = mapped_column(String(8))
    """One of collector.faults.CAUSES; `none` when it is not known."""
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    """In words, by language (`vi`, `en`)."""
    updated_at: Mapped[float]
    revised_at: Mapped[float | None]
    """When its cause was last said otherwise than before, because more became known."""


class LineWork(Base):
    """Minutes of a line that were written and not yet judged, by hour."""

    __tablename__ = "line_work"

    line_id: Mapped[int] = mapped_column(
        ForeignKey("lines.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    hour: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Unix seconds of its start."""
    since: Mapped[int] = mapped_column(BigInteger)
    """The first minute touched."""
    until: Mapped[int] = mapped_column(BigInteger)
    """The last one."""


class LineDay(Base):
    """One line on one day of the offices, summed from its minutes: what reports are made of."""

    __tablename__ = "line_days"

    line_id: Mapped[int] = mapped_column(
        ForeignKey("lines.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    stale: Mapped[bool]
    """Its minutes have changed since it was summed."""
    minutes: Mapped[int] = mapped_column(default=0)
    """In which the line was measured."""
    lost_minutes: Mapped[int] = mapped_column(default=0)
    """In which nothing came through."""
    lost_by_cause: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    good: Mapped[int] = mapped_column(default=0)
    weak: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)
    measured: Mapped[int] = mapped_column(BigInteger, default=0)
    """Packets that count for loss."""
    lost_up: Mapped[int] = mapped_column(BigInteger, default=0)
    lost_down: Mapped[int] = mapped_column(BigInteger, default=0)
    lost_unknown: Mapped[int] = mapped_column(BigInteger, default=0)
    rtt_weight: Mapped[int] = mapped_column(BigInteger, default=0)
    """Answers behind `rtt_sum`."""
    rtt_sum: Mapped[float] = mapped_column(default=0.0)
    """Seconds: of each minute its median times its answers."""
    rtt_max: Mapped[float | None]
    rtt_buckets: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Cumulative, one per RTT_BUCKETS_SECONDS and +Inf."""
    jitter_sum: Mapped[float] = mapped_column(default=0.0)
    jitter_minutes: Mapped[int] = mapped_column(default=0)
    mos_sum: Mapped[float] = mapped_column(default=0.0)
    mos_minutes: Mapped[int] = mapped_column(default=0)
    load: Mapped[bytes | None] = mapped_column(LargeBinary)
    """288 five-minute means down, then 288 up: bit/s as little-endian 32-bit floats, NaN where none is known."""


class SpeedTest(Base):
    """One throughput test of a line in one direction, as a share of the contract's speed."""

    __tablename__ = "speed_tests"

    line_id: Mapped[int] = mapped_column(
        ForeignKey("lines.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    direction: Mapped[str] = mapped_column(String(4), primary_key=True)
    """down, up."""
    at_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ratio: Mapped[float]
