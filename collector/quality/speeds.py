"""Speed tests of lines, each as a share of the contract's speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from collector.ingest.watch import SpeedWatch
from collector.tables import SpeedTest

_MOST_RATIO = 1000.0


@dataclass(frozen=True, slots=True)
class Speed:
    line: str
    direction: str
    at_ms: int
    ratio: float


def speeds_of(samples: Iterable[tuple[SpeedWatch, int, float]]) -> list[Speed]:
    """Values that can be none are left out."""
    return [
        Speed(one.line, one.direction, at_ms, value) for one, at_ms, value in samples if 0 <= value <= _MOST_RATIO
    ]


def write(session: Session, speeds: Iterable[Speed], line_ids: Mapping[str, int]) -> None:
    """Those that are not there yet; the caller commits. One writer at a time."""
    wanted = {(line_ids[one.line], one.direction, one.at_ms): one.ratio for one in speeds if one.line in line_ids}
    if not wanted:
        return
    key = tuple_(SpeedTest.line_id, SpeedTest.direction, SpeedTest.at_ms)
    columns = select(SpeedTest.line_id, SpeedTest.direction, SpeedTest.at_ms)
    held = {tuple(row) for row in session.execute(columns.where(key.in_(list(wanted))))}
    session.add_all(
        SpeedTest(line_id=line_id, direction=direction, at_ms=at_ms, ratio=ratio)
        for (line_id, direction, at_ms), ratio in wanted.items()
        if (line_id, direction, at_ms) not in held
    )
