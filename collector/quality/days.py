"""Days of lines: summed from their minutes, and again when these have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector.directory.days import HANOI, day_of
from collector.quality import load
from collector.tables import Line, LineDay, LineMinute, NodeMinute

_STATES = ("good", "weak", "bad", "down")
_BUCKETS = len(RTT_BUCKETS_SECONDS) + 1


def mark_stale(session: Session, touched: Mapping[int, Iterable[tuple[int, int]]]) -> None:
    """Line id → spans [since, until) of what changed. The caller commits. One writer at a time."""
    for line_id, spans in touched.items():
        wanted = set()
        for since, until in spans:
            day, last = day_of(since), day_of(max(since, until - 1))
            while day <= last:
                wanted.add(day)
                day += timedelta(days=1)
        ordered = sorted(wanted)
        held = {
            row.day: row
            for row in session.scalars(
                select(LineDay).where(
                    LineDay.line_id == line_id, LineDay.day >= ordered[0], LineDay.day <= ordered[-1]
                )
            )
        }
        for day in ordered:
            if day in held:
                held[day].stale = True
            else:
                session.add(LineDay(line_id=line_id, day=day, stale=True))
    session.flush()


def begin_of(day: date) -> int:
    """Unix seconds of its midnight, as the offices count."""
    return int(datetime(day.year, day.month, day.day, tzinfo=HANOI).timestamp())


def stale(
    session: Session, since: date, until: date, most: int, lines: Iterable[int] | None = None
) -> list[tuple[int, date]]:
    """(line id, day) of days in [since, until) that must be summed, the newest first."""
    query = select(LineDay.line_id, LineDay.day).where(
        LineDay.stale.is_(True), LineDay.day >= since, LineDay.day < until
    )
    if lines is not None:
        query = query.where(LineDay.line_id.in_(sorted(lines)))
    return [(row[0], row[1]) for row in session.execute(query.order_by(LineDay.day.desc()).limit(most))]


def sum_again(session: Session, which: Iterable[tuple[int, date]]) -> None:
    """The caller commits. One writer at a time."""
    for line_id, day in which:
        row = session.get(LineDay, (line_id, day))
        if row is not None:
            for name, value in _sums(session, line_id, day).items():
                setattr(row, name, value)
            row.stale = False


def _sums(session: Session, line_id: int, day: date) -> dict[str, Any]:
    begin = begin_of(day)
    end = begin + 86400
    rows = session.execute(
        select(
            LineMinute.state, LineMinute.cause, LineMinute.sent, LineMinute.received, LineMinute.unmeasured,
            LineMinute.lost_up, LineMinute.lost_down, LineMinute.lost_unknown, LineMinute.rtt_p50,
            LineMinute.rtt_max, LineMinute.rtt_buckets, LineMinute.jitter, LineMinute.mos,
        ).where(
            LineMinute.line_id == line_id,
            LineMinute.minute >= begin,
            LineMinute.minute < end,
            LineMinute.sent > LineMinute.unmeasured,
        )
    ).all()  # fmt: skip
    lost = [row for row in rows if row.received == 0]
    answered = [row for row in rows if row.rtt_p50 is not None]
    states = Counter(row.state for row in rows)
    jitters = [row.jitter for row in rows if row.jitter is not None]
    scores = [row.mos for row in rows if row.mos is not None]
    return {
        "minutes": len(rows),
        "lost_minutes": len(lost),
        "lost_by_cause": dict(sorted(Counter(row.cause or "none" for row in lost).items())),
        **{state: states[state] for state in _STATES},
        "measured": sum(row.sent - row.unmeasured for row in rows),
        "lost_up": sum(row.lost_up for row in rows),
        "lost_down": sum(row.lost_down for row in rows),
        "lost_unknown": sum(row.lost_unknown for row in rows),
        "rtt_weight": sum(row.received for row in answered),
        "rtt_sum": sum(row.rtt_p50 * row.received for row in answered),
        "rtt_max": max((row.rtt_max for row in answered if row.rtt_max is not None), default=None),
        "rtt_buckets": _buckets(rows),
        "jitter_sum": sum(jitters),
        "jitter_minutes": len(jitters),
        "mos_sum": sum(scores),
        "mos_minutes": len(scores),
        "load": _load(session, line_id, begin, end),
    }


def _buckets(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[int] | None:
    whole = [row.rtt_buckets for row in rows if row.rtt_buckets is not None and len(row.rtt_buckets) == _BUCKETS]
    return [sum(column) for column in zip(*whole, strict=True)] if whole else None


def _load(session: Session, line_id: int, begin: int, end: int) -> bytes | None:
    """Of the machine that measures the line. One that measures several does not tell which of them it loads."""
    node = session.scalar(select(Line.measured_by).where(Line.id == line_id))
    if node is None:
        return None
    others = select(Line.id).where(Line.measured_by == node, Line.id != line_id)
    others = others.where(or_(Line.valid_to.is_(None), Line.valid_to > day_of(begin)))
    if session.scalar(others.limit(1)) is not None:
        return None
    rows = session.execute(
        select(
            NodeMinute.network_at_ms, NodeMinute.receive_bytes, NodeMinute.transmit_bytes,
            NodeMinute.boot_time_seconds,
        )
        .where(
            NodeMinute.node_id == node,
            NodeMinute.minute >= begin - load.STEP_SECONDS,
            NodeMinute.minute < end,
            NodeMinute.network_at_ms.is_not(None),
        )
        .order_by(NodeMinute.minute)
    ).all()  # fmt: skip
    readings = [load.Reading((row[0] or 0) / 1000, row[1] or 0.0, row[2] or 0.0, row[3]) for row in rows]
    return load.pack(*load.five_minutes(readings, begin, end)) if readings else None
