"""What was committed to the node's queue is there afterwards, once, whatever happened in between."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.queue import Queue, QueueVersionError, read_status
from agent.queue_letters import DEAD_LETTER_ROWS

NOW = 1_700_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(path: Path) -> Iterator[Queue]:
    with Queue(path) as opened:
        yield opened


def fill(queue: Queue, rows: int, samples: int = 100, size: int = 100) -> None:
    source = random.Random(rows)
    for number in range(rows):
        queue.put(source.randbytes(size) + bytes([number % 256]), samples, NOW + number)


def test_rows_come_out_as_they_went_in(queue: Queue) -> None:
    queue.put(b"first", 2, NOW)
    queue.put(b"second", 3, NOW + 1)
    rows = queue.fix_batch(0, 1 << 62, 2000)
    assert rows == (1, 2)
    batch = queue.load(*rows)
    assert batch is not None
    assert (batch.payload, batch.samples) == (b"firstsecond", 5)
    queue.acknowledge(*rows, NOW + 2)
    assert queue.status().rows == 0
    assert queue.load(*rows) is None
    assert queue.status().last_delivery == NOW + 2


def test_nothing_is_stored_for_an_empty_collection_but_its_facts(queue: Queue) -> None:
    assert queue.put(b"", 0, NOW, {"awaiting l": "[]"}) is None
    assert queue.fact("awaiting l") == "[]"
    assert queue.status().rows == 0


def test_a_request_takes_whole_rows_up_to_its_limit(queue: Queue) -> None:
    fill(queue, 5, samples=800)
    assert queue.fix_batch(0, 1 << 62, 2000) == (1, 2)
    assert queue.fix_batch(0, 1 << 62, 2000) == (3, 4)
    assert queue.fix_batch(0, 1 << 62, 2000) == (5, 5)
    assert queue.fix_batch(0, 1 << 62, 2000) is None


def test_a_row_larger_than_the_limit_goes_alone(queue: Queue) -> None:
    fill(queue, 2, samples=5000)
    assert queue.fix_batch(0, 1 << 62, 2000) == (1, 1)


def test_a_request_is_fixed_across_a_restart(path: Path) -> None:
    with Queue(path) as queue:
        fill(queue, 3)
        rows = queue.fix_batch(0, 1 << 62, 2000)
        assert rows is not None
        before = queue.load(*rows)
    with Queue(path) as queue:
        fill(queue, 3)
        assert queue.fixed_batches() == [(1, 3)]
        assert queue.load(1, 3) == before
        assert queue.fix_batch(0, 1 << 62, 2000) == (4, 6)


def test_a_request_that_was_too_large_becomes_two(queue: Queue) -> None:
    fill(queue, 3)
    rows = queue.fix_batch(0, 1 << 62, 2000)
    assert rows is not None
    assert queue.split(*rows) == [(1, 1), (2, 3)]
    assert queue.fixed_batches() == [(1, 1), (2, 3)]
    assert queue.split(1, 1) == []


def test_a_full_queue_drops_the_oldest_and_counts(path: Path) -> None:
    with Queue(path, max_bytes=3000) as queue:
        fill(queue, 40, samples=7)
        status = queue.status()
        assert status.bytes <= 3000
        assert status.dropped_samples == 7 * (40 - status.rows) > 0
        assert status.oldest == NOW + 40 - status.rows
    with Queue(path, max_bytes=3000) as queue:
        assert queue.status() == status
    assert read_status(path) == status


def test_old_rows_are_dropped_and_counted(path: Path) -> None:
    with Queue(path, max_age_seconds=14 * 86_400) as queue:
        queue.put(b"old", 5, NOW)
        queue.put(b"new", 6, NOW + 14 * 86_400 + 1)
        status = queue.status()
    assert (status.samples, status.dropped_samples) == (6, 5)


def test_fourteen_days_fit(queue: Queue) -> None:
    """300 series every 15 s and a line's window every 10 s: extrapolated from what 200 collections take."""
    from agent.samples import Sample, SampleSet, encode

    source = random.Random(1)
    for number in range(200):
        samples = tuple(
            Sample(
                f"thongsuot_network_{kind}_total", float(source.randrange(1 << 40)), (("interface", f"eth{port}"),)
            )
            for kind in ("receive_bytes", "transmit_bytes", "receive_errors", "transmit_errors", "drops")
            for port in range(60)
        )
        queue.put(encode([SampleSet(NOW + 15 * number, samples)]), 300, NOW + 15 * number)
    assert queue.status().bytes / 200 * (86_400 / 15) * 14 < (1 << 30) / 2


