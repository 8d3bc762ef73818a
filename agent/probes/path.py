"""The way to a target, hop by hop: TTL-limited echo requests. Finds the provider's first hop on the way.

Choosing and comparing are pure. Said when it has changed, when the agent starts and once an hour.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import time
from dataclasses import dataclass

from agent.probes.icmp_packets import EchoReply, TimeExceeded
from agent.probes.icmp_socket import EchoSocket
from agent.probes.periodic import Findings, Timing, periodic
from agent.probes.probe import ProbeFailedError, World
from agent.probes.whereabouts import HUB
from agent.samples import Family, Kind, Sample
from agent.wire import families
from agent.wire.configuration import ProbeTarget

logger = logging.getLogger(__name__)

MAX_HOPS = 20
TRIES = 2
SPACING_SECONDS = 0.05
"""Between requests: routers answer only so many a second."""
ANSWER_SECONDS = 2.0
SAY_AGAIN_SECONDS = 3600.0
_TOKEN_BYTES = 16
_SHARED_ADDRESSES = ipaddress.ip_network("100.64.0.0/10")
"""RFC 6598: between a provider and its customers."""

FAMILIES = (
    Family(families.PATH_HOP, Kind.GAUGE, "A router on the way to the target, by its TTL."),
    Family(families.PATH_HOPS, Kind.GAUGE, "Hops to the target."),
    Family(families.PATH_CHANGED, Kind.GAUGE, "Whether the path is another than at the run before."),
)


@dataclass(frozen=True, slots=True)
class Path:
    """`hops[n]` answered at TTL n + 1, None: silent. `reached`: the last one is the target itself."""

    hops: tuple[str | None, ...]
    reached: bool


def differs(one: Path, other: Path) -> bool:
    """Silent hops differ from nothing: routers do not answer every time."""
    if len(one.hops) != len(other.hops):
        return True
    return any(a is not None and b is not None and a != b for a, b in zip(one.hops, other.hops, strict=True))


def fill(new: Path, old: Path) -> Path:
    """What was silent this time as it was before, on a path that does not differ."""
    return Path(tuple(a or b for a, b in zip(new.hops, old.hops, strict=True)), new.reached)


def first_hop_candidates(path: Path, gateway: str | None) -> tuple[str, ...]:
    """Hops beyond the gateway, likeliest provider's first: public ones in their order, then the others."""
    hops = path.hops[:-1] if path.reached else path.hops
    beyond = [hop for hop in hops[1:] if hop is not None and hop != gateway]
    if hops and hops[0] is not None and gateway is None:
        # A point-to-point line: its other end is the provider's already.
        beyond.insert(0, hops[0])
    return tuple(sorted(dict.fromkeys(beyond), key=_is_of_an_office))


def _is_of_an_office(hop: str) -> bool:
    address = ipaddress.ip_address(hop)
    shared = address.version == 4 and address in _SHARED_ADDRESSES
    return not (address.is_global or shared)


async def trace(address: str, max_hops: int = MAX_HOPS) -> Path:
    """Raises OSError when this machine cannot send."""
    with EchoSocket(6 if ":" in address else 4, errors=True) as one:
        found: dict[int, str] = {}
        token = os.urandom(_TOKEN_BYTES)
        reached = max_hops + 1
        for _ in range(TRIES):
            for ttl in range(1, max_hops + 1):
                if ttl >= reached or ttl in found:
                    continue
                one.send(address, ttl, token, ttl)
                await asyncio.sleep(SPACING_SECONDS)
                reached = min(reached, _collect(one, address, token, found))
            deadline = time.monotonic() + ANSWER_SECONDS
            while time.monotonic() < deadline and len(found) < min(reached, max_hops):
                await asyncio.sleep(SPACING_SECONDS)
                reached = min(reached, _collect(one, address, token, found))
    last = min(reached, max(found, default=0))
    return Path(tuple(found.get(ttl) for ttl in range(1, last + 1)), reached <= max_hops)


def _collect(one: EchoSocket, address: str, token: bytes, found: dict[int, str]) -> int:
    """The lowest TTL at which the target itself answered, a large one when it has not."""
    reached = MAX_HOPS + 1
    for received in one.receive():
        match received.message:
            case EchoReply(sequence_number=ttl, payload=payload) if payload == token:
                found[ttl] = received.sender
                reached = min(reached, ttl)
            case TimeExceeded(sequence_number=ttl):
                found.setdefault(ttl, received.sender)
    return reached


async def answers(address: str) -> bool:
    """Whether it answers an echo request; one of two is enough."""
    with EchoSocket(6 if ":" in address else 4) as one:
        for number in range(TRIES):
            one.send(address, number, bytes(_TOKEN_BYTES))
            deadline = time.monotonic() + ANSWER_SECONDS / 2
            while time.monotonic() < deadline:
                await asyncio.sleep(SPACING_SECONDS)
                if any(isinstance(got.message, EchoReply) and got.sender == address for got in one.receive()):
                    return True
    return False


class PathCheck:
    """Of one target. Paths that do not reach it are no news of the path but of the line: they are not said."""

    def __init__(self, target: ProbeTarget, world: World) -> None:
        self._target = target
        self._world = world
        self._known: Path | None = None
        self._said_at = float("-inf")
        self._first_hops: tuple[str, ...] = ()

    async def __call__(self, timing: Timing) -> Findings:
        addresses = await self._world.whereabouts.addresses(self._target.target, self._target.address)
        if not addresses:
            raise ProbeFailedError("it is not known where it is")
        timing.done("resolve")
        path = await trace(addresses[0])
        if not path.reached and (self._known is not None or len(path.hops) < TRIES):
            raise ProbeFailedError(f"the path ends after {len(path.hops)} hops")
        changed = self._known is not None and differs(path, self._known)
        self._known = path if self._known is None or changed else fill(path, self._known)
        if self._target.target == HUB:
            await self._find_first_hop(self._known)
        if not path.reached:
            self._known = None
            raise ProbeFailedError(f"the path ends after {len(path.hops)} hops")
        return self._findings(self._known, changed)

    async def _find_first_hop(self, path: Path) -> None:
        whereabouts = self._world.whereabouts
        candidates = first_hop_candidates(path, whereabouts.gateway)
        if candidates == self._first_hops and whereabouts.first_hop in candidates:
            return
        self._first_hops = candidates
        for one in candidates:
            if await answers(one):
                if one != whereabouts.first_hop:
                    logger.info("the provider's first hop is %s", one)
                whereabouts.first_hop = one
                return
        if path.reached and whereabouts.first_hop not in candidates:
            whereabouts.first_hop = None

    def _findings(self, path: Path, changed: bool) -> Findings:
        labels = (("target", self._target.target),)
        samples = [
            Sample(families.PATH_HOPS, len(path.hops), labels),
            Sample(families.PATH_CHANGED, int(changed), labels),
        ]
        now = time.monotonic()
        if changed or now - self._said_at >= SAY_AGAIN_SECONDS:
            self._said_at = now
            for ttl, hop in enumerate(path.hops, start=1):
                if hop is not None:
                    samples.append(Sample(families.PATH_HOP, 1, (("address", hop), *labels, ("ttl", str(ttl)))))
        return Findings(tuple(samples))


PROBE = periodic(FAMILIES, PathCheck, timeout_seconds=60.0, wake=lambda world: world.whereabouts.retrace)
