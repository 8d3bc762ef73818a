"""From a batch to rows: each event once by (node, epoch, sequence), in one transaction."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from agent.wire.events import EventBatch
from collector.tables import NodeEvent, NodeEventCursor

KEPT_SECONDS = 400 * 86400
"""As long as Prometheus keeps samples; rules ask for three months of logs."""
MAX_KEPT_PER_NODE = 50_000
"""A node that says more loses its oldest."""
CURSOR_KEPT_SECONDS = KEPT_SECONDS


class GapError(Exception):
    """The batch begins after what is applied: the events between were never seen here."""

    def __init__(self, applied_through: int, first: int) -> None:
        super().__init__(f"applied through {applied_through}, and the first event sent is {first}")
        self.applied_through = applied_through


def apply(session: Session, node: str, batch: EventBatch, offset_ms: int, now: float) -> tuple[int, int]:
    """The number through which all of it is applied, and how many were new. Raises GapError. One writer at a time.

    `offset_ms` is taken off each time; what would then still lie ahead is dated when it came. Any number may be the
    first of an epoch: a queue made anew, or one that outlived a hub's database, begins where it begins.
    """
    cursor = session.get(NodeEventCursor, (node, batch.epoch))
    first, last = batch.events[0].sequence, batch.events[-1].sequence
    applied = first - 1 if cursor is None else cursor.applied_through
    if first > applied + 1:
        raise GapError(applied, first)
    new = [event for event in batch.events if event.sequence > applied]
    session.add_all(
        NodeEvent(
            node_id=node,
            epoch=batch.epoch,
            sequence=event.sequence,
            at=min((event.time_ms - offset_ms) / 1000, now),
            received_at=now,
            kind=event.kind,
            severity=event.severity,
            subject=event.subject,
            detail=dict(event.detail),
        )
        for event in new
    )
    if cursor is None:
        session.add(NodeEventCursor(node_id=node, epoch=batch.epoch, applied_through=last, updated_at=now))
    elif new:
        cursor.applied_through, cursor.updated_at = last, now
    return last, len(new)


def purge(session: Session, now: float) -> int:
    """Delete what is older than is kept, and of each node what is beyond its number; how many there were."""
    gone = session.execute(delete(NodeEvent).where(NodeEvent.received_at < now - KEPT_SECONDS))
    found = int(gone.rowcount)  # type: ignore[attr-defined]
    counts = select(NodeEvent.node_id).group_by(NodeEvent.node_id).having(func.count() > MAX_KEPT_PER_NODE)
    for node in session.scalars(counts).all():
        oldest_kept = session.scalar(
            select(NodeEvent.id)
            .where(NodeEvent.node_id == node)
            .order_by(NodeEvent.id.desc())
            .offset(MAX_KEPT_PER_NODE - 1)
            .limit(1)
        )
        beyond = session.execute(delete(NodeEvent).where(NodeEvent.node_id == node, NodeEvent.id < oldest_kept))
        found += int(beyond.rowcount)  # type: ignore[attr-defined]
    session.execute(delete(NodeEventCursor).where(NodeEventCursor.updated_at < now - CURSOR_KEPT_SECONDS))
    return found
