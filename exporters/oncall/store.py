"""Troubles in the database: rows to values and back, what a notification writes, the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from exporters.oncall import intake
from exporters.oncall.nouns import LEGAL, Alert, Event, Reason, Scope, State, Trouble, worst
from exporters.oncall.tables import TroubleAlertRow, TroubleEventRow, TroubleRow
from exporters.oncall.webhook import Notification

MAX_ALERTS_OF_A_TROUBLE = 2000
_MIRRORED = (
    "scope", "site", "subject", "severity", "opened_at", "area_id", "resolved_at", "waits_until", "notified_at",
    "layer", "layer_at", "told_severity", "told_count", "told_again", "returns", "acknowledged_by",
    "acknowledged_name", "acknowledged_at",
)  # fmt: skip


class IllegalTransitionError(Exception):
    """A decision that the table of transitions does not know: ours to mend."""


def take(session: Session, said: Notification, now: float) -> tuple[str, ...]:
    """Write what a notification says; the names of alerts that began by it. The same again writes nothing new."""
    alerts = [alert.alert(now) for alert in said.alerts]
    alerts = [alert for alert in alerts if alert.name != intake.WATCHDOG and alert.fingerprint]
    if not alerts:
        return ()
    group_key = said.group_key or f"site:{alerts[0].labels.get('site', '')}"
    return take_alerts(session, group_key, alerts, now, complete=not said.truncated)


def take_alerts(
    session: Session, group_key: str, alerts: Sequence[Alert], now: float, *, complete: bool
) -> tuple[str, ...]:
    key = intake.key_hash(group_key)
    row = session.scalar(select(TroubleRow).where(TroubleRow.open_key == key))
    if row is None:
        if all(alert.ended is not None for alert in alerts):
            # The end of something that was never heard of, or that is written down already.
            return ()
        place = intake.place_of(alerts)
        row = new_row(key, group_key, place, worst(alert.severity for alert in alerts), now)
        session.add(row)
        session.flush()
        write_events(session, row.id, [Event("opened")], now)
    held = {one.fingerprint: one for one in session.scalars(_alerts_of([row.id]))}
    taken = intake.merge([alert_of(one) for one in held.values()], alerts, now, complete=complete)
    for alert in taken.alerts:
        _write_alert(session, row.id, held.get(alert.fingerprint), alert)
    if taken.events:
        row.changed_at = now
        write_events(session, row.id, taken.events, now)
    _forget_surplus(session, held)
    return taken.opened


def new_row(key: str, group_key: str, place: intake.Place, severity: str, now: float) -> TroubleRow:
    return TroubleRow(
        open_key=key, group_key=group_key, scope=place.scope, site=place.site, subject=place.subject, area_id=None,
        state=State.WAITING, severity=severity, opened_at=now, changed_at=now, resolved_at=None, waits_until=None,
        reason=Reason.NONE, notified_at=None, layer=0, layer_at=None, told_severity="", told_alerts=[], told_count=0,
        told_again=0, returns=0, acknowledged_by="", acknowledged_name="", acknowledged_at=None,
    )  # fmt: skip


def load_current(session: Session) -> dict[int, tuple[TroubleRow, Trouble]]:
    """All that are open or may come back, with the alerts of their sites in those of areas."""
    rows = session.scalars(select(TroubleRow).where(TroubleRow.open_key.is_not(None)).order_by(TroubleRow.id)).all()
    alerts: dict[int, list[Alert]] = defaultdict(list)
    for one in session.scalars(_alerts_of([row.id for row in rows])):
        alerts[one.trouble_id].append(alert_of(one))
    members: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.area_id is not None:
            members[row.area_id].append(row.id)
    found = {}
    for row in rows:
        own, sites = alerts[row.id], 1
        if row.scope == Scope.AREA:
            own = [alert for member in members[row.id] for alert in alerts[member]]
            sites = sum(any(alert.ended is None for alert in alerts[member]) for member in members[row.id])
        found[row.id] = (row, trouble_of(row, own, sites))
    return found


def load_one(session: Session, trouble: int) -> tuple[TroubleRow, Trouble] | None:
    row = session.get(TroubleRow, trouble)
    if row is None:
        return None
    members = [row.id]
    if row.scope == Scope.AREA:
        members = list(session.scalars(select(TroubleRow.id).where(TroubleRow.area_id == row.id)))
    alerts = [alert_of(one) for one in session.scalars(_alerts_of(members))]
    return row, trouble_of(row, alerts, len(members))


def members(session: Session, area: int) -> list[int]:
    """Of an area: the troubles that still burn, or all when none does."""
    query = select(TroubleRow.id).where(TroubleRow.area_id == area).order_by(TroubleRow.id)
    burning = list(session.scalars(query.where(TroubleRow.state != State.RESOLVED)))
    return burning or list(session.scalars(query))


def save(session: Session, row: TroubleRow, trouble: Trouble, events: Iterable[Event], now: float) -> None:
    """Raises IllegalTransitionError."""
    before = State(row.state)
    if trouble.state is not before and trouble.state not in LEGAL[before]:
        raise IllegalTransitionError(f"trouble {row.id}: {before} to {trouble.state}")
    told = sorted(trouble.told_alerts)
    for name in _MIRRORED:
        if getattr(row, name) != getattr(trouble, name):
            setattr(row, name, getattr(trouble, name))
            row.changed_at = now
    if (row.state, row.reason) != (trouble.state.value, trouble.reason.value):
        row.state, row.reason, row.changed_at = trouble.state.value, trouble.reason.value, now
    if list(row.told_alerts) != told:
        row.told_alerts = told
    write_events(session, row.id, events, now)


def write_events(session: Session, trouble: int, events: Iterable[Event], now: float) -> None:
    session.add_all(
        TroubleEventRow(trouble_id=trouble, at=now, kind=one.kind, actor=one.actor[:100], detail=dict(one.detail))
        for one in events
    )


def alert_of(row: TroubleAlertRow) -> Alert:
    return Alert(
        row.fingerprint, row.name, row.severity, row.labels, row.annotations, row.began, row.ended, row.received_at
    )


def trouble_of(row: TroubleRow, alerts: Iterable[Alert], sites: int = 1) -> Trouble:
    mirrored = {name: getattr(row, name) for name in _MIRRORED}
    return Trouble(
        id=row.id,
        state=State(row.state),
        reason=Reason(row.reason),
        alerts=tuple(alerts),
        sites=sites,
        told_alerts=frozenset(row.told_alerts),
        **mirrored,
    )


def _alerts_of(troubles: Sequence[int]) -> Select[TroubleAlertRow]:
    return (
        select(TroubleAlertRow)
        .where(TroubleAlertRow.trouble_id.in_(troubles))
        .order_by(TroubleAlertRow.trouble_id, TroubleAlertRow.began, TroubleAlertRow.fingerprint)
    )


def _write_alert(session: Session, trouble: int, row: TroubleAlertRow | None, alert: Alert) -> None:
    if row is None:
        row = TroubleAlertRow(trouble_id=trouble, fingerprint=alert.fingerprint)
        session.add(row)
    row.name, row.severity = alert.name, alert.severity
    row.labels, row.annotations = dict(alert.labels), dict(alert.annotations)
    row.began, row.ended, row.received_at = alert.began, alert.ended, alert.received_at


def _forget_surplus(session: Session, held: dict[str, TroubleAlertRow]) -> None:
    """A group that never ends must not grow for ever: what ended first goes first."""
    ended = sorted((row for row in held.values() if row.ended is not None), key=lambda row: row.ended or 0.0)
    for row in ended[: max(0, len(held) - MAX_ALERTS_OF_A_TROUBLE)]:
        session.delete(row)
