"""A real worker's tap and a real recorder process: what is sent is in the files, also after kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av

from conferencing import control
from tests.conferencing.client import VP8, Client, client
from tests.conferencing.processes import Hub, Process, hub_of, media_worker, wait_for
from tests.conferencing.recording.encoded import pictures, sounds, vp8_payloads
from tests.conferencing.test_worker_forwards import join

RECORDING = "0123456789abcdef"


@contextlib.asynccontextmanager
async def recorder(folder: Path, *options: str) -> AsyncIterator[tuple[Process, Path, Path]]:
    path, root = folder / "recorder.sock", folder / "recordings"
    arguments = ["conferencing.recording", "--socket", str(path), "--folder", str(root), *options]
    process = Process(arguments, folder / "recorder.log")
    process.start()
    try:
        await wait_for(path.exists, "socket of the recorder")
        yield process, path, root
    finally:
        process.stop()


@contextlib.asynccontextmanager
async def call(folder: Path) -> AsyncIterator[tuple[Hub, Client, Client]]:
    async with media_worker(folder) as (_worker, path), hub_of(path) as hub, client("a") as a, client("b") as b:
        await hub.expect(control.WorkerState)
        await join(hub, a)
        await join(hub, b)
        yield hub, a, b


def send_picture(sender: Client, frame: bytes, number: int) -> None:
    payloads = vp8_payloads(frame, number)
    for index, payload in enumerate(payloads):
        sequence = sender.sequence["camera"] = (sender.sequence.get("camera", 65530) + 1) & 0xFFFF
        marker = 0x80 if index == len(payloads) - 1 else 0
        head = struct.pack("!BBHII", 0x80, VP8 | marker, sequence, 3000 * number, sender.ssrcs["camera"])
        assert sender.dtls is not None
        sender.socket.sendto(sender.dtls._tx_srtp.protect(head + payload), sender.remote)


def log_of(root: Path) -> list[dict[str, Any]]:
    path = root / RECORDING / "log.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def decoded(path: Path, kind: str) -> int:
    with av.open(str(path)) as container:
        frames = container.decode(video=0) if kind == "video" else container.decode(audio=0)
        return sum(1 for _ in frames)


async def send(sender: Client, coded: list[tuple[bytes, bool]], voice: list[bytes]) -> None:
    for number, (frame, _keyframe) in enumerate(coded):
        send_picture(sender, frame, number)
        for packet in voice[2 * number : 2 * number + 2]:
            sender.send_rtp("microphone", packet)
        # The sockets of a test hold no more at once.
        await asyncio.sleep(0.001)


async def test_each_source_is_a_file_that_plays_and_the_log_says_who_held_the_stage(tmp_path: Path) -> None:
    coded, voice = list(pictures(60)), list(sounds(100))
    async with recorder(tmp_path) as (_process, path, root), call(tmp_path) as (hub, a, b):
        # Before it is recorded nothing is kept.
        a.send_rtp("microphone", voice[0])
        hub.send(control.Record("room", RECORDING, str(path)))
        await wait_for(lambda: log_of(root), "the log")
        await send(a, coded, voice)
        b.send_rtp("microphone", voice[0])
        hub.send(control.EnableSource("peer-b", "microphone", False))
        await hub.expect(control.WorkerStatistics)
        for packet in voice:
            b.send_rtp("microphone", packet)
        await hub.expect(control.WorkerStatistics, lambda m: m.drops.get("muted", 0) >= 90)
        hub.send(control.StopRecording("room"))
        await wait_for(lambda: log_of(root)[-1]["type"] == "closed", "the end")
        log = log_of(root)
        closed = log[-1]
        assert (closed["reason"], closed["packets_lost"], closed["frames_left_out"]) == ("ended", 0, 0)
        files = {(one["seat"], one["role"]): root / RECORDING / one["file"] for one in log if one["type"] == "file"}
        assert set(files) == {("a", "camera"), ("a", "microphone"), ("b", "microphone")}
        assert decoded(files["a", "camera"], "video") == 60
        assert decoded(files["a", "microphone"], "audio") == 100
        # What was muted is recorded as little as it is heard.
        assert decoded(files["b", "microphone"], "audio") == 1
        with av.open(str(files["a", "camera"])) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.width) == ("vp8", 320)
            sizes = [packet.size for packet in container.demux(stream) if packet.size]
        assert sizes == [len(frame) for frame, _ in coded]
        assert [one["seat"] for one in log if one["type"] == "stage"][-1:] in (["a"], ["b"])
        drops = (await hub.expect(control.WorkerStatistics)).drops
        assert not [reason for reason in drops if reason.startswith("record") or reason == "internal_error"]


async def test_after_kill_9_whole_clusters_play_and_the_recording_goes_on_in_another_part(tmp_path: Path) -> None:
    coded = list(pictures(150))
    async with recorder(tmp_path) as (process, path, root), call(tmp_path) as (hub, a, b):
        hub.send(control.Record("room", RECORDING, str(path)))
        await wait_for(lambda: log_of(root), "the log")
        await send(a, coded, [])
        (camera,) = await wait_for(lambda: list((root / RECORDING).glob("01-*-camera.webm")), "the file")
        await wait_for(lambda: camera.stat().st_size > 100, "a cluster")
        await asyncio.sleep(0.5)
        process.stop(signal.SIGKILL)
        # Clusters of 2 s: of 5 s at least the first four are there.
        assert decoded(camera, "video") >= 110
        # The call goes on meanwhile, and is recorded again as soon as somebody listens.
        a.send_rtp("microphone", b"\xf8\xff\xfe")
        await b.until(lambda: b.of("voice0"))
        path.unlink()
        process.start()
        await wait_for(lambda: sum(one["type"] == "begin" for one in log_of(root)) == 2, "the second part")
        for number, (frame, _keyframe) in enumerate(pictures(30)):
            send_picture(a, frame, 1000 + number)
        await wait_for(lambda: list((root / RECORDING).glob("02-*-camera.webm")), "its file")
        hub.send(control.StopRecording("room"))
        await wait_for(lambda: log_of(root)[-1]["type"] == "closed", "the end")
        (second,) = (root / RECORDING).glob("02-*-camera.webm")
        assert decoded(second, "video") == 30


async def test_a_recorder_that_does_not_read_costs_the_call_nothing_and_is_counted(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (process, path, root), call(tmp_path) as (hub, a, b):
        hub.send(control.Record("room", RECORDING, str(path)))
        await wait_for(lambda: log_of(root), "the log")
        assert process.child is not None
        process.child.send_signal(signal.SIGSTOP)
        try:
            for round_ in range(70):
                for _ in range(100):
                    a.send_rtp("microphone", b"x" * 400)
                await b.until(lambda wanted=100 * (round_ + 1): len(b.of("voice0")) >= wanted * 0.9)
            told = await hub.expect(control.WorkerStatistics, lambda m: "recording_queue_full" in m.drops)
            assert "internal_error" not in told.drops
        finally:
            process.child.send_signal(signal.SIGCONT)


async def test_without_room_on_the_disk_nothing_is_recorded_and_the_status_says_so(tmp_path: Path) -> None:
    async with recorder(tmp_path, "--limit-gigabytes", "0") as (_process, path, root), call(tmp_path) as (hub, a, b):
        status = await wait_for(lambda: json.loads((root / "status.json").read_text()), "the status")
        assert status["full"] is True
        hub.send(control.Record("room", RECORDING, str(path)))
        a.send_rtp("microphone", b"goes on")
        await b.until(lambda: b.of("voice0"))
        assert log_of(root) == []
