"""The directory's errors as problem documents (RFC 9457), in both languages, and how OpenAPI tells of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi.routing import APIRoute
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from collector.directory.failure import CellError, ConflictError, DirectoryError, Problem, RefusedError, UnknownError
from collector.directory.files.sheet import BadCell, FileRefusedError
from collector.directory.sight import NotYoursError
from collector.http import problems
from collector.http.problems import MEDIA_TYPE, ProblemError

logger = logging.getLogger(__name__)

MAX_NAMED = 200
RETRY_SECONDS = 5.0

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "Vietnamese / English"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "Vietnamese / English"},
        "errors": {
            "type": "array",
            "description": "what is wrong with which field, in both languages",
            "items": {"type": "object"},
        },
    },
}
_TITLES = {
    400: "Yêu cầu không hợp lệ / Malformed request",
    401: "Chưa đăng nhập / Not signed in",
    403: "Không có quyền / Not allowed",
    404: "Không tìm thấy / Not found",
    408: "Gửi quá chậm / Too slow",
    409: "Xung đột / Conflict",
    412: "Đã có người sửa / Changed by somebody else",
    413: "Yêu cầu quá lớn / Request too large",
    415: "Không đúng định dạng / Unsupported format",
    422: "Dữ liệu chưa đúng / Not acceptable as it is",
    428: "Cần If-Match / If-Match is needed",
    429: "Quá nhiều lần thử / Too many attempts",
    503: "Máy chủ chưa ghi được / The hub cannot store this now",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: every route may also answer 401, 403, 422, 429 and 503."""
    return {
        status: {
            "description": _TITLES[status],
            "content": {
                MEDIA_TYPE: {
                    "schema": _SCHEMA,
                    "example": {
                        "type": "about:blank",
                        "title": _TITLES[status],
                        "status": status,
                        "detail": _TITLES[status],
                    },
                }
            },
        }
        for status in sorted({401, 403, 422, 429, 503, *statuses})
    }


class ProblemRoute(APIRoute):
    """Whatever the directory refuses becomes a problem document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answering(request: Request) -> Response:
            try:
                return await handle(request)
            except ProblemError as error:
                return error.response()
            except (DirectoryError, CellError, FileRefusedError) as error:
                return _problem(error).response()
            except IntegrityError as error:
                logger.error("%s %s: %s", request.method, request.url.path, error.orig)
                return conflict(
                    "Có thay đổi khác vừa xảy ra cùng lúc; hãy tải lại.",
                    "Something else changed meanwhile; load it again.",
                ).response()
            except DataError as error:
                logger.warning("%s %s: %s", request.method, request.url.path, error.orig)
                return ProblemError(
                    422,
                    _TITLES[422],
                    "Có ký tự hoặc số không giữ được. / It holds characters or numbers that cannot be kept.",
                ).response()
            except SQLAlchemyError as error:
                # `orig`, not the statement: its parameters may be telephones.
                logger.error("%s %s: %s", request.method, request.url.path, getattr(error, "orig", None) or error)
                return problems.storage_busy(RETRY_SECONDS).response()

        return answering


def _problem(error: Exception) -> ProblemError:
    match error:
        case UnknownError():
            return ProblemError(404, _TITLES[404], str(error))
        case NotYoursError():
            return ProblemError(403, _TITLES[403], str(error))
        case ConflictError():
            return ProblemError(409, _TITLES[409], str(error))
        case RefusedError():
            return refused(error.problems)
        case FileRefusedError():
            extension = {"line": error.line} if error.line else {}
            return ProblemError(422, _TITLES[422], str(error), extension=extension)
        case _:
            return ProblemError(422, _TITLES[422], str(error))


def refused(found: Sequence[Problem]) -> ProblemError:
    errors = [
        {"noun": one.noun, "key": one.key, "field": one.field, "vi": one.message.vi, "en": one.message.en}
        for one in found[:MAX_NAMED]
    ]
    detail = str(found[0].message) if len(found) == 1 else f"{len(found)} chỗ chưa đúng. / {len(found)} are wrong."
    return ProblemError(422, _TITLES[422], detail, extension={"errors": errors})


def bad_rows(found: Sequence[BadCell]) -> ProblemError:
    errors = [
        {
            "noun": one.noun, "line": one.line, "column": one.column, "value": one.value,
            "vi": one.message.vi, "en": one.message.en,
        }
        for one in found[:MAX_NAMED]
    ]  # fmt: skip
    detail = f"{len(found)} ô chưa đúng; không có gì được ghi. / {len(found)} cells are wrong; nothing was written."
    return ProblemError(422, _TITLES[422], detail, extension={"errors": errors})


def not_found(noun: str, key: str) -> ProblemError:
    return ProblemError(404, _TITLES[404], str(UnknownError(noun, key)))


def conflict(vi: str, en: str) -> ProblemError:
    return ProblemError(409, _TITLES[409], f"{vi} / {en}")


def changed_meanwhile() -> ProblemError:
    return ProblemError(
        412,
        _TITLES[412],
        "Mục này đã được sửa sau khi bạn mở; hãy tải lại. / It was changed after you opened it; load it again.",
    )


def match_needed() -> ProblemError:
    return ProblemError(
        428,
        _TITLES[428],
        "Gửi kèm If-Match với ETag đã nhận (hoặc *). / Send If-Match with the ETag that you were given (or *).",
    )


def wrong_format(detail_vi: str, detail_en: str) -> ProblemError:
    return ProblemError(415, _TITLES[415], f"{detail_vi} / {detail_en}")
