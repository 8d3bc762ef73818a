"""The outbound queue: what is accepted is kept until every receiver has it, within its bounds, each loss counted."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from exporters.remote_write.queue import OutboundQueue, QueueVersionError


def open_queue(path: Path, max_bytes: int = 10_000, max_age_seconds: float = 100.0) -> OutboundQueue:
    return OutboundQueue(path / "queue.db", max_bytes=max_bytes, max_age_seconds=max_age_seconds)


def test_each_receiver_has_a_place_of_its_own(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.register(["a", "b"])
        queue.append([(b"one", 1, False), (b"two", 2, False)], now=0.0)
        first, second = queue.next_rows("a", 10)
        queue.acknowledge("a", second.id, 3)
        assert queue.next_rows("a", 10) == []
        assert [row.payload for row in queue.next_rows("b", 10)] == [b"one", b"two"]
        queue.acknowledge("b", first.id, 1)
        assert [row.payload for row in queue.next_rows("b", 10)] == [b"two"]
        assert queue.counters() == {("sent", "a"): 3, ("sent", "b"): 1}


def test_rows_that_all_have_passed_are_gone_from_the_disk(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.register(["a", "b"])
        queue.append([(b"one", 1, False)], now=0.0)
        row = queue.next_rows("a", 10)[0]
        queue.acknowledge("a", row.id, 1)
        queue.acknowledge("b", row.id, 1)
    with sqlite3.connect(tmp_path / "queue.db") as db:
        assert db.execute("SELECT count(*) FROM payloads").fetchone() == (0,)
    db.close()


def test_the_place_survives_a_restart(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.register(["a"])
        queue.append([(b"one", 1, False), (b"two", 1, False)], now=0.0)
        queue.acknowledge("a", queue.next_rows("a", 1)[0].id, 1)
    with open_queue(tmp_path) as queue:
        queue.register(["a"])
        assert [row.payload for row in queue.next_rows("a", 10)] == [b"two"]


def test_a_batch_is_bounded_in_samples_but_never_empty(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.register(["a"])
        queue.append([(b"large", 50, False), (b"x", 3, False), (b"y", 3, False)], now=0.0)
        assert [row.payload for row in queue.next_rows("a", 5)] == [b"large"]
        queue.acknowledge("a", 1, 50)
        assert [row.payload for row in queue.next_rows("a", 5)] == [b"x"]


def test_when_full_the_oldest_go_first_and_are_counted_for_those_who_miss_them(tmp_path: Path) -> None:
    with open_queue(tmp_path, max_bytes=100) as queue:
        queue.register(["slow", "quick"])
        queue.append([(b"x" * 40, 4, False), (b"y" * 40, 5, False)], now=0.0)
        queue.acknowledge("quick", 1, 4)
        queue.append([(b"z" * 40, 6, False)], now=1.0)
        assert [row.payload[:1] for row in queue.next_rows("slow", 100)] == [b"y", b"z"]
        assert queue.counters() == {("sent", "quick"): 4, ("dropped", "slow"): 4}


def test_what_is_too_old_for_any_receiver_is_dropped_and_counted(tmp_path: Path) -> None:
    with open_queue(tmp_path, max_age_seconds=60.0) as queue:
        queue.register(["a"])
        queue.append([(b"old", 7, False)], now=0.0)
        queue.append([(b"new", 1, False)], now=61.0)
        assert [row.payload for row in queue.next_rows("a", 10)] == [b"new"]
        assert queue.counters() == {("dropped", "a"): 7}


def test_without_receivers_nothing_is_kept(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.register(["gone"])
        queue.append([(b"one", 1, False)], now=0.0)
        queue.register([])
        queue.register(["new"])
        assert queue.next_rows("new", 10) == []


def test_a_file_of_a_newer_version_is_refused_with_words(tmp_path: Path) -> None:
    open_queue(tmp_path).close()
    db = sqlite3.connect(tmp_path / "queue.db")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(QueueVersionError, match=r"queue\.db was written by a newer version \(schema 99"):
        open_queue(tmp_path)


WRITER = """
import sys
from pathlib import Path
from exporters.remote_write.queue import OutboundQueue
queue = OutboundQueue(Path(sys.argv[1]), max_bytes=10**9, max_age_seconds=10**9)
queue.register(["a"])
number = 0
while True:
    queue.append([(b"%d" % number, 1, False)], 0.0)
    print(number, flush=True)
    number += 1
"""


def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        said += [int(line) for line in writer.stdout.read().split(b"\n") if line]
    with OutboundQueue(file, max_bytes=10**9, max_age_seconds=10**9) as queue:
        kept = [int(row.payload) for row in queue.next_rows("a", 10**6)]
    # One more may be there: committed, and killed before it was said.
    assert kept[: len(said)] == said
    assert len(kept) <= len(said) + 1


def test_the_hubs_own_samples_go_only_to_those_that_take_them(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.register(["scrapes", "province"], takes_own=["province"])
        queue.append([(b"node", 2, False), (b"own", 3, True)], now=0.0)
        assert [row.payload for row in queue.next_rows("scrapes", 100)] == [b"node"]
        assert [row.payload for row in queue.next_rows("province", 100)] == [b"node", b"own"]
        assert queue.backlog("scrapes").samples == 2
        assert queue.backlog("province").samples == 5


def test_a_queue_of_the_version_before_is_taken_over_with_its_rows(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "queue.db")
    old.executescript(
        "CREATE TABLE payloads (id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL,"
        " samples INTEGER NOT NULL, payload BLOB NOT NULL);"
        "CREATE TABLE cursors (receiver TEXT PRIMARY KEY, last_id INTEGER NOT NULL);"
        "CREATE TABLE counters (name TEXT NOT NULL, receiver TEXT NOT NULL, value INTEGER NOT NULL,"
        " PRIMARY KEY (name, receiver));"
        "CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL,"
        " created REAL NOT NULL, reason TEXT NOT NULL, samples INTEGER NOT NULL, payload BLOB NOT NULL);"
        "INSERT INTO payloads (created, samples, payload) VALUES (0, 4, x'6f6c64'); PRAGMA user_version = 1;"
    )
    old.close()
    for _ in range(2):
        with open_queue(tmp_path) as queue:
            queue.register(["r"])
            assert [(row.payload, row.samples) for row in queue.next_rows("r", 100)] == [(b"old", 4)]
