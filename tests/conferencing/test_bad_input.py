"""What a peer or a stranger may send that it should not: bounded, counted, harmless to others."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import struct
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from aioice import stun
from aiortc.rtp import RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket, RtcpSenderInfo, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st
from starlette.websockets import WebSocketState

from conferencing import control
from conferencing.media.answer import Candidate
from conferencing.media.counters import Counters
from conferencing.media.fast.choice import choose_forwarder
from conferencing.media.ice import Check, StunError, answer_check
from conferencing.media.peer import Peer
from conferencing.media.secure_transport import SecureTransport, SrtpSession
from conferencing.media.ssrc_guard import SSRCS_LIMIT
from conferencing.media.streams import Link, Slot, Source
from conferencing.media.worker import MediaWorker
from conferencing.rtp import rtcp
from conferencing.rtp.header import RtpError
from conferencing.signaling import messages
from conferencing.signaling.connection import UNSENT_LIMIT, PageConnection
from tests.conferencing.client import MID_ID, OPUS, SECTIONS, Client, client, offer_text
from tests.conferencing.processes import Hub, hub_of, media_worker
from tests.conferencing.test_transport import joined

ROLES = {str(number): name for number, name in enumerate(SECTIONS)}
PASSWORD = "password of the worker"


@contextlib.asynccontextmanager
async def call(folder: Path) -> AsyncIterator[tuple[Hub, Client, Client]]:
    async with media_worker(folder) as (_process, path), hub_of(path) as hub, client("a") as a, client("b") as b:
        await joined(hub, a)
        await joined(hub, b)
        await hub.expect(control.SlotsChanged, lambda m: m.seat == "b" and "voice0" in m.slots)
        yield hub, a, b


def rtp(ssrc: int, sequence: int, payload: bytes, payload_type: int = OPUS, mid: str = "") -> bytes:
    if not mid:
        return struct.pack("!BBHII", 0x80, payload_type, sequence, 960 * sequence, ssrc) + payload
    head = struct.pack("!BBHII", 0x90, payload_type, sequence, 960 * sequence, ssrc)
    return head + struct.pack("!HHBc2x", 0xBEDE, 1, MID_ID << 4, mid.encode()) + payload


def protected(peer: Client, packet: bytes) -> bytes:
    assert peer.dtls is not None
    return bytes(peer.dtls._tx_srtp.protect(packet))


async def drops(hub: Hub, reason: str, count: int) -> Counter[str]:
    told = await hub.expect(control.WorkerStatistics, lambda m: _sum(m, reason) >= count)
    assert "internal_error" not in told.drops
    assert _sum(told, reason) == count
    return Counter(told.drops)


def _sum(told: control.WorkerStatistics, reason: str) -> int:
    return sum(number for name, number in told.drops.items() if name.startswith(reason))


async def still_heard(speaker: Client, listener: Client, words: bytes) -> None:
    speaker.send_rtp("microphone", words)
    await listener.until(lambda: any(one.payload == words for one in listener.of("voice0")))


async def test_replayed_and_forged_media_reach_nobody(tmp_path: Path) -> None:
    async with call(tmp_path) as (hub, a, b):
        packet = protected(a, rtp(a.ssrcs["microphone"], 1, b"once"))
        a.sequence["microphone"] = 99
        for _ in range(5):
            a.socket.sendto(packet, a.remote)
        for number in range(50):
            a.socket.sendto(rtp(a.ssrcs["microphone"], 2 + number, os.urandom(60)), a.remote)
        await drops(hub, "unprotect:", 54)
        await still_heard(a, b, b"genuine")
        assert [one.payload for one in b.of("voice0")] == [b"once", b"genuine"]


async def test_an_unknown_ssrc_is_not_forwarded_and_a_new_one_of_a_known_section_is(tmp_path: Path) -> None:
    async with call(tmp_path) as (hub, a, b):
        await still_heard(a, b, b"first")
        a.socket.sendto(protected(a, rtp(77, 1, b"whose?")), a.remote)
        await drops(hub, "rtp_unknown_source", 1)
        # The sender began anew: another SSRC, known by its section.
        a.socket.sendto(protected(a, rtp(78, 9000, b"second", mid="0")), a.remote)
        await b.until(lambda: len(b.of("voice0")) == 2)
        first, second = (one.header for one in b.of("voice0"))
        assert second.sequence_number == first.sequence_number + 1
        a.socket.sendto(protected(a, rtp(78, 9001, b"another codec", payload_type=0)), a.remote)
        await drops(hub, "rtp_payload_type", 1)


async def test_thousands_of_ssrcs_take_no_memory(tmp_path: Path) -> None:
    async with call(tmp_path) as (hub, a, b):
        await still_heard(a, b, b"before")
        genuine = 1
        for number in range(2000):
            a.socket.sendto(protected(a, rtp(100_000 + number, 1, b"x")), a.remote)
            if number % 100 == 99:
                await asyncio.sleep(0.01)
        counted = await drops(hub, "too_many_ssrcs", 2000 - (SSRCS_LIMIT - genuine))
        assert counted["rtp_unknown_source"] == SSRCS_LIMIT - genuine
        await still_heard(a, b, b"after")


async def test_a_thousand_joins_and_leaves_leave_nothing_behind() -> None:
    kinds = (Peer, Link, Source, Slot, SecureTransport, SrtpSession)

    def left() -> int:
        gc.collect()
        return sum(isinstance(one, kinds) for one in gc.get_objects())

    before = left()
    answers = 0

    def tell(message: control.FromWorker) -> None:
        nonlocal answers
        answers += isinstance(message, control.PeerAnswer)

    offer, roles = offer_text("AB:" * 31 + "AB", "abcdef", "x" * 24, {"microphone": 1, "camera": 2}), ROLES
    candidate = Candidate("127.0.0.1", 9, 1)
    counters = Counters()
    async with asyncio.TaskGroup() as tasks:
        forwarder = choose_forwarder(os.environ, counters)
        worker = MediaWorker("media-0", [candidate], counters, lambda: 0.0, tasks, random.Random(1), forwarder)
        worker.tell = tell
        worker.handle(control.OpenRoom("room"))
        for number in range(1000):
            # Seven seats: a newer peer replaces an older one, and some leave by themselves.
            worker.handle(control.AddPeer("room", f"peer-{number}", f"seat-{number % 7}", offer, roles, {}))
            if number % 3 == 0:
                worker.handle(control.RemovePeer(f"peer-{number}"))
            await asyncio.sleep(0)
        assert len(worker.state().rooms[0].peers) <= 7
        worker.handle(control.CloseRoom("room"))
    assert answers == 1000
    assert worker.state().rooms == ()
    assert left() == before


class _DeafSocket:
    """A page that opened its socket and never reads: a send does not return."""

    client_state = WebSocketState.CONNECTED

    async def send_text(self, _text: str) -> None:
        await asyncio.Event().wait()

    async def close(self, _code: int) -> None:
        raise RuntimeError


async def test_a_page_that_never_reads_is_cut_off_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conferencing.signaling.connection.SEND_TIMEOUT_SECONDS", 0.01)
    counts: Counter[str] = Counter()
    connection = PageConnection(cast(Any, _DeafSocket()), counts)
    for _ in range(3 * UNSENT_LIMIT):
        connection.tell(messages.Pong())
    async with asyncio.timeout(2):
        await connection.send()
    assert counts == {"too_slow": 1}


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4), st.booleans())
def test_a_damaged_check_is_never_taken_for_a_good_one(position: int, damage: bytes, nominated: bool) -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = "ours:theirs"
    request.attributes["PRIORITY"] = 1
    request.attributes["ICE-CONTROLLING"] = 1
    if nominated:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(PASSWORD.encode())
    request.add_fingerprint()
    good = bytes(request)
    position %= len(good)
    bad = good[:position] + damage + good[position + len(damage) :]
    found: Check | None = None
    with contextlib.suppress(StunError):
        found = answer_check(bad, ("127.0.0.1", 1), lambda ufrag: PASSWORD if ufrag == "ours" else None)
    # Only the fingerprint is not covered by the integrity.
    assert found is None or bad[: len(good) - 8] == good[: len(good) - 8]


COMPOUND = b"".join(
    bytes(part)
    for part in (
        RtcpSrPacket(1, RtcpSenderInfo(1, 2, 3, 4), [RtcpReceiverInfo(5, 6, 7, 8, 9, 10, 11)]),
        RtcpRrPacket(1, [RtcpReceiverInfo(5, 6, 7, 8, 9, 10, 11)] * 3),
        RtcpRtpfbPacket(1, 1, 2, [5, 6, 9, 40]),
        RtcpRtpfbPacket(15, 1, 2, []),
        RtcpPsfbPacket(1, 1, 2),
        RtcpPsfbPacket(15, 1, 0, b"REMB" + bytes(12)),
    )
)


@given(st.lists(st.tuples(st.integers(0, len(COMPOUND) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 200))
def test_damaged_reports_are_read_or_refused(changes: list[tuple[int, int]], cut: int) -> None:
    packet = bytearray(COMPOUND)
    for position, value in changes:
        packet[position] = value
    with contextlib.suppress(RtpError):
        rtcp.parse_feedback(bytes(packet[: len(packet) - cut % len(packet)]))


async def test_random_media_from_a_peer_harm_nobody(tmp_path: Path) -> None:
    async with call(tmp_path) as (hub, a, b):
        chance = random.Random(6)
        for number in range(600):
            head = struct.pack("!BBHI", 0x80 | chance.getrandbits(5), chance.choice((OPUS, 96, 97)), number, number)
            ssrc = chance.choice(list(a.ssrcs.values()))
            body = chance.randbytes(chance.randrange(0, 120))
            with contextlib.suppress(Exception):
                # libsrtp itself refuses some to send.
                a.socket.sendto(protected(a, head + struct.pack("!I", ssrc) + body), a.remote)
            compound = bytearray(COMPOUND)
            compound[chance.randrange(8, len(compound))] = chance.getrandbits(8)
            a.send_rtcp(bytes(compound))
            if number % 50 == 49:
                await asyncio.sleep(0.01)
        b.send_rtp("microphone", b"all is well")
        await a.until(lambda: any(one.payload == b"all is well" for one in a.of("voice0")))
        told = await hub.expect(control.WorkerStatistics, lambda m: m.packets_received >= 700)
        assert "internal_error" not in told.drops
