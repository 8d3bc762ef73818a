"""The meeting page and its files, served from memory with an ETag each: a new version is seen at once."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

WEB = Path(__file__).parent / "web"
PAGE = "meeting.html"
MEASURE_PAGE = "measure.html"
RECORDINGS_PAGE = "recordings.html"

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes
    media_type: str
    etag: str


class StaticFiles:
    """Read once: what is not in the folder at the start does not exist, so no path leads out of it."""

    def __init__(self, folder: Path = WEB) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _MEDIA_TYPES
        }

    def page(self, request: Request, status: int, name: str = PAGE) -> Response:
        return _respond(request, self._files[name], status)

    def response(self, request: Request, path: str) -> Response:
        file = self._files.get(path)
        return _respond(request, file, 200) if file is not None else PlainTextResponse("404", 404)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(
        content,
        gzip.compress(content, 9, mtime=0),
        _MEDIA_TYPES[path.suffix],
        f'W/"{hashlib.sha256(content).hexdigest()[:20]}"',
    )


def _respond(request: Request, file: _File, status: int) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if status == 200 and file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.compressed, status, headers | {"Content-Encoding": "gzip"}, file.media_type)
    return Response(file.content, status, headers, file.media_type)
