"""Composition of the running agent: sampling, probing, uplink, local metrics, configuration."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent import alarm, alarm_settings, life, lines, own_figures, ways
from agent.clock import HubClock, node_clock
from agent.configuration import DEFAULT_SAMPLING_INTERVAL_SECONDS
from agent.configuring import Configuring
from agent.delivery import Delivery
from agent.devices.devices import FAMILIES as DEVICE_FAMILIES
from agent.devices.devices import Devices
from agent.failure import UserError
from agent.hub_client import HubAddress
from agent.hub_route import HubRoute
from agent.lines import Lines
from agent.local_metrics import Latest, LocalMetrics
from agent.parts import Parts, either
from agent.power import PowerWatch
from agent.probes import windows
from agent.probes.probe import World
from agent.probes.probing import Probing
from agent.probes.registry import PROBES
from agent.probes.whereabouts import FIRST_HOP, GATEWAY, Whereabouts
from agent.queue import Happening, Queue
from agent.samples import Labels, Sample, SampleSet, encode
from agent.sampling import FAMILIES as SAMPLING_FAMILIES
from agent.sampling import Sampling
from agent.sensors import SENSORS, processes
from agent.signals.registry import signals
from agent.signals.watching import Watching
from agent.state import Identity, StateFolder
from agent.uplink import Lane
from agent.wire.configuration import NodeConfiguration
from agent.wire.families import ICMP_RECEIVED, ICMP_SENT
from agent.wire.remote_write import NODE_TIME_HEADER, STALE_MARKER
from agent.workers import Worker, run_once

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
EARLY_SECONDS = 0.1
ENROLMENT_SECONDS = 5.0
FOLLOW_SECONDS = 2.0
_TIME = NODE_TIME_HEADER.lower()


@dataclass(frozen=True, slots=True)
class Options:
    """`hub`, `ca_file` override what was stored at enrolment; `metrics_port` None: no local metrics."""

    state: StateFolder
    hub: HubAddress | None = None
    ca_file: Path | None = None
    token_file: Path | None = None
    metrics_port: int | None = 9108


class Agent:
    """`refresh`, when set, has the configuration fetched at once."""

    def __init__(self, options: Options, identity: Identity, queue: Queue, refresh: asyncio.Event) -> None:
        self._options = options
        self._identity = identity
        self._queue = queue
        self._queue_worker = Worker("queue")
        self._moment = node_clock()
        self._hub_clock = HubClock(queue.known_clock(self._moment().boot))
        to = ways.addresses(options.hub, identity, options.state)
        self._route = HubRoute(
            ways.ways(to, options.ca_file, options.state),
            lambda answer, sent, received: self._hub_clock.heard(answer.headers.get(_TIME), sent, received),
            lambda: self._moment().monotonic,
        )
        self._configuring = Configuring(self._route, identity.key, options.state.configuration, refresh)
        self._delivery = Delivery(
            queue,
            self._queue_worker,
            self._route.connect,
            identity.key,
            hub_clock=self._hub_clock,
            moment=self._moment,
        )
        sensors = {**SENSORS, "processes": processes.sensor(self._watched_processes)}
        self._sampling = Sampling(sensors)
        self._devices = Devices(self._put, self._show_device)
        self._security = Watching(signals(options.state.ca, self._devices.arp.take), self._remember, self._fact)
        self._latest = Latest(
            family
            for group in (
                *(
                    own_figures.FAMILIES,
                    alarm.FAMILIES,
                    self._security.families,
                    DEVICE_FAMILIES,
                    SAMPLING_FAMILIES,
                    windows.FAMILIES,
                    lines.FAMILIES,
                ),
                *(one.families for one in sensors.values()),
                *(one.families for one in PROBES.values()),
            )
            for family in group
        )
        self._interval_changed = asyncio.Event()
        self._lines = Lines(self._route.address.host, self._put, self._fact, self._show_line)
        self._whereabouts = Whereabouts(self._route.address.host)
        world = World(
            node=identity.node,
            key=identity.key,
            way=lambda: self._route.way,
            whereabouts=self._whereabouts,
            wanted=lambda: self._configuring.wanted,
        )
        self._probing = Probing(world, self._put, self._fact, self._show_probe)
        self._power = PowerWatch()
        self._alarm = alarm.Alarm(
            alarm_settings.load(options.state.alarm),
            options.state.hub_silence,
            {"THONGSUOT_NODE": identity.node, "THONGSUOT_SITE": identity.site},
            lambda: self._route.answered_at,
            self._hops_answer,
            self._remember,
            self._moment,
        )
        self._ended: list[tuple[str, Labels]] = []
        self._parts = Parts()

    async def run(self, stopped: asyncio.Event) -> None:
        """Until stopped, or until the node has been enrolled anew."""
        replaced = asyncio.Event()
        await self._say_start()
        async with AsyncExitStack() as stack:
            if self._options.metrics_port is not None:
                await stack.enter_async_context(LocalMetrics(self._latest).serving(self._options.metrics_port))
            async with asyncio.TaskGroup() as tasks:
                start = partial(self._parts.start, tasks)
                parts = [
                    start("configuration", partial(self._configuring.run, partial(self._apply, tasks))),
                    start("sampling", self._sample),
                    start("security", self._security.run),
                    start("enrolment", partial(self._watch_enrolment, replaced)),
                    start("line traffic", self._lines.watch_traffic),
                    start("hub address", self._follow_hub),
                    start("alarm", self._alarm.run),
                    *(start(f"uplink {lane.value}", partial(self._delivery.run, lane)) for lane in Lane),
                ]
                await either(stopped, replaced)
                for task in parts:
                    task.cancel()
                self._lines.cancel()
                self._probing.cancel()
                self._devices.cancel()
            self._devices.close()
            await self._flush()
            if not replaced.is_set():
                await self._say_end()
                await self._delivery.deliver_last()

    # sampling

    async def _sample(self) -> None:
        while True:
            interval = self._sampling_interval()
            self._interval_changed.clear()
            await self._collect()
            # Aligned to the clock, so that nodes' samples stand side by side. A timer may fire a hair early.
            delay = interval - time.time() % interval
            if delay < EARLY_SECONDS:
                delay += interval
            try:
                async with asyncio.timeout(delay):
                    await self._interval_changed.wait()
            except TimeoutError:
                continue

    def _sampling_interval(self) -> int:
        configuration = self._configuring.wanted
        return configuration.sampling_interval_seconds if configuration else DEFAULT_SAMPLING_INTERVAL_SECONDS

    def _watched_processes(self) -> tuple[str, ...]:
        configuration = self._configuring.wanted
        return configuration.processes if configuration else ()

    async def _collect(self) -> None:
        collected = await self._sampling.collect()
        status = await self._queue_worker.run(self._queue.status)
        now = self._moment()
        own = own_figures.own_samples(status, self._parts.failures, self._hub_clock.ahead(now))
        samples = (
            *collected.samples,
            *own,
            *self._alarm.figures(),
            *self._security.figures(),
            *self._devices.figures(),
        )
        ended = self._latest.replace("sensors", samples) + self._ended
        self._ended = []
        stale = tuple(Sample(name, STALE_MARKER, labels) for name, labels in ended)
        whole = SampleSet(collected.unix, (*samples, *stale))
        try:
            await self._put([whole], {life.FACT: life.word(now)})
        except (sqlite3.Error, OSError) as error:
            logger.error("%d samples are lost, the disk does not take them: %s", len(whole.samples), error)

    async def _put(
        self, sets: list[SampleSet], facts: dict[str, str], happenings: tuple[Happening, ...] = ()
    ) -> None:
        """Raises sqlite3.Error, OSError."""
        count = sum(len(one.samples) for one in sets)
        happenings += tuple(one for some in sets for one in self._power.look(some.samples))
        await self._queue_worker.run(self._queue.put, encode(sets), count, self._moment(), facts, happenings)
        self._delivery.committed()

    async def _remember(self, facts: dict[str, str], happenings: tuple[Happening, ...]) -> None:
        """Raises sqlite3.Error, OSError."""
        await self._put([], facts, happenings)

    async def _fact(self, name: str) -> str | None:
        return await self._queue_worker.run(self._queue.fact, name)

    def _show_line(self, line: str, sets: list[SampleSet] | None) -> None:
        if sets is None:
            self._ended += self._latest.forget(f"line {line}")
        else:
            self._latest.update(f"line {line}", sets[-2:])

    def _show_probe(self, probe: str, sets: list[SampleSet] | None) -> None:
        if sets is None:
            self._ended += self._latest.forget(f"probe {probe}")
        else:
            self._latest.replace(f"probe {probe}", sets[-1].samples)

    def _show_device(self, device: str, sets: list[SampleSet] | None) -> None:
        samples = [sample for one in sets or () for sample in one.samples]
        self._ended += self._latest.replace(f"device {device}", samples)

    # configuration

    async def _apply(self, tasks: asyncio.TaskGroup, configuration: NodeConfiguration) -> None:
        start = partial(self._parts.start, tasks)
        self._interval_changed.set()
        await self._lines.apply(configuration.lines, start)
        await self._probing.apply(configuration, start)
        await self._devices.apply(configuration.devices, start)

    async def _follow_hub(self) -> None:
        """What measures the way to the hub measures the one that the uplink uses."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            host = self._route.address.host
            self._whereabouts.hub_host = host
            self._lines.follow(host, self._route.seconds_since_unreached)

    def _hops_answer(self) -> tuple[bool | None, bool | None]:
        """By the newest window of echoes: the gateway, the provider's first hop."""

        def answers(target: str) -> bool | None:
            label = ("target", target)
            sent = self._latest.value(ICMP_SENT, label)
            return self._latest.value(ICMP_RECEIVED, label) != 0 if sent else None

        return answers(GATEWAY), answers(FIRST_HOP)

    async def _watch_enrolment(self, replaced: asyncio.Event) -> None:
        while True:
            await asyncio.sleep(ENROLMENT_SECONDS)
            try:
                found = self._options.state.load()
            except UserError as error:
                logger.warning("%s; going on as before", error)
                continue
            if found is not None and found != self._identity:
                logger.info("this node has been enrolled anew, as %s of site %s", found.node, found.site)
                replaced.set()

    # end

    async def _say_start(self) -> None:
        now = self._moment()
        try:
            left = await self._fact(life.FACT)
            await self._put([], {life.FACT: life.word(now)}, (life.started(left, now),))
        except (sqlite3.Error, OSError) as error:
            logger.error("the disk does not take the first word: %s", error)

    async def _say_end(self) -> None:
        try:
            shutting_down = await run_once("shutdown", life.is_shutting_down)
            last = {life.FACT: life.word(self._moment(), ended=True)}
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._put([], last, (life.stopping(shutting_down),))
        except (sqlite3.Error, OSError) as error:
            logger.warning("the disk was too slow for the last word: %s", error)

    async def _flush(self) -> None:
        """What is measured goes to the queue before the process ends."""
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._lines.finish()
                await self._probing.finish()
        except TimeoutError:
            logger.warning("the disk was too slow for the last windows")
