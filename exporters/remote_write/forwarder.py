"""Sends the outbound queue to one receiver by remote write 1.0, for ever; each receiver has a task of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar, TypeVarTuple

import httpx

from agent.wire import remote_write
from exporters.remote_write.pieces import Piece, split
from exporters.remote_write.policy import Answer, Attempts, Verdict, judge
from exporters.remote_write.queue import Backlog, OutboundQueue
from exporters.remote_write.selection import Selection, Sieve

logger = logging.getLogger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MAX_SAMPLES_PER_REQUEST = 10_000
REQUEST_TIMEOUT_SECONDS = 30.0
IDLE_CHECK_SECONDS = 5.0
REFUSED_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Receiver:
    """A remote-write endpoint. `url` is the full address of its write path.

    `headers` are sent with each request (Authorization, X-Scope-OrgID); they may hold secrets.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    selection: Selection = field(default_factory=Selection)


@dataclass(frozen=True, slots=True)
class ForwardStatus:
    """For /metrics: counts are samples or requests, times are Unix seconds (0: never)."""

    receiver: str
    backlog: Backlog
    sent_samples: int
    dropped_samples: int
    dead_letter_samples: int
    failed_requests: dict[str, int]
    last_success: float


@dataclass(slots=True)
class _Life:
    last_success: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    failing: bool = False


class Forwarder:
    """One receiver's sender. Samples it will never take are buried with their reason, the rest goes on."""

    def __init__(
        self,
        receiver: Receiver,
        queue: OutboundQueue,
        executor: Executor,
        client: httpx.AsyncClient,
        appended: asyncio.Event,
        *,
        user_agent: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._receiver = receiver
        self._queue = queue
        self._executor = executor
        self._client = client
        self._appended = appended
        self._headers = {**receiver.headers, **remote_write.headers(user_agent)}
        self._sieve = Sieve(receiver.selection)
        self._clock = clock
        self._sleep = sleep
        self._life = _Life()

    async def run(self) -> None:
        while True:
            rows = await self._in_thread(self._queue.next_rows, self._receiver.name, MAX_SAMPLES_PER_REQUEST)
            if not rows:
                await self._wait_for_rows()
                continue
            parts = (self._sieve.through(row.payload, row.samples) for row in rows)
            piece = Piece(tuple(part for part in parts if part[1]))
            sent = await self._deliver(piece) if piece.parts else 0
            await self._in_thread(self._queue.acknowledge, self._receiver.name, rows[-1].id, sent)

    async def status(self) -> ForwardStatus:
        def read() -> tuple[Backlog, dict[tuple[str, str], int]]:
            return self._queue.backlog(self._receiver.name), self._queue.counters()

        backlog, counters = await self._in_thread(read)
        name = self._receiver.name
        return ForwardStatus(
            receiver=name,
            backlog=backlog,
            sent_samples=counters.get(("sent", name), 0),
            dropped_samples=counters.get(("dropped", name), 0),
            dead_letter_samples=counters.get(("dead_letter", name), 0),
            failed_requests=dict(self._life.failures),
            last_success=self._life.last_success,
        )

    async def _wait_for_rows(self) -> None:
        self._appended.clear()
        try:
            async with asyncio.timeout(IDLE_CHECK_SECONDS):
                await self._appended.wait()
        except TimeoutError:
            return

    async def _deliver(self, piece: Piece) -> int:
        """Samples taken by the receiver; returns only when each sample was taken or buried."""
        attempts = Attempts()
        while True:
            answer = await self._post(piece)
            match judge(answer):
                case Verdict.DONE:
                    self._succeeded()
                    return piece.samples
                case Verdict.SPLIT:
                    return await self._take_apart(piece, answer)
                case Verdict.WAIT:
                    self._failed(answer)
                    await self._sleep(REFUSED_WAIT_SECONDS)
                case Verdict.RETRY:
                    wait = attempts.failed(answer)
                    self._failed(answer)
                    if attempts.stuck:
                        return await self._take_apart(piece, answer)
                    await self._sleep(wait)

    async def _take_apart(self, piece: Piece, answer: Answer) -> int:
        reason = f"{answer.status} {answer.body[:200]}".strip()
        halves = split(piece)
        if not halves:
            logger.warning("x %s refuses a sample for good: %s", self._receiver.name, reason)
            await self._in_thread(
                self._queue.bury, self._receiver.name, piece.payload, piece.samples, reason, self._clock()
            )
            return 0
        sent = 0
        for half in halves:
            sent += await self._deliver(half)
        return sent

    async def _post(self, piece: Piece) -> Answer:
        try:
            response = await self._client.post(
                self._receiver.url,
                content=remote_write.compress(piece.payload),
                headers=self._headers,
                timeout=REQUEST_TIMEOUT_SECONDS,
            )
        except httpx.HTTPError as error:
            return Answer(None, type(error).__name__)
        return Answer(response.status_code, response.text[:500], _seconds(response.headers.get("Retry-After")))

    def _succeeded(self) -> None:
        self._life.last_success = self._clock()
        if self._life.failing:
            logger.info("- %s takes samples again", self._receiver.name)
            self._life.failing = False

    def _failed(self, answer: Answer) -> None:
        reason = str(answer.status) if answer.status is not None else "network"
        self._life.failures[reason] = self._life.failures.get(reason, 0) + 1
        if not self._life.failing:
            logger.warning("x %s does not take samples: %s %s", self._receiver.name, reason, answer.body[:200])
            self._life.failing = True

    async def _in_thread(self, call: Callable[[*Ts], T], *values: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *values)


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
