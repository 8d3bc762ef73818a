"""A simulated node: what it says is made of its number and the time alone, so that it can be compared at the hub."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from agent.wire import families, remote_write
from agent.wire.configuration import RTT_BUCKETS_SECONDS, WINDOW_SECONDS, WRITE_PATH
from agent.wire.remote_write import Series, series

SERIES_PER_SENSOR_READING = 260
SENSOR = "thongsuot_temperature_celsius"
TRIES = 120
SLOW_SECONDS = 1.5

Clock = Callable[[float], float]
"""The node's time for the true time, both Unix seconds."""


def right(now: float) -> float:
    return now


@dataclass(slots=True)
class Node:
    number: int
    site: str
    line: str
    key: str
    clock: Clock = right
    sent: dict[int, float] = field(default_factory=dict)
    """Of the line's window family: true Unix milliseconds → value, once the hub has answered 204."""
    samples: int = 0
    """In answered requests."""
    answers: Counter[int] = field(default_factory=Counter)
    interruptions: int = 0
    slow: bool = False
    """A request took so long that the hub may have taken it for a wrong clock."""

    @property
    def offset(self) -> float:
        """Seconds that the node's clock is ahead of the true time."""
        now = time.time()
        return self.clock(now) - now

    @property
    def headers(self) -> dict[str, str]:
        return self._headers(self.offset)

    def _headers(self, offset: float) -> dict[str, str]:
        return {
            **remote_write.headers("thongsuot-fleet/1", time.time() + offset),
            "Authorization": f"Bearer {self.key}",
        }

    def loss(self, window_end: int) -> int:
        """Packets lost in that window: none on most lines, always the same on every tenth."""
        return (window_end // WINDOW_SECONDS + self.number) % 3 if self.number % 10 == 3 else 0

    def window(self, window_end: int, offset: float) -> Iterator[Series]:
        at = round((window_end + offset) * 1000)
        labels = (("line", self.line),)
        lost = self.loss(window_end)

        def one(name: str, value: float, *more: tuple[str, str]) -> Series:
            return series(name, (*labels, *more), at, value)

        rtt = 0.005 + self.number / 10_000
        yield one(families.LINE_SENT, 100)
        yield one(families.LINE_RECEIVED, 100 - lost)
        yield one(families.LINE_LOST, lost, ("direction", "up"))
        yield one(families.LINE_LOST, 0, ("direction", "down"))
        yield one(families.LINE_UNMEASURED, 0)
        yield one(families.LINE_LOSS_BURSTS, min(lost, 1))
        for name in (families.LINE_LATE, families.LINE_DUPLICATE, families.LINE_REORDERED, families.LINE_SKIPPED):
            yield one(name, 0)
        yield one(families.LINE_LATE_SENDS, 0)
        for quantile in ("0", "0.5", "0.95", "1"):
            yield one(families.LINE_RTT, rtt, ("quantile", quantile))
        for bound in (*RTT_BUCKETS_SECONDS, float("inf")):
            le = "+Inf" if bound == float("inf") else repr(bound)
            yield one(families.LINE_RTT_BUCKET, 100 - lost if bound >= rtt else 0, ("le", le))
        yield one(families.LINE_JITTER, 0.001)
        yield one(families.LINE_IPDV, 0.002, ("quantile", "0.95"))

    def readings(self, at: float, offset: float) -> Iterator[Series]:
        at_ms = round((at + offset) * 1000)
        for index in range(SERIES_PER_SENSOR_READING):
            yield series(SENSOR, (("sensor", f"s{index}"),), at_ms, float(self.number * 1000 + index))

    async def say(self, client: httpx.AsyncClient, window_end: int, *, with_readings: bool) -> None:
        # As the agent does, a sample from before a step of the clock is told in the time from after it.
        offset = self.offset
        said = list(self.window(window_end, offset))
        if with_readings:
            said += self.readings(window_end, offset)
        body = remote_write.compress(remote_write.encode(said))
        for _ in range(TRIES):
            asked = time.monotonic()
            try:
                answer = await client.post(WRITE_PATH, content=body, headers=self._headers(offset))
            except httpx.TransportError:
                # The hub is away; the same bytes go again.
                self.interruptions += 1
                await asyncio.sleep(0.5)
                continue
            self.answers[answer.status_code] += 1
            self.slow |= time.monotonic() - asked > SLOW_SECONDS
            if answer.status_code == 204:
                self.sent[window_end * 1000] = 100.0
                self.samples += len(said)
                return
            if answer.status_code not in (429, 502, 503):
                return
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))


def poison() -> Iterator[bytes]:
    """Bodies that nobody should send."""
    now = round(time.time() * 1000)
    yield b""
    yield os.urandom(2000)
    yield remote_write.compress(os.urandom(2000))
    yield remote_write.compress(b"\x00" * 50_000_000)
    yield remote_write.compress(remote_write.encode([series("x" * 5000, (), now, 1.0)]))
    yield remote_write.compress(remote_write.encode([series("thongsuot_x", (), now + 86_400_000, 1.0)]))
    yield remote_write.compress(remote_write.encode([Series((("__name__", "a"), ("__name__", "b")), ((now, 1.0),))]))
    yield remote_write.compress(remote_write.encode([series("up", (("site", "xa-001"), ("node", "n-x")), now, 1.0)]))
    many = (series(f"thongsuot_{index}", (("a", os.urandom(4).hex()),), now, 1.0) for index in range(20_000))
    yield remote_write.compress(remote_write.encode(many))
