"""Troubles as the board and programs read them: whole rows in few queries, newest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exporters.oncall.nouns import State
from exporters.oncall.outbox import Delivery
from exporters.oncall.tables import DeliveryRow, TroubleAlertRow, TroubleEventRow, TroubleRow

PAGE = 100
MAX_EVENTS = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """`told`: names of who was told, in order. `members`: of an area, the troubles it speaks for."""

    row: TroubleRow
    alerts: Sequence[TroubleAlertRow]
    told: Sequence[str]
    members: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Detailed:
    listed: Listed
    events: Sequence[TroubleEventRow]
    deliveries: Sequence[DeliveryRow]


def page(
    session: Session, states: Collection[State], *, site: str = "", before: int | None = None, limit: int = PAGE
) -> list[Listed]:
    """The newest first; `before`: number of the last one of the page before."""
    query = select(TroubleRow).where(TroubleRow.state.in_([state.value for state in states]))
    if site:
        query = query.where(TroubleRow.site == site)
    if before is not None:
        query = query.where(TroubleRow.id < before)
    return _listed(session, session.scalars(query.order_by(TroubleRow.id.desc()).limit(limit)).all())


def one(session: Session, trouble: int) -> Detailed | None:
    row = session.get(TroubleRow, trouble)
    if row is None:
        return None
    events = session.scalars(
        select(TroubleEventRow)
        .where(TroubleEventRow.trouble_id == trouble)
        .order_by(TroubleEventRow.id.desc())
        .limit(MAX_EVENTS)
    ).all()
    deliveries = session.scalars(
        select(DeliveryRow).where(DeliveryRow.trouble_id == trouble).order_by(DeliveryRow.id).limit(MAX_EVENTS)
    ).all()
    return Detailed(_listed(session, [row])[0], list(reversed(events)), deliveries)


def delivery_to(session: Session, trouble: int, person: str) -> DeliveryRow | None:
    """The last one: it knows the person's name and language."""
    return session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.trouble_id == trouble, DeliveryRow.person == person)
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    )


def latest_alerts(session: Session, limit: int) -> list[tuple[TroubleAlertRow, TroubleRow]]:
    """Of all troubles, firing and ended, the last heard first."""
    query = (
        select(TroubleAlertRow, TroubleRow)
        .join(TroubleRow, TroubleRow.id == TroubleAlertRow.trouble_id)
        .order_by(TroubleAlertRow.received_at.desc(), TroubleAlertRow.trouble_id.desc(), TroubleAlertRow.fingerprint)
        .limit(limit)
    )
    return [(alert, trouble) for alert, trouble in session.execute(query)]


def _listed(session: Session, rows: Sequence[TroubleRow]) -> list[Listed]:
    ids = [row.id for row in rows]
    members: dict[int, list[int]] = defaultdict(list)
    for member, area in session.execute(
        select(TroubleRow.id, TroubleRow.area_id).where(TroubleRow.area_id.in_(ids)).order_by(TroubleRow.id)
    ):
        members[area or 0].append(member)
    alerts = _grouped(
        session.scalars(
            select(TroubleAlertRow)
            .where(TroubleAlertRow.trouble_id.in_([*ids, *(one for some in members.values() for one in some)]))
            .order_by(TroubleAlertRow.began, TroubleAlertRow.fingerprint)
        )
    )
    told = _grouped(
        session.scalars(
            select(DeliveryRow)
            .where(
                DeliveryRow.trouble_id.in_(ids),
                DeliveryRow.state.in_((Delivery.SENT.value, Delivery.DELIVERED.value)),
            )
            .order_by(DeliveryRow.sent_at, DeliveryRow.id)
        )
    )
    return [
        Listed(
            row,
            [alert for owner in (row.id, *members[row.id]) for alert in alerts[owner]],
            list(dict.fromkeys(delivery.name for delivery in told[row.id])),
            members[row.id],
        )
        for row in rows
    ]


def _grouped(found: Any) -> Mapping[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for one_row in found:
        groups[one_row.trouble_id].append(one_row)
    return groups
