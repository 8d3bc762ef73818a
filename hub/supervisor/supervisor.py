"""All programs of one hub under one roof: until SIGINT or SIGTERM, then everything ends within 5 s."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

from hub.supervisor.child import Child
from hub.supervisor.program import Program, ProgramStatus


class UnknownProgramError(LookupError):
    """No program of that name is supervised."""


class Supervisor:
    """Use as an async context manager; `wait()` returns when a signal or `shutdown()` asks for the end."""

    def __init__(self, programs: Sequence[Program], logs: Path) -> None:
        self._children = {program.name: Child(program, logs) for program in programs}
        self._tasks: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()

    async def __aenter__(self) -> Supervisor:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._over.set)
        self._tasks = [asyncio.create_task(child.run(), name=name) for name, child in self._children.items()]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self) -> None:
        """Until the end is asked for. Raises what a child's own task raises: that is our fault, not the child's."""
        over = asyncio.create_task(self._over.wait(), name="over")
        try:
            done, _ = await asyncio.wait([over, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {over}:
                await task
        finally:
            over.cancel()

    def shutdown(self) -> None:
        self._over.set()

    def statuses(self) -> list[ProgramStatus]:
        return [child.status() for child in self._children.values()]

    def start(self, name: str) -> None:
        self._child(name).start()

    async def stop(self, name: str) -> None:
        await self._child(name).stop()

    def drain(self, name: str) -> None:
        """Raises UnknownProgramError, also when the program cannot be drained or does not run."""
        if not self._child(name).drain():
            raise UnknownProgramError(f"{name} does not run, or is no program that can be drained: media-0, media-1…")

    def _child(self, name: str) -> Child:
        try:
            return self._children[name]
        except KeyError:
            raise UnknownProgramError(
                f"no program is called {name!r}; there are: {', '.join(self._children)}"
            ) from None
