"""Directory and latest state put together into what the board shows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from collector.directory.view import DirectoryView, LineRecord, NodeRecord
from collector.ingest.watch import NodeWatch
from collector.node_minutes import processor_times
from collector.quality.figures import fold, share
from collector.quality.judgement import judge
from collector.quality.standing import Standing
from collector.quality.windows import MINUTE_MS, counted
from collector.snapshot import (
    FilesystemReading,
    LineState,
    NetworkReading,
    NodeState,
    SiteState,
    State,
)
from collector.state import LatestOfLine, LatestOfNode, LatestState, Reading

NODE_SILENT_AFTER_SECONDS = 60.0
LINE_SILENT_AFTER_SECONDS = 60.0
WINDOW_OLD_AFTER_SECONDS = 90.0
"""A newest window that ended longer ago came out of a backlog: the line's present is not known."""
READING_OLD_AFTER_MS = 5 * 60 * 1000
"""Older than the node's newest by so much: what it measured is gone (a disk taken out)."""


def site_states(
    view: DirectoryView, state: LatestState, now: float, standings: Mapping[int, Standing] | None = None
) -> tuple[SiteState, ...]:
    nodes: dict[str, list[NodeState]] = defaultdict(list)
    lines: dict[str, list[LineState]] = defaultdict(list)
    for node in view.nodes:
        nodes[node.site].append(node_state(node, state.nodes.get(node.node), now))
    for line in view.lines:
        lines[line.site].append(line_state(line, state.lines.get(line.line), now, (standings or {}).get(line.id)))
    return tuple(
        SiteState(one.site, one.name, one.unit, tuple(nodes[one.site]), tuple(lines[one.site])) for one in view.sites
    )


def node_state(node: NodeRecord, latest: LatestOfNode | None, now: float) -> NodeState:
    readings = _Readings(latest)
    last_arrival = node.last_seen_at if latest is None else latest.last_arrival
    age = None if last_arrival is None else max(0.0, now - last_arrival)
    booted = readings.value("thongsuot_boot_time_seconds")
    offset = node.clock_offset_ms / 1000
    return NodeState(
        node=node.node,
        hostname=node.hostname,
        platform=node.platform,
        version=readings.label("thongsuot_agent_info", "version") or node.version,
        state="good" if age is not None and age <= NODE_SILENT_AFTER_SECONDS else "no_data",
        last_arrival=last_arrival,
        age_seconds=age,
        readings_age_seconds=max(0.0, now - latest.newest_ms / 1000) if latest and latest.newest_ms else None,
        cpu_busy_ratio=_cpu_busy_ratio(readings),
        cpu_count=readings.value("thongsuot_cpu_count"),
        load_average={
            next(iter(labels.values()), ""): reading.value
            for labels, reading in readings.of("thongsuot_load_average")
        },
        memory_size_bytes=readings.value("thongsuot_memory_size_bytes"),
        memory_available_bytes=readings.value("thongsuot_memory_available_bytes"),
        swap_size_bytes=readings.value("thongsuot_swap_size_bytes"),
        swap_available_bytes=_difference(
            readings.value("thongsuot_swap_size_bytes"), readings.value("thongsuot_swap_used_bytes")
        ),
        filesystems=tuple(_filesystems(readings)),
        networks=tuple(_networks(readings)),
        boot_time_seconds=booted,
        # The boot time is by the node's own clock.
        uptime_seconds=None if booted is None else max(0.0, now + offset - booted),
        queue_samples=readings.value("thongsuot_agent_queue_samples"),
        clock_offset_seconds=offset,
    )


class _Readings:
    """A node's readings by family, without those that are no longer said."""

    def __init__(self, latest: LatestOfNode | None) -> None:
        self._families: dict[str, list[tuple[NodeWatch, Reading]]] = defaultdict(list)
        if latest is not None:
            oldest = latest.newest_ms - READING_OLD_AFTER_MS
            for one, reading in latest.readings.items():
                if reading.at_ms >= oldest:
                    self._families[one.family].append((one, reading))

    def of(self, family: str) -> Iterator[tuple[Mapping[str, str], Reading]]:
        for one, reading in self._families.get(family, ()):
            yield dict(one.labels), reading

    def value(self, family: str) -> float | None:
        return next((reading.value for _, reading in self.of(family)), None)

    def label(self, family: str, name: str) -> str | None:
        newest = max(self.of(family), key=lambda one: one[1].at_ms, default=None)
        return None if newest is None else newest[0].get(name)


