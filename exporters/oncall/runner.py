"""The one thread that writes the bridge's tables, and the runner that survives what fails."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0

Value = TypeVar("Value")


class Writer:
    """Transactions one after the other: what is read in one is not changed meanwhile."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._thread = ThreadPoolExecutor(1, "oncall")

    async def call(self, work: Callable[[Session], Value]) -> Value:
        """`work` in a transaction of its own. Raises what it raises, and SQLAlchemyError."""
        return await asyncio.wrap_future(self._thread.submit(self._in_transaction, work))

    def close(self) -> None:
        """Finishes what is being written."""
        self._thread.shutdown()

    def _in_transaction(self, work: Callable[[Session], Value]) -> Value:
        with self._sessions.begin() as session:
            return work(session)


class Runner:
    """`failures`: by the name of the work."""

    def __init__(self, failures: Counter[str]) -> None:
        self._failures = failures

    async def kept(self, name: str, work: Callable[..., Awaitable[object]], *arguments: object) -> bool:
        """Run it; what fails is logged, counted and tried again by whoever comes next."""
        try:
            return bool(await work(*arguments))
        except SQLAlchemyError as error:
            logger.error("on call: %s failed, it is tried again: %s", name, error)
        except Exception:
            logger.exception("on call: %s failed", name)
        self._failures[name] += 1
        await asyncio.sleep(RETRY_SECONDS)
        return False
