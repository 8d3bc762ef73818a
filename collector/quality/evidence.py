"""Evidence minutes in the database: echoes to the hops folded as a line's windows are, and what was read at points.

Only what places a fault is kept: gateway, first hop and hub. Echoes to other targets go on to Prometheus alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from collector.ingest.watch import EchoWatch, PowerWatch
from collector.quality.figures import fold
from collector.quality.minutes import SEAL_AFTER_SECONDS, OpenWindows, merge
from collector.quality.windows import ALL_WINDOWS, RTT_FIELDS, Values, WindowFigures, gather, place
from collector.tables import EvidenceMinute

HOPS = ("gateway", "first_hop", "hub")
KEPT_SECONDS = 40 * 86400
_ROWS_PER_QUERY = 200


@dataclass(frozen=True, slots=True)
class PointReading:
    """Something that was so at an instant of the minute (Unix seconds of its start)."""

    node: str
    minute: int
    on_battery: bool | None = None
    wan_up: bool | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one request says of one node. `windows`: their `line` is the hop."""

    node: str
    windows: tuple[WindowFigures, ...] = ()
    points: tuple[PointReading, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.windows or self.points)


def evidence_of(node: str, samples: Iterable[tuple[EchoWatch | PowerWatch, int, float]]) -> Evidence:
    """What cannot be counted is left out: it went on to Prometheus as it was."""
    echoes, points = [], []
    for one, at_ms, value in samples:
        if isinstance(one, EchoWatch):
            echoes.append((one.hop, one.field, at_ms, value))
        elif math.isfinite(value):
            minute = at_ms // 60_000 * 60
            battery = value > 0 if one.reading == "on_battery" else None
            # IF-MIB: ifOperStatus up(1) is the only one that carries traffic.
            wan = value == 1 if one.reading == "wan_up" else None
            points.append(PointReading(node, minute, battery, wan))
    return Evidence(node, tuple(gather(echoes)[0]), tuple(points))


def write_evidence(session: Session, evidence: Iterable[Evidence]) -> dict[str, set[int]]:
    """Merge into the rows; the caller commits. One writer at a time. Node → the minutes that changed."""
    windows: dict[tuple[str, int], list[tuple[int, WindowFigures]]] = defaultdict(list)
    points: dict[tuple[str, int], list[PointReading]] = defaultdict(list)
    for one in evidence:
        for window in one.windows:
            minute, index = place(window.end_ms)
            windows[one.node, minute].append((index, window))
        for point in one.points:
            points[one.node, point.minute].append(point)
    keys = sorted(windows.keys() | points.keys())
    changed: dict[str, set[int]] = defaultdict(set)
    for start in range(0, len(keys), _ROWS_PER_QUERY):
        part = keys[start : start + _ROWS_PER_QUERY]
        found = session.scalars(
            select(EvidenceMinute)
            .where(tuple_(EvidenceMinute.node_id, EvidenceMinute.minute).in_(part))
            .with_for_update()
        )
        rows = {(row.node_id, row.minute): row for row in found}
        for key in part:
            row = rows.get(key)
            if row is None:
                row = _new_row(key)
                session.add(row)
            if _merge_windows(row, windows[key]) | _merge_points(row, points[key]):
                changed[key[0]].add(key[1])
    return changed


def seal_old_evidence(session: Session, now: float) -> int:
    """Let go of the windows of minutes too old to change; how many there were."""
    result = session.execute(
        update(EvidenceMinute)
        .where(EvidenceMinute.open_windows.is_not(None), EvidenceMinute.minute < now - SEAL_AFTER_SECONDS)
        .values(open_windows=None)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def purge_evidence(session: Session, now: float) -> int:
    """Delete what is older than is kept: the verdicts that were made of it stay."""
    gone = session.execute(delete(EvidenceMinute).where(EvidenceMinute.minute < now - KEPT_SECONDS))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _new_row(key: tuple[str, int]) -> EvidenceMinute:
    counts = {f"{hop}_{name}": 0 for hop in HOPS for name in ("mask", "sent", "received")}
    return EvidenceMinute(node_id=key[0], minute=key[1], **counts)


def _merge_windows(row: EvidenceMinute, windows: list[tuple[int, WindowFigures]]) -> bool:
    by_hop: dict[str, list[tuple[int, WindowFigures]]] = defaultdict(list)
    for index, window in windows:
        by_hop[window.line].append((index, window))
    held: dict[str, OpenWindows] = dict(row.open_windows or {})
    changed = False
    for hop, some in by_hop.items():
        before = held.get(hop)
        if before is None and getattr(row, f"{hop}_mask"):
            # Whole, or sealed: nothing more is counted in.
            continue
        after = merge(before or {}, some)
        if after == before:
            continue
        changed = True
        for name, value in _columns(after).items():
            setattr(row, f"{hop}_{name}", value)
        held[hop] = after
        if getattr(row, f"{hop}_mask") == ALL_WINDOWS and all(map(_whole, after.values())):
            del held[hop]
    if changed:
        row.open_windows = held or None
    return changed


def _columns(windows: OpenWindows) -> dict[str, Any]:
    figures = fold([windows[index] for index in sorted(windows)])
    mask = sum(1 << int(index) for index, values in windows.items() if "sent" in values and "received" in values)
    return {"mask": mask, "sent": figures.sent, "received": figures.received, "rtt_p50": figures.rtt_p50}


def _whole(values: Values) -> bool:
    return values.get("received", 0) < 1 or all(field in values for field in RTT_FIELDS)


def _merge_points(row: EvidenceMinute, points: list[PointReading]) -> bool:
    """The worst of the minute stays, so the order does not matter."""
    before = row.on_battery, row.wan_up
    for point in points:
        if point.on_battery is not None:
            row.on_battery = bool(row.on_battery) or point.on_battery
        if point.wan_up is not None:
            row.wan_up = point.wan_up if row.wan_up is None else row.wan_up and point.wan_up
    return (row.on_battery, row.wan_up) != before
