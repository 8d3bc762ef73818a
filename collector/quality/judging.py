"""One pass of judging: states, episodes and causes of all minutes that were written since the last one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from collector.directory.view import DirectoryView
from collector.faults import decide
from collector.quality import days, work
from collector.quality.episodes import NO_DATA, SILENCE_SECONDS, Run
from collector.quality.fault_evidence import AFTER_SECONDS, LOOKED_AT_SECONDS, POWER_BEFORE_SECONDS, Witnesses
from collector.quality.profile import Limits
from collector.quality.revising import Revised, revise, stamp_cause
from collector.quality.states import settle
from collector.tables import LineEpisode, LineMinute

HOURS_PER_PASS = 100
"""Of lines; more wait for the next pass, for others want to write in between."""

Span = tuple[int, int]


@dataclass(slots=True)
class Pass:
    """What one pass did."""

    hours: int = 0
    revised: int = 0
    verdicts: int = 0
    _spans: list[Span] = field(default_factory=list)
    _touched: dict[int, list[Span]] = field(default_factory=dict)
    _fresh: dict[tuple[int, int], Span] = field(default_factory=dict)
    """Episodes whose minutes must be told their cause, and which of their minutes."""


def judge(
    session: Session, view: DirectoryView, limits: Limits, now: float, *, live: bool, most: int = HOURS_PER_PASS
) -> Pass:
    """The caller commits. One writer at a time. `live`: silence until `now` means something (the hub was there)."""
    done = Pass()
    measured = {line.id for line in view.lines if line.measured_by is not None}
    for one in work.take(session, most):
        done.hours += 1
        _span(done, one.line_id, one.since, one.until + 60)
        changed = settle(session, one.line_id, one.since, one.until, limits)
        if changed is not None:
            horizon = now if live and one.line_id in measured else None
            _note(done, one.line_id, changed, revise(session, one.line_id, *changed, horizon, now))
    if live:
        for line_id, last in _fallen_silent(session, measured, now):
            _note(done, line_id, (last, last), revise(session, line_id, last, last, now, now))
    _say_causes(session, view, done, now)
    days.mark_stale(session, done._touched)
    return done


def _span(done: Pass, line_id: int, since: int, until: int) -> None:
    done._touched.setdefault(line_id, []).append((since, until))
    done._spans.append((since, until))


def _note(done: Pass, line_id: int, changed: Span, revised: Revised) -> None:
    done.revised += len(revised.fresh)
    first, last = changed
    _span(done, line_id, first, last + 60)
    for run in revised.touching:
        end = run.ended if run.ended is not None else last + 60
        whole = run.began in revised.fresh
        span = (run.began, end) if whole else (max(run.began, first), min(end, last + 60))
        key = line_id, run.began
        before = done._fresh.get(key, span)
        done._fresh[key] = min(before[0], span[0]), max(before[1], span[1])


def _fallen_silent(session: Session, measured: Iterable[int], now: float) -> list[tuple[int, int]]:
    """Lines whose last minute is too long ago and of which that is not said yet, and that minute."""
    from_then = int(now) - SILENCE_SECONDS - 60
    found = []
    silent = set(
        session.scalars(select(LineEpisode.line_id).where(LineEpisode.ended.is_(None), LineEpisode.state == NO_DATA))
    )
    for line_id in measured:
        if line_id in silent:
            continue
        last = session.scalar(
            select(LineMinute.minute)
            .where(LineMinute.line_id == line_id, LineMinute.state.is_not(None))
            .order_by(LineMinute.minute.desc())
            .limit(1)
        )
        if last is not None and last <= from_then:
            found.append((line_id, last))
    return found


def _say_causes(session: Session, view: DirectoryView, done: Pass, now: float) -> None:
    """Of new episodes, and of all whose evidence may be another since these minutes were written."""
    witnesses = Witnesses(session, view, now)
    for row in _concerned(session, done):
        verdict = decide(witnesses.evidence(row.line_id, Run(row.began, row.ended, row.state)))
        done.verdicts += 1
        words = dict(verdict.words)
        other = row.cause != verdict.cause
        if other and row.evidence:
            row.revised_at = now
        if other or row.evidence != words:
            row.cause, row.evidence, row.updated_at = verdict.cause, words, now
        span = done._fresh.get((row.line_id, row.began))
        if other:
            stamp_cause(session, row.line_id, row.began, row.ended, verdict.cause)
            _span(done, row.line_id, row.began, row.ended if row.ended is not None else int(now))
        elif span is not None:
            # Another mark of this pass may have moved its end since the span was noted.
            until = span[1] if row.ended is None else min(span[1], row.ended)
            stamp_cause(session, row.line_id, max(span[0], row.began), until, verdict.cause)
    session.flush()


def _concerned(session: Session, done: Pass) -> list[LineEpisode]:
    found: dict[tuple[int, int], LineEpisode] = {}
    for since, until in _merged(done._spans):
        rows = session.scalars(
            select(LineEpisode).where(
                or_(
                    and_(
                        LineEpisode.began > since - LOOKED_AT_SECONDS,
                        LineEpisode.began < until + LOOKED_AT_SECONDS + POWER_BEFORE_SECONDS,
                    ),
                    and_(LineEpisode.ended > since - AFTER_SECONDS, LineEpisode.ended < until + 120),
                )
            )
        )
        found.update({(row.line_id, row.began): row for row in rows})
    missing = done._fresh.keys() - found.keys()
    for line_id, began in sorted(missing):
        row = session.get(LineEpisode, (line_id, began))
        if row is not None:
            found[line_id, began] = row
    return [found[key] for key in sorted(found)]


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for since, until in sorted(spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], until)
        else:
            merged.append((since, until))
    return merged
