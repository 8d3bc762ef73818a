"""TLS: how long the handshake takes, whether the certificate is trusted, and when it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agent.hub_client import trusting_anyone, trusting_system
from agent.probes.certificate import CertificateError, not_after
from agent.probes.periodic import Check, Findings, Timing, periodic
from agent.probes.probe import ProbeFailedError, World
from agent.probes.tcp import host_and_port
from agent.probes.whereabouts import HUB, resolve
from agent.samples import Family, Kind, Sample
from agent.wire import families
from agent.wire.configuration import ProbeTarget

if TYPE_CHECKING:
    import ssl

HTTPS_PORT = 443

FAMILIES = (
    Family(families.TLS_NOT_AFTER, Kind.GAUGE, "When the server's certificate ends, in Unix seconds."),
    Family(families.TLS_VERIFIED, Kind.GAUGE, "Whether the server's certificate is trusted and for this name."),
)


def make(target: ProbeTarget, world: World) -> Check:
    async def check(timing: Timing) -> Findings:
        host, port = host_and_port(target, world, HTTPS_PORT)
        address = await resolve(host)
        timing.done("resolve")
        # Not at import: a node without TLS spares the memory.
        from ssl import SSLCertVerificationError

        problem = ""
        try:
            der = await _handshake(address, port, host, trust(target, world), timing)
        except SSLCertVerificationError as error:
            # Its end is to be told all the same.
            problem = error.verify_message or str(error)
            der = await _handshake(address, port, host, trusting_anyone(), timing)
        return findings(target.target, der, problem)

    return check


def trust(target: ProbeTarget, world: World) -> ssl.SSLContext:
    """The hub by its own authority, others by the system's."""
    if not target.address and target.target == HUB and world.context is not None:
        return world.context
    return trusting_system()


def findings(target: str, der: bytes, problem: str) -> Findings:
    try:
        ends = not_after(der)
    except CertificateError as error:
        raise ProbeFailedError(f"the certificate cannot be read: {error}") from None
    labels = (("target", target),)
    return Findings(
        (Sample(families.TLS_NOT_AFTER, ends, labels), Sample(families.TLS_VERIFIED, int(not problem), labels)),
        problem,
    )


async def _handshake(address: str, port: int, host: str, context: ssl.SSLContext, timing: Timing) -> bytes:
    """The server's certificate, DER."""
    _reader, writer = await asyncio.open_connection(address, port)
    timing.done("connect")
    try:
        await writer.start_tls(context, server_hostname=host)
        timing.done("tls")
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return bytes(found or b"")
    finally:
        writer.transport.abort()


PROBE = periodic(FAMILIES, make)
