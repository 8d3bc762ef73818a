"""Deliveries in the database: made once, claimed before they are sent, settled by what the channel says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from exporters.oncall.contracts import Contact, Kind, Outcome, Person, Result
from exporters.oncall.nouns import Event, Tell
from exporters.oncall.policy import HOUR_SECONDS, Policy
from exporters.oncall.store import write_events
from exporters.oncall.tables import DeliveryRow

FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 300.0
SUMMARY_AFTER_SECONDS = 900.0


class Delivery(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    HELD = "held"
    """Above the person's quota: comes in a summary."""
    SUMMARISED = "summarised"
    OVERTAKEN = "overtaken"


_LEFT = (Delivery.SENDING, Delivery.SENT, Delivery.DELIVERED)
_ALIVE = (Delivery.PENDING, Delivery.SENDING, Delivery.SENT, Delivery.DELIVERED, Delivery.HELD)


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of the wish to tell: `held` were above quotas, `unreachable` have no channel that exists."""

    made: int = 0
    held: int = 0
    dropped: int = 0
    unreachable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery that will not be: `next_channel` empty when there is none left for the person."""

    channel: str
    person: str
    next_channel: str = ""


def post(
    session: Session,
    tells: Iterable[Tell],
    trouble: int,
    channels: Collection[str],
    policy: Policy,
    now: float,
) -> Posted:
    """Write what is to be told; what is written already stays as it is."""
    posted = Posted()
    waiting = _waiting(session)
    for tell in tells:
        notice = f"{trouble}:{tell.kind}:{tell.ordinal}:{tell.person.code}"[:250]
        written = session.scalars(select(DeliveryRow).where(DeliveryRow.notice == notice)).all()
        if written:
            _revive(written, max(now, tell.not_before))
            continue
        usable = _usable_first(tell.person.contacts, channels)
        if not usable:
            posted = replace(posted, unreachable=(*posted.unreachable, tell.person.code))
            continue
        if waiting >= policy.most_waiting_deliveries:
            posted = replace(posted, dropped=posted.dropped + 1)
            continue
        row = _row(notice, trouble, tell.kind, tell.person, usable, now, max(now, tell.not_before))
        row.detail = {"previous": tell.previous} if tell.previous else {}
        if _lately(session, tell.person.code, now) >= policy.person_messages_per_hour:
            row.state = Delivery.HELD
            posted = replace(posted, held=posted.held + 1)
        session.add(row)
        session.flush()
        waiting += 1
        posted = replace(posted, made=posted.made + 1)
    if posted.unreachable:
        write_events(session, trouble, [Event("unreachable", {"persons": list(posted.unreachable)})], now)
    return posted


def overtake(session: Session, trouble: int) -> int:
    """What was not sent of this trouble need not be any more."""
    done = session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.trouble_id == trouble, DeliveryRow.state.in_((Delivery.PENDING.value, Delivery.HELD.value))
        )
        .values(state=Delivery.OVERTAKEN)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def claim(session: Session, channel: str, now: float) -> DeliveryRow | None:
    """The next one that is due, marked as being sent; the oldest first."""
    row = session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.channel == channel, DeliveryRow.state == Delivery.PENDING, DeliveryRow.next_at <= now)
        .order_by(DeliveryRow.id)
        .limit(1)
    )
    if row is None:
        return None
    row.state = Delivery.SENDING
    row.attempts += 1
    session.flush()
    session.expunge(row)
    return row


