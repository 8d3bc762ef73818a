"""The checks against real servers on loopback, and the runner that times them and survives them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.hub_client import HubAddress, trusting_authority
from agent.hub_route import Way
from agent.probes import dns, http, icmp, tcp, tls
from agent.probes.defaults import default_targets
from agent.probes.dns_packets import DnsError
from agent.probes.periodic import FAMILIES, Findings, PeriodicProbe, Timing
from agent.probes.probe import ProbeFailedError, World
from agent.probes.probing import Probing
from agent.probes.registry import PROBES
from agent.probes.whereabouts import Whereabouts
from agent.samples import SampleSet
from agent.wire import families
from agent.wire.configuration import NodeConfiguration, ProbesConfiguration, ProbeTarget
from tests.agent import certificates
from tests.agent.hub import Hub, free_port, serving

HUB = ProbeTarget("any", "hub")


def world(port: int, context: Any = None, probes: ProbesConfiguration | None = None) -> World:
    address = HubAddress(context is not None, "127.0.0.1", port, "")
    configuration = NodeConfiguration("n1", "s", 15, (), probes)
    return World("n1", "k", lambda: Way(address, context), Whereabouts("127.0.0.1"), lambda: configuration)


def values(findings: Findings, name: str) -> list[float]:
    return [sample.value for sample in findings.samples if sample.name == name]


async def test_tcp_connects_or_says_why_not() -> None:
    timing = Timing()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        await tcp.make(HUB, world(port))(timing)
    assert [phase for phase, _ in timing.phases] == ["resolve", "connect"]
    with pytest.raises(ConnectionRefusedError):
        await tcp.make(HUB, world(port))(Timing())


@pytest.mark.parametrize("address", ["127.0.0.1", "http://x:1", "[::1", "x:70000", "x:1/y"])
async def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(ProbeFailedError, match="is not HOST:PORT"):
        await tcp.make(replace(HUB, address=address), world(1))(Timing())


async def test_http_says_status_and_phases() -> None:
    with serving(Hub()) as hub:
        timing = Timing()
        found = await http.make(HUB, world(hub.port))(timing)
        missing = await http.make(replace(HUB, address=f"{hub.url}/nothing"), world(hub.port))(Timing())
    assert values(found, families.HTTP_STATUS) == [200]
    assert found.failure == ""
    assert [phase for phase, _ in timing.phases] == ["resolve", "connect", "processing", "transfer"]
    assert values(missing, families.HTTP_STATUS) == [404]
    assert missing.failure == "status 404"


async def test_tls_says_the_end_of_a_certificate_that_is_trusted_and_of_one_that_is_not(tmp_path: Path) -> None:
    made = certificates.make(tmp_path)
    strange = certificates.make(tmp_path, name="strange")
    with serving(Hub(), made.server) as hub:
        trusted = world(hub.port, trusting_authority(made.ca_pem.decode()))
        found = await tls.make(HUB, trusted)(Timing())
        page = await http.make(HUB, trusted)(Timing())
        distrusted = await tls.make(HUB, world(hub.port, trusting_authority(strange.ca_pem.decode())))(Timing())
    assert values(found, families.TLS_VERIFIED) == [1]
    assert values(page, families.HTTP_STATUS) == [200]
    assert values(distrusted, families.TLS_VERIFIED) == [0]
    assert "certificate" in distrusted.failure
    assert values(found, families.TLS_NOT_AFTER) == values(distrusted, families.TLS_NOT_AFTER)


async def test_something_else_than_http_is_a_failed_probe() -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        with pytest.raises(ProbeFailedError, match="the answer is not HTTP"):
            await http.make(HUB, world(server.sockets[0].getsockname()[1]))(Timing())
    finally:
        server.close()


@contextmanager
def name_server(address: bytes, code: int = 0) -> Iterator[int]:
    """Answers every question for an address with this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    question, peer = one.recvfrom(512)
                except OSError:
                    return
                if not question:
                    return
                flags = (0x8180 | code).to_bytes(2, "big")
                record = b"\xc0\x0c\0\1\0\1" + bytes(4) + b"\0\4" + address
                count = 0 if code else 1
                head = question[:2] + flags + b"\0\1" + bytes([0, count]) + bytes(4)
                one.sendto(head + question[12:] + record * count, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield one.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", one.getsockname())
        thread.join()


async def test_a_name_server_is_asked_and_its_refusal_told() -> None:
    with name_server(bytes([10, 0, 0, 7])) as port:
        assert (await dns.ask("127.0.0.1", "hub.vn", port)).addresses == ("10.0.0.7",)
    with name_server(b"", code=2) as port, pytest.raises(DnsError, match="refused hub"):
        await dns.ask("127.0.0.1", "hub.vn", port)


async def test_answers_of_several_name_servers_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    ports: dict[str, int] = {}
    asking = dns.ask
    monkeypatch.setattr(dns, "ask", lambda resolver, name: asking("127.0.0.1", name, ports[resolver]))
    probes = ProbesConfiguration((), ("10.0.0.1", "10.0.0.2"), ("hub.vn",))
    for second, agreed in ((7, 1), (8, 0)):
        with name_server(bytes([10, 0, 0, 7])) as one, name_server(bytes([10, 0, 0, second])) as other:
            ports.update({"10.0.0.1": one, "10.0.0.2": other})
            found = await dns.make(HUB, world(1, probes=probes))(Timing())
        assert values(found, families.DNS_AGREE) == [agreed]
        assert values(found, families.DNS_ANSWERS) == [1, 1]
        assert found.failure == ""


async def ran(check: Any, timeout: float = 5.0) -> dict[tuple[str, str], float]:
    async def say(_sets: list[SampleSet]) -> None:
        """Not used."""

    one = await PeriodicProbe(ProbeTarget("tcp", "hub"), check, say, timeout, "n1", None).once()
    assert {sample.name for sample in one.samples} <= {family.name for family in FAMILIES}
    return {(sample.name, dict(sample.labels).get("phase", "")): sample.value for sample in one.samples}


async def test_the_runner_times_a_check_and_says_what_was_reached_before_it_failed() -> None:
    async def works(timing: Timing) -> Findings:
        timing.done("connect")
        return Findings()

    async def fails(timing: Timing) -> Findings:
        timing.done("connect")
        raise ProbeFailedError("no")

    async def breaks(_timing: Timing) -> Findings:
        raise RuntimeError("a bug")

    async def hangs(_timing: Timing) -> Findings:
        await asyncio.Event().wait()
        raise AssertionError

    good = await ran(works)
    assert good[families.PROBE_SUCCESS, ""] == 1
    assert good[families.PROBE_DURATION, "total"] >= good[families.PROBE_DURATION, "connect"] >= 0
    bad = await ran(fails)
    assert (bad[families.PROBE_SUCCESS, ""], (families.PROBE_DURATION, "connect") in bad) == (0, True)
    assert (await ran(breaks))[families.PROBE_SUCCESS, ""] == 0
    assert (await ran(hangs, 0.01))[families.PROBE_SUCCESS, ""] == 0


class Parts:
    """What the agent's runner does with the parts that it is given."""

    def __init__(self) -> None:
        self.sets: list[SampleSet] = []
        self.shown: dict[str, list[SampleSet] | None] = {}
        self.started: list[str] = []
        self.facts: dict[str, str] = {}

    async def put(self, sets: list[SampleSet], facts: dict[str, str]) -> None:
        self.sets += sets
        self.facts |= facts

    async def fact(self, name: str) -> str | None:
        return self.facts.get(name)

    def show(self, group: str, sets: list[SampleSet] | None) -> None:
        self.shown[group] = sets

    def start(self, name: str, part: Any) -> asyncio.Task[None]:
        self.started.append(name)
        return asyncio.create_task(part())


async def test_targets_change_without_disturbing_the_others() -> None:
    parts = Parts()
    probing = Probing(world(free_port()), parts.put, parts.fact, parts.show)
    stays, goes = ProbeTarget("icmp", "hub", "", 1), ProbeTarget("tcp", "hub", "", 60)
    base = NodeConfiguration("n1", "s", 15, ())
    await probing.apply(replace(base, probes=ProbesConfiguration((stays, goes))), parts.start)
    assert parts.started == ["probe icmp hub", "probe tcp hub"]
    changed = replace(goes, interval_seconds=30)
    unknown = ProbeTarget("of a newer hub", "x")
    await probing.apply(replace(base, probes=ProbesConfiguration((stays, changed, unknown))), parts.start)
    assert parts.started == ["probe icmp hub", "probe tcp hub", "probe tcp hub"]
    await probing.apply(replace(base, probes=ProbesConfiguration((stays,))), parts.start)
    assert parts.shown["tcp hub"] is None
    await probing.apply(base, parts.start)
    expected = {f"probe {one.probe} {one.target}" for one in default_targets(HubAddress(False, "127.0.0.1", 1, ""))}
    assert set(parts.started) == expected
    probing.cancel()
    await probing.finish()


async def test_the_first_hop_is_known_again_after_a_restart() -> None:
    parts = Parts()
    parts.facts["first hop"] = "113.160.9.1"
    around = world(free_port())
    probing = Probing(around, parts.put, parts.fact, parts.show)
    await probing.apply(NodeConfiguration("n1", "s", 15, (), ProbesConfiguration(())), parts.start)
    assert around.whereabouts.first_hop == "113.160.9.1"


async def test_a_name_whose_addresses_change_places_is_asked_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1"), ("10.0.0.3",)]

    async def say(_sets: list[SampleSet]) -> None:
        """Not used."""

    async def addresses(_target: str, _address: str) -> tuple[str, ...]:
        return answers.pop(0)

    around = world(1)
    monkeypatch.setattr(around.whereabouts, "addresses", addresses)
    probe = icmp.EchoProbe(ProbeTarget("icmp", "web", "web.vn", 1), around, say)
    asked = []
    while answers:
        await probe._look_once()
        asked.append(probe._address)
    assert asked == ["10.0.0.1", "10.0.0.1", "10.0.0.3"]


def test_every_probe_is_described_once() -> None:
    named = [family for probe in PROBES.values() for family in probe.families]
    assert len({family.name for family in named}) == len(set(named))
    for target in default_targets(HubAddress(True, "hub.vn", 443, "")):
        assert target.probe in PROBES
