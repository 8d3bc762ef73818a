"""Walking, resets, trap storms and the meaning of MIBs, without any network."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.devices.mibs import entity_sensor, if_mib, ip_net_to_media, lldp, ups_mib
from agent.devices.polling import SYS_UPTIME, Polling
from agent.devices.resets import Resets
from agent.devices.trap_gate import TrapGate, Verdict
from agent.devices.trap_packets import Trap, TrapError, decode
from agent.devices.trap_socket import handed_over
from agent.devices.varbind import Oid, SnmpError, SnmpTimeoutError, Value, VarBind, Walked, oid
from agent.devices.walking import Repetitions, walk
from agent.power import PowerWatch
from agent.samples import Sample
from agent.wire.configuration import DeviceConfiguration

DEVICE = DeviceConfiguration("sw1", "192.168.1.2", wan_interface="ether1")
ROOT = oid("1.3.6.1.2.1.2.2.1.2")


class Recorded:
    """A device that answers from a table, up to `largest` rows at once; `errors` come first."""

    def __init__(self, values: dict[Oid, Value], largest: int = 1000, errors: list[SnmpError] | None = None) -> None:
        self.values = dict(sorted(values.items()))
        self.largest = largest
        self.errors = errors or []
        self.requests: list[int] = []

    async def get(self, *oids: Oid) -> list[VarBind]:
        if self.errors:
            raise self.errors.pop(0)
        return [VarBind(one, self.values.get(one)) for one in oids]

    async def bulk(self, after: Oid, repetitions: int) -> list[VarBind]:
        self.requests.append(repetitions)
        if self.errors:
            raise self.errors.pop(0)
        if repetitions > self.largest:
            raise SnmpTimeoutError("no answer in time")
        following = [VarBind(key, value) for key, value in self.values.items() if key > after][:repetitions]
        return following + [VarBind(after, None)] * (repetitions - len(following))


def table(root: Oid, count: int) -> dict[Oid, Value]:
    return {(*root, number): b"x" for number in range(1, count + 1)}


async def test_a_walk_takes_the_column_and_nothing_after_it() -> None:
    device = Recorded({**table(ROOT, 60), (*oid("1.3.6.1.2.1.2.2.1.3"), 1): 6})
    found = await walk(device, ROOT, Repetitions())
    assert [one.oid[-1] for one in found] == list(range(1, 61))
    assert device.requests == [25, 25, 25]


async def test_on_a_timeout_half_as_much_is_asked_for_and_with_time_more_again() -> None:
    device = Recorded(table(ROOT, 40), largest=6)
    repetitions = Repetitions()
    assert len(await walk(device, ROOT, repetitions)) == 40
    assert device.requests[:4] == [25, 12, 6, 6]
    device.largest = 1000
    for _ in range(40):
        await walk(device, ROOT, repetitions)
    assert repetitions.current > 6


async def test_a_device_that_answers_nothing_ends_the_walk() -> None:
    device = Recorded(table(ROOT, 40), largest=0)
    with pytest.raises(SnmpTimeoutError):
        await walk(device, ROOT, Repetitions())
    assert device.requests == [25, 12, 6, 3, 1]


async def test_the_first_error_ends_the_poll_and_what_was_found_is_said() -> None:
    device = Recorded({SYS_UPTIME: 100})
    polling = Polling(DEVICE, {"if": if_mib.MIB, "ups": ups_mib.MIB}, lambda: 0.0)

    async def fail(after: Oid, repetitions: int) -> list[VarBind]:
        device.requests.append(repetitions)
        raise SnmpError("error 5 at object 1")

    device.bulk = fail  # type: ignore[method-assign]
    polled = await polling.poll(device)
    assert polled.error == "if: error 5 at object 1"
    assert len(device.requests) == 1
    assert {one.name: one.value for one in polled.samples}["thongsuot_device_up"] == 1


async def test_a_device_that_goes_round_in_circles_is_left() -> None:
    class Circle(Recorded):
        async def bulk(self, after: Oid, repetitions: int) -> list[VarBind]:
            return [VarBind((*ROOT, number), b"x") for number in (1, 2, 1, 2)]

    assert len(await walk(Circle({}), ROOT, Repetitions())) == 2


def test_a_restart_is_told_from_a_wrap_of_the_uptime() -> None:
    resets = Resets()
    assert not resets.uptime(1000, 0.0)
    assert not resets.uptime(7000, 60.0)
    assert resets.uptime(500, 120.0)
    resets = Resets()
    assert not resets.uptime((1 << 32) - 3000, 0.0)
    assert not resets.uptime(3000, 60.0)
    assert resets.restarts == 0
    assert resets.counters({"eth0": 0}) == []
    assert resets.counters({"eth0": 5, "eth1": 0}) == ["eth0"]


def test_a_storm_of_traps_is_held_in_bounds() -> None:
    gate = TrapGate()
    assert gate.look("10.0.0.1", "a", 0.0) is Verdict.TAKEN
    assert gate.look("10.0.0.1", "a", 4.0) is Verdict.DUPLICATE
    assert gate.look("10.0.0.1", "a", 6.0) is Verdict.TAKEN
    taken = sum(gate.look("10.0.0.2", str(number), 10.0 + number / 1000) is Verdict.TAKEN for number in range(1000))
    assert taken == 12
    assert gate.look("10.0.0.1", "b", 11.0) is Verdict.TAKEN
    assert gate.look("10.0.0.2", "later", 100.0) is Verdict.TAKEN
    assert gate.counted[Verdict.LIMITED] == 988


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_datagram_is_a_trap_or_damaged(datagram: bytes) -> None:
    try:
        assert isinstance(decode(datagram), Trap)
    except TrapError:
        return


@settings(deadline=None)
@given(st.integers(0, 60), st.binary(min_size=1, max_size=1))
def test_a_bent_trap_is_a_trap_or_damaged(at: int, byte: bytes) -> None:
    whole = bytes.fromhex(
        "303c02010104067075626c6963a72f0201010201000201003024300f06082b060102010103004303"
        "01e240301106 0a2b060106030101040100 06032b0601".replace(" ", "")
    )
    try:
        decode(whole[:at] + byte + whole[at + 1 :])
    except TrapError:
        return


def test_the_socket_of_systemd_is_taken_only_when_it_is_ours() -> None:
    assert handed_over({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, 2) is None
    assert handed_over({}, 2) is None


def columns(found: dict[Oid, dict[Oid, Value]]) -> Walked:
    return Walked(
        {root: [VarBind((*root, *index), value) for index, value in many.items()] for root, many in found.items()}
    )


def values(samples: list[Sample]) -> dict[tuple[str, ...], float]:
    return {(one.name.removeprefix("thongsuot_"), *(text for _, text in one.labels)): one.value for one in samples}


def test_interfaces_with_wide_counters_and_the_way_out() -> None:
    found = values(if_mib.parse(columns({
        if_mib.IF_DESCR: {(1,): b"ether1", (2,): b"ether2", (3,): b"ether2", (9,): b"lo"},
        if_mib.IF_TYPE: {(1,): 6, (2,): 6, (3,): 6, (9,): 24},
        if_mib.IF_OPER_STATUS: {(1,): 1, (2,): 2, (3,): 1},
        if_mib.IF_HC_IN_OCTETS: {(1,): 1 << 40},
        if_mib.IF_IN_OCTETS: {(1,): 5, (2,): 7},
        if_mib.IF_HIGH_SPEED: {(1,): 1000, (2,): 0},
    }), DEVICE))  # fmt: skip
    assert found["interface_oper_status", "sw1", "ether1", "wan"] == 1
    assert found["interface_oper_status", "sw1", "ether2", "lan"] == 2
    assert found["interface_oper_status", "sw1", "ether2 3", "lan"] == 1
    assert found["interface_receive_bytes_total", "sw1", "ether1", "wan"] == 1 << 40
    assert found["interface_receive_bytes_total", "sw1", "ether2", "lan"] == 7
    assert found["interface_speed_bits_per_second", "sw1", "ether1", "wan"] == 1e9
    assert ("interface_speed_bits_per_second", "sw1", "ether2", "lan") not in found
    assert not any(key[2] == "lo" for key in found)


def test_sensors_with_their_scale_and_precision() -> None:
    found = values(entity_sensor.parse(columns({
        entity_sensor.TYPE: {(7,): 8, (8,): 4, (9,): 8, (10,): 1},
        entity_sensor.SCALE: {(7,): 9, (8,): 8, (9,): 9, (10,): 9},
        entity_sensor.PRECISION: {(7,): 1, (8,): 0, (9,): 0, (10,): 0},
        entity_sensor.VALUE: {(7,): 415, (8,): 3300, (9,): 0, (10,): 1},
        entity_sensor.STATUS: {(7,): 1, (8,): 1, (9,): 2, (10,): 1},
        entity_sensor.PHYSICAL_NAME: {(7,): b"CPU"},
    }), DEVICE))  # fmt: skip
    assert found == {
        ("device_sensor_value", "sw1", "CPU 7", "celsius"): pytest.approx(41.5),
        ("device_sensor_value", "sw1", "8", "volts"): pytest.approx(3.3),
    }


def test_a_ups_of_the_lan_is_said_like_one_on_usb_and_its_mains_are_watched() -> None:
    one: Oid = (0,)
    samples = ups_mib.parse(columns({
        ups_mib.OUTPUT_SOURCE: {one: 5}, ups_mib.BATTERY_STATUS: {one: 2}, ups_mib.CHARGE: {one: 64},
        ups_mib.MINUTES_REMAINING: {one: 12}, ups_mib.INPUT_VOLTAGE: {(1,): 0},
    }), DEVICE)  # fmt: skip
    assert values(samples) == {
        ("ups_on_battery", "sw1"): 1,
        ("ups_battery_low", "sw1"): 0,
        ("ups_charge_ratio", "sw1"): pytest.approx(0.64),
        ("ups_runtime_seconds", "sw1"): 720,
        ("ups_input_volts", "sw1"): 0,
    }
    assert [one.kind for one in PowerWatch().look(samples)] == ["power.last_gasp"]


def test_neighbours_on_the_ports_of_a_switch_and_in_the_table_of_a_router() -> None:
    found = values(lldp.parse(columns({
        lldp.CHASSIS: {(0, 3, 1): bytes.fromhex("001b21000001")}, lldp.CHASSIS_SUBTYPE: {(0, 3, 1): 4},
        lldp.PORT: {(0, 3, 1): b"Gi0/1"}, lldp.PORT_SUBTYPE: {(0, 3, 1): 5},
        lldp.SYSTEM_NAME: {(0, 3, 1): b"sw-tang-2"}, lldp.LOCAL_PORT_NAME: {(3,): b"ether3"},
    }), DEVICE))  # fmt: skip
    assert found == {("lldp_neighbour_info", "sw1", "sw-tang-2", "00:1b:21:00:00:01", "Gi0/1", "ether3"): 1}
    macs = columns({ip_net_to_media.PHYSICAL_ADDRESS: {
        (1, 192, 168, 1, 5): bytes.fromhex("001b21000005"), (1, 192, 168, 1, 6): b"", (9,): b"123456",
    }})  # fmt: skip
    assert values(ip_net_to_media.parse(macs, DEVICE)) == {("device_neighbours", "sw1"): 1}


MIBS = (if_mib.MIB, entity_sensor.MIB, lldp.MIB, ups_mib.MIB, ip_net_to_media.MIB)


@settings(deadline=None)
@given(st.dictionaries(
    st.sampled_from([column for mib in MIBS for column in (mib.key, *mib.columns)]),
    st.dictionaries(
        st.lists(st.integers(0, 300), max_size=6).map(tuple),
        st.integers(-(2**31), 2**64) | st.binary(max_size=20) | st.just((1, 3)) | st.none(), max_size=4,
    ), max_size=8,
))  # fmt: skip
def test_whatever_a_device_answers_gives_samples_with_labels_that_can_be_sent(
    found: dict[Oid, dict[Oid, Value]],
) -> None:
    for mib in MIBS:
        for sample in mib.parse(columns(found), DEVICE):
            assert all(text and text.isprintable() for _, text in sample.labels)
