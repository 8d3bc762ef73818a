"""Answers to GET with a version: an ETag over what they hold, and 304 for whoever has it (RFC 9110, 13)."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BYTES = 1024 * 1024
"""What is larger is sent as it comes, without a version."""
PREFIX = "/api/v1/"
_KEPT = (b"cache-control", b"vary", b"set-cookie", b"etag")


class ConditionalAnswers:
    """Pure ASGI. Leaves alone what has an ETag already, what is no JSON and what comes in pieces."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match", "")
        start: Message | None = None

        async def send_versioned(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_have_version(message):
                # Held back until the body, which the version is made of, is there.
                start = message
                return
            if start is not None and message["type"] == "http.response.body":
                begun, start = start, None
                body = message.get("body", b"")
                if not message.get("more_body") and len(body) <= MAX_BYTES:
                    begun, message = _versioned(begun, message, body, asked)
                await send(begun)
            await send(message)

        await self._app(scope, receive, send_versioned)


def _may_have_version(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    is_json = headers.get("content-type", "").startswith("application/json")
    return (
        start["status"] == 200
        and is_json
        and "etag" not in headers
        and "no-store" not in headers.get("cache-control", "")
    )


def _versioned(start: Message, message: Message, body: bytes, asked: str) -> tuple[Message, Message]:
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = MutableHeaders(raw=start["headers"])
    headers["ETag"] = etag
    headers.setdefault("Cache-Control", "private, no-cache")
    known = {one.strip().removeprefix("W/") for one in asked.split(",")}
    if etag.removeprefix("W/") not in known and "*" not in known:
        return start, message
    kept = [(name, value) for name, value in start["headers"] if name.lower() in _KEPT]
    return {**start, "status": 304, "headers": kept}, {**message, "body": b""}
