"""A real worker tells of each source and slot what real peers sent, asked for and got."""

from __future__ import annotations

from pathlib import Path

from aiortc.rtp import RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket

from conferencing import control
from tests.conferencing.client import client, vp8
from tests.conferencing.processes import hub_of, media_worker
from tests.conferencing.test_worker_forwards import join


async def test_each_source_and_slot_has_its_own_figures(tmp_path: Path) -> None:
    async with media_worker(tmp_path) as (_worker, path), hub_of(path) as hub, client("a") as a, client("b") as b:
        await hub.expect(control.WorkerState)
        await join(hub, a)
        await join(hub, b)
        await hub.expect(control.SlotsChanged, lambda m: m.seat == "b" and m.slots.get("stage") == "a")
        for number in range(10):
            a.send_rtp("microphone", bytes(50), advance=2 if number == 5 else 1)
            a.send_rtp("camera", vp8(number, keyframe=number == 0), ticks=3000)
        await b.until(lambda: len(b.of("stage")) == 10 and len(b.of("voice0")) == 10)
        last = b.of("stage")[-1].header.sequence_number
        block = RtcpReceiverInfo(b.slots["stage"], 64, 3, last, 900, 0, 0)
        b.send_rtcp(bytes(RtcpRrPacket(1, [block])))
        b.send_rtcp(bytes(RtcpRtpfbPacket(1, 1, b.slots["stage"], [last - 1, last])))
        b.send_rtcp(bytes(RtcpPsfbPacket(1, 1, b.slots["stage"])))

        def complete(message: control.WorkerStatistics) -> bool:
            return any(slot.keyframe_requests for peer in message.peers for slot in peer.slots)

        told = await hub.expect(control.WorkerStatistics, complete)
        by_seat = {peer.seat: peer for peer in told.peers}
        sources = {source.role: source for source in by_seat["a"].sources}
        slots = {slot.slot: slot for slot in by_seat["b"].slots}
        assert (sources["microphone"].packets, sources["microphone"].lost) == (10, 1)
        assert sources["camera"].packets == 10
        assert sources["camera"].receivers == 1
        assert sources["camera"].keyframe_requests >= 1
        assert sources["camera"].bytes > 400
        stage = slots["stage"]
        assert (stage.seat, stage.packets, stage.lost, stage.loss) == ("a", 10, 3, 0.25)
        assert stage.jitter_seconds == 0.01
        assert (stage.nacks, stage.resent, stage.keyframe_requests) == (2, 2, 1)
        assert slots["voice0"].nacks == 0
        assert told.at > 1e9
