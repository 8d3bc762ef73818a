"""Half an hour of misfortune: programs killed at random. Nothing is invented, what was measured arrives."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from functools import partial

import psutil
import pytest

from tests.e2e.system import System, until

pytestmark = [pytest.mark.e2e, pytest.mark.soak]

MINUTES = 30
VICTIMS = ("hub", "agent", "prometheus", "media-0")


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"))
    system.start()
    yield system
    system.stop()


def test_random_kills_invent_no_loss_and_leave_no_memory_growing(system: System) -> None:
    chance = random.Random(11)
    began = time.time()
    until(lambda: system.query("thongsuot_line_sent_packets"), 60, "the first windows")
    kills = 0
    while time.time() < began + MINUTES * 60:
        time.sleep(chance.uniform(10, 50))
        victim = chance.choice(VICTIMS)
        pid = until(partial(system.pid_of, victim), 60, f"{victim} runs")
        os.kill(pid, signal.SIGKILL)
        kills += 1
    ended = time.time()
    time.sleep(60)

    db = sqlite3.connect(f"file:{system.data / 'hub.db'}?mode=ro", uri=True)
    lost, sent = db.execute(
        "SELECT sum(lost_up + lost_down + lost_unknown), sum(sent - unmeasured) FROM line_minutes"
    ).fetchone()
    minutes = [minute for (minute,) in db.execute("SELECT minute FROM line_minutes ORDER BY minute")]
    db.close()
    whole = range(int(began // 60 + 2) * 60, int(ended // 60) * 60, 60)
    assert kills >= MINUTES
    assert lost == 0
    assert [minute for minute in whole if minute not in minutes] == []
    # Each death of the agent costs at most the window it was in and the time to start again.
    assert sent > 0.7 * 10 * (ended - began)
    in_prometheus = system.query(f"sum(sum_over_time(thongsuot_line_sent_packets[{int(ended - began) + 120}s]))")
    assert float(in_prometheus[0]["value"][1]) >= sent
    for name in ("reflector", "media-1"):
        assert psutil.Process(system.pid_of(name)).memory_info().rss < 150 * 2**20, name
