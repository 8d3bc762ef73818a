"""Devices by SNMP: Debian's snmpd over v2c and v3, one that is dead, one that is slow, restarts, traps."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.devices.devices import Devices
from agent.devices.mibs import MIBS
from agent.devices.polling import Polled, Polling
from agent.devices.session import Session, close_engine, new_engine, split_address
from agent.queue_events import Happening
from agent.samples import Sample, SampleSet
from agent.wire.configuration import DeviceConfiguration
from tests.agent.devices import snmpd

V3 = {"version": "3", "auth_password": "matkhau12345", "priv_password": "rieng12345"}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd.serving(tmp_path_factory.mktemp("snmpd")) as served:
        yield served


def device(port: int, **more: str) -> DeviceConfiguration:
    return DeviceConfiguration("router", f"127.0.0.1:{port}", **{"community": "public", **more})  # type: ignore[arg-type]


async def poll(configuration: DeviceConfiguration, times: int = 1, timeout_seconds: float = 3.0) -> list[Polled]:
    engine = new_engine()
    try:
        session = Session(engine, configuration, timeout_seconds)
        polling = Polling(configuration, MIBS, time.monotonic)
        return [await polling.poll(session) for _ in range(times)]
    finally:
        close_engine(engine)


def named(samples: tuple[Sample, ...]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for one in samples:
        found.setdefault(one.name, []).append(one)
    return found


@pytest.mark.parametrize(
    "more",
    [
        {},
        {**V3, "user": "kiem"},
        {**V3, "user": "khoa", "auth_protocol": "SHA256", "priv_protocol": "AES256"},
    ],
    ids=["v2c", "v3 SHA AES", "v3 SHA256 AES256"],
)
async def test_a_device_tells_its_interfaces_uptime_and_storage(port: int, more: dict[str, str]) -> None:
    outside = socket.if_nameindex()[-1][1]
    (polled,) = await poll(device(port, **more, wan_interface=outside))
    assert polled.error == ""
    found = named(polled.samples)
    assert [one.value for one in found["thongsuot_device_up"]] == [1]
    assert found["thongsuot_device_uptime_seconds"][0].value >= 0
    assert dict(found["thongsuot_device_info"][0].labels)["system_name"] == "bench-router"
    assert found["thongsuot_device_storage_size_bytes"][0].value > 1e6
    roles = {
        dict(one.labels)["interface"]: dict(one.labels)["role"] for one in found["thongsuot_interface_oper_status"]
    }
    assert roles[outside] == "wan"
    assert "lo" not in roles
    assert list(roles.values()).count("wan") == 1
    assert "thongsuot_interface_receive_bytes_total" in found
    described = {family.name for mib in MIBS.values() for family in mib.families}
    assert {name for name in found if not name.startswith("thongsuot_device_")} <= described
    assert len({(one.name, one.labels) for one in polled.samples}) == len(polled.samples)
    assert all(list(one.labels) == sorted(one.labels) for one in polled.samples)


async def test_a_wrong_password_is_said_and_holds_nothing_up(port: int) -> None:
    (polled,) = await poll(device(port, **{**V3, "user": "kiem", "auth_password": "saimatkhau"}), timeout_seconds=0.3)
    assert named(polled.samples)["thongsuot_device_up"][0].value == 0
    assert polled.error


async def test_a_dead_device_costs_two_waits_and_is_told_when_it_dies_and_comes_back(tmp_path: Path) -> None:
    port = snmpd.free_udp_port()
    configuration = device(port)
    engine = new_engine()
    session = Session(engine, configuration, 0.2)
    polling = Polling(configuration, MIBS, time.monotonic)
    with snmpd.serving(tmp_path / "first", port):
        assert (await polling.poll(session)).happenings == ()
    dead = await polling.poll(session)
    assert [(one.name, one.value) for one in dead.samples] == [
        ("thongsuot_device_up", 0),
        ("thongsuot_device_poll_success", 0),
    ]
    assert [one.kind for one in dead.happenings] == ["device.down"]
    assert dead.error == "no answer in time"
    assert (await polling.poll(session)).happenings == ()
    with snmpd.serving(tmp_path / "second", port):
        back = await polling.poll(session)
    close_engine(engine)
    assert {one.kind for one in back.happenings} >= {"device.up"}
    assert back.error == ""


@contextmanager
def slow(behind: int, largest: int) -> Iterator[int]:
    """A device that cannot fill large answers: they are lost on the way."""
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    front.settimeout(0.05)
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.connect(("127.0.0.1", behind))
    back.settimeout(0.5)
    ended = threading.Event()

    def carry() -> None:
        while not ended.is_set():
            try:
                request, source = front.recvfrom(65535)
                back.send(request)
                answer = back.recv(65535)
            except TimeoutError:
                continue
            if len(answer) <= largest:
                front.sendto(answer, source)

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield front.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        front.close()
        back.close()


async def test_a_slow_device_is_asked_for_less_at_once(port: int) -> None:
    with slow(port, largest=400) as slow_port:
        configuration = device(slow_port)
        engine = new_engine()
        polling = Polling(configuration, {"if": MIBS["if"]}, time.monotonic)
        polled = await polling.poll(Session(engine, configuration, 0.15))
        close_engine(engine)
    assert polled.error == ""
    assert polling._repetitions.current < 25
    (whole,) = await poll(device(port))
    count = len(named(whole.samples)["thongsuot_interface_oper_status"])
    assert len(named(polled.samples)["thongsuot_interface_oper_status"]) == count


class Hall:
    """Where Devices put what they find."""

    def __init__(self) -> None:
        self.sets: list[SampleSet] = []
        self.happenings: list[Happening] = []
        self.shown: dict[str, bool] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def put(self, sets: list[SampleSet], _facts: dict[str, str], happenings: tuple[Happening, ...]) -> None:
        self.sets += sets
        self.happenings += happenings

    def show(self, name: str, sets: list[SampleSet] | None) -> None:
        self.shown[name] = sets is not None

    def start(self, name: str, part: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        async def run() -> None:
            await part()

        task = asyncio.create_task(run(), name=name)
        self.tasks.append(task)
        return task

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not ready():
                await asyncio.sleep(0.02)


async def test_devices_are_polled_as_configured_and_a_trap_makes_one_be_polled(port: int) -> None:
    hall = Hall()
    devices = Devices(hall.put, hall.show, trap_ports=(0,))
    try:
        await devices.apply((device(port),), hall.start)
        await hall.until(lambda: bool(hall.sets) and devices.trap_port is not None)
        trap = ["-v2c", "-c", "public", f"127.0.0.1:{devices.trap_port}", "", "1.3.6.1.6.3.1.1.5.3"]
        for _ in range(3):
            await asyncio.to_thread(
                subprocess.run,
                ["snmptrap", *trap, "1.3.6.1.2.1.2.2.1.1.2", "i", "2"],
                check=True,
                capture_output=True,
            )
        await hall.until(lambda: bool(hall.happenings))
        v1 = ["-v1", "-c", "public", f"127.0.0.1:{devices.trap_port}", "1.3.6.1.4.1.9", "127.0.0.1", "4", "0", ""]
        await asyncio.to_thread(subprocess.run, ["snmptrap", *v1], check=True, capture_output=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as garbage:
            assert devices.trap_port is not None
            garbage.sendto(b"what", ("127.0.0.1", devices.trap_port))
        await hall.until(lambda: len(hall.happenings) >= 2)
        await hall.until(lambda: len(hall.sets) >= 2)
        figures = {dict(one.labels)["outcome"]: one.value for one in devices.figures()}
        await devices.apply((), hall.start)
        assert hall.shown == {"router": False}
    finally:
        devices.cancel()
        await asyncio.wait(hall.tasks)
        devices.close()
    first, second = hall.happenings
    assert (first.kind, first.subject, first.detail["trap"]) == ("device.trap", "router", "1.3.6.1.6.3.1.1.5.3")
    assert first.detail["varbinds"] == [["1.3.6.1.2.1.2.2.1.1.2", "2"]]
    assert second.kind == "security.snmp_authentication_failure"
    assert figures["duplicate"] == 2
    assert figures["damaged"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.1", ("192.168.1.1", 161)),
        ("router.lan:1161", ("router.lan", 1161)),
        ("fe80::1", ("fe80::1", 161)),
        ("[fe80::1]:1161", ("fe80::1", 1161)),
        ("router:what", ("router", 161)),
    ],
)
def test_addresses_of_devices(text: str, expected: tuple[str, int]) -> None:
    assert split_address(text) == expected
