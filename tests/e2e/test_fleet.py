"""170 nodes on one hub, a tenth with wrong clocks, one sending poison: all else is kept, once, at its time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy.orm import Session

from agent.wire.configuration import WINDOW_SECONDS, WRITE_PATH
from collector import directory
from collector.collector import REFRESH_SECONDS
from hub import database
from tests.e2e.system import System, until
from tests.fleet import nodes
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


def enrolled(system: System, started: float) -> list[Node]:
    codes = [f"xa-{number:03d}" for number in range(NODES)]
    with system.signed_in() as client:
        sites = "code,name\n" + "".join(f"{code},Xã số {code[3:]}\n" for code in codes)
        lines = "code,site,name,provider\n" + "".join(
            f"{code}-1,{code},Đường truyền 1,{('VNPT', 'Viettel')[int(code[3:]) % 2]}\n" for code in codes
        )
        for noun, text in (("sites", sites), ("lines", lines)):
            answer = client.post(
                f"/api/v1/directory/import?noun={noun}&dry_run=false",
                content=text.encode(),
                headers={"Content-Type": "text/csv"},
            )
            assert answer.status_code == 200, answer.text

    # Machines come one by one, and so the hub takes them: 170 at once come in by the directory's own door.
    engine = database.open_engine(system.data / "hub.db")
    fleet = []
    with Session(engine) as session:
        for number, code in enumerate(codes):
            token = directory.issue_token(session, code, time.time())
            machine = directory.enrol(session, str(token), f"may-{number:03d}", "Linux", "0.1.0", time.time())
            fleet.append(Node(number, code, f"{code}-1", machine.key, clock_of(number, started)))
        session.commit()
    engine.dispose()
    time.sleep(REFRESH_SECONDS + 1)
    return fleet


async def run(system: System, fleet: list[Node], seconds: float) -> None:
    """All nodes say their windows as they end, spread over the window as real ones are."""
    limits = httpx.Limits(max_connections=64)
    deadline = time.time() + seconds
    async with httpx.AsyncClient(base_url=system.url, timeout=60, limits=limits) as hub:

        async def live(node: Node) -> None:
            turn = 0
            while (window_end := math.ceil(time.time() / WINDOW_SECONDS) * WINDOW_SECONDS) <= deadline:
                await asyncio.sleep(window_end - time.time() + WINDOW_SECONDS * 0.8 * node.number / NODES)
                await node.say(hub, window_end, with_readings=turn % 3 == 0)
                turn += 1

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
                tasks.create_task(rage(node) if node.number == POISONED else live(node))


def compare(system: System, fleet: list[Node], started: float) -> None:
    """Sample by sample, what was answered 204 with what Prometheus holds."""
    span = f"[{math.ceil(time.time() - started) + 60}s]"
    healthy = [node for node in fleet if node.number != POISONED]
    expected = sum(len(node.sent) for node in healthy)

    def arrived() -> bool:
        found = system.query(f"sum(count_over_time(thongsuot_line_sent_packets{span}))")
        return bool(found) and int(found[0]["value"][1]) >= expected

    until(arrived, 60, "all samples in Prometheus")
    for node in healthy:
        (found,) = system.query(f'thongsuot_line_sent_packets{{line="{node.line}"}}{span}')
        assert found["metric"]["site"] == node.site
        times = [round(at * 1000) for at, _ in found["values"]]
        assert len(times) == len(node.sent), node.number
        # A wrong clock is corrected by what a request measures: half a second is left to the way and the load.
        tolerance = 0 if node.clock is nodes.right else 2500
        off = [abs(a - b) for a, b in zip(times, sorted(node.sent), strict=True)]
        assert max(off) <= tolerance, (node.number, off)
        assert {value for _, value in found["values"]} == {"100"}
    counted = system.query(f"sum by (site) (count_over_time({nodes.SENSOR}{span}))")
    assert len(counted) == len(healthy)


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.soak)])
def test_a_fleet_loses_nothing_and_nobody_suffers_for_another(system: System, seconds: int) -> None:
    started = time.time()
    fleet = enrolled(system, started)
    asyncio.run(run(system, fleet, seconds))
    refused = [(node.number, dict(node.answers)) for node in fleet if set(node.answers) != {204}]
    assert [number for number, _ in refused] == [POISONED]
    poisoned = dict(refused)[POISONED]
    assert set(poisoned) <= {204, 400, 413, 415, 422, 429}
    assert all(len(node.sent) >= seconds // WINDOW_SECONDS - 1 for node in fleet if node.number != POISONED)
    compare(system, fleet, started)
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
