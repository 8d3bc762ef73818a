"""One row per node and minute with the minute's last readings; rates are derived when they are read.

Each group of columns (processor, memory, …) has its own time and is replaced by a newer reading only, so
the order in which samples arrive does not matter. A group counts when one request holds it whole.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from collector.ingest.watch import NodeWatch
from collector.tables import NodeMinute

IDLE_MODES = frozenset({"idle", "iowait"})
# Linux counts guests' time in user and nice as well.
DOUBLE_COUNTED_MODES = frozenset({"guest", "guest_nice"})
_ESSENTIAL_MODES = frozenset({"user", "system", "idle"})
_ROWS_PER_QUERY = 200

Labels = tuple[tuple[str, str], ...]
Families = Mapping[str, Mapping[Labels, float]]
"""Family → labels → value, all of one instant."""


@dataclass(frozen=True, slots=True)
class GroupReading:
    """Values of one group of columns at one instant, Unix milliseconds."""

    node: str
    group: str
    at_ms: int
    columns: dict[str, float]


def processor_times(modes: Mapping[str, float]) -> tuple[float, float] | None:
    """Busy and total seconds; None when essential modes are missing."""
    if not modes.keys() >= _ESSENTIAL_MODES:
        return None
    counted = {mode: value for mode, value in modes.items() if mode not in DOUBLE_COUNTED_MODES}
    total = math.fsum(counted.values())
    return total - math.fsum(value for mode, value in counted.items() if mode in IDLE_MODES), total


def _cpu(families: Families) -> dict[str, float]:
    modes: dict[str, float] = defaultdict(float)
    for labels, value in families.get("thongsuot_cpu_seconds_total", {}).items():
        modes[dict(labels).get("mode", "")] += value
    times = processor_times(modes)
    return {} if times is None else {"cpu_busy_seconds": times[0], "cpu_total_seconds": times[1]}


def _memory(families: Families) -> dict[str, float]:
    size = families.get("thongsuot_memory_size_bytes", {}).get(())
    available = families.get("thongsuot_memory_available_bytes", {}).get(())
    if size is None or available is None or size <= 0:
        return {}
    return {"memory_used_ratio": 1 - available / size}


def _filesystem(families: Families) -> dict[str, float]:
    available = families.get("thongsuot_filesystem_available_bytes", {})
    used: dict[str, float] = {
        dict(labels).get("mountpoint", ""): 1 - available[labels] / size
        for labels, size in families.get("thongsuot_filesystem_size_bytes", {}).items()
        if size > 0 and labels in available
    }
    if not used:
        return {}
    root = used.get("/", used.get("C:\\"))
    columns = {"filesystem_worst_used_ratio": max(used.values())}
    return columns if root is None else columns | {"filesystem_root_used_ratio": root}


def _network(families: Families) -> dict[str, float]:
    received = _total(families.get("thongsuot_network_receive_bytes_total", {}))
    transmitted = _total(families.get("thongsuot_network_transmit_bytes_total", {}))
    if received is None or transmitted is None:
        return {}
    return {"receive_bytes": received, "transmit_bytes": transmitted}


def _total(values: Mapping[Labels, float]) -> float | None:
    outside = [value for labels, value in values.items() if dict(labels).get("interface") != "lo"]
    return math.fsum(outside) if outside else None


def _boot(families: Families) -> dict[str, float]:
    booted = families.get("thongsuot_boot_time_seconds", {}).get(())
    return {} if booted is None else {"boot_time_seconds": booted}


GROUPS: dict[str, Callable[[Families], dict[str, float]]] = {
    "cpu": _cpu,
    "memory": _memory,
    "filesystem": _filesystem,
    "network": _network,
    "boot": _boot,
}
"""Group → its columns from the families of one instant; its time is in `<group>_at_ms`."""


def group_readings(node: str, samples: Iterable[tuple[NodeWatch, int, float]]) -> list[GroupReading]:
    """The newest reading of each group in each minute that the samples hold."""
    instants: dict[int, dict[str, dict[Labels, float]]] = defaultdict(lambda: defaultdict(dict))
    for one, at_ms, value in samples:
        if math.isfinite(value):
            instants[at_ms][one.family][one.labels] = value
    newest: dict[tuple[str, int], GroupReading] = {}
    for at_ms in sorted(instants):
        for group, columns_of in GROUPS.items():
            columns = columns_of(instants[at_ms])
            if columns:
                newest[group, minute_of(at_ms)] = GroupReading(node, group, at_ms, columns)
    return list(newest.values())


def minute_of(at_ms: int) -> int:
    return at_ms // 60_000 * 60


def write_readings(session: Session, readings: Iterable[GroupReading]) -> None:
    """Merge into the rows of the minutes touched; the caller commits. One writer at a time."""
    by_minute: dict[tuple[str, int], list[GroupReading]] = defaultdict(list)
    for reading in readings:
        by_minute[reading.node, minute_of(reading.at_ms)].append(reading)
    keys = sorted(by_minute)
    for start in range(0, len(keys), _ROWS_PER_QUERY):
        part = keys[start : start + _ROWS_PER_QUERY]
        found = session.scalars(
            select(NodeMinute).where(tuple_(NodeMinute.node_id, NodeMinute.minute).in_(part)).with_for_update()
        )
        rows = {(row.node_id, row.minute): row for row in found}
        for key in part:
            row = rows.get(key)
            if row is None:
                row = NodeMinute(node_id=key[0], minute=key[1])
                session.add(row)
            for reading in by_minute[key]:
                _replace_if_newer(row, reading)


def _replace_if_newer(row: NodeMinute, reading: GroupReading) -> None:
    at_column = f"{reading.group}_at_ms"
    held = getattr(row, at_column)
    if held is None or reading.at_ms > held:
        setattr(row, at_column, reading.at_ms)
        for name, value in reading.columns.items():
            setattr(row, name, value)
