"""Our media worker, through its control socket."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.sfu.peer import FINGERPRINT, Peer
from benchmarks.sfu.sdp import describe, read
from conferencing import control

ROOM = "load"


class WorkerTarget:
    """`join` may be called at once for many peers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int) -> None:
        self.pid = pid
        self._reader, self._writer = reader, writer
        self._answers: dict[str, asyncio.Future[str]] = {}
        self._count = 0

    async def publish(self, peer: Peer) -> None:
        await self._join(peer, sends=True)

    async def subscribe(self, peer: Peer) -> None:
        await self._join(peer, sends=False)

    async def _join(self, peer: Peer, *, sends: bool) -> None:
        self._count += 1
        name = f"peer-{self._count}"
        offer = describe(peer.ufrag, peer.password, FINGERPRINT, sends=sends, setup="actpass", mids=("0", "1"))
        roles = {"0": "microphone", "1": "camera"} if sends else {"0": "voice0", "1": "stage"}
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        add = control.AddPeer(ROOM, name, name, offer, roles, {"microphone": sends, "camera": sends})
        self._writer.write(control.encode_from_hub(add))
        async with asyncio.timeout(30):
            await peer.connect(read(await answer))

    async def listen(self) -> None:
        while line := await self._reader.readline():
            match control.decode_from_worker(line):
                case control.PeerAnswer(peer=name, answer=text):
                    self._answers.pop(name).set_result(text)
                case control.PeerRefused(peer=name, detail=detail):
                    self._answers.pop(name).set_exception(ConnectionError(detail))
                case _:
                    pass


@contextlib.asynccontextmanager
async def worker(folder: Path, address: str, core: int) -> AsyncIterator[WorkerTarget]:
    path = folder / "worker.sock"
    with (folder / "worker.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("taskset", "-c", str(core), sys.executable, "-m", "conferencing.media"),
            *("--socket", str(path), "--listen", f"{address}:0", "--log-level", "WARNING"),
            stdout=log,
            stderr=log,
        )
    try:
        async with asyncio.timeout(20):
            while not path.exists():
                await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_unix_connection(path, limit=control.LONGEST_LINE)
        target = WorkerTarget(reader, writer, process.pid)
        writer.write(control.encode_from_hub(control.OpenRoom(ROOM)))
        listening = asyncio.create_task(target.listen())
        try:
            yield target
        finally:
            listening.cancel()
            writer.close()
    finally:
        process.terminate()
        await process.wait()
