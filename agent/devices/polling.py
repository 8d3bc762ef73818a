"""Polls one device: is it there, did it restart, what do its MIBs say. Knows no library and no queue.

One request for the uptime decides whether it is there, so a dead device costs two short waits; the first error in a
table ends the poll, and what was found until then is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.devices.mibs import if_mib, ip_net_to_media
from agent.devices.mibs.mib import Mib
from agent.devices.resets import Resets
from agent.devices.varbind import Oid, SnmpError, VarBind, Walked, oid, printable
from agent.devices.walking import Asking, Repetitions, walk
from agent.queue_events import Happening
from agent.samples import Family, Kind, Sample
from agent.wire.configuration import DeviceConfiguration

SYS_DESCR = oid("1.3.6.1.2.1.1.1.0")
SYS_UPTIME = oid("1.3.6.1.2.1.1.3.0")
SYS_NAME = oid("1.3.6.1.2.1.1.5.0")
ABSENT_AGAIN_SECONDS = 3600.0
"""A device that lacks a MIB is asked for it again after so long: its software may be newer by then."""

FAMILIES = (
    Family("thongsuot_device_up", Kind.GAUGE, "1 when the device answers SNMP."),
    Family("thongsuot_device_poll_success", Kind.GAUGE, "1 when the poll came to its end without an error."),
    Family("thongsuot_device_poll_duration_seconds", Kind.GAUGE, "How long the poll took."),
    Family("thongsuot_device_uptime_seconds", Kind.GAUGE, "Time since the device's network management began."),
    Family("thongsuot_device_restarts_total", Kind.COUNTER, "Restarts of the device since the agent started."),
    Family("thongsuot_device_discontinuities_total", Kind.COUNTER, "Jumps of its counters, by itself or by hand."),
    Family("thongsuot_device_info", Kind.GAUGE, "What the device says it is; always 1."),
)


@dataclass(frozen=True, slots=True)
class Polled:
    """`error` empty: all went well."""

    samples: tuple[Sample, ...]
    happenings: tuple[Happening, ...]
    error: str = ""
    macs: Mapping[str, bytes] | None = None
    """Its ARP table by IPv4 address; None: not read in this poll."""


class Polling:
    def __init__(self, device: DeviceConfiguration, mibs: Mapping[str, Mib], clock: Callable[[], float]) -> None:
        self._device = device
        self._mibs = mibs
        self._clock = clock
        self._repetitions = Repetitions()
        self._resets = Resets()
        self._due: dict[str, float] = {}
        self._held: dict[str, list[Sample]] = {}
        self._up: bool | None = None
        self._macs: Mapping[str, bytes] | None = None

    async def poll(self, asking: Asking) -> Polled:
        """Raises nothing of the device's: its failures are what is said."""
        begin = self._clock()
        self._macs = None
        label = (("device", self._device.name),)
        samples: list[Sample] = []
        happenings: list[Happening] = []
        error = ""
        try:
            samples, happenings = self._system(await asking.get(SYS_UPTIME, SYS_NAME, SYS_DESCR), begin)
        except SnmpError as failure:
            happenings = self._changed(False)
            down = (Sample("thongsuot_device_up", 0, label), Sample("thongsuot_device_poll_success", 0, label))
            return Polled(down, tuple(happenings), str(failure))
        happenings += self._changed(True)
        for name, mib in self._mibs.items():
            try:
                samples += await self._ask(name, mib, asking, happenings)
            except SnmpError as failure:
                error = f"{name}: {failure}"
                break
        samples += [
            Sample("thongsuot_device_up", 1, label),
            Sample("thongsuot_device_poll_success", int(not error), label),
            Sample("thongsuot_device_poll_duration_seconds", self._clock() - begin, label),
            Sample("thongsuot_device_restarts_total", self._resets.restarts, label),
            Sample("thongsuot_device_discontinuities_total", self._resets.discontinuities, label),
        ]
        return Polled(tuple(samples), tuple(happenings), error, self._macs)

    async def _ask(self, name: str, mib: Mib, asking: Asking, happenings: list[Happening]) -> list[Sample]:
        now = self._clock()
        if now < self._due.get(name, now):
            return self._held.get(name, [])
        columns: dict[Oid, list[VarBind]] = {mib.key: await walk(asking, mib.key, self._repetitions)}
        if not columns[mib.key]:
            self._due[name] = now + ABSENT_AGAIN_SECONDS
            self._held[name] = []
            return []
        for column in mib.columns:
            columns[column] = await walk(asking, column, self._repetitions)
        walked = Walked(columns)
        if mib is if_mib.MIB:
            jumped = self._resets.counters(if_mib.discontinuities(walked))
            if jumped:
                detail = {"interfaces": jumped[:20]}
                happenings.append(Happening("device.counters_reset", "info", self._device.name, detail))
        if mib is ip_net_to_media.MIB:
            self._macs = ip_net_to_media.addresses(walked)
        self._due[name] = now + mib.every_seconds
        self._held[name] = mib.parse(walked, self._device)
        return self._held[name]

    def _system(self, answer: list[VarBind], now: float) -> tuple[list[Sample], list[Happening]]:
        said = {one.oid: one.value for one in answer}
        ticks = said.get(SYS_UPTIME)
        samples: list[Sample] = []
        happenings: list[Happening] = []
        name, description = (
            printable(value) if isinstance(value := said.get(one), bytes) else "" for one in (SYS_NAME, SYS_DESCR)
        )
        about = (("description", description), ("device", self._device.name), ("system_name", name))
        samples.append(Sample("thongsuot_device_info", 1, tuple(pair for pair in about if pair[1])))
        if isinstance(ticks, int):
            if self._resets.uptime(ticks, now):
                self._due.clear()
                detail = {"uptime_seconds": ticks / 100}
                happenings.append(Happening("device.restarted", "warning", self._device.name, detail))
            samples.append(Sample("thongsuot_device_uptime_seconds", ticks / 100, (("device", self._device.name),)))
        return samples, happenings

    def _changed(self, up: bool) -> list[Happening]:
        before, self._up = self._up, up
        if before is None or before == up:
            return []
        return [Happening("device.up" if up else "device.down", "info" if up else "warning", self._device.name)]
