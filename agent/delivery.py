"""Carries rows from the queue to the hub, one task and one connection per lane, as `uplink` decides."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Never

from agent.clock import HubClock, Moment
from agent.enrolment import problem_detail
from agent.event_delivery import EventDelivery
from agent.hub_client import USER_AGENT, Answer, Connection, HubUnreachableError
from agent.queue import Batch, Queue
from agent.uplink import FRESH_SECONDS, MAX_SAMPLES, Backoff, Fix, Fixed, Judgement, Lane, Lanes, Outcome, judge
from agent.wire import remote_write
from agent.wire.configuration import CONFIG_PATH, WRITE_PATH
from agent.workers import Worker

logger = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""A lane is woken when there is something for it; this is for rows that have grown old meanwhile."""
LAST_DELIVERY_SECONDS = 0.9
STUCK_TRIES = 10
"""So many identical server errors, while other requests pass, say that it is this request (prometheus 2.42)."""


@dataclass(slots=True)
class _Tried:
    answer: Answer | None
    words: str


class Delivery:
    """`connect` gives a new connection that is not yet open; its argument is the timeout in seconds.

    With `hub_clock`, which the connections feed, nothing leaves before the hub has said its time in this boot, and
    what was dated by a wrong clock leaves corrected.
    """

    def __init__(
        self,
        queue: Queue,
        queue_worker: Worker,
        connect: Callable[[float], Connection],
        key: str,
        clock: Callable[[], float] = time.time,
        stuck_tries: int = STUCK_TRIES,
        hub_clock: HubClock | None = None,
        moment: Callable[[], Moment] | None = None,
    ) -> None:
        self._queue = queue
        self._queue_worker = queue_worker
        self._connect = connect
        self._key = key
        self._clock = clock
        self._stuck_tries = stuck_tries
        self._lanes = Lanes(queue.fixed_batches(), queue.newest)
        self._wake = {lane: asyncio.Event() for lane in Lane}
        self._delivered = 0
        self._interrupted = False
        self._hub_clock = hub_clock
        self._moment = moment
        self._learnt = hub_clock.offset if hub_clock is not None else None
        self._clockless = hub_clock is None or moment is None
        self._ask_backoff = Backoff()
        self._events = EventDelivery(queue, queue_worker, key, self._hub_time, time.monotonic)
        self._last_words: str | None = queue.fact("last_error")

    def committed(self) -> None:
        """A row or an event has been committed to the queue."""
        self._wake[Lane.FRESH].set()

    async def run(self, lane: Lane) -> Never:
        """Delivers until cancelled."""
        worker = Worker(f"uplink {lane.value}")
        connection = self._connect(10.0)
        try:
            while True:
                try:
                    done = await self._step(lane, worker, connection)
                except sqlite3.Error as error:
                    logger.error("the queue cannot be used: %s", error)
                    self._interrupted = True
                    done = False
                if not done:
                    await self._idle(lane)
        finally:
            connection.abort()
            worker.end(connection.close)

    async def deliver_last(self) -> None:
        """One short try with what is there, before the process ends."""
        worker = Worker("uplink last")
        connection = self._connect(LAST_DELIVERY_SECONDS)
        try:
            async with asyncio.timeout(LAST_DELIVERY_SECONDS):
                await self._events.step(worker, connection)
                fixed = await self._fix(self._lanes.boundary, 1 << 62) if await self._dated() else None
                if fixed is None:
                    return
                batch = await self._queue_worker.run(self._queue.load, *fixed)
                if batch is None:
                    return
                tried = await self._post(worker, connection, batch)
                if tried.answer is not None and 200 <= tried.answer.status < 300:
                    await self._queue_worker.run(self._queue.acknowledge, batch.first, batch.last, self._hub_time())
        except TimeoutError:
            logger.info("the hub did not answer in the last second; what is left stays in the queue")
        finally:
            connection.abort()
            worker.end(connection.close)

    async def _step(self, lane: Lane, worker: Worker, connection: Connection) -> bool:
        """Send one request to its end. Whether there was one."""
        self._wake[lane].clear()
        if self._interrupted:
            self._lanes.resume(await self._queue_worker.run(self._queue.fixed_batches))
            self._interrupted = False
        if not await self._dated():
            if lane is Lane.BACKLOG:
                return False
            await self._ask_time(worker, connection)
            return True
        if lane is Lane.FRESH:
            await self._events.step(worker, connection)
        old = await self._queue_worker.run(self._queue.newest_before, self._clock() - FRESH_SECONDS)
        self._lanes.grow_old(old)
        match self._lanes.next(lane):
            case None:
                return False
            case Fixed(first, last):
                rows: tuple[int, int] | None = first, last
            case Fix(after, up_to):
                rows = await self._fix(after, up_to)
        if rows is None:
            return False
        self._lanes.begin(lane, *rows)
        try:
            batch = await self._queue_worker.run(self._queue.load, *rows)
            if batch is None:
                await self._queue_worker.run(self._queue.forget_batch, rows[0])
            else:
                await self._deliver(lane, worker, connection, batch)
        finally:
            self._lanes.end(lane)
        return True

    async def _fix(self, after: int, up_to: int) -> tuple[int, int] | None:
        now = self._moment() if self._moment is not None else None
        return await self._queue_worker.run(self._queue.fix_batch, after, up_to, MAX_SAMPLES, now)

    async def _dated(self) -> bool:
        """Whether samples may leave: the hub's time is known and on disk, or there is none to be had."""
        if self._hub_clock is None or self._moment is None:
            return True
        offset = self._hub_clock.offset
        if offset is not None and offset != self._learnt:
            await self._queue_worker.run(self._queue.learn_clock, self._moment().boot, offset)
            self._learnt = offset
        return offset is not None or self._clockless

    async def _ask_time(self, worker: Worker, connection: Connection) -> None:
        """The first word to the hub in this boot. A receiver that says no time gets the samples as they are."""

        def ask() -> Answer:
            return connection.request("GET", CONFIG_PATH, None, {"Authorization": f"Bearer {self._key}"})

        try:
            answer = await worker.run(ask)
        except HubUnreachableError as error:
            await self._say(Outcome.FAILED, str(error))
            await asyncio.sleep(self._ask_backoff.wait(Judgement(Outcome.FAILED)))
            return
        if self._hub_clock is not None and self._hub_clock.offset is None and answer.status < 500:
            self._clockless = True
        self._wake[Lane.BACKLOG].set()

    def _hub_time(self) -> float:
        if self._hub_clock is None or self._moment is None:
            return self._clock()
        return self._hub_clock.time_for_hub(self._moment())

    async def _deliver(self, lane: Lane, worker: Worker, connection: Connection, batch: Batch) -> None:
        backoff = Backoff()
        server_errors, passed_before = 0, self._delivered
        while True:
            tried = await self._post(worker, connection, batch)
            status = tried.answer.status if tried.answer else None
            retry_after = tried.answer.headers.get("retry-after") if tried.answer else None
            judgement = judge(status, retry_after, self._clock())
            await self._say(judgement.outcome, tried.words)
            match judgement.outcome:
                case Outcome.DELIVERED:
                    if not self._lanes.connected:
                        self._wake[Lane.BACKLOG].set()
                    self._lanes.hub_answers(well=True)
                    self._delivered += 1
                    await self._queue_worker.run(self._queue.acknowledge, batch.first, batch.last, self._hub_time())
                    return
                case Outcome.REFUSED:
                    self._lanes.hub_answers(well=True)
                    await self._bury(batch, tried)
                    return
                case Outcome.TOO_LARGE:
                    self._lanes.hub_answers(well=True)
                    await self._split(lane, batch, tried)
                    return
                case Outcome.FAILED if status is not None:
                    server_errors += 1
                    if server_errors >= self._stuck_tries and self._delivered > passed_before:
                        await self._split(lane, batch, tried)
                        return
                case _:
                    pass
            # The backlog's own trouble does not stop the fresh lane; a hub that is gone stops both.
            if lane is Lane.FRESH or judgement.outcome is not Outcome.WAIT:
                self._lanes.hub_answers(well=False)
            await asyncio.sleep(backoff.wait(judgement))

    async def _post(self, worker: Worker, connection: Connection, batch: Batch) -> _Tried:
        headers = remote_write.headers(USER_AGENT, self._hub_time())
        headers["Authorization"] = f"Bearer {self._key}"

        def post() -> Answer:
            return connection.request("POST", WRITE_PATH, remote_write.compress(batch.payload), headers)

        try:
            answer = await worker.run(post)
        except HubUnreachableError as error:
            return _Tried(None, str(error))
        if 200 <= answer.status < 300:
            return _Tried(answer, "")
        return _Tried(answer, f"{connection.address}: {answer.status} {problem_detail(answer)}")

    async def _split(self, lane: Lane, batch: Batch, tried: _Tried) -> None:
        halves = await self._queue_worker.run(self._queue.split, batch.first, batch.last)
        if halves:
            self._lanes.split(lane, halves)
            self._wake[Lane.BACKLOG].set()
        else:
            await self._bury(batch, tried)

    async def _bury(self, batch: Batch, tried: _Tried) -> None:
        refused = refused_samples(tried.answer, batch.samples)
        logger.error("the hub refuses %d samples for good: %s", refused, tried.words)
        await self._queue_worker.run(self._queue.bury, batch, tried.words, refused, self._clock())

    async def _say(self, outcome: Outcome, words: str) -> None:
        if outcome in (Outcome.REFUSED, Outcome.TOO_LARGE) or words == (self._last_words or ""):
            return
        self._last_words = words
        if words:
            logger.warning("delivery waits: %s", words)
        else:
            logger.info("delivery goes on")
        await self._queue_worker.run(self._queue.remember, "last_error", words)

    async def _idle(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wake[lane].wait()
        except TimeoutError:
            return


def refused_samples(answer: Answer | None, samples: int) -> int:
    """How many of the request's samples the hub refused, by its problem document; all when it does not say."""
    try:
        refused = json.loads(answer.body)["refused"] if answer else {}
        total = sum(refused.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return samples
    return total if isinstance(total, int) and 0 < total <= samples else samples
