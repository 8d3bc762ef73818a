"""The devices of this node: starts and ends their polling as the hub's configuration says, takes their traps.

A device whose configuration is as before goes on undisturbed; one that fails stops no other. A trap is never believed
on its own: it makes the device be polled at once.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.devices.arp_tables import ArpTables
from agent.devices.mibs import MIBS
from agent.devices.polling import FAMILIES as POLLING_FAMILIES
from agent.devices.polling import Polled, Polling
from agent.devices.trap_gate import TrapGate, Verdict
from agent.devices.trap_socket import PORT, UNPRIVILEGED_PORT, receiving
from agent.queue_events import Happening
from agent.samples import Family, Kind, Sample, SampleSet
from agent.wire.configuration import DeviceConfiguration

if TYPE_CHECKING:
    from agent.devices.session import Session

logger = logging.getLogger(__name__)

MAX_DEVICES = 64
LONGEST_POLL_SECONDS = 120.0
STAGGER_SECONDS = 1.0
TRAP_POLL_SECONDS = 5.0
"""No sooner after the last poll: a link that flaps sends many traps."""
AUTHENTICATION_FAILURE = "1.3.6.1.6.3.1.1.5.5"

FAMILIES = (
    *POLLING_FAMILIES,
    *(family for mib in MIBS.values() for family in mib.families),
    Family("thongsuot_traps_total", Kind.COUNTER, "Traps by what became of them."),
)

Put = Callable[[list[SampleSet], dict[str, str], tuple[Happening, ...]], Awaitable[None]]
"""Commits samples together with events. Raises sqlite3.Error, OSError."""
Start = Callable[[str, Callable[[], Awaitable[None]]], asyncio.Task[None]]
Show = Callable[[str, list[SampleSet] | None], None]
"""Shows a device's newest samples locally; None when it is polled no more."""


@dataclass(slots=True)
class _Polled:
    configuration: DeviceConfiguration
    session: Session
    polling: Polling
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    said: str = ""


class Devices:
    def __init__(
        self,
        put: Put,
        show: Show,
        clock: Callable[[], float] = time.monotonic,
        trap_ports: tuple[int, ...] = (PORT, UNPRIVILEGED_PORT),
    ) -> None:
        self._trap_ports = trap_ports
        self.trap_port: int | None = None
        self.arp = ArpTables()
        self._put = put
        self._show = show
        self._clock = clock
        self._polled: dict[str, _Polled] = {}
        self._engine: Any = None
        self._traps: asyncio.Task[None] | None = None
        self._gate = TrapGate()
        self._waiting: asyncio.Queue[Happening] = asyncio.Queue(maxsize=100)

    async def apply(self, devices: tuple[DeviceConfiguration, ...], start: Start) -> None:
        """Poll these devices and no others."""
        if len(devices) > MAX_DEVICES:
            logger.warning("%d devices are left out, a node polls %d", len(devices) - MAX_DEVICES, MAX_DEVICES)
        wanted = {one.name: one for one in devices[:MAX_DEVICES]}
        for name, polled in list(self._polled.items()):
            if wanted.get(name) != polled.configuration:
                logger.info("device %s: polling ends", name)
                if polled.task is not None:
                    polled.task.cancel()
                    await asyncio.wait({polled.task})
                del self._polled[name]
                self.arp.forget(name)
                self._show(name, None)
        if wanted and self._engine is None:
            from agent.devices.session import new_engine

            self._engine = new_engine()
            self._traps = start("traps", self._take_traps)
        for number, (name, configuration) in enumerate(wanted.items()):
            if name not in self._polled:
                logger.info("device %s: polling begins", name)
                self._begin(configuration, number, start)

    def cancel(self) -> None:
        for polled in self._polled.values():
            if polled.task is not None:
                polled.task.cancel()
        if self._traps is not None:
            self._traps.cancel()

    def close(self) -> None:
        """After the tasks have ended."""
        if self._engine is not None:
            from agent.devices.session import close_engine

            close_engine(self._engine)
            self._engine = None

    def figures(self) -> list[Sample]:
        if self._engine is None:
            return []
        return [
            Sample("thongsuot_traps_total", count, (("outcome", verdict.value),))
            for verdict, count in self._gate.counted.items()
        ]

    def _begin(self, configuration: DeviceConfiguration, number: int, start: Start) -> None:
        from agent.devices.session import Session

        session = Session(self._engine, configuration)
        polled = _Polled(configuration, session, Polling(configuration, MIBS, self._clock))

        async def run() -> None:
            # Starts are spread: the hub assigns a whole office at once.
            await asyncio.sleep(STAGGER_SECONDS * (number % 10) / 10)
            await self._poll_for_ever(polled)

        self._polled[configuration.name] = polled
        polled.task = start(f"device {configuration.name}", run)

    async def _poll_for_ever(self, polled: _Polled) -> None:
        interval = polled.configuration.interval_seconds
        while True:
            begin = self._clock()
            polled.asked.clear()
            await self._poll(polled)
            try:
                async with asyncio.timeout(max(1.0, interval - (self._clock() - begin))):
                    await asyncio.sleep(min(TRAP_POLL_SECONDS, interval))
                    await polled.asked.wait()
            except TimeoutError:
                continue

    async def _poll(self, polled: _Polled) -> None:
        name = polled.configuration.name
        unix = time.time()
        longest = min(LONGEST_POLL_SECONDS, max(10.0, polled.configuration.interval_seconds * 0.9))
        try:
            async with asyncio.timeout(longest):
                found = await polled.polling.poll(polled.session)
        except TimeoutError:
            failed = Sample("thongsuot_device_poll_success", 0, (("device", name),))
            found = Polled((failed,), (), f"not done within {longest:g} s")
        if found.error != polled.said:
            polled.said = found.error
            level = logging.WARNING if found.error else logging.INFO
            logger.log(level, "device %s: %s", name, found.error or "answers again")
        if found.error:
            polled.session.forget_address()
            self.arp.forget(name)
        elif found.macs is not None:
            self.arp.put(name, found.macs)
        one = SampleSet(unix, found.samples)
        self._show(name, [one])
        try:
            await self._put([one], {}, found.happenings)
        except (sqlite3.Error, OSError) as error:
            logger.error("device %s: a poll is lost, the disk does not take it: %s", name, error)

    # traps

    async def _take_traps(self) -> None:
        async with receiving(self._take, self._trap_ports) as self.trap_port:
            while True:
                happening = await self._waiting.get()
                await self._put([], {}, (happening,))

    def _take(self, datagram: bytes, source: str) -> None:
        from agent.devices.trap_packets import TrapError, decode

        polled = next((one for one in self._polled.values() if source == one.session.address), None)
        if polled is None:
            self._gate.count(Verdict.UNKNOWN)
            return
        try:
            trap = decode(datagram)
        except TrapError as error:
            self._gate.count(Verdict.DAMAGED)
            logger.debug("x trap of %s: %s", source, error)
            return
        if self._gate.look(source, f"{trap.kind} {trap.varbinds}", self._clock()) is not Verdict.TAKEN:
            return
        detail = {"trap": trap.kind, "source": source, "varbinds": [list(one) for one in trap.varbinds]}
        name = polled.configuration.name
        if trap.kind == AUTHENTICATION_FAILURE:
            happening = Happening("security.snmp_authentication_failure", "warning", name, detail)
        else:
            happening = Happening("device.trap", "info", name, detail)
        polled.asked.set()
        try:
            self._waiting.put_nowait(happening)
        except asyncio.QueueFull:
            self._gate.count(Verdict.LIMITED)
