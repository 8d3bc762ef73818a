"""What people do with a trouble: take it, hand it back, note something. In the caller's transaction, with history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from exporters.oncall import outbox, store
from exporters.oncall.nouns import Event, Reason, Scope, State, worst
from exporters.oncall.tables import TroubleRow

MAX_NOTE_CHARACTERS = 1000


class Answer(StrEnum):
    DONE = "done"
    ALREADY = "already"
    """It was so before: nothing changed."""
    OTHER = "other"
    """Somebody else has it."""
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Actor:
    """`code`: of the person or the user. `by_link`: without signing in."""

    code: str
    name: str
    by_link: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """`seconds`: from telling the first person to now, None when nobody had been told."""

    answer: Answer
    seconds: float | None = None


def acknowledge(session: Session, trouble: int, actor: Actor, now: float) -> Answered:
    row = session.get(TroubleRow, trouble)
    if row is None:
        return Answered(Answer.UNKNOWN)
    if row.state == State.RESOLVED:
        return Answered(Answer.RESOLVED)
    if row.acknowledged_at is not None:
        return Answered(Answer.ALREADY if row.acknowledged_by == actor.code else Answer.OTHER)
    for one in (row, *_members(session, row)):
        if one.acknowledged_at is None:
            _acknowledge(session, one, actor, now)
    return Answered(Answer.DONE, None if row.notified_at is None else now - row.notified_at)


def hand_back(session: Session, trouble: int, actor: Actor, now: float) -> Answered:
    """The next layer of the rota is told at once."""
    row = session.get(TroubleRow, trouble)
    if row is None:
        return Answered(Answer.UNKNOWN)
    if row.state == State.RESOLVED:
        return Answered(Answer.RESOLVED)
    if row.acknowledged_at is None:
        return Answered(Answer.ALREADY)
    for one in (row, *_members(session, row)):
        if one.acknowledged_at is None:
            continue
        one.acknowledged_at = None
        if one.state == State.ACKNOWLEDGED:
            told = one.notified_at is not None
            one.state = State.NOTIFIED if told else State.WAITING
            one.reason = Reason.HANDED_BACK if told else Reason.NONE
        one.changed_at = now
        store.write_events(session, one.id, [Event("handed_back", {"name": actor.name}, actor.code)], now)
    return Answered(Answer.DONE)


def note(session: Session, trouble: int, actor: Actor, text: str, now: float) -> Answered:
    if session.get(TroubleRow, trouble) is None:
        return Answered(Answer.UNKNOWN)
    detail: Mapping[str, object] = {"text": text[:MAX_NOTE_CHARACTERS], "name": actor.name}
    store.write_events(session, trouble, [Event("note", detail, actor.code)], now)
    return Answered(Answer.DONE)


def _acknowledge(session: Session, row: TroubleRow, actor: Actor, now: float) -> None:
    found = store.load_one(session, row.id)
    assert found is not None
    firing = found[1].firing
    if row.state != State.SUPPRESSED:
        row.state, row.reason, row.waits_until = State.ACKNOWLEDGED, Reason.NONE, None
    row.acknowledged_by, row.acknowledged_name, row.acknowledged_at = actor.code[:100], actor.name[:200], now
    # Whoever takes it has seen what there is.
    row.told_severity = worst((row.told_severity, row.severity))
    row.told_alerts = sorted({*row.told_alerts, *(alert.name for alert in firing)})
    row.told_count = max(row.told_count, found[1].sites)
    row.changed_at = now
    outbox.overtake(session, row.id)
    event = Event("acknowledged", {"name": actor.name, "by_link": actor.by_link}, actor.code)
    store.write_events(session, row.id, [event], now)


def _members(session: Session, row: TroubleRow) -> list[TroubleRow]:
    if row.scope != Scope.AREA:
        return []
    query = select(TroubleRow).where(TroubleRow.area_id == row.id, TroubleRow.state != State.RESOLVED)
    return list(session.scalars(query))
