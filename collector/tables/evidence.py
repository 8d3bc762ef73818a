"""What a node's minutes say of where a fault lies: echoes to the hops, power, the router's own word."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class EvidenceMinute(Base):
    """One node in one minute. Per hop: echoes over the windows in its mask (as `line_minutes.windows_mask`)."""

    __tablename__ = "evidence_minutes"
    __table_args__ = (
        Index("ix_evidence_minutes_minute", "minute"),
        Index(
            "ix_evidence_minutes_open",
            "minute",
            sqlite_where=text("open_windows IS NOT NULL"),
            postgresql_where=text("open_windows IS NOT NULL"),
        ),
    )

    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Unix seconds of its start."""
    gateway_mask: Mapped[int] = mapped_column(default=0)
    gateway_sent: Mapped[int] = mapped_column(default=0)
    gateway_received: Mapped[int] = mapped_column(default=0)
    gateway_rtt_p50: Mapped[float | None]
    first_hop_mask: Mapped[int] = mapped_column(default=0)
    first_hop_sent: Mapped[int] = mapped_column(default=0)
    first_hop_received: Mapped[int] = mapped_column(default=0)
    first_hop_rtt_p50: Mapped[float | None]
    hub_mask: Mapped[int] = mapped_column(default=0)
    hub_sent: Mapped[int] = mapped_column(default=0)
    hub_received: Mapped[int] = mapped_column(default=0)
    hub_rtt_p50: Mapped[float | None]
    on_battery: Mapped[bool | None]
    """A battery or UPS of the site carried the load at some moment of the minute; None: none is known."""
    wan_up: Mapped[bool | None]
    """False: the router said over SNMP that its WAN was down at some moment; None: it was not asked."""
    open_windows: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Hop → its windows, until all that it says are there or the minute is too old to change."""
