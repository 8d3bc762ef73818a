"""One room, one publisher, N receivers: CPU per forwarded packet, capacity, latency, memory, joins; one table."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from benchmarks.sfu import janus_target, worker_target
from benchmarks.sfu.media import AUDIO_PACKETS_PER_SECOND, FRAMES_PER_SECOND, Publisher, Verified
from benchmarks.sfu.peer import Peer, media_counts

RECEIVERS = (5, 30, 60, 170)
VERIFIED = 2
SECONDS = 8.0
JOINERS = 40
CAPACITY_RECEIVERS = 60
CAPACITY_BODY_BYTES = 1100
CAPACITY_LOSS = 0.01
JOINS_AT_ONCE = 8
SERVER_CORE = 0


class Target(Protocol):
    pid: int

    async def publish(self, peer: Peer) -> None: ...

    async def subscribe(self, peer: Peer) -> None: ...


Opener = Callable[[Path, str, int], AbstractAsyncContextManager[Target]]


@dataclass(slots=True)
class Figures:
    """Of one server with one number of receivers."""

    server: str
    receivers: int
    cpu_us: float = 0.0
    packets_per_second: float = 0.0
    delivered: float = 0.0
    latency_ms: list[float] = field(default_factory=list)
    wrong: int = 0
    memory_mib: float = 0.0
    join_seconds: float = 0.0
    join_cpu_seconds: float = 0.0
    generator_cpu: float = 0.0


@dataclass(slots=True)
class Room:
    """What a test holds while it runs."""

    target: Target
    address: str
    publisher: Publisher
    verified: list[Verified]
    counted: list[Peer]
    peers: list[Peer]


def own_address() -> str:
    """An address of this machine that is not loopback: WebRTC stacks leave that out. The traffic stays on `lo`."""
    for addresses in psutil.net_if_addrs().values():
        for one in addresses:
            if one.family.name == "AF_INET" and not one.address.startswith("127."):
                return one.address
    raise OSError("this machine has no address besides loopback")


@contextlib.asynccontextmanager
async def room(opener: Opener, receivers: int, figures: Figures) -> AsyncIterator[Room]:
    address = own_address()
    with tempfile.TemporaryDirectory() as folder:
        async with opener(Path(folder), address, SERVER_CORE) as target:
            publisher_peer = Peer(address)
            await target.publish(publisher_peer)
            made = Room(target, address, Publisher(publisher_peer), [], [], [publisher_peer])
            began, cpu = time.monotonic(), _cpu(target.pid)
            try:
                await _join(made, receivers)
                figures.join_seconds = time.monotonic() - began
                figures.join_cpu_seconds = _cpu(target.pid) - cpu
                yield made
                figures.memory_mib = psutil.Process(target.pid).memory_info().rss / 1048576
            finally:
                for peer in made.peers:
                    await peer.close()


async def _join(made: Room, receivers: int) -> None:
    at_once = asyncio.Semaphore(JOINS_AT_ONCE)

    async def one(number: int) -> None:
        if number < VERIFIED:
            checked = Verified()
            made.verified.append(checked)
            peer = Peer(made.address, checked.packet)
        else:
            peer = Peer(made.address)
            made.counted.append(peer)
        made.peers.append(peer)
        async with at_once:
            await made.target.subscribe(peer)

    await asyncio.gather(*(one(number) for number in range(receivers)))


async def play(made: Room, seconds: float, sound_rate: int = AUDIO_PACKETS_PER_SECOND, length: int = 100) -> float:
    """Sends in time for so long, pictures only at the ordinary rate; returns the seconds it took."""
    began = time.monotonic()
    frames = sounds = 0
    while (elapsed := time.monotonic() - began) < seconds:
        while sounds < elapsed * sound_rate:
            made.publisher.sound(length)
            sounds += 1
        if frames < elapsed * FRAMES_PER_SECOND:
            made.publisher.frame(elapsed + 1)
            frames += 1
        due = min((sounds + 1) / sound_rate, (frames + 1) / FRAMES_PER_SECOND)
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
    return time.monotonic() - began


async def measure(made: Room, figures: Figures, seconds: float, **rates: int) -> None:
    """One run over a settled room."""
    await play(made, 1.0)
    await asyncio.sleep(0.3)
    for checked in made.verified:
        checked.latencies.clear()
    counted, received = _counted(made), sum(one.packets for one in made.verified)
    sent, cpu, own = made.publisher.sent, _cpu(made.target.pid), time.process_time()
    took = await play(made, seconds, **rates)
    await asyncio.sleep(0.3)
    packets = _counted(made) - counted + sum(one.packets for one in made.verified) - received
    receivers = len(made.counted) + len(made.verified)
    figures.cpu_us = (_cpu(made.target.pid) - cpu) / max(1, packets) * 1e6
    figures.packets_per_second = packets / took
    figures.delivered = packets / max(1, (made.publisher.sent - sent) * receivers)
    figures.latency_ms = [latency for one in made.verified for latency in one.latencies]
    figures.wrong = sum(one.wrong for one in made.verified)
    figures.generator_cpu = (time.process_time() - own) / took


async def capacity(opener: Opener, server: str, seconds: float) -> Figures:
    """The most packets a second of which 99 % arrive, by raising the rate of sound to 60 receivers."""
    best = Figures(server, CAPACITY_RECEIVERS)
    async with room(opener, CAPACITY_RECEIVERS, Figures(server, 0)) as made:
        rate = 400
        while rate < 20_000:
            found = Figures(server, CAPACITY_RECEIVERS)
            await measure(made, found, seconds, sound_rate=rate, length=CAPACITY_BODY_BYTES)
            if found.delivered < 1 - CAPACITY_LOSS:
                break
            best = found
            rate = round(rate * 1.35)
    return best


async def joining(
    opener: Opener, server: str, receivers: int, joiners: int, seconds: float
) -> tuple[Figures, Figures]:
    """Latency of those already in it, before and while others join from a process of their own."""
    calm, busy = Figures(server, receivers), Figures(server, receivers)
    async with room(opener, receivers, Figures(server, 0)) as made:
        await measure(made, calm, seconds)
        others = [Peer(made.address) for _ in range(joiners)]
        made.peers.extend(others)
        for checked in made.verified:
            checked.latencies.clear()
        playing = asyncio.create_task(play(made, seconds))
        began = time.monotonic()
        for index in range(0, joiners, JOINS_AT_ONCE):
            await asyncio.gather(*map(made.target.subscribe, others[index : index + JOINS_AT_ONCE]))
        busy.join_seconds = time.monotonic() - began
        await playing
        busy.latency_ms = [latency for one in made.verified for latency in one.latencies]
    return calm, busy


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def servers() -> dict[str, Opener]:
    found: dict[str, Opener] = {"media worker": worker_target.worker}
    if janus_target.installed():
        found["Janus VideoRoom"] = janus_target.janus
    else:
        print("Janus is not installed (apt-get install --no-install-recommends janus): it is left out.")
    return found


def run() -> None:
    """`SFU_SECONDS` and `SFU_RECEIVERS` (comma-separated) make it shorter."""
    seconds = float(os.environ.get("SFU_SECONDS", SECONDS))
    receivers = tuple(int(one) for one in os.environ.get("SFU_RECEIVERS", "").split(",") if one) or RECEIVERS
    cores = multiprocessing.cpu_count()
    if cores > 1:
        os.sched_setaffinity(0, set(range(cores)) - {SERVER_CORE})
    print(f"Forwarding: one publisher of 200 packets/s, {seconds:.0f} s each, the server alone on core {SERVER_CORE}")
    header = ("server", "receivers", "µs/packet", "packets/s", "delivered", "p50 ms", "p99 ms", "MiB", "joined s")
    print(("{:<16}" + "{:>10}" * 8 + "{:>12}{:>8}").format(*header, "join CPU s", "own CPU"))
    for count in receivers:
        for name, opener in servers().items():
            asyncio.run(_one(name, opener, count, seconds))
    for name, opener in servers().items():
        best = asyncio.run(capacity(opener, name, min(seconds, 4.0)))
        print(f"{name}: most packets/s on one core {best.packets_per_second:,.0f} ({best.cpu_us:.1f} µs each)")
    for name, opener in servers().items():
        calm, busy = asyncio.run(joining(opener, name, min(60, max(receivers)), JOINERS, seconds))
        print(
            f"{name}: p99 {quantile(calm.latency_ms, 0.99):.2f} ms, {quantile(busy.latency_ms, 0.99):.2f} ms while "
            f"{JOINERS} join in {busy.join_seconds:.1f} s (the joiners' own handshakes run beside the probe)"
        )


async def _one(name: str, opener: Opener, count: int, seconds: float) -> None:
    figures = Figures(name, count)
    async with room(opener, count, figures) as made:
        await measure(made, figures, seconds)
    print(
        f"{name:<16}{count:>10}{figures.cpu_us:>10.1f}{figures.packets_per_second:>10,.0f}{figures.delivered:>10.3f}"
        f"{statistics.median(figures.latency_ms or [float('nan')]):>10.2f}{quantile(figures.latency_ms, 0.99):>10.2f}"
        f"{figures.memory_mib:>10.0f}{figures.join_seconds:>10.1f}{figures.join_cpu_seconds:>12.2f}"
        f"{figures.generator_cpu:>8.0%}" + (f"  {figures.wrong} WRONG" if figures.wrong else ""),
        flush=True,
    )


def _counted(made: Room) -> int:
    counts = media_counts()
    return sum(counts.get(peer.port, 0) for peer in made.counted)


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
