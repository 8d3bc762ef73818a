"""A bounded JSON body."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from conferencing import problems

BODY_LIMIT = 16 * 1024


async def json_body(request: Request) -> dict[str, Any]:
    """Raises ProblemError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise problems.TOO_LARGE
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise problems.NOT_JSON from None
    if not isinstance(document, dict):
        raise problems.NOT_JSON
    return document
