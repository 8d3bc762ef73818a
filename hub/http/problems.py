"""Errors as problem documents (RFC 9457), each in both languages."""

from __future__ import annotations

from collections.abc import Mapping

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
    409: "Không thể thực hiện lúc này / Not possible as things are",
    413: "Yêu cầu quá lớn / Request too large",
    422: "Dữ liệu gửi lên chưa đúng / Invalid request",
    429: "Quá nhiều lần thử / Too many attempts",
}


class RefusedError(HTTPException):
    """An HTTP error with a word for programs: `reason`, which the document carries."""

    def __init__(self, status: int, reason: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.reason = reason


def problem(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, reason: str = ""
) -> JSONResponse:
    document: dict[str, str | int] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if reason:
        document["reason"] = reason
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Turn the framework's own errors into problem documents."""

    async def http_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = _TITLES.get(error.status_code, "Lỗi / Error")
        reason = error.reason if isinstance(error, RefusedError) else ""
        return problem(error.status_code, title, str(error.detail), error.headers, reason)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # Where and why, never what was sent: it may be a password.
        where = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return problem(422, _TITLES[422], where)

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
