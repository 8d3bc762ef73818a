"""Runs a check again and again on an isochronous schedule: measures its time and success, survives its failure.

A check is one attempt: it says when each phase is done and what it found, or raises.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.probes.probe import Probe, ProbeFailedError, Running, Say, World
from agent.probes.schedule import Schedule, Turn
from agent.samples import Family, Kind, Sample, SampleSet
from agent.wire import families
from agent.wire.configuration import ProbeTarget

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
WOKEN_SECONDS = 30.0
"""Out of turn a check runs at most so often."""
FIRST_SECONDS = 3.0
"""The first run does not wait for its place in the schedule; after a start the line has other things to carry."""

FAMILIES = (
    Family(families.PROBE_SUCCESS, Kind.GAUGE, "Whether the probe found what it asked for."),
    Family(families.PROBE_DURATION, Kind.GAUGE, "How long the probe and its phases took."),
    Family(families.PROBE_SKIPPED, Kind.GAUGE, "Runs left out since the one before."),
    Family(families.PROBE_LATE, Kind.GAUGE, "Whether the run began more than half an interval late."),
)


class Timing:
    """The runner's stopwatch, as a check sees it."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began = self._last = clock()
        self.phases: list[tuple[str, float]] = []

    def done(self, phase: str) -> None:
        """What was done since the phase before, or since the beginning."""
        now = self._clock()
        self.phases.append((phase, now - self._last))
        self._last = now

    @property
    def total(self) -> float:
        return self._clock() - self._began


@dataclass(frozen=True, slots=True)
class Findings:
    samples: tuple[Sample, ...] = ()
    failure: str = ""
    """What was found is true and yet not as it should be (an expired certificate): the probe has failed."""
    ran: bool = True
    """False: it was not the time for it, and nothing is said."""


Check = Callable[[Timing], Awaitable[Findings]]
"""Raises OSError, TimeoutError, ProbeFailedError."""
MakeCheck = Callable[[ProbeTarget, World], Check]


class PeriodicProbe:
    def __init__(
        self,
        target: ProbeTarget,
        check: Check,
        say: Say,
        timeout_seconds: float,
        node: str,
        wake: asyncio.Event | None,
    ) -> None:
        self._target = target
        self._check = check
        self._say = say
        self._timeout_seconds = timeout_seconds
        self._wake = wake
        self._told = ""
        # Nodes keep the same time: without a place of its own for each the hub would be asked by all at once.
        spread = zlib.crc32(f"{node} {target.probe} {target.target}".encode()) % (target.interval_seconds * 1000)
        self._schedule = Schedule(1 / target.interval_seconds, time.monotonic(), time.time() + spread / 1000)

    async def run(self) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        turn: Turn | None = None
        while True:
            found = await self.once(turn)
            if found.samples:
                await self._say([found])
            turn = await self._next_turn(time.monotonic())

    def finish(self) -> list[SampleSet]:
        return []

    async def once(self, turn: Turn | None = None) -> SampleSet:
        """One run now. `turn`: its place in the schedule, None when it is out of turn."""
        unix, timing = time.time(), Timing()
        labels = (("probe", self._target.probe), ("target", self._target.target))
        found = await self._attempt(timing)
        if not found.ran:
            return SampleSet(unix, ())
        samples = [
            *found.samples,
            Sample(families.PROBE_SUCCESS, int(not found.failure), labels),
            *(
                Sample(families.PROBE_DURATION, seconds, (("phase", phase), *labels))
                for phase, seconds in (*timing.phases, ("total", timing.total))
            ),
        ]
        if turn is not None:
            samples.append(Sample(families.PROBE_SKIPPED, len(turn.skipped), labels))
            samples.append(Sample(families.PROBE_LATE, int(turn.late), labels))
        return SampleSet(unix, tuple(samples))

    async def _attempt(self, timing: Timing) -> Findings:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                found = await self._check(timing)
        except (OSError, ProbeFailedError, TimeoutError) as error:
            found = Findings(failure=str(error) or f"no answer within {self._timeout_seconds:g} s")
        except Exception as error:
            # The one runner of checks: none stops another, and none stops itself for good.
            logger.exception("probe %s %s failed unexpectedly", self._target.probe, self._target.target)
            found = Findings(failure=f"unexpected: {error}")
        if found.failure != self._told:
            self._told = found.failure
            logger.log(
                logging.WARNING if found.failure else logging.INFO,
                "probe %s %s: %s",
                self._target.probe,
                self._target.target,
                found.failure or "works",
            )
        return found

    async def _next_turn(self, ran_at: float) -> Turn | None:
        while True:
            wait = max(0.0, self._schedule.next_time - time.monotonic())
            if await self._woken_within(wait):
                assert self._wake is not None
                self._wake.clear()
                if time.monotonic() - ran_at >= WOKEN_SECONDS:
                    return None
                continue
            turn = self._schedule.turn(time.monotonic())
            if turn.place is not None:
                return turn

    async def _woken_within(self, seconds: float) -> bool:
        if self._wake is None:
            await asyncio.sleep(seconds)
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True


def periodic(
    own: tuple[Family, ...],
    make: MakeCheck,
    timeout_seconds: float = TIMEOUT_SECONDS,
    wake: Callable[[World], asyncio.Event] | None = None,
) -> Probe:
    """A probe of a check. `own`: families that only this one has; `wake`: an event that calls for a run at once."""

    def making(target: ProbeTarget, world: World, say: Say) -> Running:
        event = wake(world) if wake else None
        return PeriodicProbe(target, make(target, world), say, timeout_seconds, world.node, event)

    return Probe((*FAMILIES, *own), making)
