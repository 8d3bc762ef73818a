"""The forwarder against a real HTTP server of the test's own, and against a real Prometheus."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import cramjam
import httpx
import pytest

from agent.wire import remote_write
from collector.ingest import remote_write_pb2
from exporters.prometheus import ScrapeTarget, prometheus_arguments, prometheus_configuration
from exporters.remote_write import Forwarder, OutboundQueue, QueueSink, Receiver

Answerer = Callable[[list[tuple[str, float]]], tuple[int, str]]


def payload(name: str, *values: float, at_ms: int = 1_700_000_000_000) -> tuple[bytes, int]:
    labels = (("__name__", name), ("site", "a"))
    samples = tuple((at_ms + 1000 * index, value) for index, value in enumerate(values))
    return remote_write.encode([remote_write.Series(labels, samples)]), len(values)


def decode(body: bytes) -> list[tuple[str, float]]:
    request = remote_write_pb2.WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body)))
    found = []
    for series in request.timeseries:
        labels = [remote_write_pb2.Label.FromString(raw) for raw in series.labels]
        name = next(label.value for label in labels if label.name == "__name__")
        found += [(name, sample.value) for sample in series.samples]
    return found


class FakeReceiver:
    """An HTTP receiver: `answer` decides each request; what it took with 2xx is in `taken`."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self.taken: list[tuple[str, float]] = []
        self.requests = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                samples = decode(await reader.readexactly(length))
                self.requests += 1
                status, words = self._answer(samples)
                if 200 <= status < 300:
                    self.taken += samples
                writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: {len(words)}\r\n\r\n{words}".encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


async def at_once(_: float) -> None:
    """Backoff without the wait."""
    await asyncio.sleep(0)


@asynccontextmanager
async def forwarding(tmp_path: Path, url: str) -> AsyncIterator[tuple[QueueSink, Forwarder]]:
    # The thread goes before the queue is closed: the queue belongs to it.
    with (
        OutboundQueue(tmp_path / "queue.db", max_bytes=10**8, max_age_seconds=10**9) as queue,
        ThreadPoolExecutor(1) as executor,
    ):
        queue.register(["r"])
        sink = QueueSink(queue, executor)
        async with httpx.AsyncClient() as client:
            forwarder = Forwarder(
                Receiver("r", url), queue, executor, client, sink.subscribe(), user_agent="test", sleep=at_once
            )
            tasks = [asyncio.create_task(sink.run()), asyncio.create_task(forwarder.run())]
            try:
                yield sink, forwarder
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def receiver(answer: Answerer) -> AsyncIterator[tuple[FakeReceiver, str]]:
    fake = FakeReceiver(answer)
    server = await asyncio.start_server(fake.handle, "127.0.0.1", 0)
    async with server:
        yield fake, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/write"


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_accepted_samples_arrive_in_order(tmp_path: Path) -> None:
    async with (
        receiver(lambda _: (204, "")) as (fake, url),
        forwarding(tmp_path, url) as (sink, forwarder),
    ):
        await sink.write(*payload("one", 1.0, 2.0))
        await sink.write(*payload("two", 3.0))
        await until(lambda: len(fake.taken) == 3)
        assert fake.taken == [("one", 1.0), ("one", 2.0), ("two", 3.0)]
        await until_empty(forwarder)
        status = await forwarder.status()
        assert (status.sent_samples, status.dead_letter_samples, status.failed_requests) == (3, 0, {})


async def test_one_bad_sample_is_buried_and_the_rest_arrives(tmp_path: Path) -> None:
    def answer(samples: list[tuple[str, float]]) -> tuple[int, str]:
        return (400, "bad sample") if ("bad", 2.0) in samples else (204, "")

    async with receiver(answer) as (fake, url), forwarding(tmp_path, url) as (sink, forwarder):
        await asyncio.gather(
            sink.write(*payload("good", 1.0)),
            sink.write(*payload("bad", 1.0, 2.0, 3.0)),
            sink.write(*payload("z", 4.0)),
        )
        await until(lambda: len(fake.taken) == 4)
        await until_empty(forwarder)
        assert sorted(fake.taken) == [("bad", 1.0), ("bad", 3.0), ("good", 1.0), ("z", 4.0)]
        status = await forwarder.status()
        assert (status.sent_samples, status.dead_letter_samples) == (4, 1)
    with OutboundQueue(tmp_path / "queue.db", max_bytes=10**8, max_age_seconds=10**9) as queue:
        (reason, samples, _), *others = queue.dead_letters("r")
    assert (reason, samples, others) == ("400 bad sample", 1, [])


async def test_a_receiver_that_is_down_loses_nothing(tmp_path: Path) -> None:
    failures = iter([503] * 4)

    def answer(_: list[tuple[str, float]]) -> tuple[int, str]:
        return next(failures, 204), ""

    async with receiver(answer) as (fake, url), forwarding(tmp_path, url) as (sink, forwarder):
        await sink.write(*payload("one", 1.0))
        await until(lambda: len(fake.taken) == 1)
        assert (await forwarder.status()).failed_requests == {"503": 4}


async def test_a_500_that_never_changes_for_one_sample_does_not_stop_the_others(tmp_path: Path) -> None:
    """Prometheus 2.42 answers samples older than its window so, for ever."""

    def answer(samples: list[tuple[str, float]]) -> tuple[int, str]:
        return (500, "too old sample") if ("old", 1.0) in samples else (204, "")

    async with receiver(answer) as (fake, url), forwarding(tmp_path, url) as (sink, forwarder):
        await asyncio.gather(sink.write(*payload("old", 1.0)), sink.write(*payload("new", 2.0)))
        await until(lambda: fake.taken == [("new", 2.0)])
        async with asyncio.timeout(60):
            while (await forwarder.status()).dead_letter_samples == 0:
                await asyncio.sleep(0.05)


async def until_empty(forwarder: Forwarder) -> None:
    async with asyncio.timeout(10):
        while (await forwarder.status()).backlog.rows:
            await asyncio.sleep(0.01)


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("prometheus")
    assert program, "prometheus is not installed"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "token").write_text("x")
    config = tmp_path / "prometheus.yml"
    target = ScrapeTarget("127.0.0.1:1", tmp_path / "token")
    config.write_text(prometheus_configuration(target, alertmanager_port=None, out_of_order_days=14))
    arguments = prometheus_arguments(program, config, tmp_path / "tsdb", port, 400)
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_ready(f"http://127.0.0.1:{port}/-/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_ready(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "prometheus did not start"
            time.sleep(0.05)


async def test_prometheus_takes_late_samples_with_their_own_time_and_replays(tmp_path: Path, prometheus: str) -> None:
    now_ms = int(time.time()) * 1000
    late = payload("late", 1.0, at_ms=now_ms - 5 * 86_400_000)
    async with forwarding(tmp_path, f"{prometheus}/api/v1/write") as (sink, forwarder):
        await sink.write(*payload("late", 2.0, at_ms=now_ms))
        await until_empty(forwarder)
        await sink.write(*late)
        await sink.write(*late)
        await until_empty(forwarder)
        status = await forwarder.status()
    assert (status.sent_samples, status.dead_letter_samples) == (3, 0)
    query = urllib.parse.urlencode({"query": "late[10d]", "time": now_ms / 1000 + 1})
    with urllib.request.urlopen(f"{prometheus}/api/v1/query?{query}") as answer:
        (series,) = json.load(answer)["data"]["result"]
    assert series["values"] == [[now_ms / 1000 - 5 * 86400, "1"], [now_ms / 1000, "2"]]