def settle(
    session: Session, delivery: int, outcome: Outcome, channels: Collection[str], policy: Policy, now: float
) -> Failed | None:
    """Write what became of it; the person's next channel is tried when this one has failed."""
    row = session.get(DeliveryRow, delivery)
    if row is None or row.state != Delivery.SENDING:
        return None
    row.outcome = outcome.detail[:500]
    if outcome.result in (Result.SENT, Result.DELIVERED):
        row.state = Delivery.SENT if outcome.result is Result.SENT else Delivery.DELIVERED
        row.sent_at, row.receipt = now, outcome.receipt[:200]
        _note(session, row, "sent", now)
        return None
    if outcome.result is Result.RETRY and row.attempts < policy.most_attempts:
        wait = FIRST_BACKOFF_SECONDS * 2 ** (row.attempts - 1)
        row.state = Delivery.PENDING
        row.next_at = now + min(max(wait, outcome.retry_after or 0.0), LONGEST_BACKOFF_SECONDS)
        return None
    return _fail(session, row, channels, now)


def receipt(
    session: Session, channel: str, number: str, result: Result, detail: str, channels: Collection[str], now: float
) -> Failed | None:
    """What a channel learnt later of what it has sent."""
    row = session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.channel == channel, DeliveryRow.receipt == number, DeliveryRow.state == Delivery.SENT)
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    row.outcome = detail[:500] or row.outcome
    if result is Result.DELIVERED:
        row.state = Delivery.DELIVERED
        _note(session, row, "delivered", now)
        return None
    return _fail(session, row, channels, now) if result is Result.REFUSED else None


def recover(session: Session, now: float) -> int:
    """After a kill: what was being sent is sent again, once; nobody knows whether it had left."""
    rows = session.scalars(select(DeliveryRow).where(DeliveryRow.state == Delivery.SENDING)).all()
    for row in rows:
        row.state, row.next_at = Delivery.PENDING, now
        _note(session, row, "sent_again", now)
    return len(rows)


def move_off_missing(session: Session, channels: Collection[str], now: float) -> list[Failed]:
    """What waits for a channel that is no longer configured goes to the next one."""
    query = select(DeliveryRow).where(
        DeliveryRow.state == Delivery.PENDING, DeliveryRow.channel.not_in(list(channels) or [""])
    )
    return [_fail(session, row, channels, now) for row in session.scalars(query)]


def summarise(session: Session, channels: Collection[str], policy: Policy, now: float) -> int:
    """One message for all that a person's quota has held back; how many such messages."""
    held = session.scalars(
        select(DeliveryRow).where(DeliveryRow.state == Delivery.HELD).order_by(DeliveryRow.id)
    ).all()
    by_person: dict[str, list[DeliveryRow]] = {}
    for row in held:
        by_person.setdefault(row.person, []).append(row)
    made = 0
    for person, rows in by_person.items():
        if now < rows[0].created_at + SUMMARY_AFTER_SECONDS:
            continue
        first = rows[-1]
        contacts = [Contact(first.channel, first.address), *(Contact(*one) for one in first.others)]
        usable = [contact for contact in contacts if contact.channel in channels]
        for row in rows:
            row.state = Delivery.SUMMARISED
        if not usable:
            continue
        who = Person(person, first.name, tuple(usable), first.language)
        summary = _row(f"summary:{rows[0].id}:{person}"[:250], None, Kind.SUMMARY, who, usable, now, now)
        summary.detail = {"troubles": [row.trouble_id for row in rows if row.trouble_id is not None]}
        session.add(summary)
        made += 1
    return made


@dataclass(frozen=True, slots=True)
class Told:
    """Who has been told of a trouble or still will be, in order, with the contacts of then.

    `heard`: codes of those whom a message may have reached.
    """

    people: tuple[Person, ...] = ()
    heard: frozenset[str] = frozenset()