def _difference(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else max(0.0, whole - part)


def _cpu_busy_ratio(readings: _Readings) -> float | None:
    modes = {labels.get("mode", ""): reading for labels, reading in readings.of("thongsuot_cpu_seconds_total")}
    idle = modes.get("idle")
    if idle is None or idle.before_at_ms is None or idle.at_ms - idle.before_at_ms > READING_OLD_AFTER_MS:
        return None
    # Only modes of the same two instants: half of a set would shift the ratio.
    now = {mode: one.value for mode, one in modes.items() if one.at_ms == idle.at_ms}
    before = {mode: one.before for mode, one in modes.items() if one.before_at_ms == idle.before_at_ms}
    both = {mode: value for mode, value in before.items() if value is not None and mode in now}
    times, times_before = processor_times({mode: now[mode] for mode in both}), processor_times(both)
    if times is None or times_before is None or times[1] <= times_before[1]:
        return None
    return min(1.0, max(0.0, (times[0] - times_before[0]) / (times[1] - times_before[1])))


def _filesystems(readings: _Readings) -> Iterator[FilesystemReading]:
    available = {
        labels.get("mountpoint", ""): reading.value
        for labels, reading in readings.of("thongsuot_filesystem_available_bytes")
    }
    sizes = sorted(readings.of("thongsuot_filesystem_size_bytes"), key=lambda one: one[0].get("mountpoint", ""))
    for labels, size in sizes:
        mountpoint = labels.get("mountpoint", "")
        if mountpoint in available:
            yield FilesystemReading(
                mountpoint, labels.get("device", ""), labels.get("fstype", ""), size.value, available[mountpoint]
            )


def _networks(readings: _Readings) -> Iterator[NetworkReading]:
    def by_interface(family: str) -> dict[str, Reading]:
        return {labels.get("interface", ""): reading for labels, reading in readings.of(family)}

    received = by_interface("thongsuot_network_receive_bytes_total")
    transmitted = by_interface("thongsuot_network_transmit_bytes_total")
    up = by_interface("thongsuot_network_up")
    for interface in sorted(received.keys() | transmitted.keys() | up.keys()):
        yield NetworkReading(
            interface,
            up[interface].value > 0 if interface in up else None,
            received[interface].rate(READING_OLD_AFTER_MS) if interface in received else None,
            transmitted[interface].rate(READING_OLD_AFTER_MS) if interface in transmitted else None,
        )


def line_state(
    line: LineRecord, latest: LatestOfLine | None, now: float, standing: Standing | None = None
) -> LineState:
    """`standing`: what was judged of its minutes; without it the last minute alone tells."""
    newest_end_ms = latest.newest_end_ms if latest else 0
    windows = (
        [values for end_ms, values in sorted(latest.windows.items()) if end_ms > newest_end_ms - MINUTE_MS]
        if latest
        else []
    )
    figures = fold(windows)
    level, reasons = judge(figures, sum(map(counted, windows)))
    state: State = "no_data"
    if latest is None or level is None or _silent(latest, now):
        reasons = ()
    else:
        state = level if standing is None or standing.state == "no_data" else standing.state
        reasons = reasons if state != "good" else ()
    agreed = standing if standing is not None and standing.state == state else None
    return LineState(
        line=line.line,
        name=line.name,
        provider=line.provider,
        node=line.measured_by,
        state=state,
        reasons=reasons,
        age_seconds=max(0.0, now - latest.newest_arrival) if latest else None,
        window_end=newest_end_ms / 1000 if latest else None,
        sent=figures.sent,
        received=figures.received,
        loss_ratio=figures.loss_ratio,
        loss_up_ratio=share(figures.lost_up, figures.measured),
        loss_down_ratio=share(figures.lost_down, figures.measured),
        loss_unknown_ratio=share(figures.lost_unknown, figures.measured),
        rtt_p50_seconds=figures.rtt_p50,
        rtt_p95_seconds=figures.rtt_p95,
        jitter_seconds=figures.jitter,
        mos=figures.mos,
        r=figures.r,
        since=agreed.since if agreed else None,
        cause=agreed.cause if agreed else None,
        evidence=agreed.evidence if agreed else None,
    )


def _silent(latest: LatestOfLine, now: float) -> bool:
    return (
        now - latest.newest_arrival > LINE_SILENT_AFTER_SECONDS
        or now - latest.newest_end_ms / 1000 > WINDOW_OLD_AFTER_SECONDS
    )
