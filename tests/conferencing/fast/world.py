"""Two senders and three receivers around one forwarder, over real sockets on loopback, with time as a parameter."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from collections.abc import Iterator, Sequence

from conferencing.media.codecs import Codec
from conferencing.media.counters import Counters
from conferencing.media.forwarder import Forwarder
from conferencing.media.secure_transport import PacketBuffer, SrtpSession
from conferencing.media.selection import assign, choose
from conferencing.media.streams import Layer, Link, Slot, Source
from conferencing.media.udp_port import Endpoint
from conferencing.rtp import rtcp
from conferencing.rtp.extensions import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    PLAYOUT_DELAY_URI,
    TRANSPORT_CC_URI,
    outgoing_block,
)
from conferencing.rtp.header import RtpHeader
from conferencing.rtp.slots import Role
from conferencing.rtp.transport_feedback import TransportFeedback

GCM = 7
MID, LEVEL, TRANSPORT, ABS, DELAY, RID, REPAIRED_RID = 4, 1, 3, 2, 5, 10, 11
OPUS = Codec("opus", 111, "opus/48000/2", "", ())
RED = Codec("red", 63, "red/48000/2", "", ())
VP8 = Codec("VP8", 96, "VP8/90000", "", ("nack", "nack pli"), 97)
H264 = Codec("H264", 102, "H264/90000", "", ("nack",), 103)
PLAIN_VP8 = Codec("VP8", 100, "VP8/90000", "", ("nack",))
RIDS = ("q", "h", "f")


def keys(number: int, *, inbound: bool) -> SrtpSession:
    return SrtpSession(bytes([number]) * 28, GCM, inbound=inbound)


class Tap:
    """Notes what a recording would get."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def packet(
        self, layer: Layer, codec: str, header: RtpHeader, sequence: int, payload: memoryview, now: float,
        *, keyframe: bool,
    ) -> None:  # fmt: skip
        got = (layer.source.seat, layer.index, codec, header.timestamp, header.marker, sequence, bytes(payload))
        self.heard.append((*got, now, keyframe))


