"""What one scrape of the hub's /metrics costs: CPU and bytes, with 170 sites and with 3,400.

A node with sixty readings, two lines with ten minutes of windows, a router and a bridge point in a meeting per site.
CPU of putting the snapshots together, of writing the text, and of gzip at the hub's level. Compared in the same run
with prometheus_client's plain exposition of as many series, held in a Gauge: no snapshot, nothing judged.
"""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from agent.wire.configuration import WINDOW_SECONDS
from collector.directory import DirectoryView, LineRecord, NodeRecord, SiteRecord
from collector.directory.view import DeviceRecord
from collector.ingest.watch import NodeWatch
from collector.overview import site_states
from collector.quality.standing import Standing
from collector.quality.windows import BUCKET_FIELDS, WindowFigures
from collector.reflector_status import ReflectorStatus
from collector.snapshot import CollectorSnapshot, IngestCounters, SecurityFindings
from collector.state import WINDOWS_KEPT_MS, LatestState
from conferencing.snapshot import ConferencingSnapshot, ParticipantSnapshot, RoomSnapshot
from conferencing.statistics.quality import PeerQuality
from exporters.metrics import BackupAge, HubItself, HubSnapshots, render

SITES = (170, 3400)
SITES_OF_AREA = 17
SITES_OF_MEETING = 170
LINES_OF_SITE = 2
ROUNDS = 9
GZIP_LEVEL = 9
"""Starlette's, which answers Prometheus."""
NOW = 1_790_000_040.0
_WINDOW = {
    "sent": 100, "received": 98, "unmeasured": 0, "lost_up": 1, "lost_down": 1, "late": 0, "duplicate": 0,
    "reordered": 0, "skipped": 0, "late_sends": 0, "loss_bursts": 1, "rtt_min": 0.011, "rtt_p50": 0.014,
    "rtt_p95": 0.021, "rtt_max": 0.044, "jitter": 0.0017, "ipdv_p95": 0.006,
    **dict.fromkeys(BUCKET_FIELDS, 98.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Hub:
    view: DirectoryView
    state: LatestState
    standings: dict[int, Standing]
    findings: tuple[SecurityFindings, ...]
    meetings: ConferencingSnapshot

    def snapshots(self) -> HubSnapshots:
        """As the hub does it at each scrape."""
        sites = site_states(self.view, self.state, NOW, self.standings)
        ingest = IngestCounters({204: 9_000_000}, 2_000_000_000, 40_000_000_000, {}, 0)
        return HubSnapshots(
            itself=HubItself("0.1.0", NOW - 86400, url="https://thongsuot.example:8080"),
            directory=self.view,
            collector=CollectorSnapshot(NOW, sites, ingest, findings=self.findings),
            conferencing=self.meetings,
            receivers=(),
            reflector=ReflectorStatus(NOW, NOW - 86400, 0, 0, {}),
            backup=BackupAge(NOW - 3600, NOW - 3600, 30_000_000, 0),
        )


def run() -> None:
    print(f"\nscrape, CPU of one in ms, the median of {ROUNDS}")
    columns = ("series", "snapshot", "text", "gzip", "all", "kB text", "kB gzip")
    print(f"{'':<34}" + "".join(f"{column:>10}" for column in columns))
    for sites in SITES:
        hub = _hub(sites)
        snapshots = hub.snapshots()
        text = render(snapshots)
        series = _series(text)
        taken, written = _cpu_ms(hub.snapshots), _cpu_ms(partial(render, snapshots))
        _print(f"hub, {sites} sites", series, taken, written, text)
        plain = partial(generate_latest, _plain(series))
        _print("  prometheus_client, plain", series, 0.0, _cpu_ms(plain), plain())


def _print(name: str, series: int, taken: float, written: float, text: bytes) -> None:
    packed = _cpu_ms(lambda: gzip.compress(text, GZIP_LEVEL))
    figures = (taken, written, packed, taken + written + packed, len(text) / 1000)
    said = "".join(f"{figure:>10.1f}" for figure in figures)
    print(f"{name:<34}{series:>10}{said}{len(gzip.compress(text, GZIP_LEVEL)) / 1000:>10.1f}")


def _cpu_ms(work: Callable[[], object]) -> float:
    def once() -> float:
        began = time.process_time()
        work()
        return 1000 * (time.process_time() - began)

    return statistics.median(once() for _ in range(ROUNDS))


def _series(text: bytes) -> int:
    return sum(1 for line in text.splitlines() if not line.startswith(b"#"))


def _plain(series: int) -> CollectorRegistry:
    registry = CollectorRegistry()
    gauge = Gauge("bench_line_state", "1 for the state that the line is in.", ["site", "line"], registry=registry)
    for number in range(series):
        gauge.labels(f"xa-{number % 3400:05}", f"xa-{number % 3400:05}-{number // 3400}").set(number % 977 / 10)
    return registry


def _hub(count: int) -> _Hub:
    codes = [f"xa-{number:05}" for number in range(count)]
    sites = tuple(
        SiteRecord(code, f"UBND xã số {number}", f"Xã số {number}", f"Khu vực {number // SITES_OF_AREA}")
        for number, code in enumerate(codes)
    )
    nodes = tuple(NodeRecord(f"n-{code}", code, f"may-{code}", "Linux", "0.1.0", 0, NOW - 5) for code in codes)
    lines = tuple(
        LineRecord(LINES_OF_SITE * number + index, f"{code}-{index}", code, f"Đường truyền {index}", provider,
                   LINES_OF_SITE * number + index, "", f"n-{code}", 100.0, 100.0)
        for number, code in enumerate(codes)
        for index, provider in enumerate(("VNPT", "Viettel"))
    )  # fmt: skip
    devices = tuple(DeviceRecord(f"router-{code}", code, "router", "10.0.0.1") for code in codes)
    state = LatestState()
    end = int(NOW) // WINDOW_SECONDS * WINDOW_SECONDS * 1000
    ends = range(end - WINDOWS_KEPT_MS + WINDOW_SECONDS * 1000, end + 1, WINDOW_SECONDS * 1000)
    for line in lines:
        state.apply_windows((WindowFigures(line.line, at, dict(_WINDOW)) for at in ends), NOW)
    for node in nodes:
        for at in (end - 15_000, end):
            state.apply_readings(node.node, ((one, at, float(at % 977)) for one in _readings()), NOW)
    standings = {line.id: Standing("good", NOW - 86400) for line in lines}
    findings = tuple(SecurityFindings(code, f"n-{code}", "new_port", "warning", 1) for code in codes[::10])
    view = DirectoryView(sites, nodes, lines, devices)
    return _Hub(view, state, standings, findings, _meetings(codes))


def _readings() -> Iterator[NodeWatch]:
    modes = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    for cpu in range(4):
        for mode in modes:
            yield NodeWatch("thongsuot_cpu_seconds_total", (("cpu", str(cpu)), ("mode", mode)))
    for family in ("size", "available"):
        for mountpoint in ("/", "/boot", "/home"):
            labels = (("device", "/dev/sda1"), ("fstype", "ext4"), ("mountpoint", mountpoint))
            yield NodeWatch(f"thongsuot_filesystem_{family}_bytes", labels)
    for family in ("network_receive_bytes_total", "network_transmit_bytes_total", "network_up"):
        for interface in ("eth0", "eth1", "wlan0"):
            yield NodeWatch(f"thongsuot_{family}", (("interface", interface),))
    for minutes in ("1", "5", "15"):
        yield NodeWatch("thongsuot_load_average", (("window", minutes),))
    for family in (
        "agent_queue_samples", "boot_time_seconds", "cpu_count", "memory_available_bytes", "memory_size_bytes",
        "swap_size_bytes", "swap_used_bytes",
    ):  # fmt: skip
        yield NodeWatch(f"thongsuot_{family}", ())


def _meetings(codes: list[str]) -> ConferencingSnapshot:
    rooms = tuple(
        RoomSnapshot(
            f"phong-{first}", "Giao ban", "media-0", tuple(map(_participant, codes[first:][:SITES_OF_MEETING]))
        )
        for first in range(0, len(codes), SITES_OF_MEETING)
    )
    return ConferencingSnapshot(rooms, (), len(codes), {}, 0)


def _participant(site: str) -> ParticipantSnapshot:
    quality = PeerQuality(
        f"p-{site}", (), (), 900_000, 1_200_000, 0.01, 0.0, 0.004, 0.003, 0.021, 4_000_000, "host", None, 4.2, 4.0
    )
    return ParticipantSnapshot(f"s-{site}", site, site, "present", True, True, None, "udp", quality)
