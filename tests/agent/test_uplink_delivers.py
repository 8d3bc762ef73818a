"""The uplink against a real HTTP server: every answer it can give, and none at all."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import cramjam
import pytest

from agent.delivery import Delivery, refused_samples
from agent.hub_client import Answer, HubConnection, parse_address
from agent.queue import Queue
from agent.samples import Sample, SampleSet, encode
from agent.uplink import Lane
from agent.workers import Worker
from tests.agent.hub import KEY, Hub, Written, free_port, serving


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with Queue(tmp_path / "queue.db") as opened:
        yield opened


class Uplink:
    def __init__(self, queue: Queue, url: str, timeout_seconds: float) -> None:
        self.queue = queue
        self.worker = Worker("queue")
        address = parse_address(url)
        self.delivery = Delivery(
            queue,
            self.worker,
            lambda seconds: HubConnection(address, None, min(seconds, timeout_seconds)),
            KEY,
            stuck_tries=3,
        )

    async def put(self, number: int, samples: int = 1, created: float | None = None) -> None:
        now = time.time() if created is None else created
        rows = tuple(Sample(f"thongsuot_test_{number}", number, (("of", str(one)),)) for one in range(samples))
        await self.worker.run(self.queue.put, encode([SampleSet(now, rows)]), samples, now)
        self.delivery.committed()

    async def until(self, ready: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not ready():
                await asyncio.sleep(0.01)

    async def until_empty(self) -> None:
        async with asyncio.timeout(10):
            while (await self.worker.run(self.queue.status)).rows:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def uplink(queue: Queue, url: str, timeout_seconds: float = 10.0) -> AsyncIterator[Uplink]:
    one = Uplink(queue, url, timeout_seconds)
    tasks = [asyncio.create_task(one.delivery.run(lane)) for lane in Lane]
    try:
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def names(hub: Hub) -> list[str]:
    return [labels["__name__"] for labels, _time, _value in hub.samples]


async def test_a_committed_row_is_delivered_at_once_and_forgotten(queue: Queue) -> None:
    with serving() as hub:
        async with uplink(queue, hub.url) as one:
            await one.put(1, samples=3)
            await one.until_empty()
    headers = hub.written[0].headers
    assert headers["Content-Encoding"] == "snappy"
    assert headers["Content-Type"] == "application/x-protobuf"
    assert headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["User-Agent"].startswith("thongsuot-agent/")
    assert abs(float(headers["X-Thongsuot-Time"]) - time.time()) < 60
    assert names(hub) == ["thongsuot_test_1"] * 3
    assert queue.status().last_error is None


async def test_backlog_goes_oldest_first_in_requests_of_two_thousand_behind_what_is_fresh(queue: Queue) -> None:
    for number in range(30):
        samples = tuple(Sample("thongsuot_old", number, (("of", str(one)),)) for one in range(500))
        queue.put(encode([SampleSet(time.time() - 9000, samples)]), 500, time.time() - 9000 + number)
    slow = threading.Event()

    def write(_written: Written) -> tuple[int, dict[str, str], bytes]:
        slow.wait(0.02)
        return 204, {}, b""

    with serving(Hub(write=write)) as hub:
        async with uplink(queue, hub.url) as one:
            await one.until(lambda: len(hub.written) >= 1)
            await one.put(1)
            await one.until(lambda: "thongsuot_test_1" in names(hub))
            left = await one.worker.run(queue.status)
            await one.until_empty()
    assert left.rows > 0
    backlog = [one.samples for one in hub.written if one.samples[0][0]["__name__"] == "thongsuot_old"]
    assert [len(samples) for samples in backlog] == [2000] * 7 + [1000]
    values = [value for samples in backlog for _labels, _time, value in samples]
    assert values == sorted(values)


async def test_a_retry_sends_the_very_same_bytes(queue: Queue) -> None:
    tries: list[bytes] = []

    def write(written: Written) -> tuple[int, dict[str, str], bytes]:
        tries.append(written.body)
        return (500 if len(tries) < 4 else 204), {}, b""

    with serving(Hub(write=write)) as hub:
        async with uplink(queue, hub.url) as one:
            await one.put(1)
            await one.until(lambda: len(tries) >= 2)
            await one.put(2)
            await one.until_empty()
    assert len(tries) >= 4
    assert len(set(tries[:4])) == 1
    assert sorted(names(hub)) == ["thongsuot_test_1", "thongsuot_test_2"]


async def test_a_restarted_agent_sends_the_very_same_bytes(queue: Queue) -> None:
    tries: list[bytes] = []

    def refuse(written: Written) -> tuple[int, dict[str, str], bytes]:
        tries.append(written.body)
        return 503, {"Retry-After": "100"}, b""

    with serving(Hub(write=refuse)) as hub:
        async with uplink(queue, hub.url) as one:
            await one.put(1)
            await one.put(2)
            await one.until(lambda: len(tries) == 1)
        await Uplink(queue, hub.url, 10).put(3)
        hub.write = lambda _written: (204, {}, b"")
        async with uplink(queue, hub.url) as one:
            await one.until_empty()
    assert tries[0] in [one.body for one in hub.written]
    assert sorted(names(hub)) == ["thongsuot_test_1", "thongsuot_test_2", "thongsuot_test_3"]


async def test_a_refused_request_is_buried_with_its_reason_and_the_next_one_goes(queue: Queue) -> None:
    def write(written: Written) -> tuple[int, dict[str, str], bytes]:
        if written.samples[0][2] == 1:
            problem = {"title": "refused", "detail": "3 kept; refused for good: bad_label: 2"}
            return 400, {}, json.dumps({**problem, "refused": {"bad_label": 2}}).encode()
        return 204, {}, b""

    with serving(Hub(write=write)) as hub:
        async with uplink(queue, hub.url) as one:
            await one.put(1, samples=5)
            await one.until_empty()
            await one.put(2)
            await one.until_empty()
    assert names(hub) == ["thongsuot_test_2"]
    status = queue.status()
    assert status.dead_letter_samples == 2
    row = queue._connection.execute("SELECT reason, samples FROM dead_letters").fetchone()
    assert row == (f"{hub.url}: 400 3 kept; refused for good: bad_label: 2", 5)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b"", 10),
        (b"no json", 10),
        (b"[]", 10),
        (b'{"refused": 4}', 10),
        (b'{"refused": {"a": "b"}}', 10),
        (b'{"refused": {"a": 3, "b": 1}}', 4),
        (b'{"refused": {"a": 99}}', 10),
        (b'{"refused": {"a": -4}}', 10),
    ],
)
def test_how_many_samples_were_refused_is_taken_from_the_answer(body: bytes, count: int) -> None:
    assert refused_samples(Answer(400, {}, body), 10) == count


async def test_a_request_that_is_too_large_is_split_until_it_fits(queue: Queue) -> None:
    def write(written: Written) -> tuple[int, dict[str, str], bytes]:
        return (413 if len(written.samples) > 250 else 204), {}, b""

    with serving(Hub(write=write)) as hub:
        now = time.time()
        for number in range(7):
            samples = tuple(Sample("thongsuot_test", number, (("of", str(one)),)) for one in range(100))
            queue.put(encode([SampleSet(now, samples)]), 100, now)
        async with uplink(queue, hub.url) as one:
            await one.put(9, samples=300)
            await one.until_empty()
    assert names(hub).count("thongsuot_test") == 700
    assert all(len(one.samples) <= 250 for one in hub.written)
    assert queue.status().dead_letter_samples == 300, "a single collection that nobody takes is not kept for ever"


async def test_retry_after_of_a_busy_hub_is_honoured(queue: Queue) -> None:
    times: list[float] = []

    def write(written: Written) -> tuple[int, dict[str, str], bytes]:
        times.append(written.at)
        return (429, {"Retry-After": "1"}, b"") if len(times) == 1 else (204, {}, b"")

    with serving(Hub(write=write)) as hub:
        async with uplink(queue, hub.url) as one:
            await one.put(1)
            await one.until_empty()
    assert times[1] - times[0] >= 1.0


async def test_a_revoked_key_keeps_the_queue_and_says_so(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    with serving(Hub(refuse_key=True)) as hub:
        async with uplink(queue, hub.url) as one:
            await one.put(1)
            await one.until(lambda: "401" in caplog.text)
            await one.put(2)
    status = queue.status()
    assert status.rows == 2
    assert status.last_error == f"{hub.url}: 401 unknown"


async def test_without_the_hub_everything_is_kept_and_delivered_when_it_comes(queue: Queue) -> None:
    hub = Hub(port=free_port())
    async with uplink(queue, f"http://127.0.0.1:{hub.port}") as one:
        for number in range(3):
            await one.put(number)
        await one.until(lambda: queue.fact("last_error") is not None)
        assert "the port is closed" in (queue.fact("last_error") or "")
        with serving(hub):
            await one.until_empty()
    assert sorted(names(hub)) == ["thongsuot_test_0", "thongsuot_test_1", "thongsuot_test_2"]
    assert queue.status().last_error is None


async def test_a_hub_that_hangs_is_given_up_and_asked_again(queue: Queue) -> None:
    hang = threading.Event()
    tries: list[float] = []

    def write(written: Written) -> tuple[int, dict[str, str], bytes]:
        tries.append(written.at)
        if len(tries) == 1:
            hang.wait(5)
        return 204, {}, b""

    with serving(Hub(write=write)) as hub:
        async with uplink(queue, hub.url, timeout_seconds=0.3) as one:
            await one.put(1)
            await one.until_empty()
        hang.set()
    assert len(tries) == 2


async def test_garbage_instead_of_http_is_an_unreachable_hub(queue: Queue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    one.recv(100)
                    one.sendall(b"220 mail.example.vn ESMTP\r\n")

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        async with uplink(queue, f"http://127.0.0.1:{server.getsockname()[1]}") as one:
            await one.put(1)
            await one.until(lambda: queue.fact("last_error") is not None)
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert queue.status().rows == 1


async def test_a_request_that_the_server_can_never_take_does_not_block_the_others(queue: Queue) -> None:
    """Prometheus 2.42 answers too-old samples with 500 for ever."""

    def write(written: Written) -> tuple[int, dict[str, str], bytes]:
        return (500 if any(value == 13 for _labels, _time, value in written.samples) else 204), {}, b""

    for number in (12, 13, 14):
        created = time.time() - 5000 + number
        queue.put(encode([SampleSet(created, (Sample("thongsuot_old", number),))]), 1, created)
    with serving(Hub(write=write)) as hub:
        async with uplink(queue, hub.url) as one:

            async def keep_fresh() -> None:
                for number in range(100, 400):
                    await one.put(number)
                    await asyncio.sleep(0.03)

            fresh = asyncio.create_task(keep_fresh())
            await one.until(lambda: queue.status().dead_letter_samples == 1)
            await one.until(lambda: {12.0, 14.0} <= {value for _labels, _time, value in hub.samples})
            fresh.cancel()
            await asyncio.wait({fresh})


async def test_the_last_delivery_takes_what_is_fresh_and_never_long(queue: Queue) -> None:
    with serving() as hub:
        one = Uplink(queue, hub.url, 10)
        await one.put(1)
        await one.delivery.deliver_last()
        assert names(hub) == ["thongsuot_test_1"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = Uplink(queue, f"http://127.0.0.1:{silent.getsockname()[1]}", 10)
        await one.put(2)
        async with asyncio.timeout(2):
            await one.delivery.deliver_last()
    assert queue.status().rows == 1


def test_rows_laid_end_to_end_are_one_request() -> None:
    first = encode([SampleSet(1.0, (Sample("a", 1.0),))])
    second = encode([SampleSet(2.0, (Sample("b", 2.0),))])
    body = bytes(cramjam.snappy.compress_raw(first + second))
    assert Written(body, {}, 0.0).samples == [({"__name__": "a"}, 1000, 1.0), ({"__name__": "b"}, 2000, 2.0)]
