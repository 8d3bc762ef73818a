"""A client that nobody here wrote, without transport-wide feedback: aiortc behind a bad line, by RTX and REMB."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack, VideoStreamTrack

from conferencing import control
from tests.conferencing.lines import DEVICE, HUB, NODE, ThisMachine
from tests.conferencing.processes import Hub, hub_of, media_worker
from tests.lines.line import emulated_line
from tests.lines.namespaces import CannotEmulateError, namespace, require
from tests.lines.spec import Bursts, Direction, LineSpec

pytestmark = pytest.mark.e2e

GOOD = Direction(delay=0.02)
SECONDS = 3.0


class Joining:
    """Offers of clients in whatever thread, answered by the worker one after the other."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self.answered = asyncio.Event()

    async def join(self, connection: RTCPeerConnection, seat: str, names: tuple[str, ...]) -> None:
        await connection.setLocalDescription(await connection.createOffer())
        roles = {one.mid or "": name for one, name in zip(connection.getTransceivers(), names, strict=True)}
        asked = asyncio.run_coroutine_threadsafe(self._ask(seat, connection.localDescription.sdp, roles), self._loop)
        answer = await asyncio.wrap_future(asked)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def _ask(self, seat: str, offer: str, roles: dict[str, str]) -> str:
        self._hub.send(control.OpenRoom("room"))
        self._hub.send(control.AddPeer("room", f"peer-{seat}", seat, offer, roles, {}))
        answer = (await self._hub.expect(control.PeerAnswer)).answer
        self.answered.set()
        return answer


def receive(joining: Joining, counts: Counter[str], over: threading.Event) -> Callable[[], None]:
    """The far end, to be run in a namespace: counts what it decodes until it is over."""

    async def take(track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                await track.recv()
                counts[track.kind] += 1

    async def run() -> None:
        connection = RTCPeerConnection()
        tasks: list[asyncio.Task[None]] = []
        connection.on("track", lambda track: tasks.append(asyncio.create_task(take(track))))
        for kind in ("video", "audio"):
            connection.addTransceiver(kind, direction="recvonly")
        try:
            await joining.join(connection, "far", ("stage", "voice0"))
            while not over.is_set():
                await asyncio.sleep(0.05)
        finally:
            await connection.close()
            await asyncio.gather(*tasks)

    return lambda: asyncio.run(run())


@pytest.mark.soak
async def test_aiortc_hears_and_sees_over_a_line_that_loses(tmp_path: Path) -> None:
    try:
        require()
    except CannotEmulateError as error:
        pytest.skip(str(error))
    counts: Counter[str] = Counter()
    over = threading.Event()
    with (
        namespace("far") as node,
        emulated_line(node, ThisMachine(), NODE, HUB, LineSpec(GOOD, GOOD), f"a{DEVICE}"[:15], ()) as line,
    ):
        node.ip("route", "add", "default", "via", HUB)
        async with media_worker(tmp_path, listen=(f"{HUB}:0",)) as (_process, path), hub_of(path) as hub:
            await hub.expect(control.WorkerState)
            joining = Joining(hub)
            near = RTCPeerConnection()
            near.addTransceiver(VideoStreamTrack(), direction="sendonly")
            near.addTransceiver(AudioStreamTrack(), direction="sendonly")
            far = asyncio.create_task(asyncio.to_thread(node.call, receive(joining, counts, over)))
            try:
                # One reader of the control socket at a time.
                await joining.answered.wait()
                await hub.expect(control.PeerConnected, lambda m: m.seat == "far")
                await joining.join(near, "near", ("camera", "microphone"))
                async with asyncio.timeout(15):
                    while counts["video"] < 15 or counts["audio"] < 50:
                        await asyncio.sleep(0.05)
                for bad in (replace(GOOD, loss=0.05), replace(GOOD, bursts=Bursts(0.005, 0.2))):
                    line.set(LineSpec(GOOD, bad))
                    before = Counter(counts)
                    await asyncio.sleep(SECONDS)
                    # 50 frames of sound and 30 of the picture are sent in a second.
                    assert counts["audio"] - before["audio"] > 50 * SECONDS * 0.5, counts
                    assert counts["video"] - before["video"] > 30 * SECONDS * 0.2, counts
                found = await hub.expect(
                    control.WorkerStatistics,
                    lambda m: any(p.seat == "far" and p.resent for p in m.peers),
                )
                assert "internal_error" not in found.drops
            finally:
                over.set()
                await near.close()
                await far
