from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.directory import DirectoryView, LineRecord, NodeRecord, SiteRecord
from collector.ingest.watch import NodeWatch
from collector.node_minutes import group_readings
from collector.overview import line_state, node_state, site_states
from collector.quality.figures import fold
from collector.quality.judgement import judge
from collector.quality.windows import WindowFigures
from collector.state import MAX_READINGS_PER_NODE, MAX_WINDOWS_PER_LINE, LatestState
from tests.collector.support import NOW

NOW_MS = round(NOW * 1000)
NODE = NodeRecord("n-a", "vt", "pc", "Linux", "0.1.0", 0, None)
LINE = LineRecord(1, "vt-1", "vt", "FTTH", "VNPT", 1, "00", "n-a")
LOAD = NodeWatch("thongsuot_load_average", (("period", "1"),))


def window(end: float, **values: float) -> WindowFigures:
    return WindowFigures("vt-1", round(end * 1000), values)


def answered(sent: int = 100, received: int = 100, rtt: float = 0.01, jitter: float = 0.001) -> dict[str, float]:
    rtts = dict.fromkeys(("rtt_min", "rtt_p50", "rtt_p95", "rtt_max"), rtt) if received else {}
    return {"sent": sent, "received": received, "jitter": jitter, **rtts}


@given(st.permutations([(NOW_MS + n, float(n)) for n in range(6)]))
def test_the_newest_reading_wins_in_any_order(samples: list[tuple[int, float]]) -> None:
    state = LatestState()
    for at_ms, value in samples:
        state.apply_readings("n-a", [(LOAD, at_ms, value)], NOW)
    assert node_state(NODE, state.nodes["n-a"], NOW).load_average == {"1": 5.0}


def test_a_stale_marker_takes_the_reading_away() -> None:
    state = LatestState()
    state.apply_readings("n-a", [(LOAD, NOW_MS, 1.0), (LOAD, NOW_MS + 1, float("nan"))], NOW)
    assert node_state(NODE, state.nodes["n-a"], NOW).load_average == {}


def test_a_disk_that_is_no_longer_said_leaves_the_board() -> None:
    def disk(mountpoint: str, at_ms: int) -> list[tuple[NodeWatch, int, float]]:
        labels = (("device", "d"), ("fstype", "ext4"), ("mountpoint", mountpoint))
        return [
            (NodeWatch(f"thongsuot_filesystem_{what}_bytes", labels), at_ms, 1.0) for what in ("size", "available")
        ]

    state = LatestState()
    state.apply_readings("n-a", [*disk("/", NOW_MS), *disk("/media/usb", NOW_MS)], NOW)
    state.apply_readings("n-a", disk("/", NOW_MS + 400_000), NOW + 400)
    assert [one.mountpoint for one in node_state(NODE, state.nodes["n-a"], NOW + 400).filesystems] == ["/"]
    state.apply_readings("n-a", disk("/", NOW_MS + 700_000), NOW + 700)
    state.forget({"n-a"}, set())
    assert len(state.nodes["n-a"].readings) == 2


def test_memory_is_bounded() -> None:
    state = LatestState()
    many = [(NodeWatch("thongsuot_network_up", (("interface", str(n)),)), NOW_MS, 1.0) for n in range(3000)]
    state.apply_readings("n-a", many, NOW)
    assert len(state.nodes["n-a"].readings) == MAX_READINGS_PER_NODE
    assert state.nodes["n-a"].dropped == 1000
    state.apply_windows([window(NOW + n / 1000, **answered()) for n in range(1000)], NOW)
    assert len(state.lines["vt-1"].windows) == MAX_WINDOWS_PER_LINE


def test_a_counter_that_began_again_has_no_rate() -> None:
    received = NodeWatch("thongsuot_network_receive_bytes_total", (("interface", "eth0"),))
    state = LatestState()
    state.apply_readings("n-a", [(received, NOW_MS, 5000.0), (received, NOW_MS + 15_000, 10.0)], NOW)
    (network,) = node_state(NODE, state.nodes["n-a"], NOW).networks
    assert network.receive_bytes_per_second is None


def test_half_a_set_of_processor_modes_gives_no_ratio() -> None:
    def modes(at_ms: int, *values: tuple[str, float]) -> list[tuple[NodeWatch, int, float]]:
        return [(NodeWatch("thongsuot_cpu_seconds_total", (("mode", mode),)), at_ms, value) for mode, value in values]

    state = LatestState()
    state.apply_readings("n-a", modes(NOW_MS, ("user", 1), ("system", 1), ("idle", 8)), NOW)
    state.apply_readings("n-a", modes(NOW_MS + 1000, ("user", 2), ("idle", 9)), NOW)
    assert node_state(NODE, state.nodes["n-a"], NOW).cpu_busy_ratio is None
    state.apply_readings("n-a", modes(NOW_MS + 1000, ("system", 3)), NOW)
    assert node_state(NODE, state.nodes["n-a"], NOW).cpu_busy_ratio == pytest.approx(0.75)