def told(session: Session, troubles: Sequence[int]) -> dict[int, Told]:
    columns = (
        DeliveryRow.trouble_id, DeliveryRow.person, DeliveryRow.name, DeliveryRow.language, DeliveryRow.channel,
        DeliveryRow.address, DeliveryRow.others, DeliveryRow.state, DeliveryRow.attempts,
    )  # fmt: skip
    rows = session.execute(select(*columns).where(DeliveryRow.trouble_id.in_(troubles)).order_by(DeliveryRow.id))
    found: dict[int, dict[str, Person]] = {}
    heard: dict[int, set[str]] = {}
    for row in rows:
        # After a kill nobody knows whether what was tried had left.
        if row.state in _LEFT or (row.attempts and row.state in (Delivery.PENDING, Delivery.OVERTAKEN)):
            heard.setdefault(row.trouble_id or 0, set()).add(row.person)
        elif row.state not in _ALIVE:
            continue
        contacts = (Contact(row.channel, row.address), *(Contact(*one) for one in row.others))
        people = found.setdefault(row.trouble_id or 0, {})
        people.setdefault(row.person, Person(row.person, row.name, contacts, row.language))
    return {
        trouble: Told(tuple(people.values()), frozenset(heard.get(trouble, ()))) for trouble, people in found.items()
    }


def _usable_first(contacts: Sequence[Contact], channels: Collection[str]) -> list[Contact]:
    """All of them, the first that can be used before the others; empty when none can."""
    first = next((one for one in contacts if one.channel in channels), None)
    return [] if first is None else [first, *(one for one in contacts if one is not first)]


def _revive(written: Sequence[DeliveryRow], next_at: float) -> None:
    """What was overtaken before it was sent is to be sent after all."""
    if all(row.state == Delivery.OVERTAKEN for row in written):
        written[0].state, written[0].attempts, written[0].next_at = Delivery.PENDING, 0, next_at


def _fail(session: Session, row: DeliveryRow, channels: Collection[str], now: float) -> Failed:
    row.state = Delivery.FAILED
    others = [Contact(*one) for one in row.others if one[0] in channels and one[0] != row.channel]
    if not others:
        _note(session, row, "undelivered", now)
        return Failed(row.channel, row.person)
    person = Person(row.person, row.name, tuple(others), row.language)
    follower = _row(row.notice, row.trouble_id, Kind(row.kind), person, others, now, now)
    follower.detail = row.detail
    # A receipt may say twice that a message was lost.
    if session.scalar(select(DeliveryRow.id).where(DeliveryRow.key == follower.key)) is None:
        session.add(follower)
        session.flush()
    _note(session, row, "failed", now)
    return Failed(row.channel, row.person, others[0].channel)


def _row(
    notice: str,
    trouble: int | None,
    kind: Kind,
    person: Person,
    contacts: Sequence[Contact],
    now: float,
    next_at: float,
) -> DeliveryRow:
    first, *others = contacts
    return DeliveryRow(
        key=f"{notice}:{first.channel}", notice=notice, trouble_id=trouble, kind=kind.value, person=person.code,
        name=person.name, language=person.language, channel=first.channel, address=first.to,
        others=[[one.channel, one.to] for one in others], detail={}, state=Delivery.PENDING, attempts=0,
        created_at=now, next_at=next_at, sent_at=None, receipt="", outcome="",
    )  # fmt: skip


def _note(session: Session, row: DeliveryRow, kind: str, now: float) -> None:
    if row.trouble_id is not None:
        detail = {"person": row.person, "channel": row.channel, "kind": row.kind}
        if row.outcome:
            detail["detail"] = row.outcome
        write_events(session, row.trouble_id, [Event(kind, detail)], now)


def _waiting(session: Session) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(DeliveryRow)
            .where(DeliveryRow.state.in_((Delivery.PENDING.value, Delivery.SENDING.value, Delivery.HELD.value)))
        )
        or 0
    )


def _lately(session: Session, person: str, now: float) -> int:
    """Messages made for the person within the last hour."""
    return (
        session.scalar(
            select(func.count())
            .select_from(DeliveryRow)
            .where(
                DeliveryRow.person == person,
                DeliveryRow.created_at > now - HOUR_SECONDS,
                DeliveryRow.state.in_(
                    [Delivery.PENDING.value, Delivery.SENDING.value, Delivery.SENT.value, Delivery.DELIVERED.value]
                ),
            )
        )
        or 0
    )
