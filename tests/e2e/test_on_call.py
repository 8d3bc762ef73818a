"""A line is cut, one technician does not answer, the next one does by the link, and the line returns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.oncall_system import ESCALATION_SECONDS, LINE, SITE, OncallSystem, Sink, windows
from tests.e2e.system import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def sink() -> Iterator[Sink]:
    found = Sink()
    yield found
    found.close()


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[OncallSystem]:
    found = OncallSystem(tmp_path_factory.mktemp("oncall") / "data", sink)
    try:
        yield found
    finally:
        found.stop()


def alert(name: str, status: str = "firing") -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "critical", "scope": "hub", "site": "trung-tam"},
        "annotations": {"summary_vi": f"{name} hỏng", "summary_en": f"{name} broken"},
        "startsAt": "2026-11-23T22:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": f"f-{name}",
    }


def test_a_cut_line_is_told_once_escalated_taken_by_the_link_and_its_end_is_told(
    system: OncallSystem, sink: Sink
) -> None:
    for name in ("prometheus", "alertmanager", "hub"):
        system.start(name)
    system.ready()
    ratio = {"site": SITE, "line": LINE, "node": "n-1", "direction": "up"}
    # It ends a little before now, so that the minute after it need not be waited for.
    system.say(list(windows(lost=True, count=15, ago=40)))
    # What the line's cut explains anyway.
    system.tell_prometheus("thongsuot_throughput_contract_ratio", ratio, 0.3)

    until(lambda: sink.of("an"), 60, "the first technician is told")
    first = sink.messages[0]
    assert "UBND xã Kim Xá" in first["subject"]
    assert "chặng đầu nhà mạng" in first["text"], first["text"]
    assert "18001166" in first["text"]
    assert "Nhà mạng" in first["text"]

    until(lambda: sink.of("binh"), ESCALATION_SECONDS + 10, "the second technician is told")
    link = sink.of("binh")[0]["link"]
    for _ in range(2):
        preview = httpx.get(link)
        assert preview.status_code == 200
        assert "Tôi tiếp nhận" in preview.text
    token = link.rpartition("/t/")[2]
    taken = httpx.post(link, headers={"Origin": system.url})
    assert "Bạn đã tiếp nhận" in taken.text
    assert "Binh đã tiếp nhận" in httpx.get(sink.of("an")[0]["link"]).text
    assert httpx.get(f"{system.url}/t/{token[:-2]}xx").status_code == 404

    known = until(
        lambda: len(found := system.known_to_alertmanager()) > 1 and "LineUploadBelowContract" in found and found,
        30,
        "Alertmanager knows of both",
    )
    assert known["LineUploadBelowContract"]["status"]["inhibitedBy"]
    system.tell_prometheus("thongsuot_throughput_contract_ratio", ratio, 0.95)
    system.kill("alertmanager")
    system.start("alertmanager")

    def resolved() -> bool:
        system.say(list(windows(lost=False, count=6)))
        time.sleep(1)
        return len(sink.of("an")) == 2 and len(sink.of("binh")) == 2

    until(resolved, 60, "both hear of the end")
    assert "ĐÃ KHẮC PHỤC" in sink.of("binh")[1]["subject"].upper()
    # Nobody else was told, and nobody twice.
    assert [one["person"] for one in sink.messages[:2]] == ["an", "binh"]
    assert len(sink.messages) == 4

    found = system.trouble(1)
    trouble = found["trouble"]
    assert (trouble["state"], trouble["acknowledged_name"], trouble["told"]) == ("resolved", "Binh", ["An", "Binh"])
    assert {one["name"] for one in trouble["alerts"]} == {"LineDown"}
    assert {"opened", "told", "acknowledged", "resolved"} <= {one["kind"] for one in found["events"]}
    assert {one["state"] for one in found["deliveries"]} == {"sent"}
    numbers = system.metrics()
    assert numbers['thongsuot_oncall_deliveries_total{channel="webhook",outcome="sent"}'] == 4
    assert numbers['thongsuot_oncall_alerts_total{rule="LineDown"}'] == 1
    assert 'thongsuot_oncall_alerts_total{rule="LineUploadBelowContract"}' not in numbers
    assert numbers["thongsuot_oncall_acknowledge_seconds_count"] == 1
    assert numbers["thongsuot_oncall_unacknowledged_seconds"] == 0


def test_a_hub_killed_while_it_sends_loses_nothing_and_repeats_at_most_one(system: OncallSystem, sink: Sink) -> None:
    system.start("hub")
    until(lambda: _healthy(system), 60, "the hub answers")
    sink.holding.set()
    assert system.post_alerts(alert("BackupOld"), group="a") == 204
    until(lambda: sink.messages, 20, "the first message is on its way")
    assert system.post_alerts(alert("HubRestarting"), group="b") == 204
    system.kill("hub")
    sink.holding.clear()
    system.start("hub")
    until(lambda: _healthy(system), 60, "the hub answers again")
    until(lambda: len(sink.of("an")) >= 3, 20, "both were told")
    keys = [one["key"] for one in sink.of("an")]
    assert sorted(keys.count(key) for key in set(keys)) == [1, 2]
    assert keys[0] == keys[1]
    # Alertmanager says it again after its own restart: that is no news.
    assert system.post_alerts(alert("BackupOld"), group="a") == 204
    time.sleep(1.5)
    assert len(sink.of("an")) == 3


def _healthy(system: OncallSystem) -> bool:
    try:
        return httpx.get(f"{system.url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
