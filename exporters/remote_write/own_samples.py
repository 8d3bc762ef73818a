"""The hub's own families as remote-write samples, for receivers that do not scrape it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from prometheus_client.core import Metric

from agent.wire import remote_write
from agent.wire.remote_write import STALE_MARKER, Series
from collector.sink import SinkFullError

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 30.0

Labels = tuple[tuple[str, str], ...]


class OwnSamples:
    """From families at an instant to series; one that is no longer said gets the stale marker once.

    `labels` are what a scrape would add: job and instance.
    """

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = dict(labels)
        self._said: set[Labels] = set()

    def series(self, families: Iterable[Metric], now: float) -> list[Series]:
        """`now` in Unix seconds."""
        at = round(now * 1000)
        found = {
            tuple(sorted({**self._labels, **sample.labels, "__name__": sample.name}.items())): float(sample.value)
            for family in families
            for sample in family.samples
        }
        gone = dict.fromkeys(self._said - found.keys(), STALE_MARKER)
        self._said = set(found)
        return [Series(labels, ((at, value),)) for labels, value in (found | gone).items()]


async def keep_saying(
    families: Callable[[], Awaitable[Sequence[Metric]]],
    write: Callable[[bytes, int], Awaitable[None]],
    labels: Mapping[str, str],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """For ever, at the interval's own instants, so that a restarted hub keeps the grid."""
    own = OwnSamples(labels)
    while True:
        await sleep(INTERVAL_SECONDS - clock() % INTERVAL_SECONDS)
        said = own.series(await families(), clock())
        try:
            await write(remote_write.encode(said), len(said))
        except SinkFullError as error:
            logger.warning("x own samples of this moment are not kept: %s", error)