def test_dead_letters_are_kept_with_their_reason_and_bounded(path: Path) -> None:
    with Queue(path) as queue:
        for _ in range(DEAD_LETTER_ROWS + 5):
            queue.put(b"x", 2, NOW)
            rows = queue.fix_batch(0, 1 << 62, 2000)
            assert rows is not None
            batch = queue.load(*rows)
            assert batch is not None
            queue.bury(batch, "400 refused for good: bad_label: 1", 1, NOW)
        status = queue.status()
    assert (status.rows, status.dead_letter_samples) == (0, DEAD_LETTER_ROWS + 5)
    assert status.last_error == "400 refused for good: bad_label: 1"
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM dead_letters").fetchone() == (DEAD_LETTER_ROWS,)
    database.close()


def test_a_queue_of_a_newer_version_is_left_alone(path: Path) -> None:
    with Queue(path) as queue:
        queue.put(b"x", 1, NOW)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(QueueVersionError) as raised:
        Queue(path)
    assert str(raised.value) == (
        f"{path} is of version 99, this program knows up to 2; "
        "install the newer thongsuot-agent again, or move the file away"
    )
    assert path.exists()


def test_a_file_that_is_no_queue_is_moved_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"this is not a database, it is a letter " * 500)
    with Queue(path) as queue:
        queue.put(b"x", 1, NOW)
        assert queue.status().rows == 1
    assert path.with_name("queue.db.corrupt-1").read_bytes().startswith(b"this is not")
    assert "damaged" in caplog.text


def test_damage_in_the_pages_is_noticed(path: Path) -> None:
    with Queue(path) as queue:
        fill(queue, 200, size=2000)
    content = bytearray(path.read_bytes())
    content[8192:200_000] = os.urandom(200_000 - 8192)
    path.write_bytes(content)
    with Queue(path) as queue:
        assert queue.status().rows == 0
        fill(queue, 2)
    assert path.with_name("queue.db.corrupt-1").exists()


def test_damage_that_shows_later_costs_no_new_sample(path: Path) -> None:
    with Queue(path) as queue:
        fill(queue, 400, size=2000)
        queue._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        queue._connection.execute("PRAGMA cache_size=0")
        content = bytearray(path.read_bytes())
        content[4096:] = os.urandom(len(content) - 4096)
        path.write_bytes(content)
        assert queue.put(b"still measured", 1, NOW) is not None
        assert queue.status().rows == 1


def test_one_damaged_row_does_not_stop_the_others(queue: Queue, path: Path) -> None:
    fill(queue, 3)
    queue._connection.execute("UPDATE rows SET payload = x'00ff' WHERE id = 2")
    rows = queue.fix_batch(0, 1 << 62, 2000)
    assert rows is not None
    batch = queue.load(*rows)
    assert batch is not None
    assert batch.samples == 200


_WRITER = """
import sys, time
from pathlib import Path
from agent.queue import Queue
queue = Queue(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    number += 1
    row = queue.put(b"%d;" % number, 1, time.time())
    if number % 3 == 0:
        queue.acknowledge(row, row, time.time())
        print("gone", number, flush=True)
    else:
        print("kept", number, flush=True)
"""


def test_kill_9_at_any_moment_loses_and_doubles_nothing(path: Path) -> None:
    source = random.Random(9)
    kept: set[int] = set()
    gone: set[int] = set()
    number = 0
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(number)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        assert writer.stdout.readline()
        time.sleep(source.uniform(0.01, 0.15))
        writer.send_signal(signal.SIGKILL)
        # Killed in the middle of a line, it has not said that line.
        said = writer.stdout.read().rpartition("\n")[0].splitlines()
        writer.stdout.close()
        writer.wait()
        # The first line was read above: it was the next number.
        lines = [("gone" if (number + 1) % 3 == 0 else "kept", number + 1)]
        lines += [(word, int(one)) for word, one in (line.split() for line in said if line.count(" ") == 1)]
        kept |= {one for word, one in lines if word == "kept"}
        gone |= {one for word, one in lines if word == "gone"}
        number = max(one for _word, one in lines) + 1
    with Queue(path) as queue:
        rows = queue._connection.execute("SELECT min(id), max(id) FROM rows").fetchone()
        batch = queue.load(*rows)
    assert batch is not None
    held = [int(one) for one in batch.payload.split(b";") if one]
    assert len(held) == len(set(held))
    assert kept <= set(held)
    assert not gone & set(held)
    assert len(kept) > 50
