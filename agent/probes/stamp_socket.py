"""The sockets and clocks of a line's STAMP session: sends when it says, with kernel receive stamps."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterable

from agent.probes.awaiting import AwaitingRun
from agent.probes.kernel_stamps import age, ask_for_stamps, receive_from
from agent.probes.stamp import StampSession, Transmit
from agent.probes.windows import Report
from agent.wire.configuration import StampTarget
from agent.wire.stamp import PACKET_BYTES
from agent.workers import run_once

logger = logging.getLogger(__name__)

REPORTS_AT_ONCE = 200
REPORT_SECONDS = 1.0
"""So often it is looked whether there is something to say."""
RESOLVE_TIMEOUT_SECONDS = 10.0
RESOLVE_AGAIN_SECONDS = 30.0
FIRST_RESOLVE_SECONDS = 2.0
LOSSES_TO_RESOLVE = 10
PACKETS_PER_TURN = 256

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
Commit = Callable[[list[Report], str], Awaitable[None]]
"""Takes reports and, to be stored in the same transaction, what `awaiting_text` made."""


def awaiting_text(runs: Iterable[AwaitingRun]) -> str:
    return json.dumps([[run.start, run.windows, run.unanswered] for run in runs])


def parse_awaiting(text: str | None) -> tuple[AwaitingRun, ...]:
    """What an earlier process stored; nothing when there is none or it cannot be read."""
    try:
        rows = json.loads(text or "[]")
        runs = tuple(AwaitingRun(int(start), int(windows), int(lost)) for start, windows, lost in rows)
    except (ValueError, TypeError):
        logger.warning("what was left of an earlier measurement cannot be read")
        return ()
    return tuple(run for run in runs if run.windows > 0 and run.unanswered >= 0)


class StampProbe:
    """Measures one line until cancelled. `host`: where the reflector is. `awaiting`: of an earlier process."""

    def __init__(self, line: str, target: StampTarget, host: str, awaiting: str | None, commit: Commit) -> None:
        self.line = line
        self.target = target
        self._host = host
        self._commit = commit
        self._sockets: dict[int, socket.socket] = {}
        self._addresses: list[Address] = []
        self._turn = 0
        self._resolved_at = float("-inf")
        self._leaving = False
        self._charged_until: float | None = None
        self._ready = asyncio.Event()
        self._reported_at = float("-inf")
        self.session = StampSession(
            target.ssid,
            bytes.fromhex(target.key),
            target.packets_per_second,
            time.monotonic(),
            time.time(),
            parse_awaiting(awaiting),
        )

    def follow(self, host: str, unreached_seconds: float | None) -> None:
        """The reflector is at `host` now. `unreached_seconds`: ago, no address of the hub answered at all."""
        if host != self._host:
            logger.info("line %s: the reflector is asked at %s", self.line, host)
            self._host = host
            self._charged_until = None if unreached_seconds is None else time.monotonic() - unreached_seconds
            self._leaving = True

    async def run(self) -> None:
        """Raises only what is unexpected."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._resolve(), name=f"resolve {self.line}")
                tasks.create_task(self._send(), name=f"send {self.line}")
                tasks.create_task(self._report(), name=f"report {self.line}")
        finally:
            for port in list(self._sockets):
                self._close(port)

    def finish(self) -> tuple[list[Report], str]:
        """After `run` has ended: what is still to be committed."""
        self.session.close(time.monotonic())
        reports: list[Report] = []
        while more := self.session.reports(REPORTS_AT_ONCE):
            reports += more
        return reports, awaiting_text(self.session.awaiting())

    async def _send(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self.session.next_due - time.monotonic()))
            for port in list(self._sockets):
                self._receive(port)
            for transmit in self.session.due(time.monotonic(), time.time()):
                self._transmit(transmit)
            awaited = self.session.ports
            for port in [port for port in self._sockets if port not in awaited]:
                self._close(port)
            if time.monotonic() - self._reported_at >= REPORT_SECONDS:
                # Not for every packet: each time wakes another task.
                self._reported_at = time.monotonic()
                self._ready.set()

    async def _report(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            while reports := self.session.reports(REPORTS_AT_ONCE):
                await self._commit(reports, awaiting_text(self.session.awaiting()))

    async def _resolve(self) -> None:
        while True:
            if not self._addresses or self._leaving or self._is_silent():
                await self._resolve_once()
            await asyncio.sleep(FIRST_RESOLVE_SECONDS)

    def _is_silent(self) -> bool:
        waited = time.monotonic() - self._resolved_at >= RESOLVE_AGAIN_SECONDS
        return waited and self.session.straight_losses >= LOSSES_TO_RESOLVE

    async def _resolve_once(self) -> None:
        host = self._host
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_SECONDS):
                found = await run_once(
                    f"resolve {host}",
                    socket.getaddrinfo,
                    host,
                    self.target.port,
                    type=socket.SOCK_DGRAM,
                )
        except (OSError, TimeoutError) as error:
            if not self._addresses:
                logger.warning("line %s: %s cannot be resolved: %s", self.line, host, error or "no answer")
            # The addresses known so far may well be right: the name server may be beyond the cut.
            self._resolved_at = time.monotonic()
            return
        self._resolved_at = time.monotonic()
        addresses: list[Address] = [(one[0], one[4]) for one in found]
        if addresses != self._addresses:
            if self._leaving and self._addresses:
                self.session.move(time.monotonic(), self._charged_until)
            self._addresses, self._turn = addresses, 0
        elif self.session.straight_losses:
            self._turn += 1
        self._leaving = host != self._host

    def _transmit(self, transmit: Transmit) -> None:
        if not self._addresses:
            self.session.not_sent(transmit)
            return
        family, address = self._addresses[self._turn % len(self._addresses)]
        try:
            one = self._socket(transmit.port, family)
            sent_at = time.monotonic()
            one.sendto(transmit.payload, address)
        except OSError as error:
            logger.debug("x line %s: not sent: %s", self.line, error)
            self.session.not_sent(transmit)
        else:
            self.session.sent(transmit, sent_at)

    def _socket(self, port: int, family: socket.AddressFamily) -> socket.socket:
        found = self._sockets.get(port)
        if found is not None and found.family == family:
            return found
        if found is not None:
            self._close(port)
        one = socket.socket(family, socket.SOCK_DGRAM)
        try:
            one.setblocking(False)
            ask_for_stamps(one)
            asyncio.get_running_loop().add_reader(one, self._receive, port)
        except BaseException:
            one.close()
            raise
        self._sockets[port] = one
        return one

    def _close(self, port: int) -> None:
        one = self._sockets.pop(port)
        asyncio.get_running_loop().remove_reader(one)
        one.close()

    def _receive(self, port: int) -> None:
        one = self._sockets.get(port)
        if one is None:
            return
        for _ in range(PACKETS_PER_TURN):
            try:
                datagram, _sender, stamp = receive_from(one, PACKET_BYTES + 1)
            except BlockingIOError:
                return
            except OSError as error:
                logger.debug("x line %s: %s", self.line, error)
                return
            now, unix = time.monotonic(), time.time()
            self.session.receive(datagram, port, now - age(stamp, unix))