class World:
    """`senders` a (simulcast VP8, RED) and b (H.264, Opus); receivers 0 (RTX, transport-cc), 1 (neither), 2 (all)."""

    def __init__(self, forwarder: Forwarder, counters: Counters, out: socket.socket, ins: Sequence[socket.socket]):
        self.forwarder, self.counters = forwarder, counters
        self.endpoint = Endpoint(out, *out.getsockname()[:2])
        self.sockets = ins
        self.levels: list[tuple[str, int, float]] = []
        self.tap = Tap()
        self.packet = PacketBuffer()
        self.now = 1_700_000_000.25
        self.senders = [self._sender(0, "a", (VP8,), (RED, OPUS), RIDS), self._sender(1, "b", (H264,), (OPUS,), ())]
        self.sources: list[Source] = [one for link in self.senders for one in link.sources.values()]
        full = {MID_URI: MID, AUDIO_LEVEL_URI: LEVEL, TRANSPORT_CC_URI: TRANSPORT, PLAYOUT_DELAY_URI: DELAY}
        timed = {MID_URI: MID, AUDIO_LEVEL_URI: LEVEL, ABS_SEND_TIME_URI: ABS}
        self.receivers = [
            self._receiver(0, (VP8, H264), (OPUS,), full),
            self._receiver(1, (PLAIN_VP8,), (OPUS,), timed),
            self._receiver(2, (H264, VP8), (RED, OPUS), full),
        ]
        self.slots: list[Slot] = [slot for link in self.receivers for slot in link.slots.values()]

    def _sender(
        self, number: int, seat: str, pictures: Sequence[Codec], sounds: Sequence[Codec], rids: Sequence[str]
    ) -> Link:
        link = self.forwarder.new_link(9000 + number)
        link.sources[Role.MICROPHONE] = link.new_source(seat, Role.MICROPHONE, "0", sounds, LEVEL, (), enabled=True)
        link.sources[Role.CAMERA] = link.new_source(seat, Role.CAMERA, "1", pictures, None, rids, enabled=True)
        link.rtx = {codec.rtx: codec.payload_type for codec in pictures if codec.rtx is not None}
        link.mid_extension, link.rid_extension, link.repaired_rid_extension = MID, RID, REPAIRED_RID
        link.transport_extension = TRANSPORT if number == 0 else None
        link.by_ssrc[1000 * number + 1] = link.sources[Role.MICROPHONE].layers[0]
        if not rids:
            link.by_ssrc[1000 * number + 10] = link.sources[Role.CAMERA].layers[0]
            link.rtx_by_ssrc[1000 * number + 20] = link.sources[Role.CAMERA].layers[0]
        link.complete()
        link.receiving = keys(number + 1, inbound=True)
        link.sending = keys(number + 11, inbound=False)
        link.levels = lambda *heard: self.levels.append(heard)
        self._put(link, number)
        return link

    def _receiver(
        self, number: int, pictures: Sequence[Codec], sounds: Sequence[Codec], extensions: dict[str, int]
    ) -> Link:
        link = self.forwarder.new_link(9100 + number)
        chance = random.Random(number)
        for name, codecs in (("voice0", sounds), ("stage", pictures), ("thumbnail0", pictures)):
            slot = link.slots[name] = link.new_slot(name, codecs, chance)
            link.slot_by_ssrc[slot.ssrc] = slot
            slot.extensions = outgoing_block(extensions, "2", video=slot.video)
            slot.plain_extensions = outgoing_block(extensions, None, video=slot.video)
            if slot.rtx_ssrc is not None and slot.video and link.padding_slot is None:
                link.padding_slot = slot
        link.complete()
        link.receiving = keys(number + 21, inbound=True)
        link.sending = keys(number + 31, inbound=False)
        self._put(link, number + 2)
        return link

    def _put(self, link: Link, index: int) -> None:
        link.endpoint = self.endpoint
        link.address = self.sockets[index].getsockname()[:2]

    def rtp(self, sender: int, datagram: bytes) -> None:
        self.packet.octets[: len(datagram)] = datagram
        self.forwarder.rtp(self.senders[sender], self.packet, len(datagram), self.now)

    def assign(self, slot: int, source: int, level: int) -> None:
        put = self.slots[slot]
        assign(put, self.sources[source] if source < len(self.sources) else None)
        choose(put, level if put.video else 0, self.now)

    def enable(self, source: int, on: bool) -> None:
        one = self.sources[source]
        one.enabled = on
        for layer in one.layers:
            for slot in layer.slots:
                if slot.layer is layer:
                    slot.continuity.restart()

    def resend(self, slot: int, back: Sequence[int]) -> int:
        put = self.slots[slot]
        return self.forwarder.resend(put, [(one + self.base(slot)) & 0xFFFF for one in back], self.now)

    def base(self, slot: int) -> int:
        """The first sequence number of a slot, by the chance that made it."""
        name = self.slots[slot].name
        chance = random.Random(slot // 3)
        for one in ("voice0", "stage", "thumbnail0"):
            made = Slot(
                one, self.receivers[slot // 3], (VP8,) if self._has_rtx(slot // 3, one) else (PLAIN_VP8,), chance
            )
            if one == name:
                return made.continuity._next_sequence
        raise AssertionError

    def _has_rtx(self, receiver: int, name: str) -> bool:
        return self.receivers[receiver].slots[name].rtx_ssrc is not None

    def feedback(self, receiver: int, first: int, count: int) -> list[object]:
        told = tuple(((first + one) & 0xFFFF, None if one % 3 == 2 else one * 0.01) for one in range(count))
        return list(self.receivers[receiver].sent.acknowledge(TransportFeedback(0, told)))

    def output(self) -> list[tuple[int, bytes]]:
        """What went out since the last call, by who got it."""
        found = []
        for index, one in enumerate(self.sockets):
            with contextlib.suppress(BlockingIOError):
                while True:
                    found.append((index, one.recv(4096)))
        return found

    def figures(self) -> list[object]:
        """Everything that the rest of the worker reads."""
        self.forwarder.collect()
        found: list[object] = [dict(self.counters.drops), self.counters.packets_forwarded]
        found += [self.counters.bytes_forwarded, list(self.levels), list(self.tap.heard)]
        for link in (*self.senders, *self.receivers):
            found += [link.packets_in, link.bytes_in, link.packets_out, link.bytes_out, link.reports_due]
            found += [sorted(link.by_ssrc), sorted(link.rtx_by_ssrc), link.sent.octets, bool(link.arrivals)]
        for slot in self.slots:
            layer = slot.layer
            found += [slot.packets, slot.octets, slot.continuity.anchored, slot.continuity.timestamp_offset]
            found += [slot.continuity.last_timestamp, layer and (layer.source.seat, layer.index)]
            found.append([(one.source.seat, one.index) for one in slot.awaited])
        for layer in (layer for source in self.sources for layer in source.layers):
            found += [layer.codec, layer.last_packet, layer.repaired, self._places(layer.slots)]
            found += [layer.nacks.requested, layer.nacks.given_up, layer.nacks.pending]
            found += [layer.keyframes.coalesced, layer.keyframes.sent_total]
            if (reception := layer.reception) is not None:
                found += [reception.ssrc, reception.received, reception.octets, reception.jitter]
                found.append(reception.packets_lost)
        return found

    def reports(self) -> list[object]:
        """What is said to the senders, of which the saying is noted."""
        found: list[object] = []
        for layer in (layer for source in self.sources for layer in source.layers):
            found += [layer.nacks.due(self.now, 0.05), layer.keyframes.due(self.now)]
            if layer.reception is not None:
                found.append(layer.reception.report_block(self.now))
        for link in self.senders:
            found.append(link.arrivals.messages(link.local_ssrc, 1))
            self.forwarder.rtcp_out(link, rtcp.receiver_report(link.local_ssrc, []))
        return found

    def _places(self, slots: Sequence[Slot]) -> list[int]:
        return [self.slots.index(slot) for slot in slots]


@contextlib.contextmanager
def sockets(count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for one in made:
            one.setblocking(False)
            one.bind(("127.0.0.1", 0))
        yield made


def rtp(
    payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes,
    *, extensions: Sequence[tuple[int, bytes]] = (), marker: bool = False, padding: bool = False,
) -> bytes:  # fmt: skip
    """A packet with one-byte extensions."""
    block = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in extensions)
    block += bytes(-len(block) % 4)
    head = struct.pack(
        "!BBHII",
        0x80 | (0x20 if padding else 0) | (0x10 if block else 0),
        payload_type | (0x80 if marker else 0),
        sequence & 0xFFFF,
        timestamp & 0xFFFF_FFFF,
        ssrc,
    )
    return head + (struct.pack("!HH", 0xBEDE, len(block) // 4) + block if block else b"") + payload
