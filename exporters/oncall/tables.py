"""Tables of the on-call bridge. Their Alembic branch is `exporters`; the hub migrates it. Times are Unix seconds."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only in an INTEGER key.
ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(naming_convention=_NAMES)


class Base(DeclarativeBase):
    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double()}


class TroubleRow(Base):
    """One alert group from its first alert until its last one is gone."""

    __tablename__ = "oncall_troubles"
    __table_args__ = (Index("ix_oncall_troubles_state_opened_at", "state", "opened_at"),)

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    open_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the group's key while it is open; NULL afterwards, so that the key may come again."""
    group_key: Mapped[str] = mapped_column(String(2000))
    scope: Mapped[str] = mapped_column(String(16))
    """site, provider, upstream, hub, or area: many sites at once."""
    site: Mapped[str] = mapped_column(String(64), index=True)
    """Code, or empty."""
    subject: Mapped[str] = mapped_column(String(200))
    """Name of the provider or the area, or empty."""
    area_id: Mapped[int | None] = mapped_column(ForeignKey("oncall_troubles.id"), index=True)
    """The trouble of the area that speaks for this one."""
    state: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    """The worst that fired in it."""
    opened_at: Mapped[float]
    changed_at: Mapped[float]
    resolved_at: Mapped[float | None] = mapped_column(index=True)
    waits_until: Mapped[float | None]
    reason: Mapped[str] = mapped_column(String(32))
    """Why it waits or is suppressed."""
    notified_at: Mapped[float | None]
    """When somebody was to be told for the first time."""
    layer: Mapped[int]
    """How many layers of the rota have been told."""
    layer_at: Mapped[float | None]
    told_severity: Mapped[str] = mapped_column(String(16))
    told_alerts: Mapped[list[str]] = mapped_column(JSON)
    """Names of alerts that people have been told of."""
    told_count: Mapped[int]
    """Sites, of an area."""
    told_again: Mapped[int]
    """How often it was told that it grew worse."""
    returns: Mapped[int]
    """How often it was resolved and came back."""
    acknowledged_by: Mapped[str] = mapped_column(String(100))
    acknowledged_name: Mapped[str] = mapped_column(String(200))
    acknowledged_at: Mapped[float | None]


class TroubleAlertRow(Base):
    """One alert of a trouble, as Alertmanager said it last."""

    __tablename__ = "oncall_alerts"

    trouble_id: Mapped[int] = mapped_column(
        ForeignKey("oncall_troubles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    severity: Mapped[str] = mapped_column(String(16))
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    annotations: Mapped[dict[str, str]] = mapped_column(JSON)
    began: Mapped[float]
    ended: Mapped[float | None]
    received_at: Mapped[float]


class TroubleEventRow(Base):
    """The history of a trouble. `id` gives the order."""

    __tablename__ = "oncall_events"

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    trouble_id: Mapped[int] = mapped_column(ForeignKey("oncall_troubles.id", ondelete="CASCADE"), index=True)
    at: Mapped[float]
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(100))
    """Who did it; empty: the bridge itself."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class DeliveryRow(Base):
    """One message to one person by one channel. `notice` is the same for all channels that were tried for it."""

    __tablename__ = "oncall_deliveries"
    __table_args__ = (
        Index("ix_oncall_deliveries_state_channel_next_at", "state", "channel", "next_at"),
        Index("ix_oncall_deliveries_channel_receipt", "channel", "receipt"),
        Index("ix_oncall_deliveries_person_sent_at", "person", "sent_at"),
    )

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    """`notice` and channel: written twice, it is one."""
    notice: Mapped[str] = mapped_column(String(250), index=True)
    trouble_id: Mapped[int | None] = mapped_column(ForeignKey("oncall_troubles.id", ondelete="CASCADE"), index=True)
    """NULL: a summary for one person."""
    kind: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(500))
    others: Mapped[list[list[str]]] = mapped_column(JSON)
    """[channel, address] to be tried after this one."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the text needs beside the trouble itself."""
    state: Mapped[str] = mapped_column(String(16))
    """pending, sending, sent, delivered, failed, held (for a summary) or overtaken."""
    attempts: Mapped[int]
    created_at: Mapped[float]
    next_at: Mapped[float]
    sent_at: Mapped[float | None]
    receipt: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(500))
    """What the channel said last."""


class MaintenanceRow(Base):
    """Announced work: alerts within stay open but page nobody."""

    __tablename__ = "oncall_maintenance"

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    scope: Mapped[str] = mapped_column(String(8))
    """whole, unit, site or line."""
    target: Mapped[str] = mapped_column(String(64))
    """Code of the unit, site or line; empty: the whole."""
    begins: Mapped[float]
    ends: Mapped[float] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[float]
