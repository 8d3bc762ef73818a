"""The families of lines in Prometheus' text, and promtool has nothing to say against them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from collector.directory import DirectoryView, LineRecord, SiteRecord
from collector.overview import site_states
from collector.quality.standing import Standing
from collector.quality.windows import WindowFigures
from collector.snapshot import CollectorSnapshot, IngestCounters, JudgingCounters, SecurityFindings
from collector.state import LatestState
from exporters.metrics import contracts, findings, lines, samples

NOW = 1_790_000_040.0
LINES = tuple(LineRecord(number, f"vt-{number}", "vt", "", "VNPT", number, "00", "n-a") for number in (1, 2, 3))
VIEW = DirectoryView((SiteRecord("vt", "Vĩnh Tường", "Thị trấn Vĩnh Tường", "Vĩnh Tường"),), (), LINES[:1])


class Families:
    def __init__(self, snapshot: CollectorSnapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> list[Metric]:
        return [
            *contracts.families(VIEW),
            *findings.families(self._snapshot.findings),
            *lines.families(self._snapshot),
            *samples.judging_families(self._snapshot.judging, self._snapshot.failures),
        ]


@pytest.fixture
def text() -> bytes:
    state = LatestState()
    values: dict[str, float] = {"sent": 100, "received": 0}
    state.apply_windows([WindowFigures("vt-1", round(NOW * 1000) - 10_000 * n, values) for n in range(6)], NOW)
    view = DirectoryView((SiteRecord("vt", "Vĩnh Tường", None),), (), LINES)
    standings = {1: Standing("down", NOW - 300, "provider", {}), 2: Standing("no_data", NOW - 600, "power", {})}
    snapshot = CollectorSnapshot(
        NOW,
        site_states(view, state, NOW, standings),
        IngestCounters({}, 0, 0, {}, 0),
        JudgingCounters(hours=3, verdicts=2, waiting=1, events_applied=4, events_refused=1),
        {"judge lines": 1},
        (SecurityFindings("vt", "n-a", "new_port", "warning", 2),),
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Families(snapshot))
    return generate_latest(registry)


def test_state_cause_and_open_outages_of_lines_are_told(text: bytes) -> None:
    said = set(text.decode().splitlines())
    assert {
        'thongsuot_line_state{line="vt-1",site="vt",state="down"} 1.0',
        'thongsuot_line_state{line="vt-2",site="vt",state="no_data"} 1.0',
        'thongsuot_line_cause_info{cause="provider",line="vt-1",site="vt"} 1.0',
        'thongsuot_line_cause_info{cause="power",line="vt-2",site="vt"} 1.0',
        'thongsuot_line_state_since_timestamp_seconds{line="vt-1",site="vt"} 1.78999974e+09',
        'thongsuot_line_outage_open{line="vt-1",site="vt"} 1.0',
        'thongsuot_line_outage_open{line="vt-2",site="vt"} 1.0',
        'thongsuot_line_outage_open{line="vt-3",site="vt"} 0.0',
        "thongsuot_judging_spans_total 3.0",
        "thongsuot_judging_waiting_spans 1.0",
        "thongsuot_node_events_total 4.0",
        'thongsuot_collector_failures_total{work="judge lines"} 1.0',
        'thongsuot_site_info{area="Vĩnh Tường",name="Vĩnh Tường",site="vt",unit="Thị trấn Vĩnh Tường"} 1.0',
        'thongsuot_line_info{area="Vĩnh Tường",line="vt-1",provider="VNPT",site="vt"} 1.0',
        'thongsuot_site_security_findings{finding="new_port",node="n-a",severity="warning",site="vt"} 2.0',
    } <= said


def test_promtool_has_nothing_against_them(text: bytes) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
