"""170 nodes on one hub, a tenth with wrong clocks, one sending poison: all else is kept, once, at its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from agent.wire.configuration import WINDOW_SECONDS, WRITE_PATH
from tests.e2e.system import System
from tests.fleet import nodes
from tests.fleet.hub import compare, enrolled, live
from tests.fleet.nodes import Clock, Node

pytestmark = pytest.mark.e2e

NODES = 170
POISONED = 169
DAY, YEAR = 86_400.0, 365 * 86_400.0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"), workers=1)
    system.start()
    yield system
    system.stop()


def clock_of(number: int, started: float) -> Clock:
    """Every tenth node: a day ahead, a year behind, or stepping by an hour in the middle of the run."""
    if number % 10 or number == 0:
        return nodes.right
    return {
        0: lambda now: now + DAY,
        1: lambda now: now - YEAR,
        2: lambda now: now + 3600 * (now > started + 25),
    }[number // 10 % 3]


async def run(system: System, fleet: list[Node], seconds: float) -> None:
    """All nodes say their windows as they end, spread over the window as real ones are."""
    limits = httpx.Limits(max_connections=None)
    deadline = time.time() + seconds
    async with httpx.AsyncClient(base_url=system.url, timeout=60, limits=limits) as hub:

        async def rage(node: Node) -> None:
            while time.time() < deadline:
                for body in nodes.poison():
                    try:
                        status = (await hub.post(WRITE_PATH, content=body, headers=node.headers)).status_code
                    except httpx.TransportError:
                        # The hub hung up on a body that is too large.
                        status = 413
                    node.answers[status] += 1
                await asyncio.sleep(2)

        async with asyncio.TaskGroup() as tasks:
            for node in fleet:
                tasks.create_task(
                    rage(node) if node.number == POISONED else live(node, hub, deadline, node.number / NODES)
                )


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.soak)])
def test_a_fleet_loses_nothing_and_nobody_suffers_for_another(system: System, seconds: int) -> None:
    started = time.time()
    fleet = enrolled(system, NODES, lambda number: clock_of(number, started))
    asyncio.run(run(system, fleet, seconds))
    refused = [(node.number, dict(node.answers)) for node in fleet if set(node.answers) != {204}]
    assert [number for number, _ in refused] == [POISONED]
    poisoned = dict(refused)[POISONED]
    assert set(poisoned) <= {204, 400, 413, 415, 422, 429}
    assert all(len(node.sent) >= seconds // WINDOW_SECONDS // 2 for node in fleet if node.number != POISONED)
    compare(system, [node for node in fleet if node.number != POISONED], started)
    with system.signed_in() as client:
        shown = {site["code"]: site for site in client.get("/api/v1/board").json()["sites"]}
    for node in fleet:
        if node.number == POISONED:
            continue
        (line,) = shown[node.site]["lines"]
        assert line["sent"] > 0, node.site
        assert line["loss_up_ratio"] == pytest.approx(0.01 if node.number % 10 == 3 else 0.0, abs=0.02)
    text = "".join(path.read_text() for path in (system.data / "log").glob("hub*.log"))
    assert "Traceback" not in text
