"""The real process over time: starts and ends are told, changes applied while it runs, series end, clocks wrong."""

from __future__ import annotations

import math
import signal
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from agent.queue import Queue, read_status
from agent.state import Identity
from tests.agent.devices import snmpd
from tests.agent.hub import KEY, Hub, serving
from tests.agent.test_running_agent import Node, configuration, ended, names

STALE = (0x7FF0_0000_0000_0002).to_bytes(8, "little")


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def kinds(hub: Hub) -> list[str]:
    return [one.kind for _epoch, one in hub.events]


def of(hub: Hub, name: str) -> list[tuple[dict[str, str], float]]:
    return [(labels, value) for labels, _unix, value in hub.samples if labels["__name__"] == name]


def test_starts_and_ends_are_told_in_order_and_once(node: Node) -> None:
    with serving(Hub(configuration=configuration())) as hub:
        for _ in range(2):
            with node.running(hub) as process:
                before = len(hub.written)
                hub.wait(lambda before=before: len(hub.written) > before)  # type: ignore[misc]
                assert ended(process)[0] == 0
        with node.running(hub) as process:
            hub.wait(lambda: kinds(hub).count("agent.started") == 3)
            process.send_signal(signal.SIGKILL)
            process.wait()
        with node.running(hub) as process:
            hub.wait(lambda: kinds(hub).count("agent.started") == 4)
            assert ended(process)[0] == 0
    twice = ["agent.started", "agent.stopping"] * 2
    assert kinds(hub) == [*twice, "agent.started", "agent.started", "agent.stopping"]
    previous = [one.detail["previous"] for _epoch, one in hub.events if one.kind == "agent.started"]
    assert previous == ["none", "clean", "clean", "killed"]
    assert [one.sequence for _epoch, one in hub.events] == list(range(1, 8))


def test_interval_devices_and_watched_programs_change_without_a_restart(node: Node, tmp_path: Path) -> None:
    def ask(interval: int, **more: Any) -> dict[str, Any]:
        return {**configuration(interval=interval), **more}

    hub = Hub(configuration=ask(1))
    with snmpd.serving(tmp_path / "snmpd") as port, serving(hub), node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        device = {"name": "router", "address": f"127.0.0.1:{port}", "community": "public", "interval_seconds": 10}
        hub.configuration = ask(1, devices=[device], processes=["snmpd", "no-such-program"])
        process.send_signal(signal.SIGHUP)
        hub.wait(lambda: {"thongsuot_device_up", "thongsuot_interface_oper_status"} <= names(hub))
        hub.wait(lambda: "thongsuot_processes" in names(hub))
        assert ended(process)[0] == 0
    counts = {labels["process"]: value for labels, value in of(hub, "thongsuot_processes")}
    assert counts["snmpd"] >= 1
    assert counts["no-such-program"] == 0
    assert of(hub, "thongsuot_device_up")[0][0]["device"] == "router"


def test_a_series_that_ends_gets_the_stale_marker(node: Node) -> None:
    watching = {**configuration(), "processes": ["python3", "cron"]}
    with serving(Hub(configuration=watching)) as hub, node.running(hub) as process:
        hub.wait(lambda: "thongsuot_processes" in names(hub))
        hub.configuration = {**configuration(), "processes": ["cron"]}
        process.send_signal(signal.SIGHUP)
        hub.wait(lambda: any(ends(one) for one in hub.samples), seconds=20)
        assert ended(process)[0] == 0
    stale = [labels for labels, _, value in hub.samples if math.isnan(value)]
    assert {labels["process"] for labels in stale if labels["__name__"] == "thongsuot_processes"} == {"python3"}


def ends(sample: tuple[dict[str, str], int, float]) -> bool:
    return sample[0]["__name__"] == "thongsuot_processes" and struct.pack("<d", sample[2]) == STALE


def test_a_new_enrolment_is_noticed_and_another_sites_queue_is_set_aside(node: Node) -> None:
    with serving(Hub(configuration=configuration())) as hub, node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        hub.refuse_key = True
        hub.wait(lambda: read_status(node.state.queue).rows > 0)
        node.state.store(Identity("n2", "tan-an", hub.url, KEY), None)
        aside = node.state.queue.with_name("queue.db.former-1")
        hub.wait(aside.exists, seconds=15)
        hub.refuse_key = False
        before = len(hub.written)
        hub.wait(lambda: len(hub.written) > before, seconds=15)
        status, said = ended(process)
    assert status == 0
    assert "enrolled anew, as n2 of site tan-an" in said
    assert read_status(aside).rows > 0
    with Queue(aside) as former, Queue(node.state.queue) as own:
        assert former.epoch != own.epoch


def test_a_hub_whose_clock_differs_gets_samples_of_its_own_time(node: Node) -> None:
    """The node is a day ahead of the hub, or a year behind: what it says fits the hub's clock."""
    for offset in (-86_400.0, 365 * 86_400.0):
        hub = Hub(configuration=configuration(), clock_offset=offset)
        if node.state.root.exists():
            node.state.queue.unlink()
            hub.enrolled.append({})
        with serving(hub), node.running(hub) as process:
            hub.wait(lambda hub=hub: len(hub.written) > 2)  # type: ignore[misc]
            assert ended(process)[0] == 0
        now = time.time() + offset
        assert all(abs(unix / 1000 - now) < 60 for _labels, unix, _value in hub.samples)
        assert all(abs(float(one.headers["X-Thongsuot-Time"]) - now) < 60 for one in hub.written)
        assert all(abs(one.time_ms / 1000 - now) < 60 for _epoch, one in hub.events if one.kind == "agent.stopping")
        offsets = [value for _labels, value in of(hub, "thongsuot_agent_clock_offset_seconds")]
        assert offsets
        assert abs(offsets[-1] + offset) < 5


def test_a_machine_that_goes_down_says_its_last_gasp(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent import life, shutdown_posix

    monkeypatch.setattr(shutdown_posix, "SYSTEMD", tmp_path)
    answers = tmp_path / "systemctl"
    answers.write_text("#!/bin/sh\necho stopping\nexit 1\n")
    answers.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert subprocess.run(["systemctl"], capture_output=True, text=True, check=False).stdout == "stopping\n"
    assert life.is_shutting_down()
    said = life.stopping(shutting_down=True)
    assert (said.kind, said.severity, said.detail) == ("power.last_gasp", "info", {"reason": "shutdown"})
    answers.write_text("#!/bin/sh\necho running\n")
    assert not life.is_shutting_down()
