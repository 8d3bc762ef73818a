"""Line minutes in the database: windows merged in, in any order, any number of times, to the same row.

While a minute is incomplete its row keeps what each window said (`open_windows`), and all figures are folded
from that. Once nothing more is to be expected the windows are let go and the row no longer changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from collector.quality.figures import fold
from collector.quality.windows import (
    ALL_WINDOWS,
    WINDOWS_PER_MINUTE,
    WindowFigures,
    complete,
    counted,
    direction_known,
    place,
)
from collector.tables import LineMinute

SEAL_AFTER_SECONDS = 15 * 24 * 3600
"""Older than anything that ingest accepts."""
_ROWS_PER_QUERY = 200

OpenWindows = dict[str, dict[str, float]]
"""Index in the minute (as JSON keys: text) → the window's values and its `end_ms`."""


def write_windows(
    session: Session, windows: Iterable[WindowFigures], line_ids: Mapping[str, int], now: float
) -> dict[int, set[int]]:
    """Merge into the rows; the caller commits. One writer at a time. Line id → the minutes that changed."""
    by_minute: dict[tuple[int, int], list[tuple[int, WindowFigures]]] = defaultdict(list)
    for window in windows:
        line_id = line_ids.get(window.line)
        if line_id is not None:
            minute, index = place(window.end_ms)
            by_minute[line_id, minute].append((index, window))
    keys = sorted(by_minute)
    changed: dict[int, set[int]] = defaultdict(set)
    for start in range(0, len(keys), _ROWS_PER_QUERY):
        part = keys[start : start + _ROWS_PER_QUERY]
        found = session.scalars(
            select(LineMinute).where(tuple_(LineMinute.line_id, LineMinute.minute).in_(part)).with_for_update()
        )
        rows = {(row.line_id, row.minute): row for row in found}
        for key in part:
            if _write_minute(session, key, rows.get(key), by_minute[key], now):
                changed[key[0]].add(key[1])
    return changed


def seal_old(session: Session, now: float) -> int:
    """Let go of the windows of minutes too old to change; how many there were."""
    result = session.execute(
        update(LineMinute)
        .where(LineMinute.open_windows.is_not(None), LineMinute.minute < now - SEAL_AFTER_SECONDS)
        .values(open_windows=None)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _write_minute(
    session: Session,
    key: tuple[int, int],
    row: LineMinute | None,
    windows: list[tuple[int, WindowFigures]],
    now: float,
) -> bool:
    if row is not None and row.open_windows is None:
        return False
    before: OpenWindows = dict(row.open_windows or {}) if row is not None else {}
    after = merge(before, windows)
    if row is not None and after == before:
        return False
    columns = minute_columns(after)
    if row is None:
        session.add(LineMinute(line_id=key[0], minute=key[1], updated_at=now, **columns))
        return True
    for name, value in columns.items():
        setattr(row, name, value)
    row.updated_at = now
    return True


def merge(before: OpenWindows, windows: Iterable[tuple[int, WindowFigures]]) -> OpenWindows:
    """The minute's windows with these added; which came first leaves no trace.

    Two windows claim one place only when the node's clock was set in between: the earlier end wins whole.
    A figure said twice with different values (no agent of ours does) keeps the greater.
    """
    after = {index: dict(values) for index, values in before.items()}
    for index, window in windows:
        held = after.get(str(index))
        if held is None or window.end_ms < held["end_ms"]:
            after[str(index)] = {"end_ms": window.end_ms, **window.values}
        elif window.end_ms == held["end_ms"]:
            for field, value in window.values.items():
                held[field] = max(value, held.get(field, value))
    return after


def minute_columns(windows: OpenWindows) -> dict[str, Any]:
    """The columns of a row that follow from its windows."""
    figures = fold([windows[index] for index in sorted(windows)])
    whole = len(windows) == WINDOWS_PER_MINUTE and all(map(complete, windows.values()))
    return {
        **asdict(figures),
        "windows_mask": _mask(index for index, values in windows.items() if counted(values)),
        "direction_mask": _mask(index for index, values in windows.items() if direction_known(values)),
        "open_windows": None if whole else windows,
    }


def _mask(indexes: Iterable[str]) -> int:
    return sum(1 << int(index) for index in indexes) & ALL_WINDOWS
