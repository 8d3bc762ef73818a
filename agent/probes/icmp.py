"""ICMP echo to a target as windows of ten seconds, so that the hub can place a fault from them."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable

from agent.probes.echo import STRAIGHT_LOSSES, EchoSession, Request
from agent.probes.icmp_packets import EchoReply
from agent.probes.icmp_socket import EchoSocket
from agent.probes.probe import Probe, Running, Say, World
from agent.probes.whereabouts import FIRST_HOP, HUB
from agent.probes.windows import WindowFigures, round_trip_samples
from agent.samples import Family, Kind, Labels, Sample, SampleSet
from agent.wire import families
from agent.wire.configuration import WINDOW_SECONDS, ProbeTarget

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often it is looked whether the target is somewhere else now."""
RESOLVE_AGAIN_SECONDS = 60.0
_TOKEN_BYTES = 16
_PAYLOAD_BYTES = 56
"""As `ping` sends: what is smaller or odd is dropped by some routers."""

FAMILIES = (
    Family(families.ICMP_SENT, Kind.GAUGE, "Echo requests sent in the window of ten seconds."),
    Family(families.ICMP_RECEIVED, Kind.GAUGE, "Echo requests of the window answered within five seconds."),
    Family(families.ICMP_LATE, Kind.GAUGE, "Echo replies that came after five seconds."),
    Family(families.ICMP_SKIPPED, Kind.GAUGE, "Places in the schedule at which this machine could not send."),
    Family(families.ICMP_LATE_SENDS, Kind.GAUGE, "Echo requests sent more than half an interval late."),
    Family(families.ICMP_RTT, Kind.UNTYPED, "Round-trip time of the window's echo requests."),
    Family(families.ICMP_RTT_BUCKET, Kind.UNTYPED, "Echo requests with a round trip of at most le."),
)


