"""The agent's parts, each a task that is started again when it fails as nobody expected."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

RESTART_SECONDS = 5.0

Part = Callable[[], Awaitable[None]]


class Parts:
    """`failures`: by name of the part, how often it failed."""

    def __init__(self) -> None:
        self.failures: dict[str, int] = {}

    def start(self, tasks: asyncio.TaskGroup, name: str, part: Part) -> asyncio.Task[None]:
        return tasks.create_task(self._keep(name, part), name=name)

    async def _keep(self, name: str, part: Part) -> None:
        while True:
            try:
                await part()
            except Exception:
                # The one runner of the agent's parts: what nobody expected is logged, counted, tried again.
                logger.exception("%s failed; starting it again", name)
                self.failures[name] = self.failures.get(name, 0) + 1
                await asyncio.sleep(RESTART_SECONDS)


async def either(*events: asyncio.Event) -> None:
    """Until one of them is set."""
    waits = [asyncio.create_task(one.wait(), name="end") for one in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
