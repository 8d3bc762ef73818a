"""DNS: asks several resolvers for the same names and compares what they say.

A target is one set of resolvers: those that the hub names, else the machine's own. Each one's success stands for
itself; whether they agree is said per name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.probes.dns_packets import NO_ERROR, NO_SUCH_NAME, A, Answer, DnsError, encode_question, parse_answer
from agent.probes.periodic import Check, Findings, Timing, periodic
from agent.probes.probe import ProbeFailedError, World
from agent.probes.whereabouts import is_address
from agent.samples import Family, Kind, Sample
from agent.wire import families
from agent.wire.configuration import ProbeTarget

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
TRIES = 2
TRY_SECONDS = 2.0
MAX_RESOLVERS = 6
MAX_NAMES = 16
MESSAGE_BYTES = 4096

FAMILIES = (
    Family(families.DNS_ANSWERS, Kind.GAUGE, "Addresses that a resolver gave for a name."),
    Family(families.DNS_AGREE, Kind.GAUGE, "Whether the resolvers that answered agree on a name."),
)


def parse_resolv_conf(text: str) -> tuple[str, ...]:
    """Addresses of its name servers."""
    words = (line.split() for line in text.splitlines())
    return tuple(line[1] for line in words if len(line) >= 2 and line[0] == "nameserver" and is_address(line[1]))


def agree(answers: Iterable[Answer]) -> bool:
    """Whether they share an address, or all say that there is none. What was truncated says nothing."""
    whole = [one for one in answers if not one.truncated]
    if len({bool(one.addresses) for one in whole}) > 1:
        return False
    shared = set.intersection(*(set(one.addresses) for one in whole)) if whole else set()
    return bool(shared) or not any(one.addresses for one in whole)


def make(target: ProbeTarget, world: World) -> Check:
    async def check(timing: Timing) -> Findings:
        resolvers = _resolvers(target, world)
        names = world.probes.names[:MAX_NAMES] or _default_names(world)
        if not resolvers:
            raise ProbeFailedError("no name server is known")
        if not names:
            raise ProbeFailedError("no name to ask for is configured")
        answers: dict[str, dict[str, Answer]] = {name: {} for name in names}
        failures: list[str] = []
        for resolver in resolvers:
            for name in names:
                try:
                    answers[name][resolver] = await ask(resolver, name)
                except (OSError, TimeoutError, DnsError) as error:
                    failures.append(f"{resolver}: {error or 'no answer'}")
                    break
            timing.done(resolver)
        return findings(answers, failures)

    return check


def findings(answers: Mapping[str, Mapping[str, Answer]], failures: list[str]) -> Findings:
    samples = []
    for name, by_resolver in answers.items():
        for resolver, answer in by_resolver.items():
            labels = (("name", name), ("target", resolver))
            samples.append(Sample(families.DNS_ANSWERS, len(answer.addresses), labels))
        if len(by_resolver) > 1:
            agreed = agree(by_resolver.values())
            samples.append(Sample(families.DNS_AGREE, int(agreed), (("name", name),)))
    return Findings(tuple(samples), "; ".join(failures))


async def ask(resolver: str, name: str, port: int = PORT) -> Answer:
    """Raises OSError, TimeoutError, DnsError."""
    for attempt in range(TRIES):
        try:
            async with asyncio.timeout(TRY_SECONDS):
                return await _ask_once(resolver, name, port)
        except TimeoutError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("there is at least one try")


async def _ask_once(resolver: str, name: str, port: int) -> Answer:
    identifier = int.from_bytes(os.urandom(2), "big")
    question = encode_question(identifier, name, A)
    version = ipaddress.ip_address(resolver).version
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        # Connected: answers of others never arrive, and a refusal shows at once.
        one.connect((resolver, port))
        await loop.sock_sendall(one, question)
        while True:
            message = await loop.sock_recv(one, MESSAGE_BYTES)
            try:
                answer = parse_answer(message, identifier, name, A)
            except DnsError:
                continue
            if answer.code not in (NO_ERROR, NO_SUCH_NAME):
                raise DnsError(f"refused {name} with code {answer.code}")
            return answer


def _resolvers(target: ProbeTarget, world: World) -> tuple[str, ...]:
    named = (target.address,) if target.address else world.probes.resolvers
    if not named:
        try:
            named = parse_resolv_conf(RESOLV_CONF.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            named = ()
    return tuple(one for one in named if is_address(one))[:MAX_RESOLVERS]


def _default_names(world: World) -> tuple[str, ...]:
    return () if is_address(world.hub.host) or world.hub.host == "localhost" else (world.hub.host,)


PROBE = periodic(FAMILIES, make, timeout_seconds=TRIES * TRY_SECONDS * MAX_RESOLVERS + 1)
