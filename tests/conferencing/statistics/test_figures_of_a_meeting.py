"""From a page's report and a worker's to the API, the technicians' page and the metrics."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

from conferencing.snapshot import ConferencingSnapshot, ParticipantSnapshot, RoomSnapshot
from conferencing.statistics.client import ClientReport, ClientSlot
from conferencing.statistics.quality import Quality
from exporters.metrics import rooms
from tests.conferencing.processes import hub_process, media_worker
from tests.conferencing.statistics.test_quality import PEER, SOURCE, STAGE, VOICE, report
from tests.conferencing.test_hub_and_worker import create, page


async def test_technicians_see_every_bridge_point_and_guests_do_not(tmp_path: Path) -> None:
    async with media_worker(tmp_path) as (_worker, path), hub_process(tmp_path, [path]) as hub:
        code = create(hub)
        address = f"/api/v1/meetings/{code}/statistics"
        assert hub.request(address, user=None)[0] == 401
        assert hub.request("/api/v1/meetings/aaaa-bbbb-cccc/statistics")[0] == 404
        async with page(hub, code) as a, page(hub, code) as b:
            joined = await a.join("Điểm cầu xã Kim Xá")
            await b.join("B")
            await b.expect("slots", stage=joined["seat"])
            for number in range(5):
                a.peer.send_rtp("microphone", bytes([number]) * 40)
            await b.peer.until(lambda: len(b.peer.of("voice0")) == 5)
            said = {"stage": {"frames_decoded": 30, "frame_height": 360}, "voice0": {"total_samples": 48000}}
            await b.say(type="statistics", peer="not mine", slots={}, candidate_type="relay")
            await b.say(type="statistics", peer="x", slots={"nowhere": {}})

            async def told() -> bool:
                # A page says it every 5 s; what comes before the worker has named the peer counts for nothing.
                mine = {"peer": joined["peer"], "slots": said, "candidate_type": "host", "limitation": "cpu"}
                await a.say(type="statistics", **mine)
                seats = hub.request(address)[1]["seats"]
                of_b = next(one for one in seats if one["name"] == "B")
                of_a = next(one for one in seats if one["name"] != "B")
                carried = of_b["quality"] and any(one["name"] == "voice0" for one in of_b["quality"]["down"])
                return bool(carried and of_a["quality"]["limitation"] == "cpu")

            async with asyncio.timeout(10):
                while not await told():
                    await asyncio.sleep(0.2)
            figures = hub.request(address)[1]
            first, second = figures["seats"]
            assert (first["name"], first["site"]) == ("Điểm cầu xã Kim Xá", "kim-xa")
            assert first["quality"]["candidate_type"] == "host"
            assert second["quality"]["candidate_type"] is None
            microphone = next(one for one in first["quality"]["up"] if one["name"] == "microphone")
            assert microphone["enabled"] is True
            assert next(one for one in second["quality"]["down"] if one["name"] == "voice0")["from"] == first["name"]
            assert figures["worker"]["connected"] is True
            assert hub.request("/snapshot")[1]["drops"]["bad_statistics"] == 1


def test_metrics_are_by_site_the_worst_of_several_and_guests_are_one() -> None:
    quality = Quality()
    seats = {"p": "kim-xa", "q": "kim-xa", "r": None}

    def told(at: float, packets: int) -> None:
        sent = replace(SOURCE, packets=packets, bytes=100 * packets)
        got = (replace(VOICE, packets=packets, bytes=100 * packets, loss=0.1), replace(STAGE, packets=packets))
        peers = [replace(PEER, peer=name, sources=(sent,), slots=got) for name in seats]
        peers[1] = replace(peers[1], slots=(replace(got[0], loss=0.3),), nacks=packets)
        quality.worker("media-0", report(at, *peers), seats)

    told(0, 0)
    quality.client("kim-xa", ClientReport("p", {"stage": ClientSlot()}, limitation="none"), 0)
    told(5, 250)
    quality.client("kim-xa", ClientReport("p", {"stage": ClientSlot(150, 2, 1.0)}, limitation="none"), 5)
    found = quality.peers(5)
    seated = tuple(
        ParticipantSnapshot(name, name, site, "connected", True, True, None, None, found[name])
        for name, site in seats.items()
    )
    snapshot = ConferencingSnapshot((RoomSnapshot("c", "t", None, seated),), (), 0, {}, 0, Counter(quality.totals))
    samples = {
        (sample.name.removeprefix("thongsuot_room_"), *sample.labels.values()): sample.value
        for family in rooms.families(snapshot)
        for sample in family.samples
        if "room_" in sample.name
    }
    assert samples["bits_per_second", "kim-xa", "up"] == 2 * 40_000
    assert samples["loss_ratio", "kim-xa", "down"] == 0.3
    assert samples["loss_ratio", "khac", "down"] == 0.05
    assert samples["freezes_total", "kim-xa"] == 2
    assert samples["nack_packets_total", "kim-xa", "down"] == 250
    assert samples["overloaded", "kim-xa"] == 0
    assert ("overloaded", "khac") not in samples
    assert 1 <= samples["score", "kim-xa", "sound"] < 2.5
    assert samples["rtt_seconds", "khac"] == 0.05
