"""The forwarders in Python and in C do the same: every datagram byte for byte, every figure, whatever happens."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from conferencing.media.counters import Counters
from conferencing.media.fast.native import NotBuiltError
from conferencing.media.forwarder import LeanForwarder
from conferencing.media.selection import assign
from tests.conferencing.client import vp8
from tests.conferencing.fast.world import (
    GCM,
    LEVEL,
    MID,
    REPAIRED_RID,
    RID,
    RIDS,
    TRANSPORT,
    World,
    rtp,
    sockets,
)

fast = pytest.importorskip("conferencing.media.fast.forwarder")
EXAMPLES = int(os.environ.get("THONGSUOT_FUZZ_EXAMPLES", "25"))

H264_KEY, H264_OTHER = b"\x67abc", b"\x41abc"
H264_STAP = b"\x18\x00\x02\x41a\x00\x03\x67bb"


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    try:
        fast.FastForwarder(Counters())
    except NotBuiltError as error:
        pytest.skip(str(error))


class Pair:
    """Both worlds, each step done to both and compared."""

    def __init__(self, out: Any, lean_ins: Any, fast_ins: Any) -> None:
        counters = Counters(), Counters()
        self.lean = World(LeanForwarder(counters[0]), counters[0], out, lean_ins)
        self.fast = World(fast.FastForwarder(counters[1]), counters[1], out, fast_ins)
        self._keys: list[Session] = []
        for number in (1, 2):
            policy = Policy(key=bytes([number]) * 28, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=GCM)
            policy.allow_repeat_tx = True
            self._keys.append(Session(policy))
        self.sequences: dict[tuple[int, int], int] = {}
        self.timestamps: dict[tuple[int, int], int] = {}
        self.transport = 65500
        self.resent = 0
        self.sent: list[tuple[int, bytes]] = []

    def both(self, action: Callable[[World], Any]) -> Any:
        found = action(self.lean)
        assert found == action(self.fast)
        assert self.lean.output() == self.fast.output()
        return found

    def compare(self) -> None:
        assert self.lean.figures() == self.fast.figures()

    def pass_time(self, seconds: float) -> None:
        for world in (self.lean, self.fast):
            world.now += seconds

    def send(self, sender: int, packet: bytes) -> None:
        try:
            datagram = self._keys[sender].protect(packet)
        except Exception:  # noqa: BLE001 - what libsrtp refuses to send was never on the line
            return
        self.sent = [*self.sent[-40:], (sender, datagram)]
        self.both(lambda world: world.rtp(sender, datagram))

    def step(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("time", milliseconds):
                self.pass_time(milliseconds / 1000)
            case ("sound", sender, advance, level, red):
                sequence, timestamp = self._next(sender, 1, advance, 960)
                payload_type = 63 if red and sender == 0 else 111
                payload = struct.pack("!BHB", 0x80 | 111, 960 << 2 >> 8, 3) + b"\x6foldnew" if red else b"opus"
                extensions = [(LEVEL, bytes([level])), *self._transport(sender)]
                self.send(
                    sender, rtp(payload_type, sequence, timestamp, 1000 * sender + 1, payload, extensions=extensions)
                )
            case ("picture", sender, layer, advance, kind, marker):
                self._picture(sender, layer if sender == 0 else 0, advance, kind, marker)
            case ("repair", sender, layer, back):
                self._repair(sender, layer if sender == 0 else 0, back)
            case ("assign", slot, source, level):
                self.both(lambda world: world.assign(slot, source, level))
            case ("enable", source, on):
                self.both(lambda world: world.enable(source, on))
            case ("tap", source, on):
                for world in (self.lean, self.fast):
                    world.sources[source].tap = world.tap if on else None
            case ("resend", slot, back):
                self.resent += self.both(lambda world: world.resend(slot, back))
            case ("pad", receiver, octets):
                self.both(lambda world: world.forwarder.pad(world.receivers[receiver], octets, world.now))
            case ("line", receiver, redundant, delay, probe):
                for world in (self.lean, self.fast):
                    link = world.receivers[receiver]
                    link.redundant, link.playout_delay, link.sent.probe = redundant, delay, probe
            case ("feedback", receiver, first, count):
                self.both(lambda world: world.feedback(receiver, first, count))
            case ("report",):
                self.both(lambda world: world.reports())
            case ("plain", slot):
                for world in (self.lean, self.fast):
                    world.slots[slot].extensions = world.slots[slot].plain_extensions
            case ("replay", back):
                if self.sent:
                    sender, datagram = self.sent[-1 - back % len(self.sent)]
                    self.both(lambda world: world.rtp(sender, datagram))
            case ("garbage", sender, octets):
                self.both(lambda world: world.rtp(sender, octets))
            case ("plaintext", sender, packet):
                self.send(sender, packet)
            case ("ask", source):
                self.both(lambda world: [layer.keyframes.ask(world.now) for layer in world.sources[source].layers])
        self.compare()

    def _next(self, sender: int, ssrc: int, advance: int, ticks: int) -> tuple[int, int]:
        key = (sender, ssrc)
        self.sequences[key] = self.sequences.get(key, 65530) + advance
        self.timestamps[key] = self.timestamps.get(key, 1 << 31) + ticks * max(1, advance)
        return self.sequences[key] & 0xFFFF, self.timestamps[key] & 0xFFFF_FFFF

    def _transport(self, sender: int) -> list[tuple[int, bytes]]:
        self.transport = (self.transport + 1) & 0xFFFF
        return [(TRANSPORT, struct.pack("!H", self.transport))] if sender == 0 else []

    def _ids(self, sender: int, layer: int, number: int) -> list[tuple[int, bytes]]:
        if sender:
            return []
        return [(MID, b"1"), (number, RIDS[layer].encode()), *self._transport(sender)]

    def _picture(self, sender: int, layer: int, advance: int, kind: int, marker: bool) -> None:
        sequence, timestamp = self._next(sender, 10 + layer, advance, 3000)
        if sender:
            payload = (H264_OTHER, H264_KEY, H264_STAP, b"\x18\xff", b"")[kind]
        else:
            payload = (
                vp8(sequence & 0x7FFF, keyframe=False, tl0=sequence & 0xFF),
                vp8(sequence & 0x7FFF, keyframe=True, tl0=sequence & 0xFF, body=b"y" * 900),
                b"\x90\x80" + bytes([sequence & 0x7F]) + b"\x00seven",
                b"\x80\x80\xff",
                bytes(9) + b"\x0a",
            )[kind]
        packet = rtp(
            102 if sender else 96,
            sequence,
            timestamp,
            1000 * sender + 10 + layer,
            payload,
            extensions=self._ids(sender, layer, RID),
            marker=marker,
            padding=kind == 4 and not sender,
        )
        self.send(sender, packet)

    def _repair(self, sender: int, layer: int, back: int) -> None:
        number, _ = self._next(sender, 20 + layer, 1, 0)
        original = (self.sequences.get((sender, 10 + layer), 0) - back) & 0xFFFF
        payload = H264_KEY if sender else vp8(original & 0x7FFF, keyframe=back % 2 == 0)
        packet = rtp(
            103 if sender else 97,
            number,
            self.timestamps.get((sender, 10 + layer), 5),
            1000 * sender + 20 + layer,
            struct.pack("!H", original) + payload,
            extensions=self._ids(sender, layer, REPAIRED_RID),
        )
        self.send(sender, packet)


@pytest.fixture(scope="module")
def lines() -> Iterator[Callable[[], Pair]]:
    with sockets(1) as (out,), sockets(5) as lean_ins, sockets(5) as fast_ins:
        yield lambda: Pair(out, lean_ins, fast_ins)


SENDERS, SLOTS, RECEIVERS = st.integers(0, 1), st.integers(0, 8), st.integers(0, 2)
ADVANCES = st.sampled_from([1, 1, 1, 1, 1, 1, 2, 3, 5, -1, -2, 0, 40, 260, 700, 3100, 20000])
STEPS = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([1, 5, 20, 100, 700, 5000])),
    st.tuples(st.just("sound"), SENDERS, ADVANCES, st.integers(0, 255), st.booleans()),
    st.tuples(st.just("picture"), SENDERS, st.integers(0, 2), ADVANCES, st.integers(0, 4), st.booleans()),
    st.tuples(st.just("picture"), SENDERS, st.integers(0, 2), st.just(1), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("repair"), SENDERS, st.integers(0, 2), st.integers(-2, 40)),
    st.tuples(st.just("assign"), SLOTS, st.integers(0, 4), st.integers(-1, 2)),
    st.tuples(st.just("enable"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("tap"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("resend"), SLOTS, st.lists(st.integers(0, 12), max_size=6)),
    st.tuples(st.just("pad"), RECEIVERS, st.integers(0, 3000)),
    st.tuples(st.just("line"), RECEIVERS, st.booleans(), st.integers(0, 30), st.integers(0, 9)),
    st.tuples(st.just("feedback"), RECEIVERS, st.integers(0, 20), st.integers(1, 20)),
    st.tuples(st.just("report")),
    st.tuples(st.just("plain"), SLOTS),
    st.tuples(st.just("replay"), st.integers(0, 40)),
    st.tuples(st.just("garbage"), SENDERS, st.binary(max_size=200)),
    st.tuples(st.just("ask"), st.integers(0, 3)),
    st.tuples(
        st.just("plaintext"),
        SENDERS,
        st.builds(
            lambda head, flags, ssrc, rest: struct.pack("!BBHII", flags, head, 7, 9, ssrc) + rest,
            st.sampled_from([96, 97, 102, 103, 111, 63, 5]),
            st.integers(0x80, 0xBF),
            st.sampled_from([1, 10, 20, 1001, 1010, 1020, 77]),
            st.binary(max_size=60),
        ),
    ),
)


def everybody_sees(pair: Pair) -> None:
    """Each receiver has sender a's voice and picture, and b's picture as a thumbnail."""
    for receiver in range(3):
        pair.step(("assign", 3 * receiver, 0, 0))
        pair.step(("assign", 3 * receiver + 1, 1, 2))
        pair.step(("assign", 3 * receiver + 2, 3, 0))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(st.lists(STEPS, min_size=10, max_size=60))
def test_any_course_of_things_ends_the_same(lines: Callable[[], Pair], steps: list[tuple[Any, ...]]) -> None:
    pair = lines()
    everybody_sees(pair)
    for step in steps:
        pair.step(step)


def test_a_long_call_with_losses_and_switches_is_the_same_byte_for_byte(lines: Callable[[], Pair]) -> None:
    pair = lines()
    chance = random.Random(6)
    everybody_sees(pair)
    for number in range(600):
        pair.step(("time", 10))
        lost = 2 if chance.random() < 0.05 else 1
        pair.step(("picture", 0, number // 200, lost, 1 if number % 40 == 0 else 0, True))
        pair.step(("sound", number % 2, lost, 30 + number % 90, number % 3 == 0))
        if number % 5 == 0:
            pair.step(("picture", 1, 0, lost, 1 if number % 50 == 0 else 0, False))
            pair.step(("report",))
        if number % 7 == 0:
            pair.step(("resend", number % 9, [number // 3, number // 2]))
            pair.step(("repair", 0, number // 200, 1))
        if number % 30 == 0:
            pair.step(("assign", chance.randrange(9), chance.randrange(5), chance.randrange(3)))
            pair.step(("line", number % 3, number % 60 == 0, number % 20, number % 4))
            pair.step(("pad", number % 3, 1000))
        if number % 30 == 10:
            everybody_sees(pair)
    forwarded, resent = pair.fast.counters.packets_forwarded, pair.resent
    assert forwarded > 1500 and resent > 20


def test_a_peer_that_leaves_takes_nothing_with_it(lines: Callable[[], Pair]) -> None:
    pair = lines()
    everybody_sees(pair)
    pair.step(("picture", 0, 2, 1, 1, True))
    for world in (pair.lean, pair.fast):
        # As a room does with who leaves it.
        for slot in world.slots[3:6]:
            assign(slot, None)
        world.forwarder.forget(world.receivers[1])
        world.slots = world.slots[:3] + world.slots[6:]
        world.receivers = [world.receivers[0], world.receivers[2]]
    pair.compare()
    gone = pair.fast.senders[0]
    pair.fast.forwarder.forget(gone)
    assert all(slot.layer is None or slot.layer.source.seat == "b" for slot in pair.fast.slots)
    assert all(layer.source.seat == "b" for slot in pair.fast.slots for layer in slot.awaited)
    pair.fast.rtp(0, bytes(40))
    pair.fast.forwarder.collect()
    assert pair.fast.counters.drops["rtp_before_handshake"] == 1