class EchoProbe:
    """Absent while nobody knows where the target is."""

    def __init__(self, target: ProbeTarget, world: World, say: Say) -> None:
        self._target = target
        self._world = world
        self._say = say
        self._address = ""
        self._session: EchoSession | None = None
        self._left: list[SampleSet] = []
        """Of sessions that have ended."""
        self._sockets: dict[int, EchoSocket] = {}
        self._token = os.urandom(_TOKEN_BYTES)
        self._resolved_at = float("-inf")
        self._resolved_hub = ""
        self._told = ""
        self._ready = asyncio.Event()
        self._found = asyncio.Event()
        """The target has an address, and from then on always one."""

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look(), name=f"find {self._target.target}")
                tasks.create_task(self._ask(), name=f"ping {self._target.target}")
                tasks.create_task(self._report(), name=f"report {self._target.target}")
        finally:
            for port in list(self._sockets):
                self._close(port)

    def finish(self) -> list[SampleSet]:
        self._end_session()
        found, self._left = self._left, []
        return found

    async def _look(self) -> None:
        while True:
            named = bool(self._target.address) or self._target.target not in ("gateway", "first_hop")
            if not named or self._moved or time.monotonic() - self._resolved_at >= RESOLVE_AGAIN_SECONDS:
                await self._look_once()
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def _moved(self) -> bool:
        """Whether the hub is reached under another name than the one that was resolved."""
        is_hub = not self._target.address and self._target.target == HUB
        return is_hub and self._resolved_hub != self._world.whereabouts.hub_host

    async def _look_once(self) -> None:
        hub = self._world.whereabouts.hub_host
        try:
            found = await self._world.whereabouts.addresses(self._target.target, self._target.address)
        except (OSError, TimeoutError) as error:
            # The address known so far may well be right: the name server may be beyond the cut.
            self._tell(f"cannot be resolved: {error or 'no answer'}")
            return
        self._resolved_at, self._resolved_hub = time.monotonic(), hub
        # Name servers turn the order of a name's addresses: one that is still among them stays.
        if found and self._address not in found:
            logger.info("icmp %s: asking %s", self._target.target, found[0])
            self._end_session()
            self._address = found[0]
            self._session = EchoSession(self._target.interval_seconds, time.monotonic(), time.time())
            self._found.set()
            self._ready.set()

    async def _ask(self) -> None:
        while True:
            await self._found.wait()
            session = self._session
            assert session is not None
            await asyncio.sleep(max(0.0, session.next_due - time.monotonic()))
            if session is not self._session:
                continue
            for port in list(self._sockets):
                self._receive(port)
            request = session.due(time.monotonic(), time.time())
            if request is not None:
                self._send(session, request)
            awaited = session.ports
            for port in [port for port in self._sockets if port not in awaited]:
                self._close(port)
            if self._target.target == FIRST_HOP and session.straight_losses == STRAIGHT_LOSSES:
                self._world.whereabouts.retrace.set()
            if session.has_figures:
                self._ready.set()

    async def _report(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            found, self._left = self._left, []
            if self._session is not None:
                found += self._sets(self._session)
            if found:
                await self._say(found)

    def _send(self, session: EchoSession, request: Request) -> None:
        try:
            sent_at = self._socket(request.port).send(self._address, request.sequence_number, self._payload())
        except OSError as error:
            self._tell(f"cannot be asked: {error.strerror or error}")
            session.not_sent(request)
        else:
            self._tell("")
            session.sent(request, sent_at)

    def _payload(self) -> bytes:
        return self._token + bytes(_PAYLOAD_BYTES - _TOKEN_BYTES)

    def _socket(self, port: int) -> EchoSocket:
        found = self._sockets.get(port)
        if found is None:
            found = self._sockets[port] = EchoSocket(6 if ":" in self._address else 4)
            asyncio.get_running_loop().add_reader(found, self._receive, port)
        return found

    def _close(self, port: int) -> None:
        one = self._sockets.pop(port)
        asyncio.get_running_loop().remove_reader(one)
        one.close()

    def _receive(self, port: int) -> None:
        one = self._sockets.get(port)
        session = self._session
        if one is None or session is None:
            return
        for found in one.receive():
            match found.message:
                case EchoReply(sequence_number=number, payload=payload):
                    ours = payload[:_TOKEN_BYTES] == self._token and found.sender == self._address.partition("%")[0]
                    if ours:
                        session.receive(port, number, found.received_at)

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.close(time.monotonic())
            self._left += self._sets(self._session)
            self._session = None
            # A late answer to an earlier address must not be taken for one of the next.
            self._token = os.urandom(_TOKEN_BYTES)

    def _sets(self, session: EchoSession) -> list[SampleSet]:
        return sample_sets(self._target.target, self._address, session.figures())

    def _tell(self, words: str) -> None:
        # Once per change, not once per second.
        if words != self._told:
            self._told = words
            if words:
                logger.warning("icmp %s: %s", self._target.target, words)


def sample_sets(target: str, address: str, figures: Iterable[WindowFigures]) -> list[SampleSet]:
    """Samples at each window's own end."""
    labels = (("address", address), ("target", target))
    return [SampleSet(one.start + WINDOW_SECONDS, tuple(_samples(one, labels))) for one in figures]


def _samples(figures: WindowFigures, labels: Labels) -> Iterable[Sample]:
    yield Sample(families.ICMP_SENT, figures.sent, labels)
    yield Sample(families.ICMP_RECEIVED, figures.received, labels)
    yield Sample(families.ICMP_LATE, figures.late, labels)
    yield Sample(families.ICMP_SKIPPED, figures.skipped, labels)
    yield Sample(families.ICMP_LATE_SENDS, figures.late_sends, labels)
    yield from round_trip_samples(families.ICMP_RTT, families.ICMP_RTT_BUCKET, figures, labels)


def _make(target: ProbeTarget, world: World, say: Say) -> Running:
    return EchoProbe(target, world, say)


PROBE = Probe(FAMILIES, _make)
