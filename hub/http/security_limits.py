"""How much a request may send. Routes with a limit of their own (ingest, meetings) are held to a wider one here."""

from __future__ import annotations

import contextlib
import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.http.problems import problem

logger = logging.getLogger(__name__)

BODY_BYTES = 64 * 1024
WIDER: tuple[tuple[str, int], ...] = (
    ("/api/v1/write", 5 * 1024 * 1024),
    ("/api/v1/node/throughput", 5 * 1024 * 1024),
    ("/api/v1/directory", 16 * 1024 * 1024),
    ("/api/v1/alerts", 8 * 1024 * 1024),
)
"""By the beginning of the path: remote write, tests of a line's speed, imports of the directory, groups of alerts."""


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Pure ASGI: 413 as soon as it is clear that a body is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = limit_of(scope["path"])
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and (len(declared) > 12 or int(declared) > most):
            await self._refuse(most, scope, receive, send)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            # Frameworks turn what is raised while they read into an answer of their own: ours says what it was.
            if received <= most or started:
                started = True
                await send(message)

        with contextlib.suppress(_TooLargeError):
            await self._app(scope, counted, noted)
        if received > most and not started:
            await self._refuse(most, scope, receive, send)

    async def _refuse(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        logger.warning("x %s %s: body of more than %d bytes", scope["method"], scope["path"], most)
        refusal = problem(
            413, "Yêu cầu quá lớn / Request too large", f"Tối đa {most} byte. / At most {most} bytes.",
            {"Connection": "close"}, "too large",
        )  # fmt: skip
        await refusal(scope, receive, send)


def limit_of(path: str) -> int:
    return next((limit for start, limit in WIDER if path.startswith(start)), BODY_BYTES)
