"""Recordings of real devices, each is read to its end, and what it says is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.devices.mibs import MIBS
from agent.devices.polling import Polled, Polling
from agent.devices.varbind import Oid, SnmpError, SnmpTimeoutError, Value, oid
from agent.wire.configuration import DeviceConfiguration
from tests.agent.devices.test_what_devices_say import Recorded

RECORDINGS = Path(__file__).with_name("recordings")
NAMES = sorted(one.stem for one in RECORDINGS.glob("*.snmprec"))


def recorded(name: str) -> dict[Oid, Value]:
    """Of lines `OID|TAG|VALUE` (snmpsim's format): TAG is the ASN.1 tag, with x when VALUE is hexadecimal."""
    found: dict[Oid, Value] = {}
    for line in (RECORDINGS / f"{name}.snmprec").read_text("latin-1").splitlines():
        key, tag, text = line.split("|", 2)
        value: Value
        if tag.endswith("x"):
            value = bytes.fromhex(text)
        elif tag == "6":
            value = oid(text)
        elif tag in ("4", "64"):
            value = text.encode("latin-1")
        else:
            value = int(text)
        found[oid(key)] = value
    return found


async def poll(*names: str, largest: int = 1000, dead: bool = False, wan: str = "") -> list[Polled]:
    """Of one device, which answers as each of these recordings in turn."""
    moments = iter(range(1_000_000))
    polling = Polling(
        DeviceConfiguration("gear", "192.168.1.1", wan_interface=wan), MIBS, lambda: float(next(moments))
    )
    errors: list[SnmpError] | None = [SnmpTimeoutError("no answer in time")] if dead else None
    return [await polling.poll(Recorded(recorded(name), largest, errors)) for name in names]


def said(polled: Polled, name: str) -> dict[str, float]:
    """By the labels besides the device's."""
    return {
        " ".join(text for key, text in one.labels if key not in ("device", "ups")): one.value
        for one in polled.samples
        if one.name == f"thongsuot_{name}"
    }


@pytest.mark.parametrize("name", NAMES)
async def test_a_recorded_device_is_read_to_its_end_without_doubles(name: str) -> None:
    (polled,) = await poll(name)
    assert polled.error == ""
    assert said(polled, "device_poll_success") == {"": 1}
    assert len({(one.name, one.labels) for one in polled.samples}) == len(polled.samples)
    assert all("?" not in text for one in polled.samples for _, text in one.labels)


async def test_a_mikrotik_router_tells_its_ports_memory_and_neighbours() -> None:
    (polled,) = await poll("mikrotik-hex", wan="WAN FPT")
    status = said(polled, "interface_oper_status")
    assert status["ether1 wan"] == status["pppoe-out1 lan"] == 1
    assert status["ether3 lan"] == 2
    assert said(polled, "interface_receive_bytes_total")["ether2 lan"] == 2 * 123456789012
    assert said(polled, "device_storage_used_bytes")["main memory 65536"] == 58240 * 1024
    assert said(polled, "device_neighbours") == {"": 3}
    assert len(said(polled, "device_cpu_ratio")) == 4


async def test_switches_tell_their_ports_and_what_hangs_on_them() -> None:
    (cisco,) = await poll("cisco-c3750")
    assert said(cisco, "interface_oper_status")["Gi1/0/1 lan"] == 1
    assert said(cisco, "interface_speed_bits_per_second")["Gi1/0/1 lan"] in (1e8, 1e9)
    (hp,) = await poll("hpe-procurve-516733-b21")
    assert len(said(hp, "lldp_neighbour_info")) == 5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eaton-93e-80", {"on_battery": 0, "battery_low": 0, "charge_ratio": 1, "runtime_seconds": 65520}),
        (
            "eaton-93e-80-on-battery",
            {"on_battery": 1, "battery_low": 1, "charge_ratio": 0.18, "runtime_seconds": 180},
        ),
        # Says tenths of a volt, and -1 for what it does not know.
        ("huawei-gse200m", {"on_battery": 0, "input_volts": 236.9, "charge_ratio": None, "runtime_seconds": None}),
        # Says 0 minutes at full charge on mains: it does not know.
        ("phoenixtec-power", {"on_battery": 0, "charge_ratio": 1, "runtime_seconds": None}),
    ],
)
async def test_what_a_ups_does_not_know_is_absent(name: str, expected: dict[str, float | None]) -> None:
    (polled,) = await poll(name)
    for key, value in expected.items():
        found = said(polled, f"ups_{key}")
        assert found == ({} if value is None else {"": pytest.approx(value)}), key


async def test_a_router_that_began_again_is_a_restart_and_its_counters_are_said_as_they_are() -> None:
    before, after = await poll("mikrotik-hex", "mikrotik-hex-restarted")
    assert [one.kind for one in after.happenings] == ["device.restarted"]
    assert said(after, "device_restarts_total") == {"": 1}
    name = "interface_receive_bytes_total"
    assert said(after, name)["ether1 lan"] < said(before, name)["ether1 lan"]


async def test_a_router_too_slow_for_large_answers_is_asked_for_less() -> None:
    (quick,) = await poll("mikrotik-hex")
    (slow,) = await poll("mikrotik-hex", largest=3)
    assert slow.error == ""
    assert said(slow, "interface_oper_status") == said(quick, "interface_oper_status")


async def test_a_device_that_answers_nothing_is_down() -> None:
    (polled,) = await poll("mikrotik-hex", dead=True)
    assert said(polled, "device_up") == {"": 0}
    assert polled.error == "no answer in time"


async def test_a_routers_arp_table_is_handed_on_with_the_poll_that_read_it() -> None:
    first, second = await poll("mikrotik-hex", "mikrotik-hex")
    assert first.macs
    assert said(first, "device_neighbours") == {"": len(set(first.macs.values()))}
    assert second.macs is None
