"""The real agent killed with SIGKILL at random moments of an outage: compared with its disk sample by sample."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
import zlib
from pathlib import Path

import pytest

from agent.queue import read_status
from tests.agent.hub import Hub, Written, decode, free_port, serving
from tests.agent.test_running_agent import Node, configuration, ended

Series = tuple[tuple[str, str], ...]
Key = tuple[Series, int]


def keyed(samples: list[tuple[dict[str, str], int, float]]) -> list[tuple[Key, float]]:
    return [((tuple(sorted(labels.items())), unix), value) for labels, unix, value in samples]


def on_disk(path: Path, folder: Path) -> tuple[dict[Key, float], list[int]]:
    """Every sample and event that a killed agent had committed, read from a copy as it lies there."""
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder / file.name)
    with sqlite3.connect(folder / path.name) as database:
        payloads = [row[0] for row in database.execute("SELECT payload FROM rows")]
        events = [row[0] for row in database.execute("SELECT sequence FROM events")]
    database.close()
    found: dict[Key, float] = {}
    for payload in payloads:
        for key, value in keyed(decode(zlib.decompress(payload))):
            assert key not in found, "committed twice"
            found[key] = value
    return found, events


def wait_for_rows(path: Path, source: random.Random) -> None:
    """Until something more is committed, however slow the machine is, and a random moment longer."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        newest = "SELECT seq FROM sqlite_sequence WHERE name = 'rows'"
        before = database.execute(newest).fetchone()
        deadline = time.monotonic() + 15
        while database.execute(newest).fetchone() == before and time.monotonic() < deadline:
            time.sleep(0.02)
    database.close()
    time.sleep(source.uniform(0.0, 1.2))


@pytest.mark.parametrize("rounds", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_nothing_committed_is_lost_and_nothing_comes_twice(rounds: int, tmp_path: Path) -> None:
    source = random.Random(rounds)
    node = Node(tmp_path)
    hub = Hub(port=free_port(), configuration=configuration())
    committed: dict[Key, float] = {}
    events: set[int] = set()
    tried: list[bytes] = []

    def slow(written: Written) -> tuple[int, dict[str, str], bytes]:
        tried.append(written.body)
        time.sleep(0.05)
        # Half of the requests are kept by the hub, and the answer is lost.
        return (204 if source.random() < 0.5 else 500), {}, b""

    with serving(hub), node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        assert ended(process)[0] == 0
    for number in range(rounds):
        if number % 2:
            hub.write = slow
            with serving(hub), node.running(hub) as process:
                wait_for_rows(node.state.queue, source)
                process.kill()
                process.wait()
        else:
            with node.running(hub) as process:
                wait_for_rows(node.state.queue, source)
                process.kill()
                process.wait()
        held, waiting = on_disk(node.state.queue, tmp_path / f"round-{number}")
        for key, value in held.items():
            assert repr(committed.setdefault(key, value)) == repr(value), "another value of the same time"
        events |= set(waiting)
    assert len(committed) > 100
    hub.write = lambda _written: (204, {}, b"")
    before = len(hub.written)
    with serving(hub), node.running(hub) as process:
        hub.wait(lambda: len(hub.written) > before)
        hub.wait(lambda: read_status(node.state.queue).rows == 0 and read_status(node.state.queue).events == 0, 20)
        assert ended(process)[0] == 0

    by_body: dict[Key, bytes] = {}
    delivered: dict[Key, float] = {}
    for written in hub.written:
        for key, value in keyed(written.samples):
            # What is sent again is the very same request, which any receiver takes for the same samples.
            assert by_body.setdefault(key, written.body) == written.body, "in two different requests"
            delivered[key] = value
    assert {key: repr(value) for key, value in committed.items()}.items() <= {
        key: repr(value) for key, value in delivered.items()
    }.items()
    sequences = [one.sequence for _epoch, one in hub.events]
    assert sequences == list(range(1, len(sequences) + 1))
    assert events <= set(sequences)
    starts = [one.detail["previous"] for _epoch, one in hub.events if one.kind == "agent.started"]
    assert starts[:2] == ["none", "clean"]
    assert "killed" in starts
