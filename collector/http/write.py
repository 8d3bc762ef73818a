"""`POST /api/v1/write`: one remote-write request from its headers to its answer.

The answer says kept only when the sink has the samples on disk and the minutes are committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from agent.wire.remote_write import CONTENT_ENCODING, CONTENT_TYPE, NODE_TIME_HEADER
from collector.http import problems
from collector.http.requests import read_body
from collector.ingest import clock as node_clock
from collector.ingest.decode import (
    MAX_BODY_BYTES,
    Accepted,
    BodyTooLargeError,
    NotProtobufError,
    NotSnappyError,
    decode,
    decompressed_bytes,
)
from collector.ingest.identity import NodeIdentity
from collector.ingest.series import KnownSeriesCache
from collector.limits import TokenBucket
from collector.node_minutes import group_readings
from collector.quality.evidence import evidence_of
from collector.quality.speeds import speeds_of
from collector.quality.windows import gather
from collector.settings import CollectorSettings
from collector.sink import Sink, SinkFullError
from collector.snapshot import IngestCounters
from collector.state import LatestState
from collector.tables import Node
from collector.writer import DatabaseWriter, Record

logger = logging.getLogger(__name__)

INLINE_BYTES = 64 * 1024
"""Decompressed. What is larger would hold up the loop for more than some milliseconds and goes to a thread."""
MAX_REQUESTS_AT_ONCE_PER_NODE = 4
RETRY_AFTER_SECONDS = 5.0


@dataclass(slots=True)
class _Sender:
    """What ingest holds of one node between its requests."""

    cache: KnownSeriesCache
    offset_ms: int
    requests: TokenBucket
    samples: TokenBucket
    doubts: int = 0
    """Requests in a row that made its clock seem behind, or were slow."""
    at_once: int = 0
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)


class Ingest:
    def __init__(
        self,
        sink: Sink,
        writer: DatabaseWriter,
        state: LatestState,
        settings: CollectorSettings,
        clock: Callable[[], float],
    ) -> None:
        self._sink = sink
        self._writer = writer
        self._state = state
        self._settings = settings
        self._clock = clock
        self._senders: dict[str, _Sender] = {}
        self.writers_heard: dict[str, float] = {}
        """Programs of others → Unix seconds of their last request."""
        self._statuses: Counter[int] = Counter()
        self._refused: Counter[str] = Counter()
        self._samples = 0
        self._bytes = 0
        self._uncountable = 0

    def counters(self) -> IngestCounters:
        return IngestCounters(
            requests=dict(self._statuses),
            samples=self._samples,
            bytes=self._bytes,
            refused_samples=dict(self._refused),
            minute_conflicts=self._uncountable,
        )

    def count_status(self, status: int) -> None:
        self._statuses[status] += 1

    def forget(self, nodes: set[str]) -> None:
        """Keep only these."""
        self._senders = {node: sender for node, sender in self._senders.items() if node in nodes}
        self.writers_heard = {one: at for one, at in self.writers_heard.items() if one in nodes}

    async def write(self, request: Request, identity: NodeIdentity) -> None:
        """Returns when all is kept. Raises ProblemError."""
        arrived = self._clock()
        async with self.admitted(identity, arrived) as sender:
            await self._take(request, identity, sender, arrived)

    @contextlib.asynccontextmanager
    async def admitted(self, identity: NodeIdentity, now: float) -> AsyncIterator[_Sender]:
        """One request of a node, whatever it brings: heard, and not too fast. Raises ProblemError."""
        sender = self._sender(identity, now)
        if identity.writer:
            self.writers_heard[identity.node] = now
        else:
            self._state.heard(identity.node, now)
        self._check_rate(sender, now)
        sender.at_once += 1
        try:
            yield sender
        finally:
            sender.at_once -= 1

    async def clock_offset_ms(self, request: Request, identity: NodeIdentity, now: float) -> int:
        """What is taken off the times that this request says. Raises ProblemError."""
        sender = self._sender(identity, now)
        async with sender.decoding:
            return await self._offset(request, identity, sender, now)

    async def _take(self, request: Request, identity: NodeIdentity, sender: _Sender, arrived: float) -> None:
        _check_format(request)
        body = await read_body(request, MAX_BODY_BYTES)
        self._bytes += len(body)
        async with sender.decoding:
            offset_ms = await self._offset(request, identity, sender, arrived)
            accepted = await _decode(body, sender.cache, offset_ms, arrived)
        sender.samples.charge(accepted.samples, arrived)
        await self._keep(identity, accepted, arrived)
        self._samples += accepted.samples
        self._refused.update(accepted.refused)
        if accepted.refused:
            raise problems.partly_refused(accepted.samples, accepted.refused, accepted.examples)

    async def _keep(self, identity: NodeIdentity, accepted: Accepted, now: float) -> None:
        windows, unusable = gather((one.line, one.field, at, value) for one, at, value in accepted.line_samples)
        readings = group_readings(identity.node, accepted.node_samples)
        evidence = evidence_of(identity.node, accepted.evidence_samples)
        measured = speeds_of(accepted.speed_samples)
        try:
            if accepted.samples:
                await self._sink.write(accepted.payload, accepted.samples)
            if windows or readings or evidence or measured:
                await self._writer.record(
                    Record(windows, readings, identity.lines, now, identity.measures, evidence, measured)
                )
        except SinkFullError as error:
            logger.warning("sink is full: %s", error)
            raise problems.storage_busy(error.retry_after_seconds) from None
        except SQLAlchemyError:
            raise problems.storage_busy(RETRY_AFTER_SECONDS) from None
        self._uncountable += unusable
        if not identity.writer:
            self._state.apply_readings(identity.node, accepted.node_samples, now)
        self._state.apply_windows(windows, now)

    async def _offset(self, request: Request, identity: NodeIdentity, sender: _Sender, arrived: float) -> int:
        measured = node_clock.measured_offset_ms(request.headers.get(NODE_TIME_HEADER), arrived)
        if measured is None:
            return 0
        if identity.writer:
            # Only our agents say their samples by the clock that this header tells.
            return 0
        if node_clock.is_doubtful(sender.offset_ms, measured, sender.doubts):
            sender.doubts += 1
            return sender.offset_ms
        sender.doubts = 0
        held = node_clock.held_offset_ms(sender.offset_ms, measured)
        if held != sender.offset_ms:
            # On disk before any sample in the new time is: after a crash a replay must get the same times.
            await self._store_offset(identity.node, held)
            logger.warning("clock of %s is %+.1f s from the hub's (was %+.1f s)",
                           identity.node, held / 1000, sender.offset_ms / 1000)  # fmt: skip
            sender.offset_ms = held
        return held

    async def _store_offset(self, node: str, offset_ms: int) -> None:
        change = update(Node).where(Node.id == node).values(clock_offset_ms=offset_ms)
        try:
            await self._writer.call(lambda session: session.execute(change) and None)
        except SQLAlchemyError as error:
            logger.error("clock offset of %s was not written: %s", node, error)
            raise problems.storage_busy(RETRY_AFTER_SECONDS) from None

    def _sender(self, identity: NodeIdentity, now: float) -> _Sender:
        sender = self._senders.get(identity.node)
        if sender is None:
            requests, samples = self._settings.requests_per_second, self._settings.samples_per_second
            sender = self._senders[identity.node] = _Sender(
                KnownSeriesCache(identity),
                identity.clock_offset_ms,
                TokenBucket(requests, 2 * requests, now),
                TokenBucket(samples, 10 * samples, now),
            )
        elif sender.cache.identity != identity:
            sender.cache = KnownSeriesCache(identity)
        return sender

    def _check_rate(self, sender: _Sender, now: float) -> None:
        wait = max(sender.requests.wait_seconds(now), sender.samples.wait_seconds(now))
        if sender.at_once >= MAX_REQUESTS_AT_ONCE_PER_NODE:
            wait = max(wait, 1.0)
        if wait > 0:
            raise problems.too_fast(wait)
        sender.requests.charge(1, now)


def _check_format(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding != CONTENT_ENCODING:
        raise problems.wrong_format(f"Content-Encoding is {encoding[:40]!r}")
    kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    # Remote write 2.0 names its message; 1.0 may name prometheus.WriteRequest.
    if kind != CONTENT_TYPE or any(one.startswith("proto=io.prometheus.write.v2") for one in parameters):
        raise problems.wrong_format(f"Content-Type is {kind[:40]!r}")


async def _decode(body: bytes, cache: KnownSeriesCache, offset_ms: int, now: float) -> Accepted:
    try:
        if decompressed_bytes(body) <= INLINE_BYTES:
            return decode(body, cache, offset_ms, now)
        return await asyncio.to_thread(decode, body, cache, offset_ms, now)
    except BodyTooLargeError as error:
        raise problems.too_large(str(error)) from None
    except NotSnappyError as error:
        raise problems.wrong_format(str(error)) from None
    except NotProtobufError as error:
        raise problems.not_protobuf(str(error)) from None
