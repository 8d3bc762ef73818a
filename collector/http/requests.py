"""Reading requests from outside: never more than is allowed, never longer than is reasonable."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from collector.http import problems

BODY_TIMEOUT_SECONDS = 60.0


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Raises ProblemError 413 as soon as it is clear, 408 when it takes too long."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 12 or int(declared) > most_bytes):
        raise problems.too_large(f"{declared} bytes; at most {most_bytes}")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    raise problems.too_large(f"more than {most_bytes} bytes")
    except TimeoutError:
        raise problems.too_slow(BODY_TIMEOUT_SECONDS) from None
    except ClientDisconnect:
        raise problems.malformed("the connection ended before the request was whole") from None
    return bytes(body)


def bearer_key(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def client_address(request: Request) -> str:
    return request.client.host if request.client else ""
