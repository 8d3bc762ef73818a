"""`/api/v1/node/throughput`: bytes without meaning, for a node that tests its line. Bounded in size and number."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from collector.http import problems

MAX_DOWNLOAD_BYTES = 1 << 30
MAX_UPLOAD_BYTES = 4 * 1024 * 1024
"""Of one request; a node sends as many as it needs."""
CHUNK_BYTES = 64 * 1024
TESTS_AT_ONCE = 4
"""Downloads that run at a time: more would test the hub's own line. Others are told to come later."""
WAIT_SECONDS = 300.0


class Throughput:
    def __init__(self) -> None:
        self._running = 0
        # Compression on the way must not make a line look faster.
        self._chunk = os.urandom(CHUNK_BYTES)

    def download(self, request: Request) -> Response:
        """Raises ProblemError."""
        asked = request.query_params.get("bytes", "")
        if not (
            asked.isascii() and asked.isdigit() and 1 <= len(asked) <= 10 and 1 <= int(asked) <= MAX_DOWNLOAD_BYTES
        ):
            raise problems.malformed(f"bytes is not a whole number from 1 to {MAX_DOWNLOAD_BYTES}")
        if self._running >= TESTS_AT_ONCE:
            raise problems.too_fast(WAIT_SECONDS)
        size = int(asked)
        headers = {"Content-Length": str(size), "Cache-Control": "no-store"}
        return StreamingResponse(self._chunks(size), media_type="application/octet-stream", headers=headers)

    async def upload(self, request: Request) -> Response:
        """Raises ProblemError. Keeps nothing of what it is sent."""
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_UPLOAD_BYTES:
                    raise problems.too_large(f"more than {MAX_UPLOAD_BYTES} bytes")
        except ClientDisconnect:
            raise problems.malformed("the connection ended before the request was whole") from None
        return Response(status_code=204)

    async def _chunks(self, size: int) -> AsyncIterator[bytes]:
        self._running += 1
        try:
            for begin in range(0, size, CHUNK_BYTES):
                yield self._chunk[: min(CHUNK_BYTES, size - begin)]
        finally:
            self._running -= 1
