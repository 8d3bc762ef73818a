"""Each sensor's `parse` on captured readings, its `read` on this machine, and the runner that survives both."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import pytest

from agent.samples import Family, Kind, Sample
from agent.sampling import Sampling
from agent.sensors import SENSORS, agent_itself, cpu, filesystem, memory, network, uptime
from agent.sensors.filesystem import Filesystem
from agent.sensors.network import Interface
from agent.sensors.sensor import Sensor

NOT_EVERYWHERE = {"temperature", "battery", "nut"}
"""A machine without such parts is no failure."""
NAME = re.compile(r"thongsuot_[a-z0-9_]+")


def values(samples: list[Sample]) -> dict[tuple[str, ...], float]:
    return {(one.name, *(text for _label, text in one.labels)): one.value for one in samples}


def test_cpu() -> None:
    seconds = {"user": 10.5, "system": 2.0, "idle": 100.0, "iowait": 1.0, "guest": 3.0, "guest_nice": 1.0}
    assert values(cpu.parse(cpu.Reading(seconds, 4, (0.1, 0.2, 0.3)))) == {
        ("thongsuot_cpu_seconds_total", "user"): 10.5,
        ("thongsuot_cpu_seconds_total", "system"): 2.0,
        ("thongsuot_cpu_seconds_total", "idle"): 100.0,
        ("thongsuot_cpu_seconds_total", "iowait"): 1.0,
        ("thongsuot_cpu_count",): 4,
        ("thongsuot_load_average", "1"): 0.1,
        ("thongsuot_load_average", "5"): 0.2,
        ("thongsuot_load_average", "15"): 0.3,
    }


def test_what_the_system_does_not_say_is_absent() -> None:
    assert cpu.parse(cpu.Reading({}, None, None)) == []
    names = {one.name for one in memory.parse(memory.Reading(100, 50, None, None))}
    assert names == {"thongsuot_memory_size_bytes", "thongsuot_memory_available_bytes"}


def test_memory() -> None:
    assert values(memory.parse(memory.Reading(1000, 400, 200, 50))) == {
        ("thongsuot_memory_size_bytes",): 1000,
        ("thongsuot_memory_available_bytes",): 400,
        ("thongsuot_swap_size_bytes",): 200,
        ("thongsuot_swap_used_bytes",): 50,
    }


def test_filesystems_are_the_real_ones_and_none_twice() -> None:
    found = filesystem.parse(
        (
            Filesystem("/var/lib/docker/bind", "/dev/sda1", "ext4", 1000, 400),
            Filesystem("/", "/dev/sda1", "ext4", 1000, 400),
            Filesystem("/snap/core/1", "/dev/loop0", "squashfs", 50, 0),
            Filesystem("/run", "tmpfs", "tmpfs", 10, 10),
            Filesystem("/srv", "/dev/sdb1", "xfs", 5000, 0),
            Filesystem("/mnt/dead", "/dev/sdc1", "ext4", None, None),
        )
    )
    assert values(found) == {
        ("thongsuot_filesystem_size_bytes", "/dev/sda1", "ext4", "/"): 1000,
        ("thongsuot_filesystem_available_bytes", "/dev/sda1", "ext4", "/"): 400,
        ("thongsuot_filesystem_size_bytes", "/dev/sdb1", "xfs", "/srv"): 5000,
        ("thongsuot_filesystem_available_bytes", "/dev/sdb1", "xfs", "/srv"): 0,
    }


def test_a_container_says_its_root() -> None:
    found = filesystem.parse((Filesystem("/", "overlay", "overlay", 1000, 400),))
    assert found[0].labels == (
        ("device", "overlay"),
        ("fstype", "overlay"),
        ("mountpoint", "/"),
    )
    assert filesystem.parse((Filesystem("/", "", "", 10, 4),))[0].labels == (("mountpoint", "/"),)


def test_a_mountpoint_that_is_no_utf_8_becomes_a_label() -> None:
    found = filesystem.parse((Filesystem("/mnt/\udcff", "/dev/sda1", "ext4", 10, 4),))
    assert dict(found[0].labels)["mountpoint"] == "/mnt/?"


def test_network_without_loopback() -> None:
    found = network.parse(
        (
            Interface("lo", True, True, 1, 1, 0, 0, 0, 0),
            Interface("eth0", False, True, 1, 2, 3, 4, 5, 6),
            Interface("wlan0", False, None, 0, 0, 0, 0, 0, 0),
        )
    )
    assert values(found)["thongsuot_network_up", "eth0"] == 1
    assert ("thongsuot_network_up", "wlan0") not in values(found)
    assert {one.value for one in found if ("interface", "eth0") in one.labels} == {1, 2, 3, 4, 5, 6}
    assert not [one for one in found if ("interface", "lo") in one.labels]


def test_uptime_and_the_agent_itself() -> None:
    assert uptime.parse(uptime.Reading(1.7e9, "")) == [Sample("thongsuot_boot_time_seconds", 1.7e9)]
    found = agent_itself.parse(agent_itself.Reading("0.1.0", "3.11", "Linux", "", 100, 1.5, 1.7e9))
    assert found[0] == Sample(
        "thongsuot_agent_info", 1, (("platform", "Linux"), ("python", "3.11"), ("version", "0.1.0"))
    )


@pytest.mark.parametrize("name", SENSORS)
def test_every_sensor_reads_this_machine_and_says_only_what_it_describes(name: str) -> None:
    sensor = SENSORS[name]
    samples = sensor.parse(sensor.read())
    assert samples or name in NOT_EVERYWHERE
    described = {family.name: family for family in sensor.families}
    for one in samples:
        assert NAME.fullmatch(one.name)
        assert one.name.endswith("_total") == (described[one.name].kind is Kind.COUNTER)
        assert all(label and text for label, text in one.labels)
        assert list(one.labels) == sorted(one.labels)
    assert len(samples) == len({(one.name, one.labels) for one in samples})


def sensor(read: Any, parse: Any = lambda reading: [Sample("thongsuot_x", reading)]) -> Sensor[Any]:
    return Sensor((Family("thongsuot_x", Kind.GAUGE, "x"),), read, parse)


async def test_a_failing_sensor_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> float:
        raise OSError("the disk is gone")

    def unreadable(_reading: float) -> list[Sample]:
        raise ValueError("what is this")

    sampling = Sampling({"bad": sensor(broken), "odd": sensor(lambda: 1.0, unreadable), "good": sensor(lambda: 7.0)})
    for _ in range(3):
        found = values(list((await sampling.collect()).samples))
        assert found["thongsuot_x",] == 7.0
        assert found["thongsuot_agent_sensor_success", "bad"] == 0
        assert found["thongsuot_agent_sensor_success", "odd"] == 0
        assert found["thongsuot_agent_sensor_success", "good"] == 1
        assert found["thongsuot_agent_sensor_duration_seconds", "good"] >= 0
    said = [record for record in caplog.records if "cannot be read" in record.message]
    assert len(said) == 2, "once for each, not once per interval"


async def test_a_hanging_sensor_is_not_asked_again_and_stops_no_other() -> None:
    release = threading.Event()
    asked = []

    def hang() -> float:
        asked.append(1)
        release.wait(10)
        return 1.0

    sampling = Sampling({"hang": sensor(hang), "good": sensor(lambda: 7.0)}, sensor_seconds=0.05)
    for _ in range(3):
        found = values(list((await sampling.collect()).samples))
        assert found["thongsuot_agent_sensor_success", "hang"] == 0
        assert found["thongsuot_agent_sensor_success", "good"] == 1
    assert asked == [1]
    release.set()
    async with asyncio.timeout(5):
        while values(list((await sampling.collect()).samples))["thongsuot_agent_sensor_success", "hang"] == 0:
            await asyncio.sleep(0.01)
