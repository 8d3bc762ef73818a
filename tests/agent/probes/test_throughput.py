"""The test of the speed: when it may run, what it costs at most, and against the hub's own route."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from agent.hub_client import HubAddress
from agent.hub_route import Way
from agent.probes.bounds import due, most_bytes
from agent.probes.periodic import Timing
from agent.probes.probe import ProbeFailedError, World
from agent.probes.throughput import ThroughputCheck
from agent.probes.whereabouts import Whereabouts
from agent.wire import families
from agent.wire.configuration import (
    THROUGHPUT_PATH,
    LineConfiguration,
    NodeConfiguration,
    ProbesConfiguration,
    ProbeTarget,
    StampTarget,
    ThroughputWindow,
)
from collector.http.problems import ProblemError
from collector.http.throughput import MAX_UPLOAD_BYTES, TESTS_AT_ONCE, Throughput

DAY = 1_700_006_400.0
"""Midnight UTC."""
NIGHT = ThroughputWindow(1080, 1260)
"""01:00 to 04:00 in Hanoi."""
LINE = LineConfiguration("vt-1", StampTarget("", 1, 1, "00"), download_mbits=80.0, upload_mbits=40.0)


def minutes_due(window: ThroughputWindow, node: str, once: bool = True) -> list[int]:
    last: float | None = None
    found = []
    for minute in range(2 * 1440):
        unix = DAY + minute * 60
        if due(window, node, unix, last):
            found.append(minute)
            last = unix if once else None
    return found


@given(st.integers(0, 1439), st.integers(0, 1439), st.text(min_size=1, max_size=5))
def test_it_is_due_once_a_night_and_in_the_window_only(begin: int, end: int, node: str) -> None:
    length = (end - begin) % 1440 or 1440
    found = minutes_due(ThroughputWindow(begin, end), node)
    assert 1 <= len(found) <= 3
    assert all((minute - begin) % 1440 < length for minute in found)


def test_nodes_have_minutes_of_their_own() -> None:
    assert len({minutes_due(NIGHT, f"n-{number}")[0] for number in range(170)}) > 80


def test_it_costs_no_more_than_the_contract_gives_in_its_time() -> None:
    assert most_bytes(NIGHT, 10.0) == 12_500_000
    assert most_bytes(NIGHT, None) == most_bytes(NIGHT, 1000.0) == NIGHT.max_bytes


def world(port: int, configuration: NodeConfiguration) -> World:
    holder = SimpleNamespace(configuration=configuration)
    return World(
        "n1",
        "k",
        lambda: Way(HubAddress(False, "127.0.0.1", port, ""), None),
        Whereabouts("127.0.0.1"),
        lambda: holder.configuration,
    )


def configuration(**changes: Any) -> NodeConfiguration:
    probes = ProbesConfiguration(throughput=ThroughputWindow(0, 0, max_bytes=3_000_000, max_seconds=5))
    return replace(NodeConfiguration("n1", "s", 15, (LINE,), probes), **changes)


@asynccontextmanager
async def hub(throughput: Throughput) -> AsyncIterator[int]:
    app = FastAPI()
    app.add_api_route(THROUGHPUT_PATH, throughput.download, methods=["GET"])
    app.add_api_route(THROUGHPUT_PATH, throughput.upload, methods=["POST"])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def test_speed_in_both_directions_is_set_against_the_contract() -> None:
    async with hub(Throughput()) as port:
        check = ThroughputCheck(ProbeTarget("throughput", "hub"), world(port, configuration()))
        window = ThroughputWindow(0, 0, max_bytes=30_000_000, max_seconds=5)
        found = await check.measure(window, Timing())
    values = {(one.name, dict(one.labels)["direction"]): one.value for one in found.samples}
    assert values[families.THROUGHPUT_BYTES, "down"] == 30_000_000
    # The contract's 40 Mbit/s for five seconds.
    assert values[families.THROUGHPUT_BYTES, "up"] == 25_000_000
    for direction, contract in (("down", 80e6), ("up", 40e6)):
        if (families.THROUGHPUT, direction) in values:
            ratio = values[families.THROUGHPUT, direction] / contract
            assert values[families.THROUGHPUT_RATIO, direction] == pytest.approx(ratio)


@pytest.mark.parametrize(
    "changes", [{"probes": None}, {"probes": ProbesConfiguration()}, {"meeting_running": True}], ids=str
)
async def test_without_a_window_or_during_a_meeting_nothing_is_sent(changes: dict[str, Any]) -> None:
    check = ThroughputCheck(ProbeTarget("throughput", "hub"), world(1, configuration(**changes)))
    assert not (await check(Timing())).ran


async def test_a_meeting_that_begins_ends_the_test() -> None:
    async with hub(Throughput()) as port:
        check = ThroughputCheck(ProbeTarget("throughput", "hub"), world(port, configuration(meeting_running=True)))
        with pytest.raises(ProbeFailedError, match="a meeting has begun"):
            await check.measure(ThroughputWindow(0, 0), Timing())


async def test_the_hub_bounds_what_it_sends_and_takes() -> None:
    throughput = Throughput()

    def asking(text: str) -> Any:
        return SimpleNamespace(query_params={"bytes": text})

    for text in ("", "0", "-1", "x", "99999999999"):
        with pytest.raises(ProblemError):
            throughput.download(asking(text))
    running = [throughput._chunks(10) for _ in range(TESTS_AT_ONCE)]
    for one in running:
        await anext(one)
    with pytest.raises(ProblemError):
        throughput.download(asking("10"))
    for one in running:
        await one.aclose()  # type: ignore[attr-defined]
    assert throughput.download(asking("10")).status_code == 200

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(MAX_UPLOAD_BYTES // 65_536 + 1):
            yield bytes(65_536)

    with pytest.raises(ProblemError):
        await throughput.upload(SimpleNamespace(stream=stream))  # type: ignore[arg-type]
