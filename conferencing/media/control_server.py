"""The worker's end of the control socket: one hub at a time, a newer connection takes over from the old."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from conferencing import control
from conferencing.media.counters import Counters
from conferencing.messages import MessageError

logger = logging.getLogger(__name__)

UNSENT_BYTES_LIMIT = 8 * 1024 * 1024
"""A hub that reads so slowly is cut off; it connects again and is told the state."""


class ControlServer:
    """Gives the hub's messages to `handle`, and sends it what `tell` is given while it is there."""

    def __init__(
        self,
        counters: Counters,
        handle: Callable[[control.FromHub], None],
        state: Callable[[], control.WorkerState],
    ) -> None:
        self._counters = counters
        self._handle = handle
        self._state = state
        self._hub: asyncio.StreamWriter | None = None

    def tell(self, message: control.FromWorker) -> None:
        """Lost while no hub is connected: the state says it all when one comes."""
        hub = self._hub
        if hub is None or hub.is_closing():
            return
        if hub.transport.get_write_buffer_size() > UNSENT_BYTES_LIMIT:
            self._counters.drop("hub_too_slow")
            hub.transport.abort()
            self._hub = None
            return
        hub.write(control.encode_from_worker(message))

    @contextlib.asynccontextmanager
    async def listening(self, path: Path) -> AsyncIterator[None]:
        """Listens at `path`, for its owner alone. Raises OSError."""
        _remove_stale(path)
        previous = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._serve, path, limit=control.LONGEST_LINE)
        finally:
            os.umask(previous)
        try:
            yield
        finally:
            server.close()
            if self._hub is not None:
                self._hub.close()
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._hub is not None:
            self._hub.close()
        self._hub = writer
        logger.info("- a hub is connected")
        try:
            writer.write(control.encode_from_worker(self._state()))
            while line := await reader.readline():
                self._line(line)
        except (ConnectionError, ValueError) as error:
            # ValueError: a line beyond the limit; what follows it cannot be understood.
            logger.warning("x connection of the hub: %s", error)
        finally:
            if self._hub is writer:
                self._hub = None
            writer.close()
            logger.info("- the hub is gone, the rooms go on")

    def _line(self, line: bytes) -> None:
        try:
            message = control.decode_from_hub(line)
        except MessageError as error:
            self._counters.drop("control_message")
            logger.warning("x message of the hub: %s", error)
            return
        try:
            self._handle(message)
        except Exception:
            self._counters.drop("internal_error")
            logger.exception("x %s", type(message).__name__)


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
