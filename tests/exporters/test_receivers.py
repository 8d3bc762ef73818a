"""Several receivers of one queue: each at its own pace, with its own door, filters and labels."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from agent.wire import remote_write
from exporters.remote_write import Forwarder, OutboundQueue, QueueSink, keep_saying
from exporters.remote_write.own_samples import INTERVAL_SECONDS
from hub import receivers
from hub.certificates import ensure
from hub.configuration import Configuration, PrometheusSection, ReceiverSection
from hub.failure import UserError
from hub.secret_sources import SecretSources
from tests.exporters.test_forwarder import at_once, payload, receiver, until, until_empty
from tests.ports import free_ports

NOW_MS = int(time.time()) * 1000


def destinations(tmp_path: Path, **sections: ReceiverSection) -> list[receivers.Destination]:
    configuration = Configuration(prometheus=PrometheusSection(enabled=False), remote_write=sections)
    return list(receivers.destinations(configuration, SecretSources(tmp_path, {})))


@asynccontextmanager
async def forwarding(
    tmp_path: Path, **sections: ReceiverSection
) -> AsyncIterator[tuple[QueueSink, Mapping[str, Forwarder]]]:
    """As the hub puts them together."""
    sent_to = destinations(tmp_path, **sections)
    with (
        OutboundQueue(tmp_path / "queue.db", max_bytes=10**8, max_age_seconds=10**9) as queue,
        ThreadPoolExecutor(1) as executor,
    ):
        queue.register(sections, [name for name, section in sections.items() if section.own_samples])
        sink = QueueSink(queue, executor)
        async with AsyncExitStack() as clients:
            forwarders = {
                one.receiver.name: Forwarder(
                    one.receiver,
                    queue,
                    executor,
                    await clients.enter_async_context(one.client()),
                    sink.subscribe(),
                    user_agent="test",
                    sleep=at_once,
                )
                for one in sent_to
            }
            tasks = [asyncio.create_task(sink.run())]
            tasks += [asyncio.create_task(forwarder.run()) for forwarder in forwarders.values()]
            try:
                yield sink, forwarders
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_dead_receiver_blocks_no_other_and_gets_its_own_later(tmp_path: Path) -> None:
    alive = asyncio.Event()
    async with (
        receiver(lambda _: (204, "")) as (fast, fast_url),
        receiver(lambda _: (204, "") if alive.is_set() else (503, "away")) as (slow, slow_url),
        forwarding(tmp_path, fast=ReceiverSection(fast_url), slow=ReceiverSection(slow_url)) as (sink, forwarders),
    ):
        for number in range(20):
            await sink.write(*payload(f"m{number}", float(number)))
        await until(lambda: len(fast.taken) == 20)
        assert slow.taken == []
        assert (await forwarders["slow"].status()).backlog.samples == 20
        alive.set()
        await until(lambda: len(slow.taken) == 20)
        assert slow.taken == fast.taken


async def test_what_a_receiver_does_not_want_is_passed_over_and_holds_nothing_up(tmp_path: Path) -> None:
    async with (
        receiver(lambda _: (204, "")) as (taking, url),
        forwarding(tmp_path, some=ReceiverSection(url, keep=("b", "c"), drop=("c",))) as (sink, forwarders),
    ):
        for name in "abcabc":
            await sink.write(*payload(name, 1.0))
        await until_empty(forwarders["some"])
        assert taking.taken == [("b", 1.0), ("b", 1.0)]
        assert (await forwarders["some"].status()).sent_samples == 2


async def test_the_hubs_own_samples_come_on_the_interval_and_end_with_a_stale_marker(tmp_path: Path) -> None:
    now = 1_700_000_000.0 // INTERVAL_SECONDS * INTERVAL_SECONDS + 7
    waits: list[float] = []
    finished = asyncio.Event()

    async def families() -> Sequence[Metric]:
        family = GaugeMetricFamily("thongsuot_x", "x", labels=["line"])
        for line in ("a", "b") if len(waits) == 1 else ("a",):
            family.add_metric([line], len(waits))
        return [family]

    async def sleep(seconds: float) -> None:
        nonlocal now
        waits.append(seconds)
        if len(waits) > 3:
            finished.set()
            await asyncio.Event().wait()
        now += seconds

    async with (
        receiver(lambda _: (204, "")) as (fake, url),
        forwarding(tmp_path, own=ReceiverSection(url)) as (sink, _),
    ):
        saying = asyncio.create_task(
            keep_saying(families, sink.write_own, {"job": "thongsuot"}, clock=lambda: now, sleep=sleep)
        )
        await finished.wait()
        await until(lambda: len(fake.taken) == 5)
        saying.cancel()
    assert waits[:3] == [INTERVAL_SECONDS - 7, INTERVAL_SECONDS, INTERVAL_SECONDS]
    values = [value for _, value in fake.taken]
    assert sorted(value for value in values if not math.isnan(value)) == [1.0, 1.0, 2.0, 3.0]
    assert sum(map(math.isnan, values)) == 1


@pytest.mark.parametrize(
    ("section", "secret", "header"),
    [
        (ReceiverSection("http://a/w"), None, None),
        (ReceiverSection("http://a/w"), "ma-thong-bao", "Bearer ma-thong-bao"),
        (ReceiverSection("http://a/w", username="huyen"), "mk", "Basic aHV5ZW46bWs="),
    ],
)
def test_the_secret_is_a_password_or_a_token(
    tmp_path: Path, section: ReceiverSection, secret: str | None, header: str | None
) -> None:
    if secret is not None:
        (tmp_path / "remote-write-x").write_text(f"{secret}\n")
    (one,) = destinations(tmp_path, x=section)
    assert one.receiver.headers.get("Authorization") == header
    assert "mk" not in repr(one)


def test_a_username_without_password_and_a_missing_certificate_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"put it into secrets/remote-write-x"):
        destinations(tmp_path, x=ReceiverSection("http://a/w", username="huyen"))
    with pytest.raises(UserError, match=r"remote_write\.x: .*certificate files cannot be used"):
        destinations(tmp_path, x=ReceiverSection("https://a/w", ca_file=str(tmp_path / "none.pem")))


class VictoriaMetrics:
    """A real one with TLS and a password."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("victoria-metrics")
        assert program, "victoria-metrics is not installed: make setup-dev installs it"
        (folder / "tls").mkdir()
        self.certificates = ensure(folder / "tls", ["localhost"], datetime.now(UTC))
        self.url = f"https://localhost:{(port := free_ports(1)[0])}"
        self.process = subprocess.Popen(
            [
                program,
                f"-httpListenAddr=127.0.0.1:{port}",
                f"-storageDataPath={folder / 'data'}",
                "-retentionPeriod=2",
                "-dedup.minScrapeInterval=1ms",
                "-memory.allowedBytes=64MB",
                "-httpAuth.username=huyen",
                "-httpAuth.password=mat-khau",
                "-tls",
                f"-tlsCertFile={folder / 'tls' / 'server.pem'}",
                f"-tlsKeyFile={folder / 'tls' / 'server.key'}",
            ],
            stderr=subprocess.DEVNULL,
        )
        self.client = httpx.Client(
            base_url=self.url, auth=("huyen", "mat-khau"), verify=False, timeout=10, trust_env=False
        )

    def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        answer = self.client.get(path, params=parameters)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def victoria_metrics(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    server = VictoriaMetrics(tmp_path)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                server.get("/api/v1/labels")
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "VictoriaMetrics did not start"
                time.sleep(0.1)
        yield server
    finally:
        server.close()


async def test_victoriametrics_takes_them_over_tls_with_a_password(
    tmp_path: Path, victoria_metrics: VictoriaMetrics
) -> None:
    (tmp_path / "remote-write-tinh").write_text("mat-khau")
    tinh = ReceiverSection(
        f"{victoria_metrics.url}/api/v1/write",
        username="huyen",
        ca_file=str(victoria_metrics.certificates.ca),
        keep=('{site="a"}',),
        labels={"cum": "vinh-tuong"},
    )
    late = payload("late", 1.0, at_ms=NOW_MS - 5 * 86_400_000)
    elsewhere = remote_write.encode([remote_write.series("late", [("site", "b")], NOW_MS, 9.0)])
    async with forwarding(tmp_path, tinh=tinh) as (sink, forwarders):
        await sink.write(*payload("late", 2.0, at_ms=NOW_MS))
        await sink.write(elsewhere, 1)
        for _ in range(2):
            await sink.write(*late)
        await until_empty(forwarders["tinh"])
        status = await forwarders["tinh"].status()
    assert (status.sent_samples, status.dead_letter_samples) == (3, 0)

    def exported() -> dict[str, Any] | None:
        text = victoria_metrics.client.get("/api/v1/export", params={"match[]": "late", "reduce_mem_usage": 0}).text
        found = [json.loads(line) for line in text.splitlines()]
        return found[0] if len(found) == 1 and len(found[0]["values"]) == 2 else None

    async with asyncio.timeout(30):
        while (series := await asyncio.to_thread(exported)) is None:
            await asyncio.sleep(0.2)
    assert series["metric"] == {"__name__": "late", "site": "a", "cum": "vinh-tuong"}
    assert list(zip(series["timestamps"], series["values"], strict=True)) == [
        (NOW_MS - 5 * 86_400_000, 1),
        (NOW_MS, 2),
    ]
