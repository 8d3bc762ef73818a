"""What every answer carries and every request must stand: headers, same-origin writes, request ids."""

from __future__ import annotations

import logging
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub import logs
from hub.http.problems import problem

logger = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
    "style-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'"
)
_FIXED_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SecurityHeaders:
    """Pure ASGI: adds the fixed headers and a request id, refuses writes that another site's page sends."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = dict(_FIXED_HEADERS)
        if tls:
            # No includeSubDomains, no preload: the certificate is from an own CA.
            self._headers["Strict-Transport-Security"] = "max-age=2592000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        told = logs.request_id.set(request_id)
        try:
            await self._answer(scope, receive, send, request_id)
        finally:
            logs.request_id.reset(told)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in _SAFE_METHODS and not same_origin(headers):
            logger.warning("x %s %s from another origin", scope["method"], scope["path"])
            refusal = problem(
                403,
                "Yêu cầu đến từ trang khác / Request from another site",
                "Hãy mở lại trang của hệ thống rồi thử lại. / Open this system's own page and try again.",
            )
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def same_origin(headers: Headers) -> bool:
    """Whether no other site's page sent this. Programs that send no Origin are not browsers and carry no cookie."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    return urlsplit(origin).netloc == headers.get("host")
