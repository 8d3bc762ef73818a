"""Blocking work off the event loop, in daemon threads: one that hangs never holds up the end of the process."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """One thread that does one call after the other. Bounded by its callers, who wait for each."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        call, future = _prepared(function, *args, **kwargs)
        self._calls.put(call)
        return await future

    def end(self, last: Callable[[], None]) -> None:
        """Does this after what it still has to do, and ends. Does not wait."""
        self._calls.put(last)
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _hand_over(
    loop: asyncio.AbstractEventLoop, setter: Callable[[Any], None], future: asyncio.Future[Any], value: object
) -> None:
    def hand_over() -> None:
        if not future.done():
            setter(value)

    try:
        loop.call_soon_threadsafe(hand_over)
    except RuntimeError:
        # The loop is closed: nobody waits any more.
        return


async def run_once(name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread of its own, for what may hang for long: name resolution, a dead disk."""
    call, future = _prepared(function, *args, **kwargs)
    threading.Thread(target=call, name=name, daemon=True).start()
    return await future


def _prepared(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[Callable[[], None], asyncio.Future[T]]:
    """The call for a thread, and what it comes to."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def call() -> None:
        try:
            result = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - handed to the caller as it is
            _hand_over(loop, future.set_exception, future, error)
        else:
            _hand_over(loop, future.set_result, future, result)

    return call, future
