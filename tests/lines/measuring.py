"""Runs the product's STAMP probe at the node's end and puts its account beside the line's own."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.probes.port_session import Packet
from agent.probes.stamp_socket import StampProbe
from agent.probes.unanswered import Losses
from agent.probes.windows import Report, WindowFigures, WindowLosses
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS, StampTarget
from tests.lines.bench import KEY, SSID, STAMP_PORT, Bench
from tests.lines.truth import Story, stamp_stories

PACKETS_PER_SECOND = 100
LONGEST_SECONDS = 30.0
IN_FLIGHT_SECONDS = 0.15
"""What was sent so shortly before the end may still be answered; all else unanswered is lost."""

Script = Callable[["Probing"], Awaitable[None]]


@dataclass
class Measured:
    """What the probe said of everything it sent, and what truly became of it."""

    figures: list[WindowFigures]
    losses: list[WindowLosses]
    packets: list[Packet]
    stories: list[Story]
    straight_losses: int
    ports_tried: int

    @property
    def received(self) -> int:
        return sum(one.received for one in self.figures)

    @property
    def lost(self) -> Losses:
        return sum((one.losses for one in self.losses), Losses())

    @property
    def truth(self) -> Counter[str]:
        return Counter(story.fate for story in self.stories)

    @property
    def errors(self) -> list[float]:
        """Round trip as measured less the true one, per packet, in seconds, sorted."""
        true = {(one.port, one.number): one.seconds for one in self.stories}
        only_port = {port for port, _ in true}
        assert len(only_port) == 1, "more than one source port"
        (port,) = only_port
        pairs = ((one.round_trip, true[port, one.sequence_number]) for one in self.packets if one.received_at)
        return sorted(measured - seconds for measured, seconds in pairs if seconds is not None)

    @property
    def true_jitter(self) -> float:
        """RFC 3550 section 6.4.1 over the true round trips, in the order in which answers came back."""
        came = sorted((one.back_at, one.seconds) for one in self.stories if one.back_at is not None)
        jitter, before = 0.0, None
        for _at, seconds in came:
            assert seconds is not None
            if before is not None:
                jitter += (abs(seconds - before) - jitter) / 16
            before = seconds
        return jitter


class Probing:
    """The probe while it runs, for a test's script."""

    def __init__(self, bench: Bench, probe: StampProbe) -> None:
        self.bench = bench
        self.probe = probe

    async def packets(self, count: int) -> None:
        """Until so many more were sent."""
        await self.until_sent(self._sent + count)

    async def answered(self, count: int) -> None:
        """Until so many more were answered in time."""
        wanted = self.probe.session.answered + count
        await self._until(lambda: self.probe.session.answered >= wanted)

    async def until_sent(self, count: int) -> None:
        await self._until(lambda: self._sent >= count)

    @property
    def _sent(self) -> int:
        return round((time.monotonic() - self.began) * self.probe.target.packets_per_second)

    async def _until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            while not ready():
                await asyncio.sleep(0.01)

    async def run(self, script: Script) -> None:
        self.began = time.monotonic()
        task = asyncio.create_task(self.probe.run(), name="probe")
        try:
            await self.answered(1)
            await script(self)
        finally:
            task.cancel()
            await asyncio.wait({task})


def measure(bench: Bench, script: Script, packets_per_second: int = PACKETS_PER_SECOND) -> Measured:
    """The script begins when the first answer has come, and must leave the line in order at its end."""

    async def nothing(reports: list[Report], _awaiting: str) -> None:
        held.extend(reports)

    async def whole() -> StampProbe:
        target = StampTarget("", STAMP_PORT, SSID, KEY.hex(), packets_per_second)
        probe = StampProbe("l1", target, bench.hub_address, None, nothing)
        await Probing(bench, probe).run(script)
        return probe

    held: list[Report] = []
    probe = bench.node.call(lambda: asyncio.run(whole()))
    session = probe.session
    packets = list(session._record._packets.values())
    # As if five more seconds had passed for all but the newest packets, then as if the last window were over.
    session.close(time.monotonic() + LOSS_TIMEOUT_SECONDS - IN_FLIGHT_SECONDS)
    session.close(time.monotonic() + 20)
    while more := session.reports(100):
        held += more
    return Measured(
        [one for one in held if isinstance(one, WindowFigures)],
        [one for one in held if isinstance(one, WindowLosses)],
        packets,
        stamp_stories(bench.line.log(), STAMP_PORT),
        session.straight_losses,
        session.ports_tried,
    )
