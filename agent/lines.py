"""The lines that this node measures: starts and ends their probes as the hub's configuration says."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from agent.probes.line_traffic import read_traffic
from agent.probes.loaded_latency import LoadedLatency
from agent.probes.stamp_socket import StampProbe
from agent.probes.windows import Report, WindowFigures, sample_sets
from agent.samples import Family, Kind, Sample, SampleSet
from agent.wire import families
from agent.wire.configuration import WINDOW_SECONDS, LineConfiguration

logger = logging.getLogger(__name__)

DISK_RETRY_SECONDS = 5.0

FAMILIES = (
    Family(families.LOADED_LATENCY, Kind.GAUGE, "RTT that load added in the window (p95 busy less p5 idle)."),
)

Put = Callable[[list[SampleSet], dict[str, str]], Awaitable[None]]
"""Commits samples together with what is to be remembered. Raises sqlite3.Error, OSError."""
Fact = Callable[[str], Awaitable[str | None]]
Start = Callable[[str, Callable[[], Awaitable[None]]], asyncio.Task[None]]
"""Starts a named part of the agent."""
Say = Callable[[str, list[SampleSet] | None], None]
"""Shows a line's newest samples locally; None when it is measured no more."""


@dataclass(slots=True)
class _Measured:
    configuration: LineConfiguration
    probe: StampProbe
    task: asyncio.Task[None]
    load: LoadedLatency = field(default_factory=LoadedLatency)


class Lines:
    """`hub_host`: where the reflector is unless a line's configuration says otherwise."""

    def __init__(self, hub_host: str, put: Put, fact: Fact, say: Say) -> None:
        self._hub_host = hub_host
        self._put = put
        self._fact = fact
        self._say = say
        self._measured: dict[str, _Measured] = {}

    async def apply(self, wanted: Iterable[LineConfiguration], start: Start) -> None:
        """Measure these lines and no others; a line whose configuration is as before goes on."""
        by_name = {one.line: one for one in wanted}
        for name, measured in list(self._measured.items()):
            found = by_name.get(name)
            if found is None or found.stamp != measured.configuration.stamp:
                logger.info("line %s: measuring ends", name)
                measured.task.cancel()
                await asyncio.wait({measured.task})
                del self._measured[name]
                await self._commit(name, *measured.probe.finish())
                self._say(name, None)
        for name, configuration in by_name.items():
            if name in self._measured:
                # Its contract may have changed: that is no reason to measure anew.
                self._measured[name].configuration = configuration
            else:
                logger.info("line %s: measuring begins", name)
                probe = await self._probe(configuration)
                self._measured[name] = _Measured(configuration, probe, start(f"line {name}", probe.run))

    def follow(self, hub_host: str, unreached_seconds: float | None) -> None:
        """The hub is reached here now. `unreached_seconds`: ago, none of its addresses answered."""
        if hub_host == self._hub_host:
            return
        self._hub_host = hub_host
        for measured in self._measured.values():
            if not measured.configuration.stamp.host:
                measured.probe.follow(hub_host, unreached_seconds)

    def cancel(self) -> None:
        for measured in self._measured.values():
            measured.task.cancel()

    async def watch_traffic(self) -> None:
        """Until cancelled: sees how full the lines are whose contract is known."""
        while True:
            await asyncio.sleep(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)
            # With several lines nobody knows which one the machine's traffic goes over.
            if len(self._measured) == 1:
                (measured,) = self._measured.values()
                if (traffic := read_traffic()) is not None:
                    measured.load.saw(traffic)

    def _loaded(self, line: str, reports: Iterable[Report]) -> list[SampleSet]:
        measured = self._measured.get(line)
        if measured is None:
            return []
        contract = measured.configuration
        found = []
        for report in reports:
            if isinstance(report, WindowFigures):
                seconds = measured.load.window(report, contract.download_mbits, contract.upload_mbits)
                if seconds is not None:
                    sample = Sample(families.LOADED_LATENCY, seconds, (("line", line),))
                    found.append(SampleSet(report.start + WINDOW_SECONDS, (sample,)))
        return found

    async def finish(self) -> None:
        """After the probes' tasks have ended: commit what they still hold."""
        for name, measured in self._measured.items():
            await self._commit(name, *measured.probe.finish())

    async def _probe(self, configuration: LineConfiguration) -> StampProbe:
        name, target = configuration.line, configuration.stamp

        async def commit(reports: list[Report], awaiting: str) -> None:
            await self._commit(name, reports, awaiting)

        left = await self._fact(_fact_name(name))
        return StampProbe(name, target, target.host or self._hub_host, left, commit)

    async def _commit(self, line: str, reports: list[Report], awaiting: str) -> None:
        sets = [*sample_sets(line, reports), *self._loaded(line, reports)]
        self._say(line, sets)
        while True:
            try:
                await self._put(sets, {_fact_name(line): awaiting})
            except (sqlite3.Error, OSError) as error:
                logger.error("line %s: the disk does not take its windows, trying again: %s", line, error)
                await asyncio.sleep(DISK_RETRY_SECONDS)
            else:
                return


def _fact_name(line: str) -> str:
    return f"awaiting {line}"
