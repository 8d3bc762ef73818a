"""Tables of the collector: what the hub knows of units, sites, lines, nodes, people and minutes.

Instants are Unix seconds by the hub's clock. Everything works alike on SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Constraints are named, because SQLite can alter only what has a name (Alembic, "batch" migrations).
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Base(DeclarativeBase):
    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double()}


class Unit(Base):
    """An administrative unit. Codes are reused over the years, so the key is (code, valid_from)."""

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Site(Base):
    """A place where people work; metrics follow it."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))


class Node(Base):
    """A machine that runs an agent."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    hostname: Mapped[str] = mapped_column(String(255))
    platform: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(64))
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[float]
    revoked_at: Mapped[float | None]
    clock_offset_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """What is taken off each sample's time; 0 while the clock is within 2 s of the hub's."""
    last_seen_at: Mapped[float | None]


class Line(Base):
    """One Internet or WAN access of a site, measured by one node."""

    __tablename__ = "lines"
    __table_args__ = (CheckConstraint("stamp_ssid BETWEEN 0 AND 65535", name="stamp_ssid_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    provider: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(String(200))
    stamp_ssid: Mapped[int] = mapped_column(unique=True)
    stamp_key: Mapped[str] = mapped_column(String(128))
    """Hexadecimal."""
    measured_by: Mapped[str | None] = mapped_column(ForeignKey("nodes.id"), index=True)


class EnrolmentTokenRow(Base):
    """A one-time token, of which only the hash is kept."""

    __tablename__ = "enrolment_tokens"

    secret_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    created_at: Mapped[float]
    expires_at: Mapped[float]
    used_at: Mapped[float | None]
    used_by: Mapped[str | None] = mapped_column(ForeignKey("nodes.id"))


class User(Base):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('administrator', 'technician', 'viewer')", name="role_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    """Lower case, NFC."""
    display_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(32))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float]
    disabled_at: Mapped[float | None]


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


__all__ = [
    "Base",
    "EnrolmentTokenRow",
    "Line",
    "LineMinute",
    "Node",
    "NodeMinute",
    "Site",
    "Unit",
    "User",
    "metadata",
]
