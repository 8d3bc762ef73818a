"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    401: "Chưa đăng nhập / Not signed in",
    403: "Không có quyền / Not allowed",
    404: "Không tìm thấy / Not found",
    405: "Không dùng được cách gọi này / Method not allowed",
    429: "Quá nhiều lần thử / Too many attempts",
}


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Turn the framework's own errors into problem documents."""

    async def http_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = _TITLES.get(error.status_code, "Lỗi / Error")
        return problem(error.status_code, title, str(error.detail), dict(error.headers or {}))

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        where = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return problem(422, "Dữ liệu gửi lên chưa đúng / Invalid request", where)

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
