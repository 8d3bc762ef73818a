"""Minutes of lines and of nodes: what is kept of the samples."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class LineMinute(Base):
    """One line in one minute, folded from up to six windows. Counts cover the windows in `windows_mask`."""

    __tablename__ = "line_minutes"
    __table_args__ = (
        Index(
            "ix_line_minutes_open",
            "minute",
            sqlite_where=text("open_windows IS NOT NULL"),
            postgresql_where=text("open_windows IS NOT NULL"),
        ),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("lines.id"), primary_key=True, autoincrement=False)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Unix seconds of its start."""
    windows_mask: Mapped[int] = mapped_column(default=0)
    """Bit k: the window that starts 10·k seconds into the minute is counted."""
    direction_mask: Mapped[int] = mapped_column(default=0)
    """Bit k: of that window it is known which way its losses went and what is unmeasured."""
    sent: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    lost_up: Mapped[int] = mapped_column(default=0)
    lost_down: Mapped[int] = mapped_column(default=0)
    lost_unknown: Mapped[int] = mapped_column(default=0)
    unmeasured: Mapped[int] = mapped_column(default=0)
    late: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    reordered: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    late_sends: Mapped[int] = mapped_column(default=0)
    loss_bursts: Mapped[int] = mapped_column(default=0)
    rtt_min: Mapped[float | None]
    rtt_p50: Mapped[float | None]
    rtt_p95: Mapped[float | None]
    rtt_max: Mapped[float | None]
    rtt_buckets: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Cumulative, one per RTT_BUCKETS_SECONDS and +Inf."""
    jitter: Mapped[float | None]
    ipdv_p95: Mapped[float | None]
    burst_r: Mapped[float | None]
    r: Mapped[float | None]
    mos: Mapped[float | None]
    state: Mapped[str | None] = mapped_column(String(8))
    """good, weak, bad, down, with hysteresis (collector.quality.hysteresis); None: not measured or not judged yet."""
    cause: Mapped[str | None] = mapped_column(String(8))
    """Of the episode that it is a part of."""
    open_windows: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the windows said, kept until the minute is complete or too old to change; then NULL."""
    updated_at: Mapped[float]


class NodeMinute(Base):
    """The last readings of one node in one minute; each group of columns has its own time (Unix ms)."""

    __tablename__ = "node_minutes"

    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    cpu_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    cpu_busy_seconds: Mapped[float | None]
    cpu_total_seconds: Mapped[float | None]
    memory_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    memory_used_ratio: Mapped[float | None]
    filesystem_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    filesystem_root_used_ratio: Mapped[float | None]
    filesystem_worst_used_ratio: Mapped[float | None]
    network_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    receive_bytes: Mapped[float | None]
    transmit_bytes: Mapped[float | None]
    boot_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    boot_time_seconds: Mapped[float | None]
