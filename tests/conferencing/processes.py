"""Real processes for tests: a media worker with its control socket, and the hub in little."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from conferencing import control

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def wait_for(condition: Callable[[], T], what: str, seconds: float = 10) -> T:
    """Bounded wait for a process to get somewhere; the value of the condition when it is true."""
    for _ in range(int(seconds / 0.02)):
        if value := condition():
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


class Process:
    """One child with its output in a file, ended with the context."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._arguments = arguments
        self.log = log
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", *self._arguments], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.child is not None
        if self.child.poll() is None:
            self.child.send_signal(number)
        try:
            return self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)
            raise


@contextlib.asynccontextmanager
async def media_worker(
    folder: Path, name: str = "media-0", *options: str, listen: tuple[str, ...] = ("127.0.0.1:0",)
) -> AsyncIterator[tuple[Process, Path]]:
    path = folder / f"{name}.sock"
    process = Process(
        [
            *("conferencing.media", "--socket", str(path)),
            *(word for address in listen for word in ("--listen", address)),
            *("--name", name, "--statistics-seconds", "0.3"),
            *options,
        ],
        folder / f"{name}.log",
    )
    process.start()
    try:
        await wait_for(path.exists, f"control socket of {name}")
        yield process, path
    finally:
        process.stop()


class Hub:
    """The test as hub: the other end of a worker's control socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.heard: list[control.FromWorker] = []

    def send(self, message: control.FromHub) -> None:
        self.writer.write(control.encode_from_hub(message))

    async def expect(self, kind: type[T], condition: Callable[[T], bool] = lambda _message: True) -> T:
        """The next message of a kind, heard already or to come."""
        for index, message in enumerate(self.heard):
            if isinstance(message, kind) and condition(message):
                del self.heard[: index + 1]
                return message
        async with asyncio.timeout(12):
            while True:
                line = await self._reader.readline()
                assert line, "the worker closed the connection"
                message = control.decode_from_worker(line)
                if isinstance(message, kind) and condition(message):
                    return message
                self.heard.append(message)


async def connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket's file is there a moment before anybody listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await asyncio.open_unix_connection(path, limit=control.LONGEST_LINE)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def hub_of(path: Path) -> AsyncIterator[Hub]:
    reader, writer = await connected(path)
    try:
        yield Hub(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class HubProcess(Process):
    """tests.conferencing.serve on a fixed port, so that it can be stopped and started again."""

    def __init__(
        self, folder: Path, workers: list[Path], host: str = "127.0.0.1", options: Sequence[str] = ()
    ) -> None:
        self.port = free_port()
        self.address = f"http://{host}:{self.port}"
        arguments = ["tests.conferencing.serve", "--port", str(self.port), "--database", str(folder / "c.db")]
        arguments += ["--host", host, *options]
        for worker in workers:
            arguments += ["--worker", str(worker)]
        super().__init__(arguments, folder / "hub.log")

    def request(self, path: str, body: Any = None, *, user: str | None = "thanh") -> tuple[int, Any]:
        headers = {"Cookie": f"user={user}"} if user else {}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    async def ready(self) -> None:
        """Until it answers and its worker is connected."""

        def connected() -> bool:
            with contextlib.suppress(OSError):
                return any(self.request("/snapshot")[1]["workers"])
            return False

        # In a thread: a hub that is slow to answer must not keep the peers of the same loop from being heard.
        for _ in range(400):
            if await asyncio.to_thread(connected):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the hub does not answer, or has no worker")


@contextlib.asynccontextmanager
async def hub_process(
    folder: Path, workers: list[Path], host: str = "127.0.0.1", options: Sequence[str] = ()
) -> AsyncIterator[HubProcess]:
    process = HubProcess(folder, workers, host, options)
    process.start()
    try:
        await process.ready()
        yield process
    finally:
        process.stop()


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def mapped_libraries(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()
