"""The agent's process: one per state folder, enrolled before anything else, ended by a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine

from agent.composition import Agent, Options
from agent.queue_opening import queue_of
from agent.state import Identity
from agent.waiting_enrolment import enrol_from_file


def run(options: Options) -> None:
    """Until SIGTERM or SIGINT. Raises UserError."""
    options.state.prepare()
    with options.state.take_lock():
        asyncio.run(_run(options))


async def _run(options: Options) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:
            # Windows' loops have no signal handlers.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    refresh = asyncio.Event()
    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGHUP, refresh.set)
    while not stopped.is_set():
        identity = options.state.load()
        if identity is None:
            identity = await _until(
                stopped, enrol_from_file(options.state, options.hub, options.token_file, options.ca_file)
            )
            if identity is None:
                return
        with queue_of(options.state.queue, identity) as queue:
            await Agent(options, identity, queue, refresh).run(stopped)


async def _until(stopped: asyncio.Event, waiting: Coroutine[None, None, Identity]) -> Identity | None:
    """Its result, or None when stopped first."""
    task = asyncio.create_task(waiting, name="enrolment")
    stop = asyncio.create_task(stopped.wait(), name="stop")
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
        return None
    return task.result()
