"""Keeps the hub's configuration: the stored one first, then what the hub has, asked every minute or when told to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from agent import configuration as node_configuration
from agent.configuration import REFRESH_SECONDS, Cached, RefusedError
from agent.hub_client import HubUnreachableError
from agent.hub_route import HubRoute
from agent.wire.configuration import ConfigurationError, NodeConfiguration
from agent.workers import Worker

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 5.0

Apply = Callable[[NodeConfiguration], Awaitable[None]]


class Configuring:
    """`refresh`, when set, has it fetched at once. `path`: where it is kept for the time without the hub."""

    def __init__(self, route: HubRoute, key: str, path: Path, refresh: asyncio.Event) -> None:
        self._route = route
        self._key = key
        self._path = path
        self._refresh = refresh
        self._cached = Cached()

    @property
    def wanted(self) -> NodeConfiguration | None:
        """None before the first."""
        return self._cached.configuration

    async def run(self, apply: Apply) -> None:
        """Until cancelled; `apply` gets each configuration at least once."""
        if self._cached.configuration is None:
            self._cached = node_configuration.load(self._path)
        worker = Worker("configuration")
        connection = self._route.connect()
        said = ""
        try:
            while True:
                if self._cached.configuration is not None:
                    await apply(self._cached.configuration)
                words = ""
                try:
                    found = await worker.run(node_configuration.fetch, connection, self._key, self._cached)
                    if found is not self._cached:
                        self._cached = found
                        node_configuration.store(self._path, found)
                        continue
                except (HubUnreachableError, RefusedError, ConfigurationError, OSError) as error:
                    words = str(error)
                if words != said:
                    said = words
                    level = logging.WARNING if words else logging.INFO
                    logger.log(level, "configuration: %s", words or "the hub answers again")
                self._refresh.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(
                        REFRESH_SECONDS if self._cached.configuration else FIRST_RETRY_SECONDS
                    ):
                        await self._refresh.wait()
        finally:
            connection.abort()
            worker.end(connection.close)
