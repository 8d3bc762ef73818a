"""Carries events from the queue to the hub: in order, applied once, small enough to go before samples."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from agent.enrolment import problem_detail
from agent.hub_client import Answer, Connection, HubUnreachableError
from agent.queue import Queue
from agent.uplink import Backoff, Judgement, Outcome, judge
from agent.wire import events as wire
from agent.wire.remote_write import NODE_TIME_HEADER
from agent.workers import Worker

logger = logging.getLogger(__name__)


class EventDelivery:
    """`unix`: the time to say to the hub; `monotonic`: seconds for waiting."""

    def __init__(
        self,
        queue: Queue,
        queue_worker: Worker,
        key: str,
        unix: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._queue_worker = queue_worker
        self._key = key
        self._unix = unix
        self._monotonic = monotonic
        self._backoff = Backoff()
        self._not_before = 0.0
        self._most = wire.MAX_EVENTS
        self._said = ""

    async def step(self, worker: Worker, connection: Connection) -> bool:
        """Send what waits, unless the hub has asked to wait. Whether the hub was asked and did not answer.

        Raises sqlite3.Error.
        """
        while self._monotonic() >= self._not_before:
            waiting = (await self._queue_worker.run(self._queue.pending_events))[: self._most]
            if not waiting:
                return False
            body = wire.encode(self._queue.epoch, waiting)
            headers = {
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                NODE_TIME_HEADER: f"{self._unix():.3f}",
            }
            answer: Answer | None = None
            try:
                answer = await worker.run(connection.request, "POST", wire.EVENTS_PATH, body, headers)
                words = "" if 200 <= answer.status < 300 else f"{answer.status} {problem_detail(answer)}"
            except HubUnreachableError as error:
                words = str(error)
            await self._settle(answer, waiting, words)
            if answer is None:
                return True
        return False

    async def _settle(self, answer: Answer | None, sent: tuple[wire.Event, ...], words: str) -> None:
        if answer is not None and answer.status == 409:
            logger.warning("the hub lacks events that it once had, perhaps from a backup: a new epoch begins")
            await self._queue_worker.run(self._queue.begin_epoch)
            self._not_before = self._monotonic() + self._backoff.wait(Judgement(Outcome.FAILED))
            return
        retry_after = answer.headers.get("retry-after") if answer else None
        judgement = judge(answer.status if answer else None, retry_after, self._unix())
        match judgement.outcome:
            case Outcome.DELIVERED:
                through = applied_through(answer)
                # A number beyond what was sent is of another queue's epoch: nothing of ours was applied by it.
                if through is not None and through <= sent[-1].sequence:
                    forgotten = await self._queue_worker.run(self._queue.events_applied, through)
                    if forgotten:
                        self._succeed()
                        return
                judgement = Judgement(Outcome.FAILED)
                words = f"{answer.status if answer else 0}: the answer does not say which events were applied"
            case Outcome.REFUSED | Outcome.TOO_LARGE:
                if len(sent) > 1:
                    # One of them is at fault; the others must not wait for it.
                    self._most = max(1, len(sent) // 2)
                    return
                if sent[0].kind != "agent.event_refused":
                    logger.error("the hub refuses event %d (%s): %s", sent[0].sequence, sent[0].kind, words)
                    await self._queue_worker.run(self._queue.refuse_event, sent[0].sequence, words)
                    return
                judgement = Judgement(Outcome.UNAUTHORISED)
            case _:
                pass
        self._not_before = self._monotonic() + self._backoff.wait(judgement)
        if words != self._said:
            self._said = words
            logger.warning("events wait: %s", words)

    def _succeed(self) -> None:
        self._backoff.reset()
        self._most = wire.MAX_EVENTS
        if self._said:
            self._said = ""
            logger.info("events are delivered again")


def applied_through(answer: Answer | None) -> int | None:
    """The number through which the hub has applied all events; None when it does not say."""
    try:
        through = json.loads(answer.body)["applied_through"] if answer else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return through if isinstance(through, int) and not isinstance(through, bool) else None
