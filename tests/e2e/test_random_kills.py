"""The hub is killed at random moments while nodes send: what it answered for is there, once, and nothing else."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.system import System
from tests.fleet.hub import compare, enrolled, live
from tests.fleet.nodes import Node

pytestmark = pytest.mark.e2e

NODES = 12
SECONDS_A_ROUND = 8.0


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"), workers=1)
    system.start()
    yield system
    system.stop()


async def under_fire(system: System, fleet: list[Node], rounds: int, chance: random.Random) -> None:
    deadline = time.time() + rounds * SECONDS_A_ROUND
    async with httpx.AsyncClient(base_url=system.url, timeout=10) as hub, asyncio.TaskGroup() as tasks:
        for node in fleet:
            tasks.create_task(live(node, hub, deadline, chance.random()))
        for _ in range(rounds):
            await asyncio.sleep(chance.uniform(0.5, SECONDS_A_ROUND - 0.5))
            os.kill(await asyncio.to_thread(system.pid_of, "hub"), signal.SIGKILL)


@pytest.mark.parametrize("rounds", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_what_was_answered_for_is_there_once(system: System, rounds: int) -> None:
    started = time.time()
    fleet = enrolled(system, NODES)
    asyncio.run(under_fire(system, fleet, rounds, random.Random(rounds)))
    assert sum(node.interruptions for node in fleet) > 0, "nobody noticed"
    assert {status for node in fleet for status in node.answers} == {204}
    compare(system, fleet, started)
    with system.signed_in() as client:
        for node in fleet:
            expected = Counter((at // 1000 - 10) // 60 * 60 for at in node.sent)
            history = client.get(f"/api/v1/board/sites/{node.site}/history").raise_for_status().json()
            sent = dict(zip(history["times"], history["lines"][node.line]["sent"], strict=True))
            assert {minute: sent[minute] for minute in expected} == {m: 100 * n for m, n in expected.items()}
