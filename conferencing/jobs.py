"""Jobs that another process does: taken from a durable table, one at a time, again after a crash."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from conferencing.tables import JobRow

logger = logging.getLogger(__name__)

ATTEMPTS_LIMIT = 3
"""A job that takes its process down so often is given up."""
PROGRESS_SECONDS = 1.0
DETAIL_CHARACTERS = 500

Handler = Callable[[str, Callable[[float], None]], None]
"""Does a job's subject; is given what to report progress to, which may raise StoppedError."""


class StoppedError(Exception):
    """The process is to end: the job waits for the next one."""


class JobRunner:
    """The only one that takes jobs of this table. Blocking."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        handlers: Mapping[str, Handler],
        stopping: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._handlers = handlers
        self._stopping = stopping
        self._clock = clock

    def recover(self) -> None:
        """Jobs that ran when the last process ended wait again, or are given up."""
        with self._sessions.begin() as session:
            running = JobRow.state == "running"
            session.execute(
                update(JobRow)
                .where(running, JobRow.attempts >= ATTEMPTS_LIMIT)
                .values(state="failed", detail="the process ended in the middle of it, each time")
            )
            session.execute(update(JobRow).where(running).values(state="queued", progress=0.0))

    def once(self) -> bool:
        """Does the oldest job that waits; False when there is none."""
        with self._sessions.begin() as session:
            query = select(JobRow).where(JobRow.state == "queued", JobRow.kind.in_(tuple(self._handlers)))
            row = session.scalar(query.order_by(JobRow.id).limit(1))
            if row is None:
                return False
            row.state, row.progress, row.attempts = "running", 0.0, row.attempts + 1
            number, kind, subject = row.id, row.kind, row.subject
        logger.info("- job %d: %s %s", number, kind, subject)
        try:
            self._handlers[kind](subject, self._reporter(number))
        except StoppedError:
            with self._sessions.begin() as session:
                row = session.get_one(JobRow, number)
                row.state, row.progress, row.attempts = "queued", 0.0, row.attempts - 1
        except Exception as error:
            logger.exception("x job %d: %s %s", number, kind, subject)
            self._set(number, "failed", str(error))
        else:
            self._set(number, "done", "")
        return True

    def _reporter(self, number: int) -> Callable[[float], None]:
        said = self._clock()

        def report(progress: float) -> None:
            nonlocal said
            if self._stopping():
                raise StoppedError
            if self._clock() - said >= PROGRESS_SECONDS:
                said = self._clock()
                with self._sessions.begin() as session:
                    session.execute(update(JobRow).where(JobRow.id == number).values(progress=progress))

        return report

    def _set(self, number: int, state: str, detail: str) -> None:
        with self._sessions.begin() as session:
            row = session.get_one(JobRow, number)
            row.state, row.detail = state, detail[:DETAIL_CHARACTERS]
            if state == "done":
                row.progress = 1.0
