"""Errors as problem documents (RFC 9457), each in both languages."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from hub.http import validation_words

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
TITLES = {
    400: "Yêu cầu không hợp lệ / Malformed request",
    401: "Chưa đăng nhập / Not signed in",
    403: "Không có quyền / Not allowed",
    404: "Không tìm thấy / Not found",
    405: "Không dùng được cách gọi này / Method not allowed",
    406: "Không có dạng được yêu cầu / Not available in that format",
    408: "Gửi quá chậm / Too slow",
    409: "Không thể thực hiện lúc này / Not possible as things are",
    412: "Đã có người sửa / Changed by somebody else",
    413: "Yêu cầu quá lớn / Request too large",
    415: "Không đúng định dạng / Unsupported format",
    422: "Dữ liệu gửi lên chưa đúng / Invalid request",
    428: "Cần If-Match / If-Match is needed",
    429: "Quá nhiều lần thử / Too many attempts",
    500: "Lỗi của máy chủ / The hub's own fault",
    503: "Máy chủ chưa ghi được / The hub cannot store this now",
}
# What Starlette says in English alone.
_DETAILS = {
    400: "Không đọc được yêu cầu. / The request cannot be read.",
    404: "Địa chỉ này không có gì. / There is nothing at this address.",
    405: "Địa chỉ này không nhận cách gọi ấy; xem Allow. / This address does not take that method; see Allow.",
}
_UNREADABLE = "There was an error parsing the body"


class RefusedError(HTTPException):
    """An HTTP error with a word for programs: `reason`, which the document carries."""

    def __init__(self, status: int, reason: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.reason = reason


def problem(
    status: int,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    reason: str = "",
    extension: Mapping[str, Any] | None = None,
) -> JSONResponse:
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **(extension or {})}
    if reason:
        document["reason"] = reason
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Turn the framework's and the database's own errors into problem documents."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SQLAlchemyError, _database_error)
    # The runner of all routes logs the traceback itself; this is only what the caller reads.
    app.add_exception_handler(Exception, _own_fault)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = TITLES.get(error.status_code, "Lỗi / Error")
    reason = error.reason if isinstance(error, RefusedError) else ""
    detail = str(error.detail)
    if detail in (HTTPStatus(error.status_code).phrase, _UNREADABLE):
        detail = _DETAILS.get(error.status_code, title)
    return problem(error.status_code, title, detail, error.headers, reason)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Where and why, never what was sent: it may be a password.
    errors = validation_words.named(error.errors())
    return problem(422, TITLES[422], validation_words.sentence(errors), extension={"errors": errors})


async def _database_error(request: Request, error: Exception) -> Response:
    # `orig`, not the statement: its parameters may be secrets.
    said = getattr(error, "orig", None) or type(error).__name__
    logger.error("%s %s: database: %s", request.method, request.url.path, said)
    if isinstance(error, DataError):
        detail = (
            "Có ký tự hoặc số mà cơ sở dữ liệu không giữ được; không có gì được ghi. / It holds characters or "
            "numbers that the database cannot keep; nothing was written."
        )
        return problem(422, TITLES[422], detail)
    if isinstance(error, IntegrityError):
        detail = (
            "Có thay đổi khác vừa xảy ra cùng lúc; hãy tải lại. / Something else changed meanwhile; load it again."
        )
        return problem(409, TITLES[409], detail)
    detail = (
        "Cơ sở dữ liệu chưa trả lời; không có gì được ghi. Thử lại sau ít giây. / The database does not answer; "
        "nothing was written. Try again in some seconds."
    )
    return problem(503, TITLES[503], detail, {"Retry-After": str(RETRY_SECONDS)})


async def _own_fault(_: Request, __: Exception) -> Response:
    detail = "Xem nhật ký của máy chủ: thongsuot status. / See the hub's log: thongsuot status."
    return problem(500, TITLES[500], detail)
