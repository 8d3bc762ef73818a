"""Disks, TCP, temperatures, batteries, UPSes behind NUT, watched programs: captured readings and real servers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.samples import Sample
from agent.sensors import (
    battery,
    cpu,
    disk,
    disk_posix,
    filesystem,
    network,
    nut,
    processes,
    tcp,
    tcp_posix,
    temperature,
)
from agent.sensors.nut_protocol import NutError, Ups

UPS_TRANSCRIPT = {
    "LIST UPS": 'BEGIN LIST UPS\nUPS apc "Back-UPS ES 700"\nEND LIST UPS\n',
    "LIST VAR apc": (
        "BEGIN LIST VAR apc\n"
        'VAR apc battery.charge "87"\nVAR apc battery.runtime "1380"\nVAR apc input.voltage "0.0"\n'
        'VAR apc ups.load "23"\nVAR apc ups.mfr "American \\"Power\\""\nVAR apc ups.status "OB DISCHRG LB"\n'
        "END LIST VAR apc\n"
    ),
}


def values(samples: list[Sample]) -> dict[tuple[str, ...], float]:
    return {(one.name.removeprefix("thongsuot_"), *(text for _, text in one.labels)): one.value for one in samples}


def test_only_whole_disks_are_said_and_partitions_not_twice() -> None:
    disks = tuple(disk.Disk(name, 1, 2, 3, 4, 5.0) for name in ("sda", "sda1", "loop0", "dm-0", "nvme0n1"))
    whole = frozenset({"sda", "nvme0n1", "loop0", "dm-0"})
    found = values(disk.parse(disk.Reading(disks, whole, {"sda": 7}, {"sda1": 2})))
    assert {key[1] for key in found} == {"sda", "nvme0n1", "sda1"}
    assert found["disk_errors_total", "sda"] == 7
    assert ("disk_errors_total", "nvme0n1") not in found
    assert found["filesystem_errors_total", "sda1"] == 2


def test_errors_of_disks_and_filesystems_are_read_from_sys(tmp_path: Path) -> None:
    for path, text in (
        ("block/sda/device/ioerr_cnt", "0x1f\n"),
        ("block/sdb/device/ioerr_cnt", "what\n"),
        ("fs/ext4/sda1/errors_count", "3\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    assert disk_posix.disk_errors(tmp_path) == {"sda": 31}
    assert disk_posix.filesystem_errors(tmp_path) == {"sda1": 3}
    assert disk_posix.whole_disks(tmp_path) == frozenset({"sda", "sdb"})
    assert disk_posix.whole_disks(tmp_path / "none") is None


def test_how_busy_each_core_is() -> None:
    cores = ({"user": 1.0, "system": 2.0, "idle": 50.0, "iowait": 9.0, "guest": 1.0}, {"user": 4.0, "idle": 1.0})
    found = values(cpu.parse(cpu.Reading({}, None, None, cores)))
    assert found == {("cpu_core_busy_seconds_total", "0"): 3.0, ("cpu_core_busy_seconds_total", "1"): 4.0}


def test_inodes_where_there_are_any() -> None:
    one = filesystem.Filesystem("/", "/dev/sda1", "ext4", 1000, 400, 50, 7)
    found = values(filesystem.parse((one,)))
    assert found["filesystem_inodes", "/dev/sda1", "ext4", "/"] == 50
    assert found["filesystem_available_inodes", "/dev/sda1", "ext4", "/"] == 7


def test_the_speed_of_a_cable_is_absent_when_nobody_knows_it() -> None:
    def one(speed: int | None) -> network.Interface:
        return network.Interface("eth0", False, True, 0, 0, 0, 0, 0, 0, speed)

    assert values(network.parse((one(1000),)))["network_speed_bits_per_second", "eth0"] == 1e9
    assert ("network_speed_bits_per_second", "eth0") not in values(network.parse((one(None),)))


def test_connections_by_state_from_linux_tables(tmp_path: Path) -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
    row = "   0: 0100007F:E92F 00000000:0000 {} 00000000:00000000 00:00000000 00000000     0        0 1\n"
    (tmp_path / "tcp").write_text(head + row.format("0A") + row.format("01") * 3 + row.format("0C"))
    (tmp_path / "tcp6").write_text(head + row.format("06") + "nonsense\n")
    (tmp_path / "snmp").write_text(
        "Tcp: RtoAlgorithm OutSegs RetransSegs\nTcp: 1 1000 12\nUdp: InDatagrams\nUdp: 5\n"
    )
    states = tcp_posix.states(tmp_path)
    assert {name: number for name, number in states.items() if number} == {
        "listen": 1, "established": 3, "syn_received": 1, "time_wait": 1,
    }  # fmt: skip
    found = values(tcp.parse(tcp.Reading(states, *tcp_posix.segments(tmp_path))))
    assert found["tcp_retransmitted_segments_total",] == 12
    assert found["tcp_connections", "closing"] == 0
    assert tcp_posix.segments(tmp_path / "none") == (None, None)


@settings(deadline=None)
@given(st.text())
def test_any_text_instead_of_counters_is_no_counter(text: str) -> None:
    sent, again = tcp_posix.parse_segments(text)
    assert (sent is None) == (again is None)


def test_implausible_temperatures_are_left_out_and_equal_names_told_apart() -> None:
    reading = temperature.Reading(
        (("coretemp", "Core 0", 45.0), ("acpitz", "", 27.8), ("acpitz", "", 29.8), ("nct6775", "SYSTIN", -128.0)),
        (("nct6775", "fan1", 0.0),),
    )
    assert values(temperature.parse(reading)) == {
        ("temperature_celsius", "coretemp", "Core 0"): 45.0,
        ("temperature_celsius", "acpitz", "sensor"): 27.8,
        ("temperature_celsius", "acpitz", "sensor 2"): 29.8,
        ("fan_speed_rpm", "nct6775", "fan1"): 0.0,
    }


def test_a_battery() -> None:
    assert battery.parse(None) == []
    found = values(battery.parse(battery.Reading(8.0, False, 300.0)))
    assert found == {
        ("ups_charge_ratio", "battery"): 0.08,
        ("ups_on_battery", "battery"): 1,
        ("ups_battery_low", "battery"): 1,
        ("ups_runtime_seconds", "battery"): 300.0,
    }
    assert values(battery.parse(battery.Reading(50.0, None, None))) == {("ups_charge_ratio", "battery"): 0.5}


@contextmanager
def nut_server(transcript: dict[str, str]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("r") as lines:
                for line in lines:
                    if (command := line.strip()) == "LOGOUT":
                        return
                    answer = transcript.get(command, "ERR UNKNOWN-COMMAND\n").encode()
                    for byte in range(0, len(answer), 7):
                        connection.sendall(answer[byte : byte + 7])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_a_ups_behind_nut() -> None:
    with nut_server(UPS_TRANSCRIPT) as port:
        found = nut.ask("127.0.0.1", port)
    assert found[0].variables["ups.mfr"] == 'American "Power"'
    assert values(nut.parse(found)) == {
        ("ups_on_battery", "apc"): 1,
        ("ups_battery_low", "apc"): 1,
        ("ups_replace_battery", "apc"): 0,
        ("ups_charge_ratio", "apc"): pytest.approx(0.87),
        ("ups_runtime_seconds", "apc"): 1380,
        ("ups_load_ratio", "apc"): pytest.approx(0.23),
        ("ups_input_volts", "apc"): 0.0,
    }


def test_a_ups_whose_driver_is_gone_says_nothing() -> None:
    with nut_server({**UPS_TRANSCRIPT, "LIST VAR apc": "ERR DATA-STALE\n"}) as port:
        found = nut.ask("127.0.0.1", port)
    assert found == (Ups("apc"),)
    assert nut.parse(found) == []


def test_a_server_that_is_no_nut_fails_and_none_at_all_is_no_failure() -> None:
    with nut_server({}) as port, pytest.raises(NutError):
        nut.ask("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert nut.ask("127.0.0.1", port) == ()


def test_watched_programs_by_name() -> None:
    own = psutil.Process().name()
    found = {one.name: one for one in processes.read((own, "no-such-program"))}
    assert found[own].count >= 1
    assert found[own].resident_bytes > 1_000_000
    assert values(processes.parse((found["no-such-program"],))) == {("processes", "no-such-program"): 0}
    assert processes.read(()) == ()