def test_a_line_is_not_current_when_only_backlog_comes() -> None:
    state = LatestState()
    state.apply_windows([window(NOW - 3600, **answered())], NOW)
    assert line_state(LINE, state.lines["vt-1"], NOW).state == "no_data"
    state.apply_windows([window(NOW - 5, **answered())], NOW)
    assert line_state(LINE, state.lines["vt-1"], NOW).state == "good"
    assert line_state(LINE, state.lines["vt-1"], NOW + 61).state == "no_data"


def test_a_line_shows_its_last_minute_only() -> None:
    state = LatestState()
    ends = range(-120, 1, 10)
    state.apply_windows([window(NOW + end, **answered(received=100 if end > -60 else 0)) for end in ends], NOW)
    shown = line_state(LINE, state.lines["vt-1"], NOW)
    assert (shown.sent, shown.received, shown.loss_ratio) == (600, 600, 0)


def test_directions_said_later_complete_a_window() -> None:
    state = LatestState()
    state.apply_windows([window(NOW, **answered(received=90))], NOW)
    assert line_state(LINE, state.lines["vt-1"], NOW).loss_unknown_ratio == 0.1
    state.apply_windows([window(NOW, lost_up=10, lost_down=0, unmeasured=0)], NOW)
    shown = line_state(LINE, state.lines["vt-1"], NOW)
    assert (shown.loss_up_ratio, shown.loss_down_ratio, shown.loss_unknown_ratio) == (0.1, 0, 0)


@pytest.mark.parametrize(
    ("values", "state", "reasons"),
    [
        (answered(), "good", ()),
        (answered(received=98), "good", ()),
        (answered(received=97), "weak", ("loss",)),
        (answered(received=94), "bad", ("loss",)),
        (answered(rtt=0.06), "weak", ("rtt",)),
        (answered(rtt=0.31), "bad", ("rtt",)),
        (answered(jitter=0.031), "weak", ("jitter",)),
        (answered(received=0), "bad", ("loss", "mos")),
        (answered(sent=0, received=0), None, ()),
        ({}, None, ()),
    ],
)
def test_a_line_is_judged_by_the_limits(
    values: dict[str, float], state: str | None, reasons: tuple[str, ...]
) -> None:
    assert judge(fold([values])) == (state, reasons)


def test_a_line_is_down_when_a_whole_minute_is_lost() -> None:
    assert judge(fold([answered(received=0)] * 6), windows=6) == ("down", ("loss",))


def test_every_site_line_and_node_is_shown_also_when_never_heard() -> None:
    view = DirectoryView((SiteRecord("vt", "Vĩnh Tường", None), SiteRecord("tt", "Thổ Tang", None)), (NODE,), (LINE,))
    shown = site_states(view, LatestState(), NOW)
    assert [(site.site, len(site.nodes), len(site.lines)) for site in shown] == [("vt", 1, 1), ("tt", 0, 0)]
    assert (shown[0].nodes[0].state, shown[0].nodes[0].last_arrival, shown[0].nodes[0].version) == (
        "no_data",
        None,
        "0.1.0",
    )


def readings_of(*samples: tuple[str, dict[str, str], float], at_ms: int = NOW_MS) -> dict[str, dict[str, float]]:
    many: list[Any] = [
        (NodeWatch(name, tuple(sorted(labels.items()))), at_ms, value) for name, labels, value in samples
    ]
    return {one.group: one.columns for one in group_readings("n-a", many)}


def test_groups_of_a_minute_are_whole_or_absent() -> None:
    assert readings_of(("thongsuot_memory_size_bytes", {}, 8e9)) == {}
    assert readings_of(("thongsuot_memory_size_bytes", {}, 8e9), ("thongsuot_memory_available_bytes", {}, 2e9)) == {
        "memory": {"memory_used_ratio": 0.75}
    }
    assert readings_of(("thongsuot_cpu_seconds_total", {"mode": "idle"}, 1.0)) == {}


def test_guests_are_not_counted_twice_and_loopback_not_at_all() -> None:
    cpu = [("user", 4), ("system", 1), ("idle", 3), ("iowait", 2), ("guest", 4)]
    found = readings_of(
        *(("thongsuot_cpu_seconds_total", {"mode": mode}, float(value)) for mode, value in cpu),
        ("thongsuot_network_receive_bytes_total", {"interface": "lo"}, 100.0),
        ("thongsuot_network_receive_bytes_total", {"interface": "eth0"}, 7.0),
        ("thongsuot_network_transmit_bytes_total", {"interface": "eth0"}, 8.0),
    )
    assert found == {
        "cpu": {"cpu_busy_seconds": 5.0, "cpu_total_seconds": 10.0},
        "network": {"receive_bytes": 7.0, "transmit_bytes": 8.0},
    }


def test_the_worst_disk_is_told_beside_the_root() -> None:
    def disk(mountpoint: str, used: float) -> list[tuple[str, dict[str, str], float]]:
        labels = {"mountpoint": mountpoint, "device": "d", "fstype": "ext4"}
        size = "thongsuot_filesystem_size_bytes", labels, 100.0
        return [size, ("thongsuot_filesystem_available_bytes", labels, 100 - used)]

    assert readings_of(*disk("/", 25), *disk("/data", 75)) == {
        "filesystem": {"filesystem_worst_used_ratio": 0.75, "filesystem_root_used_ratio": 0.25}
    }
