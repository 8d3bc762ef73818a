"""Episodes in the database: derived again around minutes whose state changed, the rest left as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from collector.quality.episodes import Run, runs, worse
from collector.tables import LineEpisode, LineMinute

UNSAID: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Revised:
    """`fresh`: beginnings of episodes that are new or other than before. `touching`: all around what changed."""

    fresh: frozenset[int]
    touching: tuple[Run, ...]


def revise(session: Session, line_id: int, first: int, last: int, horizon: float | None, now: float) -> Revised:
    """Around the minutes in [first, last], whose states changed; the caller commits and says the causes."""
    before = _neighbour(session, line_id, func.max(LineMinute.minute), LineMinute.minute < first)
    after = _neighbour(session, line_id, func.min(LineMinute.minute), LineMinute.minute > last)
    stored = _stored(session, line_id, first if before is None else before, after)
    points = [
        (row.minute, str(row.state))
        for row in session.execute(
            select(LineMinute.minute, LineMinute.state)
            .where(
                LineMinute.line_id == line_id,
                LineMinute.minute >= (first if before is None else before),
                LineMinute.minute <= (last if after is None else after),
                LineMinute.state.is_not(None),
            )
            .order_by(LineMinute.minute)
        )
    ]
    derived = runs(points, horizon if after is None else None)
    held = [Run(row.began, row.ended, row.state) for row in stored]
    if before is None:
        derived = _joined_to_history(derived, held, first)
    else:
        derived = _joined_before(session, line_id, derived, held, before)
    if after is not None:
        derived = _joined_after(session, line_id, derived, held, after)
    return _exchange(session, line_id, stored, derived, now)


def _neighbour(session: Session, line_id: int, pick: object, where: object) -> int | None:
    query = select(pick).where(LineMinute.line_id == line_id, where, LineMinute.state.is_not(None))  # type: ignore[call-overload]
    found: int | None = session.scalar(query)
    return found


def _stored(session: Session, line_id: int, since: int, after: int | None) -> list[LineEpisode]:
    """Those that hold a minute from this one to the one after; what ended before is told by no minute any more."""
    query = select(LineEpisode).where(
        LineEpisode.line_id == line_id, or_(LineEpisode.ended.is_(None), LineEpisode.ended > since)
    )
    if after is not None:
        query = query.where(LineEpisode.began <= after)
    return list(session.scalars(query.order_by(LineEpisode.began)))


def _joined_before(session: Session, line_id: int, derived: list[Run], held: list[Run], before: int) -> list[Run]:
    """The part of an episode before what was looked at stays a part of it."""
    earlier = next((run for run in held if run.holds(before) and run.began < before), None)
    if earlier is None or not derived or derived[0].began != before:
        return derived
    first = derived[0]
    state = worse(first.state, _worst(session, line_id, earlier, earlier.began, before))
    return [replace(first, began=earlier.began, state=state), *derived[1:]]


def _joined_to_history(derived: list[Run], held: list[Run], first: int) -> list[Run]:
    """No minute before tells of an episode that was there: its part until the first one stays as it is."""
    earlier = next((run for run in held if run.began < first), None)
    if earlier is None:
        return derived
    if derived and derived[0].began == first and derived[0].kind == earlier.kind:
        joined = replace(derived[0], began=earlier.began, state=worse(earlier.state, derived[0].state))
        return [joined, *derived[1:]]
    return [replace(earlier, ended=first), *derived]


def _joined_after(session: Session, line_id: int, derived: list[Run], held: list[Run], after: int) -> list[Run]:
    if not derived or derived[-1].ended is not None:
        return derived
    last, later = derived[-1], next((run for run in held if run.holds(after)), None)
    if later is None:
        return [*derived[:-1], replace(last, ended=after + 60)]
    state = worse(last.state, _worst(session, line_id, later, after, later.ended))
    return [*derived[:-1], replace(last, ended=later.ended, state=state)]


def _worst(session: Session, line_id: int, run: Run, since: int, until: int | None) -> str:
    """Of the part of an episode in [since, until)."""
    if run.state != "bad":
        return run.state
    query = select(LineMinute.minute).where(
        LineMinute.line_id == line_id, LineMinute.minute >= since, LineMinute.state == "bad"
    )
    if until is not None:
        query = query.where(LineMinute.minute < until)
    return "weak" if session.scalar(query.limit(1)) is None else "bad"


def _exchange(session: Session, line_id: int, stored: list[LineEpisode], derived: list[Run], now: float) -> Revised:
    rows = {row.began: row for row in stored}
    fresh: set[int] = set()
    gone = [row for began, row in rows.items() if began not in {run.began for run in derived}]
    for row in gone:
        forget_cause(session, line_id, row.began, row.ended)
    if gone:
        session.execute(
            delete(LineEpisode).where(
                LineEpisode.line_id == line_id, LineEpisode.began.in_([row.began for row in gone])
            )
        )
    for run in derived:
        known = rows.get(run.began)
        if known is None:
            replaced = any(row.cause != "none" and _overlap(run, row) for row in gone)
            session.add(
                LineEpisode(
                    line_id=line_id,
                    began=run.began,
                    ended=run.ended,
                    state=run.state,
                    cause="none",
                    evidence=UNSAID,
                    updated_at=now,
                    revised_at=now if replaced else None,
                )
            )
            fresh.add(run.began)
        elif (known.ended, known.state) != (run.ended, run.state):
            if run.ended is not None:
                # What lies beyond its end now is no part of it any more.
                forget_cause(session, line_id, run.ended, known.ended)
            known.ended, known.state, known.updated_at = run.ended, run.state, now
            fresh.add(run.began)
    session.flush()
    return Revised(frozenset(fresh), tuple(derived))


def forget_cause(session: Session, line_id: int, since: int, until: int | None) -> None:
    stamp_cause(session, line_id, since, until, None)


def stamp_cause(session: Session, line_id: int, since: int, until: int | None, cause: str | None) -> None:
    """Minutes in [since, until) are told whose fault they are."""
    other = LineMinute.cause.is_not(None) if cause is None else LineMinute.cause.is_distinct_from(cause)
    query = update(LineMinute).where(LineMinute.line_id == line_id, LineMinute.minute >= since, other)
    if until is not None:
        query = query.where(LineMinute.minute < until)
    session.execute(query.values(cause=cause).execution_options(synchronize_session=False))


def _overlap(run: Run, row: LineEpisode) -> bool:
    return (row.ended is None or run.began < row.ended) and (run.ended is None or row.began < run.ended)
