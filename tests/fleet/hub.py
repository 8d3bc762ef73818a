"""A fleet at a hub under test: its sites, what it says from window to window, and the comparison afterwards."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

import httpx
from sqlalchemy.orm import Session

from agent.wire.configuration import WINDOW_SECONDS
from collector import directory
from collector.collector import REFRESH_SECONDS
from hub import database
from tests.e2e.system import System
from tests.fleet import nodes
from tests.fleet.nodes import Clock, Node

ARRIVAL_SECONDS = 180


def enrolled(
    system: System, count: int, clock_of: Callable[[int], Clock] = lambda _number: nodes.right
) -> list[Node]:
    """Sites `xa-000`… with a line and a node each."""
    codes = [f"xa-{number:03d}" for number in range(count)]
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
            fleet.append(Node(number, code, f"{code}-1", machine.key, clock_of(number)))
        session.commit()
    engine.dispose()
    time.sleep(REFRESH_SECONDS + 1)
    return fleet


async def live(node: Node, hub: httpx.AsyncClient, deadline: float, share: float) -> None:
    """Says each window as it ends; `share` from 0 to 1: where in the next window, as real nodes are spread."""
    turn = 0
    while (window_end := math.ceil(time.time() / WINDOW_SECONDS) * WINDOW_SECONDS) <= deadline:
        await asyncio.sleep(window_end - time.time() + WINDOW_SECONDS * 0.8 * share)
        await node.say(hub, window_end, with_readings=turn % 3 == 0)
        turn += 1


def compare(system: System, fleet: list[Node], started: float) -> None:
    """Sample by sample, what was answered 204 with what Prometheus holds."""
    expected = {node.line: len(node.sent) for node in fleet}
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while True:
        span = f"[{math.ceil(time.time() - started) + 60}s]"
        counts = system.query(f'sum by (line) (count_over_time(thongsuot_line_sent_packets{{line=~"xa-.*"}}{span}))')
        held = {one["metric"]["line"]: int(one["value"][1]) for one in counts}
        short = {line: (held.get(line, 0), count) for line, count in expected.items() if held.get(line, 0) < count}
        if not short:
            break
        assert time.monotonic() < deadline, f"not all samples in Prometheus: {len(short)} lines, {short}"
        time.sleep(1)
    for node in fleet:
        (found,) = system.query(f'thongsuot_line_sent_packets{{line="{node.line}"}}{span}')
        assert found["metric"]["site"] == node.site
        times = [round(at * 1000) for at, _ in found["values"]]
        assert len(times) == len(node.sent), node.number
        # A wrong clock is corrected by what a request measures: what it waited on its way stays in it.
        tolerance = 0 if node.clock is nodes.right and not node.slow else 60_000
        off = [abs(a - b) for a, b in zip(times, sorted(node.sent), strict=True)]
        assert max(off) <= tolerance, (node.number, off)
        assert {value for _, value in found["values"]} == {"100"}
    counted = system.query(f"sum by (site) (count_over_time({nodes.SENSOR}{span}))")
    assert len(counted) == len(fleet)
