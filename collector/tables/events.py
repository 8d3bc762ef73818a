"""Events of nodes: what happened once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class NodeEvent(Base):
    """One event, applied once by (node, epoch, sequence)."""

    __tablename__ = "node_events"
    __table_args__ = (
        UniqueConstraint("node_id", "epoch", "sequence"),
        Index("ix_node_events_node_id_at", "node_id", "at"),
        Index("ix_node_events_received_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"))
    epoch: Mapped[str] = mapped_column(String(16))
    sequence: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[float]
    """Corrected by the node's clock offset, never after it was received."""
    received_at: Mapped[float]
    kind: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class NodeEventCursor(Base):
    """Through which number the events of one queue of a node are applied; outlives the events themselves."""

    __tablename__ = "node_event_cursors"

    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    applied_through: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[float]
