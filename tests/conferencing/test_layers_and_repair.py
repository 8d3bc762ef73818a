"""The packet path with real SRTP: layers by rid, switches at key frames, retransmissions both ways, RED, probes."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy

from conferencing.media.counters import Counters
from conferencing.media.forwarder import LeanForwarder
from conferencing.media.negotiation import negotiate
from conferencing.media.secure_transport import PacketBuffer, SrtpSession
from conferencing.media.selection import assign, choose
from conferencing.media.streams import Link, Slot
from conferencing.media.udp_port import Endpoint
from conferencing.rtp.header import RtpHeader, extension, parse_header
from conferencing.rtp.slots import Role
from conferencing.rtp.vp8 import parse_descriptor
from tests.conferencing.client import vp8

OFFER = (Path(__file__).parent / "offers" / "chromium-156.sdp").read_text().replace("\n", "\r\n")
"""Sends sound, and a picture in the layers l, m, h; receives one picture and one sound."""
SENDER = {"0": "microphone", "1": "camera", "2": "stage", "3": "voice0"}
OPUS, RED, VP8, RTX = 111, 63, 96, 97
MID, RID, REPAIRED, TRANSPORT = 4, 10, 11, 3
KEY = bytes(range(28))


@dataclass
class Packet:
    header: RtpHeader
    payload: bytes
    raw: bytes


@dataclass
class Bench:
    """One sender, one receiver, the forwarder between them and real keys."""

    forwarder: LeanForwarder
    counters: Counters
    sender: Link
    receiver: Link
    wire: socket.socket
    session: SrtpSession
    now: float = 1000.0
    sequence: dict[int, int] = field(default_factory=dict)
    got: list[Packet] = field(default_factory=list)

    def send(
        self, ssrc: int, payload: bytes, *, payload_type: int = VP8, number: int | None = None, stamp: int = 0,
        elements: tuple[tuple[int, bytes], ...] = (),
    ) -> None:  # fmt: skip
        number = self.sequence.get(ssrc, 100) if number is None else number
        self.sequence[ssrc] = number + 1
        block = b"".join(bytes([identity << 4 | (len(value) - 1)]) + value for identity, value in elements)
        block += bytes(-len(block) % 4)
        head = struct.pack("!BBHII", 0x90 if block else 0x80, payload_type, number & 0xFFFF, stamp, ssrc)
        if block:
            head += struct.pack("!HH", 0xBEDE, len(block) // 4) + block
        buffer = PacketBuffer()
        packet = head + payload
        buffer.view[: len(packet)] = packet
        length = self.session.protect(buffer, len(packet))
        self.forwarder.rtp(self.sender, buffer, length, self.now)

    def picture(self, rid: str, payload: bytes, **more: int) -> None:
        ssrc = 1000 + ord(rid)
        self.send(ssrc, payload, elements=((MID, b"1"), (RID, rid.encode())), **more)

    def heard(self) -> list[Packet]:
        """Everything that came out since the last call, decrypted."""
        found: list[Packet] = []
        while True:
            try:
                datagram = self.wire.recv(2048)
            except BlockingIOError:
                return found
            buffer = PacketBuffer()
            buffer.view[: len(datagram)] = datagram
            length = self.incoming.unprotect(buffer, len(datagram))
            plain = bytes(buffer.view[:length])
            header = parse_header(plain, length)
            found.append(Packet(header, plain[header.payload_start :], plain))

    def __post_init__(self) -> None:
        self.incoming = SrtpSession(KEY, Policy.SRTP_PROFILE_AEAD_AES_128_GCM, inbound=True)

    @property
    def stage(self) -> Slot:
        return self.receiver.slots["stage"]

    def show(self, level: int) -> None:
        assign(self.stage, self.sender.sources[Role.CAMERA])
        choose(self.stage, level, self.now)


def make_bench(seed: int = 1) -> Bench:
    chance = random.Random(seed)
    sender = negotiate(OFFER, SENDER, "a", {}, chance).link
    receiver = negotiate(OFFER, SENDER, "b", {}, chance).link
    profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    sender.receiving = SrtpSession(KEY, profile, inbound=True)
    receiver.sending = SrtpSession(KEY, profile, inbound=False)
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", 0))
    wire.setblocking(False)
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.endpoint, receiver.address = Endpoint(out, "127.0.0.1", 0), wire.getsockname()
    counters = Counters()
    return Bench(LeanForwarder(counters), counters, sender, receiver, wire, SrtpSession(KEY, profile, inbound=False))


def close(made: Bench) -> None:
    made.wire.close()
    assert made.receiver.endpoint is not None
    made.receiver.endpoint.socket.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = make_bench()
    yield made
    close(made)


def test_a_browsers_offer_becomes_layers_repairs_and_both_picture_codecs(bench: Bench) -> None:
    camera = bench.sender.sources[Role.CAMERA]
    assert [layer.rid for layer in camera.layers] == ["l", "m", "h"]
    assert camera.codecs == {VP8: "VP8"}
    assert bench.sender.rtx == {RTX: VP8}
    assert set(bench.stage.codecs) == {"VP8", "H264"}
    assert bench.stage.rtx_payload_types[VP8] == RTX
    assert set(bench.receiver.slots["voice0"].codecs) == {"opus", "red"}
    assert bench.sender.transport_extension == TRANSPORT


def test_layers_change_at_key_frames_without_a_gap_for_the_receiver(bench: Bench) -> None:
    bench.picture("l", vp8(5, keyframe=True, tl0=3), stamp=5000)
    bench.show(2)
    bench.picture("l", vp8(6, keyframe=True, tl0=4), stamp=8000)
    bench.picture("l", vp8(7, keyframe=False, tl0=5), stamp=11000)
    bench.now += 0.07
    bench.picture("h", vp8(900, keyframe=False, tl0=70), stamp=777)
    choose(bench.stage, 2, bench.now)
    bench.picture("h", vp8(901, keyframe=False, tl0=71), stamp=3777)
    bench.picture("l", vp8(8, keyframe=False, tl0=6), stamp=14000)
    bench.now += 0.04
    bench.picture("h", vp8(902, keyframe=True, tl0=72), stamp=6777)
    bench.picture("l", vp8(9, keyframe=True, tl0=7), stamp=17000)
    bench.picture("h", vp8(903, keyframe=False, tl0=73), stamp=9777)
    heard = bench.heard()
    numbers = [packet.header.sequence_number for packet in heard]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    described = [parse_descriptor(packet.payload, 0, len(packet.payload)) for packet in heard]
    assert [one.picture_id for one in described] == [6, 7, 8, 9, 10]
    assert [one.tl0_picture_index for one in described] == [4, 5, 6, 7, 8]
    assert [one.keyframe for one in described] == [True, False, False, True, False]
    stamps = [(packet.header.timestamp - heard[0].header.timestamp) & 0xFFFF_FFFF for packet in heard]
    # By the clock on the wall: 40 ms passed between the last packet of the one layer and the first of the other.
    assert stamps == [0, 3000, 6000, 6000 + 3600, 6000 + 6600]
    assert {packet.header.ssrc for packet in heard} == {bench.stage.ssrc}


def test_what_a_receiver_asks_for_comes_on_the_repair_stream_with_a_number_of_its_own(bench: Bench) -> None:
    bench.show(0)
    for number in range(4):
        bench.picture("l", vp8(number, keyframe=not number), stamp=number * 3000)
    sent = bench.heard()
    lost = sent[2]
    bench.forwarder.resend(bench.stage, [lost.header.sequence_number], bench.now + 0.1)
    bench.forwarder.resend(bench.stage, [lost.header.sequence_number], bench.now + 0.2)
    first, second = bench.heard()
    for repaired in (first, second):
        assert repaired.header.ssrc == bench.stage.rtx_ssrc
        assert repaired.header.payload_type == RTX
        assert repaired.header.timestamp == lost.header.timestamp
        assert repaired.payload == struct.pack("!H", lost.header.sequence_number) + lost.payload
    assert second.header.sequence_number == first.header.sequence_number + 1
    numbers = [extension(packet.raw, packet.header, TRANSPORT) for packet in (*sent, first, second)]
    assert numbers == [struct.pack("!H", number) for number in range(6)]


def test_what_a_sender_repairs_is_forwarded_in_its_own_place_and_once(bench: Bench) -> None:
    bench.show(0)
    for number in (0, 1, 3):
        bench.picture("l", vp8(number, keyframe=not number), number=100 + number, stamp=number * 3000)
    assert bench.sender.sources[Role.CAMERA].layers[0].nacks.due(bench.now + 0.05, 0.1) == [102]
    repair = struct.pack("!H", 102) + vp8(2, keyframe=False)
    elements = ((MID, b"1"), (REPAIRED, b"l"))
    bench.send(4242, repair, payload_type=RTX, stamp=6000, elements=elements)
    bench.send(4242, repair, payload_type=RTX, stamp=6000, elements=elements)
    # A probe of the sender's: nothing in it.
    bench.send(4242, b"", payload_type=RTX, stamp=6000, elements=elements)
    bench.picture("l", vp8(2, keyframe=False), number=102, stamp=6000)
    heard = bench.heard()
    first = heard[0].header.sequence_number
    assert [packet.header.sequence_number - first for packet in heard] == [0, 1, 3, 2]
    assert heard[3].payload == vp8(2, keyframe=False)
    assert (heard[3].header.timestamp - heard[0].header.timestamp) & 0xFFFF_FFFF == 6000
    assert bench.counters.drops["repaired_twice"] == 1


def test_who_is_muted_is_not_forwarded_by_any_way(bench: Bench) -> None:
    bench.show(0)
    bench.picture("l", vp8(0, keyframe=True), number=100)
    bench.heard()
    bench.sender.sources[Role.CAMERA].enabled = False
    bench.picture("l", vp8(2, keyframe=True), number=102)
    bench.picture("h", vp8(2, keyframe=True))
    repair = struct.pack("!H", 101) + vp8(1, keyframe=True)
    bench.send(4242, repair, payload_type=RTX, elements=((MID, b"1"), (REPAIRED, b"l")))
    # The same picture by an SSRC that was never announced.
    bench.send(999, vp8(3, keyframe=True), elements=((MID, b"1"), (RID, b"l")))
    assert bench.heard() == []
    assert bench.counters.drops["muted"] == 4


def test_redundant_sound_is_sent_where_there_is_loss_and_plain_sound_elsewhere(bench: Bench) -> None:
    voice = bench.receiver.slots["voice0"]
    assign(voice, bench.sender.sources[Role.MICROPHONE])
    choose(voice, 0, bench.now)
    payload = struct.pack("!I", 1 << 31 | OPUS << 24 | 960 << 10 | 5) + bytes([OPUS]) + b"older" + b"newest"
    for redundant in (True, False):
        bench.receiver.redundant = redundant
        bench.send(1327326310, payload, payload_type=RED, elements=((MID, b"0"),))
    red, plain = bench.heard()
    assert (red.header.payload_type, red.payload) == (RED, payload)
    assert (plain.header.payload_type, plain.payload) == (OPUS, b"newest")
    assert plain.header.sequence_number == red.header.sequence_number + 1


def test_probes_repeat_the_picture_or_carry_nothing_and_never_touch_its_numbers(bench: Bench) -> None:
    assert bench.forwarder.pad(bench.receiver, 1000, bench.now) >= 1000
    nothing = bench.heard()
    assert all(packet.header.padding and len(packet.payload) == packet.payload[-1] for packet in nothing)
    bench.show(0)
    bench.picture("l", vp8(0, keyframe=True, body=b"y" * 900))
    (shown,) = bench.heard()
    bench.forwarder.pad(bench.receiver, 500, bench.now)
    (again,) = bench.heard()
    assert again.payload[2:] == shown.payload
    assert {packet.header.ssrc for packet in (*nothing, again)} == {bench.stage.rtx_ssrc}
    numbers = [packet.header.sequence_number for packet in (*nothing, again)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


STEPS = st.lists(
    st.tuples(st.sampled_from(["l", "m", "h", "repair", "level", "resend", "pad", "on"]), st.integers(0, 40)),
    max_size=60,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_number_of_a_stream_ever_carries_two_different_packets(steps: list[tuple[str, int]]) -> None:
    bench = make_bench()
    said: dict[tuple[int, int], bytes] = {}
    try:
        bench.show(2)
        for step, value in steps:
            bench.now += value / 100
            match step:
                case "level":
                    bench.show(value % 4 - 1)
                case "resend":
                    last = bench.stage.continuity._next_sequence
                    bench.forwarder.resend(bench.stage, [(last - back) & 0xFFFF for back in range(value)], bench.now)
                case "pad":
                    bench.forwarder.pad(bench.receiver, value * 50, bench.now)
                case "on":
                    bench.sender.sources[Role.CAMERA].enabled = bool(value % 3)
                case "repair":
                    body = struct.pack("!H", 100 + value) + vp8(value, keyframe=value % 7 == 0)
                    bench.send(4242, body, payload_type=RTX, elements=((MID, b"1"), (REPAIRED, b"l")))
                case rid:
                    keyframe = value % 5 == 0
                    following = bench.sequence.get(1000 + ord(rid), 100) + (value % 4 == 0)
                    bench.picture(rid, vp8(value, keyframe=keyframe), number=following)
            for packet in bench.heard():
                index = (packet.header.ssrc, packet.header.sequence_number)
                assert said.setdefault(index, packet.raw) == packet.raw
        assert not any(reason.startswith("protect") for reason in bench.counters.drops)
    finally:
        close(bench)
