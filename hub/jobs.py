"""`thongsuot jobs`: what blocks or burns CPU, in a process of its own with low priority. One job at a time."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from conferencing.jobs import JobRunner
from conferencing.recording.composer import compose
from hub import database
from hub.paths import Paths

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
FAULT_SECONDS = 5.0
"""The hub may not have made the tables yet, or the database is away."""
NICENESS = 10


def serve(where: Paths) -> None:
    """Until SIGTERM or SIGINT; a job in hand is left to the next start."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.nice(NICENESS)
    engine = _engine(where)
    try:
        runner = JobRunner(database.sessions(engine), {"compose": _composing(where.recordings)}, stop.is_set)
        _work(runner, stop)
    finally:
        engine.dispose()


def _work(runner: JobRunner, stop: threading.Event) -> None:
    recovered = False
    while not stop.is_set():
        try:
            if not recovered:
                runner.recover()
                recovered = True
            worked = runner.once()
        except SQLAlchemyError as error:
            logger.warning("the table of jobs cannot be used: %s", error)
            stop.wait(FAULT_SECONDS)
            continue
        if not worked:
            stop.wait(IDLE_SECONDS)


def _composing(folder: Path) -> Callable[[str, Callable[[float], None]], None]:
    def handle(recording: str, report: Callable[[float], None]) -> None:
        compose(folder / Path(recording).name, report)

    return handle


def _engine(where: Paths) -> Engine:
    return (
        database.open_engine(where.database)
        if where.database_url is None
        else database.open_postgresql(where.database_url)
    )
