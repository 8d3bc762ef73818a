"""CPU per forwarded packet of both forwarders, called from one thread: `python -m benchmarks.sfu.forwarding`.

Packets of 1,200 bytes, AES-128-GCM, RTX caches, transport-wide numbers and picture ids; to sockets on loopback that
nobody reads. What ICE, the event loop and feedback cost beside it is the load generator's to say.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator

from pylibsrtp import Policy, Session

from conferencing.media.counters import Counters
from conferencing.media.fast.choice import VARIABLE, choose_forwarder
from conferencing.media.secure_transport import PacketBuffer
from conferencing.media.selection import assign, choose
from conferencing.media.udp_port import Endpoint
from conferencing.rtp.extensions import MID_URI, TRANSPORT_CC_URI, outgoing_block
from conferencing.rtp.slots import Role
from tests.conferencing.client import vp8
from tests.conferencing.fast.world import GCM, VP8, keys, rtp

RECEIVERS = (5, 30, 60, 170)
PACKETS_OUT = 40_000


@contextlib.contextmanager
def bound(count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for one in made:
            one.bind(("127.0.0.1", 0))
        yield made


def measure(kind: str, receivers: int) -> float:
    """Microseconds of CPU per packet sent."""
    counters = Counters()
    forwarder = choose_forwarder({VARIABLE: kind}, counters)
    with bound(1 + receivers) as (out, *ins):
        out.setblocking(False)
        sender = forwarder.new_link(1)
        source = sender.new_source("a", Role.CAMERA, "0", (VP8,), None, (), enabled=True)
        sender.sources[Role.CAMERA] = source
        sender.by_ssrc[7] = source.layers[0]
        sender.complete()
        sender.receiving = keys(1, inbound=True)
        links = []
        for number, one in enumerate(ins):
            link = forwarder.new_link(2 + number)
            slot = link.slots["stage"] = link.new_slot("stage", (VP8,), random.Random(number))
            slot.extensions = outgoing_block({MID_URI: 4, TRANSPORT_CC_URI: 3}, None, video=True)
            link.complete()
            link.sending = keys(number % 200 + 2, inbound=False)
            link.endpoint, link.address = Endpoint(out, "127.0.0.1", 0), one.getsockname()
            assign(slot, source)
            choose(slot, 0, 0.0)
            links.append(link)
        session = Session(Policy(key=bytes([1]) * 28, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=GCM))
        count = PACKETS_OUT // receivers
        body = bytes(1160)
        packets = [
            session.protect(rtp(96, number, number * 3000, 7, vp8(number & 0x7FFF, keyframe=number == 0, body=body)))
            for number in range(count)
        ]
        buffer = PacketBuffer()
        begun = time.process_time()
        for number, packet in enumerate(packets):
            buffer.octets[: len(packet)] = packet
            forwarder.rtp(sender, buffer, len(packet), number * 0.005)
        taken = time.process_time() - begun
        forwarder.collect()
        if counters.packets_forwarded != count * receivers:
            raise RuntimeError(f"{counters.packets_forwarded} of {count * receivers} sent: {dict(counters.drops)}")
        return taken / counters.packets_forwarded * 1e6


def main() -> None:
    print(f"{os.cpu_count()} cores; µs of CPU per forwarded packet, the better of three")
    print("receivers " + "".join(f"{count:>8}" for count in RECEIVERS))
    for kind in ("python", "c"):
        figures = [min(measure(kind, count) for _ in range(3)) for count in RECEIVERS]
        print(f"{kind:<10}" + "".join(f"{figure:8.2f}" for figure in figures))


if __name__ == "__main__":
    main()
