"""`thongsuot jobs` as a process: takes jobs of the hub's database and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from conferencing.recording.store import RecordingStore
from hub import database
from hub.paths import paths


def test_the_process_does_a_job_says_why_it_failed_and_ends_when_told(tmp_path: Path) -> None:
    where = paths(tmp_path)
    where.create()
    engine = database.opened(where)
    store = RecordingStore(database.sessions(engine))
    store.add_job("compose", "0123456789abcdef", "thanh", 1.0)
    with (tmp_path / "jobs.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "hub", "jobs", "--data", str(tmp_path)], stderr=log)
    try:
        deadline = time.monotonic() + 30
        while (job := store.job_of("compose", "0123456789abcdef")) is None or job.state != "failed":
            assert time.monotonic() < deadline, (tmp_path / "jobs.log").read_text()
            time.sleep(0.05)
        assert "log.jsonl" in job.detail
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        engine.dispose()
