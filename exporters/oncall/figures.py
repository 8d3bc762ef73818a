"""Figures of the bridge's present state, and of its past, out of its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exporters.oncall.nouns import Reason, Scope, State, Trouble
from exporters.oncall.outbox import Delivery
from exporters.oncall.tables import DeliveryRow

OWN_ALERTS = "Oncall"
"""What the names of the alerts about the bridge begin with."""


def troubles(current: Iterable[Trouble]) -> dict[tuple[str, str], int]:
    return dict(Counter((one.state.value, one.severity) for one in current if one.is_open))


def oldest_unacknowledged(current: Iterable[Trouble]) -> float | None:
    told = [one.notified_at for one in current if one.state is State.NOTIFIED and one.notified_at is not None]
    return min(told, default=None)


def untaken(current: Iterable[Trouble]) -> int:
    """Without those that are only about this: they would keep themselves alive."""
    return sum(
        one.state is State.NOTIFIED
        and one.reason is Reason.ALL_TOLD
        and not all(alert.name.startswith(OWN_ALERTS) for alert in one.firing)
        for one in current
    )


def untold(current: Iterable[Trouble]) -> int:
    return sum(one.state is State.WAITING and one.reason is Reason.NOBODY for one in current)


def areas(current: Iterable[Trouble]) -> int:
    return sum(one.scope == Scope.AREA and one.is_open for one in current)


def waiting(session: Session, now: float) -> tuple[dict[str, int], float | None]:
    """Deliveries that wait, by channel, and when the oldest that is due was due."""
    open_states = (Delivery.PENDING.value, Delivery.SENDING.value)
    rows = session.execute(
        select(DeliveryRow.channel, func.count(), func.min(DeliveryRow.next_at))
        .where(DeliveryRow.state.in_(open_states))
        .group_by(DeliveryRow.channel)
    ).all()
    oldest = min((row[2] for row in rows if row[2] <= now), default=None)
    return {row[0]: row[1] for row in rows}, oldest
