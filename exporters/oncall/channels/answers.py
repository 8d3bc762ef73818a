"""What an HTTP answer means for a message: sent, to be tried again, or refused. Reads no field of any provider."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from typing import Any

import httpx

from exporters.oncall.contracts import Outcome, Result

MAX_ANSWER_BYTES = 64 * 1024
MAX_DETAIL_CHARACTERS = 200
LONGEST_RETRY_SECONDS = 3600.0
_AGAIN = frozenset({408, 409, 423, 425, 429})
# The key or the address of the service is wrong: mended in the configuration, not by another message.
_OUR_KEY = frozenset({401, 403, 404, 405})


async def exchange(
    client: httpx.AsyncClient, request: httpx.Request, timeout_seconds: float
) -> httpx.Response | Outcome:
    """The whole answer, or why there is none. The address is in no text: it may hold a key."""
    try:
        async with asyncio.timeout(timeout_seconds):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                content = await _bounded(response)
            finally:
                await response.aclose()
    except TimeoutError:
        return retry(f"no answer within {timeout_seconds:g} s")
    except httpx.InvalidURL:
        return refused("not an address")
    except (httpx.HTTPError, httpx.StreamError) as error:
        return retry(f"connection failed: {type(error).__name__}")
    return httpx.Response(response.status_code, headers=_kept(response.headers), content=content)


async def _bounded(response: httpx.Response) -> bytes:
    found = bytearray()
    async for piece in response.aiter_bytes():
        found += piece
        if len(found) > MAX_ANSWER_BYTES:
            return bytes(found[:MAX_ANSWER_BYTES])
    return bytes(found)


def _kept(headers: httpx.Headers) -> dict[str, str]:
    # The body is decoded already: its encoding and length no longer hold.
    return {name: headers[name] for name in ("content-type", "retry-after", "location") if name in headers}


def of_status(response: httpx.Response, now: float | None = None) -> Outcome | None:
    """None when the status says that it was taken."""
    status = response.status_code
    if 200 <= status < 300:
        return None
    detail = f"HTTP {status}"
    if status in _AGAIN or status >= 500:
        return retry(
            detail, retry_after(response.headers.get("retry-after", ""), time.time() if now is None else now)
        )
    if status in _OUR_KEY:
        return retry(f"{detail}: check the channel's address and key")
    return refused(detail)


def document(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of the answer; empty when it is none."""
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def retry_after(text: str, now: float) -> float | None:
    """Seconds of a Retry-After (RFC 9110, 10.2.3), at most an hour; None when it says nothing usable."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_SECONDS)
    try:
        at = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return min(max(at - now, 0.0), LONGEST_RETRY_SECONDS)


def words(value: object) -> str:
    """What a server said, on one line and short."""
    text = " ".join("".join(one if one.isprintable() else " " for one in str(value)).split())
    return text[:MAX_DETAIL_CHARACTERS]


def retry(detail: str, after: float | None = None) -> Outcome:
    return Outcome(Result.RETRY, detail=words(detail), retry_after=after)


def refused(detail: str) -> Outcome:
    return Outcome(Result.REFUSED, detail=words(detail))


def sent(receipt: object = "", detail: str = "") -> Outcome:
    text = words(receipt) if isinstance(receipt, str | int) and not isinstance(receipt, bool) else ""
    return Outcome(Result.SENT, receipt=text, detail=words(detail))
