"""History for charts: minutes as they are in the database. A missing minute is a gap, never a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.quality.figures import share
from collector.tables import Line, LineEpisode, LineMinute, NodeMinute

MAX_EPISODES = 2000
MAX_RATE_GAP_SECONDS = 180
"""Over a longer gap a difference of counters says nothing about any one minute."""


@dataclass(frozen=True, slots=True)
class LineMinutePoint:
    """One line in one minute. Ratios are None when nothing was measured, times (seconds) when nothing answered."""

    minute: int
    """Unix seconds of its start."""
    windows: int
    """How many of its six windows are counted."""
    sent: int
    received: int
    lost_up: int
    lost_down: int
    lost_unknown: int
    unmeasured: int
    loss_ratio: float | None
    loss_up_ratio: float | None
    loss_down_ratio: float | None
    loss_unknown_ratio: float | None
    rtt_min: float | None
    rtt_p50: float | None
    rtt_p95: float | None
    rtt_max: float | None
    jitter: float | None
    mos: float | None
    state: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """A line that was not good. Unix seconds; `ended` None: it is not over."""

    line: str
    began: int
    ended: int | None
    state: str
    cause: str
    evidence: Mapping[str, str]
    revised_at: float | None


@dataclass(frozen=True, slots=True)
class NodeMinutePoint:
    """One node in one minute. Rates are over the time since the minute before."""

    minute: int
    cpu_busy_ratio: float | None
    memory_used_ratio: float | None
    filesystem_root_used_ratio: float | None
    filesystem_worst_used_ratio: float | None
    receive_bytes_per_second: float | None
    transmit_bytes_per_second: float | None


def line_history(session: Session, line: str, since: float, until: float) -> list[LineMinutePoint]:
    """Minutes that start in [since, until), in order of time."""
    rows = session.scalars(
        select(LineMinute)
        .join(Line, Line.id == LineMinute.line_id)
        .where(Line.code == line, LineMinute.minute >= since, LineMinute.minute < until)
        .order_by(LineMinute.minute)
    )
    return [_line_point(row) for row in rows]


def line_episodes(session: Session, lines: Sequence[str], since: float, until: float) -> list[EpisodeRecord]:
    """Episodes that overlap [since, until), the latest first."""
    rows = session.execute(
        select(LineEpisode, Line.code)
        .join(Line, Line.id == LineEpisode.line_id)
        .where(
            Line.code.in_(lines),
            LineEpisode.began < until,
            or_(LineEpisode.ended.is_(None), LineEpisode.ended > since),
        )
        .order_by(LineEpisode.began.desc(), Line.code)
        .limit(MAX_EPISODES)
    )
    return [
        EpisodeRecord(code, row.began, row.ended, row.state, row.cause, row.evidence, row.revised_at)
        for row, code in rows
    ]


def node_history(session: Session, node: str, since: float, until: float) -> list[NodeMinutePoint]:
    """Minutes that start in [since, until), in order of time."""
    rows = session.scalars(
        select(NodeMinute)
        .where(
            NodeMinute.node_id == node,
            NodeMinute.minute >= since - MAX_RATE_GAP_SECONDS,
            NodeMinute.minute < until,
        )
        .order_by(NodeMinute.minute)
    ).all()
    pairs = pairwise([None, *rows])
    return [_node_point(before, row) for before, row in pairs if row is not None and row.minute >= since]


def _line_point(row: LineMinute) -> LineMinutePoint:
    measured = row.sent - row.unmeasured
    lost = row.lost_up + row.lost_down + row.lost_unknown
    return LineMinutePoint(
        minute=row.minute,
        windows=row.windows_mask.bit_count(),
        sent=row.sent,
        received=row.received,
        lost_up=row.lost_up,
        lost_down=row.lost_down,
        lost_unknown=row.lost_unknown,
        unmeasured=row.unmeasured,
        loss_ratio=share(lost, measured),
        loss_up_ratio=share(row.lost_up, measured),
        loss_down_ratio=share(row.lost_down, measured),
        loss_unknown_ratio=share(row.lost_unknown, measured),
        rtt_min=row.rtt_min,
        rtt_p50=row.rtt_p50,
        rtt_p95=row.rtt_p95,
        rtt_max=row.rtt_max,
        jitter=row.jitter,
        mos=row.mos,
        state=row.state,
        cause=row.cause,
    )


def _node_point(before: NodeMinute | None, row: NodeMinute) -> NodeMinutePoint:
    busy = received = transmitted = None
    if before is not None and _same_run(before, row):
        busy = _ratio(_rise(before.cpu_busy_seconds, row.cpu_busy_seconds),
                      _rise(before.cpu_total_seconds, row.cpu_total_seconds))  # fmt: skip
        seconds = _rise(before.network_at_ms, row.network_at_ms, 1000)
        received = _ratio(_rise(before.receive_bytes, row.receive_bytes), seconds)
        transmitted = _ratio(_rise(before.transmit_bytes, row.transmit_bytes), seconds)
    return NodeMinutePoint(
        minute=row.minute,
        cpu_busy_ratio=None if busy is None else min(1.0, busy),
        memory_used_ratio=row.memory_used_ratio,
        filesystem_root_used_ratio=row.filesystem_root_used_ratio,
        filesystem_worst_used_ratio=row.filesystem_worst_used_ratio,
        receive_bytes_per_second=received,
        transmit_bytes_per_second=transmitted,
    )


def _same_run(before: NodeMinute, row: NodeMinute) -> bool:
    if row.minute - before.minute > MAX_RATE_GAP_SECONDS:
        return False
    boots = before.boot_time_seconds, row.boot_time_seconds
    # The boot time is computed from a clock that NTP moves; a real boot is further away than a few seconds.
    return boots[0] is None or boots[1] is None or abs(boots[1] - boots[0]) < 30


def _rise(before: float | None, after: float | None, per: float = 1) -> float | None:
    if before is None or after is None or after < before:
        return None
    return (after - before) / per


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None
