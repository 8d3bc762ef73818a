"""Answers with an ETag over what they hold, and requests that name the version they mean."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from collector.http import directory_problems

_CACHE = "private, no-cache"


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def content_of(document: BaseModel) -> bytes:
    return document.model_dump_json().encode()


def answer(request: Request, document: BaseModel, status: int = 200, location: str | None = None) -> Response:
    """304 when the caller has it."""
    content = content_of(document)
    etag = etag_of(content)
    headers = {"ETag": etag, "Cache-Control": _CACHE}
    if location is not None:
        headers["Location"] = location
    if status == 200 and request.method == "GET" and _names(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers, media_type="application/json")


def require_match(request: Request, current: BaseModel) -> None:
    """Raises ProblemError 428 when no version is named, 412 when it is another one."""
    given = request.headers.get("if-match")
    if given is None:
        raise directory_problems.match_needed()
    if not _names(given, etag_of(content_of(current))):
        raise directory_problems.changed_meanwhile()


def _names(header: str | None, etag: str) -> bool:
    # A proxy that compresses makes a validator weak; the version it names is the same.
    known = {one.strip().removeprefix("W/") for one in (header or "").split(",")}
    return etag in known or "*" in known
