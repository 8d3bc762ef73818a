"""A real worker process and real peers: what goes in by one comes out at the other, rewritten and still encrypted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSenderInfo, RtcpSrPacket

from conferencing import control
from conferencing.media.fast.choice import VARIABLE
from conferencing.media.fast.native import NotBuiltError, load
from conferencing.rtp.header import extension
from conferencing.rtp.vp8 import parse_descriptor
from tests.conferencing.client import LEVEL_ID, MID_ID, SECTIONS, Client, client, vp8
from tests.conferencing.processes import Hub, Process, hub_of, mapped_libraries, media_worker, threads_of


@pytest.fixture(params=["c", "python"])
async def worker(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Process, Path]]:
    """With either forwarder; the one in C only where it was built."""
    if request.param == "c":
        try:
            load()
        except NotBuiltError as error:
            pytest.skip(str(error))
    monkeypatch.setenv(VARIABLE, request.param)
    async with media_worker(tmp_path) as started:
        yield started


async def join(hub: Hub, peer: Client, room: str = "room", sections: tuple[str, ...] = SECTIONS) -> None:
    offer, roles = peer.offer(sections)
    hub.send(control.OpenRoom(room))
    hub.send(control.AddPeer(room, f"peer-{peer.name}", peer.name, offer, roles, {}))
    answer = await hub.expect(control.PeerAnswer)
    await peer.connect(answer.answer, sections)
    await hub.expect(control.PeerConnected, lambda m: m.seat == peer.name)


@contextlib.asynccontextmanager
async def call(path: Path) -> AsyncIterator[tuple[Hub, Client, Client]]:
    async with hub_of(path) as hub, client("a") as a, client("b") as b:
        await hub.expect(control.WorkerState)
        await join(hub, a)
        await join(hub, b)
        await hub.expect(control.SlotsChanged, lambda m: m.seat == "b" and m.slots.get("stage") == "a")
        yield hub, a, b


async def test_sound_and_picture_reach_the_other_and_nothing_is_decoded(worker: tuple[Process, Path]) -> None:
    process, path = worker
    async with call(path) as (_hub, a, b):
        for number in range(20):
            a.send_rtp("microphone", bytes([number]) * 50)
            a.send_rtp("camera", vp8(number, keyframe=number == 0), ticks=3000)
        await b.until(lambda: len(b.of("voice0")) == 20 and len(b.of("stage")) == 20)
        voice, stage = b.of("voice0"), b.of("stage")
        assert [packet.payload for packet in voice] == [bytes([number]) * 50 for number in range(20)]
        first = voice[0].header
        assert first.sequence_number < 1 << 15
        # Extensions go by the receiver's own ids: the speaker's level, and the slot's mid until a report has come.
        assert extension(voice[0].raw, first, LEVEL_ID) == bytes([0x80 | 30])
        assert extension(voice[0].raw, first, MID_ID) == str(SECTIONS.index("voice0")).encode()
        # The source's sequence numbers wrapped on the way; those of the slot go on.
        numbers = [packet.header.sequence_number - first.sequence_number for packet in voice]
        assert numbers == list(range(20))
        times = [(packet.header.timestamp - first.timestamp) & 0xFFFF_FFFF for packet in voice]
        assert times == [960 * number for number in range(20)]
        assert [packet.payload[4:] for packet in stage] == [vp8(n, keyframe=n == 0)[4:] for n in range(20)]
        assert a.received == {}
    assert threads_of(process.pid) == (2 if b"forwards in C" in process.log.read_bytes() else 1)
    assert "libavcodec" not in mapped_libraries(process.pid)


async def test_a_picture_starts_with_a_key_frame_and_all_requests_become_one(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b):
        a.send_rtp("camera", vp8(1, keyframe=False))
        a.send_rtp("camera", vp8(2, keyframe=False))
        for _ in range(5):
            b.send_rtcp(bytes(RtcpPsfbPacket(1, 1, b.slots["stage"])))
        await a.until(lambda: _requests(a))
        a.send_rtp("camera", vp8(3, keyframe=True))
        a.send_rtp("camera", vp8(4, keyframe=False))
        await b.until(lambda: len(b.of("stage")) == 2)
        assert len(_requests(a)) == 1
        assert [packet.payload[-41:-40] for packet in b.of("stage")] == [b"\x00", b"\x01"]
        await hub.expect(control.WorkerStatistics, lambda m: m.packets_forwarded == 2)


async def test_the_stage_follows_who_speaks_without_a_gap(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b), client("c") as c:
        await join(hub, c)
        for number in range(3):
            b.send_rtp("camera", vp8(100 + number, keyframe=number == 0, tl0=7), ticks=3000)
        await a.until(lambda: len(a.of("stage")) == 3)
        speaking = asyncio.create_task(_speak(c))
        await hub.expect(control.SlotsChanged, lambda m: m.seat == "a" and m.slots.get("stage") == "c")
        # The old picture goes on until the new one's key frame.
        b.send_rtp("camera", vp8(103, keyframe=False, tl0=8), ticks=3000)
        c.send_rtp("camera", vp8(5000, keyframe=False, tl0=90), ticks=3000)
        await a.until(lambda: len(a.of("stage")) == 4)
        c.send_rtp("camera", vp8(5001, keyframe=True, tl0=91), ticks=3000)
        c.send_rtp("camera", vp8(5002, keyframe=False, tl0=92), ticks=3000)
        await a.until(lambda: len(a.of("stage")) == 6)
        b.send_rtp("camera", vp8(104, keyframe=False, tl0=9), ticks=3000)
        await a.until(lambda: a.of("voice0"))
        speaking.cancel()
        stage = a.of("stage")
        first = stage[0].header.sequence_number
        assert [packet.header.sequence_number - first for packet in stage] == list(range(6))
        pictures = [parse_descriptor(packet.payload, 0, len(packet.payload)) for packet in stage]
        assert [picture.picture_id for picture in pictures] == [100, 101, 102, 103, 104, 105]
        assert [picture.tl0_picture_index for picture in pictures] == [7, 7, 7, 8, 9, 10]
        assert [picture.keyframe for picture in pictures] == [True, False, False, False, True, False]


async def test_a_source_that_is_switched_off_is_not_forwarded(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b):
        a.send_rtp("microphone", b"before")
        await b.until(lambda: len(b.of("voice0")) == 1)
        hub.send(control.EnableSource("peer-a", "microphone", False))
        await hub.expect(control.SlotsChanged, lambda m: m.seat == "b" and "voice0" not in m.slots)
        for _ in range(10):
            a.send_rtp("microphone", b"while muted")
        await hub.expect(control.WorkerStatistics, lambda m: m.drops.get("muted") == 10)
        hub.send(control.EnableSource("peer-a", "microphone", True))
        await hub.expect(control.SlotsChanged, lambda m: m.seat == "b" and m.slots.get("voice0") == "a")
        a.send_rtp("microphone", b"after")
        await b.until(lambda: len(b.of("voice0")) == 2)
        before, after = b.of("voice0")
        assert (before.payload, after.payload) == (b"before", b"after")
        # No gap: the receiver must not take the pause for loss.
        assert after.header.sequence_number == before.header.sequence_number + 1


async def test_a_nack_is_answered_with_the_very_same_bytes(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b):
        for number in range(4):
            a.send_rtp("camera", vp8(number, keyframe=number == 0))
        await b.until(lambda: len(b.of("stage")) == 4)
        lost = b.of("stage")[2]
        again: list[bytes] = []
        b.listener = again.append
        b.send_rtcp(bytes(RtcpRtpfbPacket(1, 1, b.slots["stage"], sorted((lost.header.sequence_number, 40000)))))
        await b.until(lambda: lost.raw in again)
        statistics = await hub.expect(control.WorkerStatistics, lambda m: any(peer.nacks for peer in m.peers))
        (of_b,) = (peer for peer in statistics.peers if peer.seat == "b")
        assert (of_b.nacks, of_b.resent) == (2, 1)


async def test_reports_keep_lips_and_voice_together(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (_hub, a, b):
        a.send_rtp("microphone", b"x")
        a.send_rtp("camera", vp8(0, keyframe=True))
        await b.until(lambda: b.of("stage") and b.of("voice0"))
        # The sender says: these two instants are the same, in a clock of its own.
        ntp = 1000 << 32
        for role in ("microphone", "camera"):
            info = RtcpSenderInfo(ntp, a.timestamp[role], 1, 100)
            a.send_rtcp(bytes(RtcpSrPacket(a.ssrcs[role], info)))
        await b.until(lambda: len(_reports(b)) == 2)
        reports = _reports(b)
        stage, voice = reports[b.slots["stage"]], reports[b.slots["voice0"]]
        assert stage.ntp_timestamp == voice.ntp_timestamp
        ahead_of = {
            name: (report.rtp_timestamp - b.of(name)[0].header.timestamp) / rate
            for name, report, rate in (("stage", stage, 90000), ("voice0", voice, 48000))
        }
        assert abs(ahead_of["stage"] - ahead_of["voice0"]) < 0.001
        await a.until(lambda: any(isinstance(p, RtcpRrPacket) and len(p.reports) == 2 for p in _packets(a)))
        assert any(isinstance(p, RtcpPsfbPacket) and p.fci[:4] == b"REMB" for p in _packets(a))


async def test_random_bytes_are_counted_and_harm_nobody(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(600):
                first = bytes([(number * 7) % 256])
                stranger.sendto(first + os.urandom(number % 90), a.remote)
        # The same from the address of a peer, where DTLS and SRTP are listened to.
        for number in range(200):
            a.socket.sendto(bytes([20 + number]) + os.urandom(60), a.remote)
        a.send_rtp("microphone", b"still here")
        await b.until(lambda: b.of("voice0"))
        statistics = await hub.expect(control.WorkerStatistics, lambda m: m.packets_forwarded == 1)
        assert statistics.drops["unknown_address"] > 400
        assert statistics.drops["stun_malformed"] > 0
        assert statistics.drops["not_webrtc"] > 0
        assert "internal_error" not in statistics.drops


async def test_only_a_verified_and_nominated_check_moves_a_peer(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b), client("elsewhere") as elsewhere:
        elsewhere.remote, elsewhere.remote_ufrag = b.remote, b.remote_ufrag
        with pytest.raises(TimeoutError):
            async with _quickly():
                await elsewhere.check(password="not the password at all")
        a.send_rtp("microphone", b"one")
        await b.until(lambda: b.of("voice0"))
        elsewhere.remote_password = b.remote_password
        await elsewhere.check(nominate=False)
        a.send_rtp("microphone", b"two")
        await b.until(lambda: len(b.of("voice0")) == 2)
        moved: list[bytes] = []
        elsewhere.listener = moved.append
        with pytest.raises(TimeoutError):
            async with _quickly():
                await elsewhere.check()
        a.send_rtp("microphone", b"three")
        await elsewhere.until(lambda: any(packet[0] >> 6 == 2 for packet in moved))
        await hub.expect(control.WorkerStatistics, lambda m: m.drops.get("stun_integrity") == 1)


async def test_a_bad_offer_is_the_pages_fault_and_leaves_the_worker_whole(worker: tuple[Process, Path]) -> None:
    _process, path = worker
    async with hub_of(path) as hub:
        await hub.expect(control.WorkerState)
        hub.send(control.AddPeer("nowhere", "p", "s", "v=0", {}, {}))
        assert (await hub.expect(control.PeerRefused)).reason == "room"
        hub.send(control.OpenRoom("room"))
        hub.send(control.AddPeer("room", "p", "s", "rubbish", {}, {}))
        assert (await hub.expect(control.PeerRefused)).reason == "offer"
        hub.writer.write(b"not json\n" + b'{"type":"unheard_of"}\n')
        async with client("a") as a:
            await join(hub, a)
        await hub.expect(control.WorkerStatistics, lambda m: m.drops == {"offer": 1, "control_message": 2})


async def test_the_call_goes_on_without_a_hub_and_the_next_hub_is_told_the_state(
    worker: tuple[Process, Path],
) -> None:
    _process, path = worker
    async with client("a") as a, client("b") as b:
        async with hub_of(path) as first:
            state = await first.expect(control.WorkerState)
            await join(first, a)
            await join(first, b)
        a.send_rtp("microphone", b"without a hub")
        await b.until(lambda: b.of("voice0"))
        async with hub_of(path) as second:
            adopted = await second.expect(control.WorkerState)
            assert adopted.instance == state.instance
            (room,) = adopted.rooms
            assert {peer.seat: peer.state for peer in room.peers} == dict.fromkeys("ab", control.PeerState.CONNECTED)
            # A newer hub takes over from one that hangs.
            async with hub_of(path) as third:
                assert (await third.expect(control.WorkerState)).rooms == adopted.rooms
        a.send_rtp("microphone", b"still")
        await b.until(lambda: len(b.of("voice0")) == 2)


async def test_a_peer_that_falls_silent_is_noticed_within_five_seconds_and_may_come_back(
    worker: tuple[Process, Path],
) -> None:
    _process, path = worker
    async with call(path) as (hub, a, b):
        a.send_rtp("microphone", b"last words")
        await b.until(lambda: b.of("voice0"))
        # `b` is checked meanwhile as a browser would; `a` says nothing.
        for _ in range(4):
            await b.check()
            await _seconds(1.2)
        silent = await hub.expect(control.PeerSilent)
        assert silent.seat == "a"
        await a.check()
        assert (await hub.expect(control.PeerConnected)).seat == "a"


async def test_the_control_socket_is_its_owners_alone_and_goes_with_the_process(tmp_path: Path) -> None:
    async with media_worker(tmp_path) as (process, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert process.stop() == 0
        assert not path.exists()


def _packets(peer: Client) -> list[object]:
    return [packet for compound in peer.rtcp for packet in RtcpPacket.parse(compound)]


def _requests(peer: Client) -> list[object]:
    return [packet for packet in _packets(peer) if isinstance(packet, RtcpPsfbPacket) and packet.fmt == 1]


def _reports(peer: Client) -> dict[int, RtcpSenderInfo]:
    found = {}
    for compound in peer.rtcp:
        reports = [p for p in RtcpPacket.parse(compound) if isinstance(p, RtcpSrPacket)]
        if len(reports) == 2:
            found = {report.ssrc: report.sender_info for report in reports}
    return found


async def _speak(peer: Client) -> None:
    while True:
        peer.send_rtp("microphone", b"speech", level=10)
        await asyncio.sleep(0.02)


def _quickly() -> contextlib.AbstractAsyncContextManager[object]:
    return asyncio.timeout(0.3)


async def _seconds(seconds: float) -> None:
    await asyncio.sleep(seconds)
