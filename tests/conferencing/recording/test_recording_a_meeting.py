"""From the button to the download: who may, who is told, what survives a worker and a hub that die."""

from __future__ import annotations

import asyncio
import signal
import urllib.request
from pathlib import Path
from typing import Any

import av
import httpx

from conferencing.jobs import JobRunner
from conferencing.recording.composer import compose
from tests.conferencing.processes import HubProcess, hub_process, media_worker, wait_for
from tests.conferencing.recording.encoded import pictures, sounds
from tests.conferencing.recording.test_recorder import recorder, send_picture
from tests.conferencing.serve import open_database
from tests.conferencing.test_hub_and_worker import Page, create, page


def ask(hub: HubProcess, method: str, path: str, user: str | None = "thanh") -> httpx.Response:
    cookies = {"user": user} if user else {}
    with httpx.Client(base_url=hub.address, cookies=cookies) as http:
        return http.request(method, path)


async def test_without_a_recorder_nothing_is_promised(tmp_path: Path) -> None:
    async with media_worker(tmp_path) as (_worker, path), hub_process(tmp_path, [path]) as hub:
        code = create(hub)
        refused = ask(hub, "POST", f"/api/v1/meetings/{code}/recording")
        assert (refused.status_code, refused.json()["title"]) == (503, "Chưa ghi được / Cannot record")


async def speak(sender: Page, coded: list[tuple[bytes, bool]], voice: list[bytes], first: int) -> None:
    for number, (frame, _keyframe) in enumerate(coded):
        send_picture(sender.peer, frame, first + number)
        for packet in voice[2 * number : 2 * number + 2]:
            sender.peer.send_rtp("microphone", packet)
        await asyncio.sleep(0.001)


async def test_a_meeting_is_recorded_everybody_is_told_and_one_video_comes_out(tmp_path: Path) -> None:
    coded, voice = list(pictures(45)), list(sounds(90))
    async with recorder(tmp_path) as (_process, socket, root), media_worker(tmp_path) as (_worker, path):
        options = ("--recorder", str(socket), str(root))
        async with hub_process(tmp_path, [path], options=options) as hub:
            code = create(hub)
            address = f"/api/v1/meetings/{code}/recording"
            async with page(hub, code) as a, page(hub, code) as b:
                joined = await a.join("A")
                await a.expect("recording", active=False)
                assert ask(hub, "POST", address, user=None).status_code == 401
                begun = ask(hub, "POST", address)
                assert begun.status_code == 200
                name = begun.json()["recording"]
                assert ask(hub, "POST", address).json()["recording"] == name
                await a.expect("recording", active=True)
                # Who comes later is told too.
                await b.join("B")
                await b.expect("recording", active=True)
                await b.expect("slots", stage=joined["seat"])
                await wait_for(lambda: (root / name / "log.jsonl").exists(), "the log")
                await speak(a, coded, voice, 1)
                await b.peer.until(lambda: len(b.peer.of("voice0")) >= 80)
                # A hub that starts anew knows that it goes on.
                hub.stop(signal.SIGKILL)
                hub.start()
                await hub.ready()
                assert ask(hub, "GET", f"{address}s").json()["recording"] == name
            stopped = ask(hub, "DELETE", address).json()
            assert stopped == {"code": code, "recording": None, "stopped": name}
            log = root / name / "log.jsonl"
            await wait_for(lambda: '"closed"' in log.read_text("utf-8").splitlines()[-1], "the files")

            (listed,) = ask(hub, "GET", f"{address}s").json()["recordings"]
            assert (listed["name"], listed["started_by"], listed["kept"]) == (name, "thanh", True)
            assert listed["stopped_at"] is not None and listed["bytes"] > 1000
            assert ask(hub, "GET", f"{address}s/{name}/video").status_code == 409
            assert ask(hub, "POST", f"{address}s/{name}/composition").json()["state"] == "queued"
            other = create(hub, "Cuộc họp khác")
            assert ask(hub, "GET", f"/api/v1/meetings/{other}/recordings/{name}/video").status_code == 404
            assert ask(hub, "GET", f"{address}s/..%2f..%2fc.db/video").status_code == 404

            def composing(subject: str, report: Any) -> None:
                compose(root / subject, report)

            runner = JobRunner(open_database(tmp_path / "c.db"), {"compose": composing}, lambda: False)
            assert await asyncio.to_thread(runner.once)
            (listed,) = ask(hub, "GET", f"{address}s").json()["recordings"]
            assert (listed["composition"]["state"], listed["composition"]["progress"]) == ("done", 1.0)
            assert ask(hub, "GET", f"{address}s/{name}/video", user=None).status_code == 401
            video = ask(hub, "GET", f"{address}s/{name}/video")
            assert video.headers["content-type"] == "video/mp4"
            (tmp_path / "stage.mp4").write_bytes(video.content)
            with av.open(str(tmp_path / "stage.mp4")) as container:
                assert {stream.type for stream in container.streams} == {"video", "audio"}


async def test_a_recording_goes_on_with_the_worker_that_takes_over(tmp_path: Path) -> None:
    async with (
        recorder(tmp_path) as (_process, socket, root),
        media_worker(tmp_path, "media-0") as (first, first_path),
        media_worker(tmp_path, "media-1") as (_spare, spare_path),
        hub_process(tmp_path, [first_path, spare_path], options=("--recorder", str(socket), str(root))) as hub,
    ):
        await wait_for(lambda: hub.request("/snapshot")[1]["workers"] == [True, True], "both workers")
        code = create(hub)
        async with page(hub, code) as a, page(hub, code) as again:
            joined = await a.join("A")
            name = ask(hub, "POST", f"/api/v1/meetings/{code}/recording").json()["recording"]
            log = root / name / "log.jsonl"
            await wait_for(log.exists, "the log")
            first.stop(signal.SIGKILL)
            await a.expect("rejoin")
            await wait_for(lambda: '"cut"' in log.read_text("utf-8"), "the cut")
            await again.join("A", token=joined["token"])
            await again.expect("recording", active=True)
            await wait_for(lambda: log.read_text("utf-8").count('"begin"') == 2, "the second part")
        # Closing the meeting ends its recording.
        request = urllib.request.Request(f"{hub.address}/api/v1/meetings/{code}/close", b"{}", {"Cookie": "user=x"})
        with urllib.request.urlopen(request, timeout=5):
            pass
        listed = ask(hub, "GET", f"/api/v1/meetings/{code}/recordings").json()
        assert listed["recording"] is None

        def ended() -> bool:
            (one,) = ask(hub, "GET", f"/api/v1/meetings/{code}/recordings").json()["recordings"]
            return one["stopped_at"] is not None

        await wait_for(ended, "the table")
