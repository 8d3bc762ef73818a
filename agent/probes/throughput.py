"""The line's speed against its contract: bounded in bytes and seconds, at night, never while a meeting runs.

The configuration says when (`ThroughputWindow`); without one nothing is ever sent. A meeting that begins ends the
test at once. Talks to `/api/v1/node/throughput` of the hub, with this node's key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from agent.probes.bounds import due, most_bytes
from agent.probes.http import CHUNK_BYTES, Place, connect, read_head
from agent.probes.periodic import Check, Findings, Timing, periodic
from agent.probes.probe import ProbeFailedError, World
from agent.samples import Family, Kind, Sample
from agent.wire import families
from agent.wire.configuration import THROUGHPUT_PATH, LineConfiguration, ProbeTarget, ThroughputWindow

MEETING_LOOK_SECONDS = 0.2
ANSWER_SECONDS = 10.0
PIECE_BYTES = 4 * 1024 * 1024
"""What the hub takes in one request."""
LEAST_SECONDS = 0.05
"""What took less says nothing of a speed."""

FAMILIES = (
    Family(families.THROUGHPUT, Kind.GAUGE, "Speed of a bulk transfer to or from the hub."),
    Family(families.THROUGHPUT_BYTES, Kind.GAUGE, "Bytes that the test of the speed transferred."),
    Family(families.THROUGHPUT_RATIO, Kind.GAUGE, "Speed that was measured, by the contract's."),
)

Transfer = Callable[[Place, World, int, float], Awaitable[tuple[int, float]]]
"""(bytes, seconds) of at most so many bytes and seconds."""


class ThroughputCheck:
    """Asked every few minutes whether it is time; most answers are no, and then nothing is said."""

    def __init__(self, target: ProbeTarget, world: World, clock: Callable[[], float] = time.time) -> None:
        self._target = target
        self._world = world
        self._clock = clock
        self._last: float | None = None

    async def __call__(self, timing: Timing) -> Findings:
        window = self._world.probes.throughput
        if (
            window is None
            or self._world.meeting_running
            or not due(window, self._world.node, self._clock(), self._last)
        ):
            return Findings(ran=False)
        self._last = self._clock()
        return await self.measure(window, timing)

    async def measure(self, window: ThroughputWindow, timing: Timing) -> Findings:
        hub = self._world.hub
        place = Place(hub.secure, hub.host, hub.port, hub.path + THROUGHPUT_PATH)
        line = _only_line(self._world)
        samples: list[Sample] = []
        ways: tuple[tuple[str, Transfer, float | None], ...] = (
            ("down", download, line.download_mbits if line else None),
            ("up", upload, line.upload_mbits if line else None),
        )
        for direction, transfer, contract in ways:
            limit = most_bytes(window, contract)
            size, seconds = await transfer(place, self._world, limit, window.max_seconds)
            timing.done(direction)
            labels = (("direction", direction), ("target", self._target.target))
            samples.append(Sample(families.THROUGHPUT_BYTES, size, labels))
            if seconds < LEAST_SECONDS:
                continue
            speed = size * 8 / seconds
            samples.append(Sample(families.THROUGHPUT, speed, labels))
            if line is not None and contract is not None:
                ratio = speed / (contract * 1e6)
                samples.append(
                    Sample(families.THROUGHPUT_RATIO, ratio, (("direction", direction), ("line", line.line)))
                )
        return Findings(tuple(samples))


async def download(place: Place, world: World, limit: int, seconds: float) -> tuple[int, float]:
    """From the first byte on. Raises OSError, ProbeFailedError."""
    path = f"{place.path}?bytes={limit}"
    reader, writer = await connect(place, True, world, Timing())
    try:
        writer.write(_head("GET", place, path, world.key))
        async with asyncio.timeout(ANSWER_SECONDS):
            status = (await read_head(reader)).status
        if status != 200:
            raise ProbeFailedError(f"the hub answered {status} to the test of the speed")
        began = time.perf_counter()
        size = 0
        while size < limit and (left := began + seconds - time.perf_counter()) > 0:
            _stop_for_a_meeting(world)
            try:
                async with asyncio.timeout(min(left, MEETING_LOOK_SECONDS)):
                    found = await reader.read(CHUNK_BYTES)
            except TimeoutError:
                continue
            if not found:
                break
            size += len(found)
        return size, time.perf_counter() - began
    finally:
        writer.transport.abort()


async def upload(place: Place, world: World, limit: int, seconds: float) -> tuple[int, float]:
    """Until the hub has it. Raises OSError, ProbeFailedError.

    In pieces of one request each, so that the time ends at an answer and not at a full buffer of this machine.
    """
    reader, writer = await connect(place, True, world, Timing())
    try:
        size, piece = 0, CHUNK_BYTES
        began = time.perf_counter()
        while size < limit and time.perf_counter() - began < seconds:
            _stop_for_a_meeting(world)
            piece = min(piece, limit - size)
            asked = time.perf_counter()
            writer.write(_head("POST", place, place.path, world.key, piece) + bytes(piece))
            async with asyncio.timeout(seconds + ANSWER_SECONDS):
                await writer.drain()
                status = (await read_head(reader)).status
            if status != 204:
                raise ProbeFailedError(f"the hub answered {status} to the test of the speed")
            size += piece
            # Pieces of about a second: the wait for each answer is then a trifle.
            piece = min(PIECE_BYTES, max(CHUNK_BYTES, int(piece / max(time.perf_counter() - asked, 1e-3))))
        return size, time.perf_counter() - began
    finally:
        writer.transport.abort()


def _head(method: str, place: Place, path: str, key: str, length: int = 0) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place.host_header}", f"Authorization: Bearer {key}"]
    if method == "POST":
        lines += [f"Content-Length: {length}", "Content-Type: application/octet-stream"]
    return ("\r\n".join([*lines, "User-Agent: thongsuot-agent", "", ""])).encode()


def _stop_for_a_meeting(world: World) -> None:
    """Raises ProbeFailedError."""
    if world.meeting_running:
        raise ProbeFailedError("broken off, a meeting has begun")


def _only_line(world: World) -> LineConfiguration | None:
    """With several lines nobody knows which one the test went over."""
    configuration = world.wanted()
    lines = configuration.lines if configuration else ()
    return lines[0] if len(lines) == 1 else None


def _make(target: ProbeTarget, world: World) -> Check:
    return ThroughputCheck(target, world)


PROBE = periodic(FAMILIES, _make, timeout_seconds=180.0)
