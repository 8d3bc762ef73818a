"""The board's pages and their files: nothing is built, nothing comes from outside."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from hub.http.rights import public

WEB = Path(__file__).parent.parent / "web"
PATHS = (
    "/",
    "/diem/{code}",
    "/bao-cao",
    "/truc",
    "/danh-muc",
    "/danh-muc/don-vi/{key}",
    "/danh-muc/diem/{code}",
    "/cai-dat",
    "/dang-nhap",
    "/tai-khoan",
    "/nguoi-dung",
    "/nhat-ky",
    "/vao",
    "/man-hinh",
)


class RevalidatedFiles(StaticFiles):
    """Static files that a browser keeps but asks about each time (ETag), so an update shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def router() -> APIRouter:
    pages = APIRouter(include_in_schema=False)

    @public("the page is the same for all; the API alone decides who may see what")
    async def board() -> FileResponse:
        return FileResponse(WEB / "board.html", headers={"Cache-Control": "no-cache"})

    # One page; its script reads the address and asks the API.
    for path in PATHS:
        pages.add_api_route(path, board, methods=["GET"])
    return pages
