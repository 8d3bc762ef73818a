"""`POST /api/v1/node/events`: a batch of a node's events, applied once, on disk before the answer."""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agent.wire.events import MAX_BODY_BYTES, EventBatch, EventError, parse
from collector import events
from collector.events import GapError
from collector.http import problems
from collector.http.requests import read_body
from collector.http.write import RETRY_AFTER_SECONDS, Ingest
from collector.ingest.identity import NodeIdentity
from collector.quality import work
from collector.quality.fault_evidence import TELLING
from collector.quality.minutes import SEAL_AFTER_SECONDS
from collector.writer import DatabaseWriter

INLINE_BYTES = 64 * 1024


class NodeEvents:
    """Counts what it took: `applied` events, `refused` requests."""

    def __init__(self, ingest: Ingest, writer: DatabaseWriter) -> None:
        self._ingest = ingest
        self._writer = writer
        self.applied = 0
        self.refused = 0

    async def take(self, request: Request, identity: NodeIdentity, now: float) -> Response:
        """Raises ProblemError."""
        try:
            return await self._take(request, identity, now)
        except problems.ProblemError:
            self.refused += 1
            raise

    async def _take(self, request: Request, identity: NodeIdentity, now: float) -> Response:
        async with self._ingest.admitted(identity, now):
            batch = await _read(request)
            offset_ms = await self._ingest.clock_offset_ms(request, identity, now)

            def take_in(session: Session) -> tuple[int, int]:
                applied = events.apply(session, identity.node, batch, offset_ms, now)
                work.mark(session, _concerned(identity, batch, offset_ms, now))
                return applied

            try:
                through, new = await self._writer.call(take_in)
            except GapError as gap:
                raise _gap(gap) from None
            except SQLAlchemyError:
                raise problems.storage_busy(RETRY_AFTER_SECONDS) from None
        self.applied += new
        return JSONResponse({"applied_through": through})


def _concerned(identity: NodeIdentity, batch: EventBatch, offset_ms: int, now: float) -> dict[int, set[int]]:
    """Line id → minutes whose verdict these events may change."""
    times = [min((event.time_ms - offset_ms) / 1000, now) for event in batch.events if event.kind in TELLING]
    minutes = {int(at) // 60 * 60 for at in times if at > now - SEAL_AFTER_SECONDS}
    return {identity.lines[line]: minutes for line in identity.measures if line in identity.lines and minutes}


async def _read(request: Request) -> EventBatch:
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise problems.ProblemError(
            415, "Không đúng định dạng / Unsupported format", "Hãy gửi JSON không nén. / Send JSON, not compressed."
        )
    body = await read_body(request, MAX_BODY_BYTES)
    try:
        if len(body) <= INLINE_BYTES:
            return parse(body)
        return await asyncio.to_thread(parse, body)
    except EventError as error:
        raise problems.malformed(f"Sự kiện không đọc được. / Events cannot be read: {error}") from None


def _gap(gap: GapError) -> problems.ProblemError:
    return problems.ProblemError(
        409,
        "Thiếu sự kiện ở giữa / Events are missing in between",
        f"Đã nhận đến số {gap.applied_through}; hãy gửi tiếp từ số {gap.applied_through + 1}. / "
        f"Applied through {gap.applied_through}; go on from {gap.applied_through + 1}. Nothing of this was applied.",
        extension={"applied_through": gap.applied_through},
    )
