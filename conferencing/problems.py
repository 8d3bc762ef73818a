"""Errors of the API as problem+json (RFC 9457), in words for the user."""

from __future__ import annotations

import json

from starlette.responses import Response


class ProblemError(Exception):
    """A request is refused; the router answers with it."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail


def problem_response(error: ProblemError) -> Response:
    body = {"type": "about:blank", "title": error.title, "detail": error.detail, "status": error.status}
    return Response(json.dumps(body, ensure_ascii=False), error.status, media_type="application/problem+json")


NOT_SIGNED_IN = ProblemError(
    401, "Chưa đăng nhập / Not signed in", "Hãy đăng nhập rồi thử lại. / Sign in, then try again."
)
UNKNOWN_MEETING = ProblemError(
    404,
    "Không có cuộc họp này / No such meeting",
    "Kiểm tra lại đường dẫn, hoặc hỏi người tổ chức cuộc họp. / Check the link, or ask who organises the meeting.",
)
FOREIGN_ORIGIN = ProblemError(
    403,
    "Yêu cầu bị từ chối / Refused",
    "Yêu cầu này đến từ một trang web khác. / This request comes from another web site.",
)
TOO_LARGE = ProblemError(
    413, "Yêu cầu quá lớn / Too large", "Phần gửi lên dài hơn mức cho phép. / The body is longer than allowed."
)
NOT_JSON = ProblemError(
    400,
    "Yêu cầu không hợp lệ / Bad request",
    "Phần gửi lên phải là một đối tượng JSON. / The body must be a JSON object.",
)
TITLE_MISSING = ProblemError(
    422,
    "Thiếu tên cuộc họp / The title is missing",
    "Hãy nhập tên cuộc họp, tối đa 120 ký tự. / Give the meeting a title of at most 120 characters.",
)
NO_RECORDER = ProblemError(
    503,
    "Chưa ghi được / Cannot record",
    "Bộ ghi chưa chạy hoặc đĩa đã đầy; cuộc họp không bị ảnh hưởng. Báo bộ phận kỹ thuật. / "
    "The recorder does not run or the disk is full; the meeting is not affected. Tell the technicians.",
)
UNKNOWN_RECORDING = ProblemError(
    404,
    "Không có bản ghi này / No such recording",
    "Bản ghi được giữ 90 ngày rồi xóa. / Recordings are kept for 90 days, then deleted.",
)
NOT_COMPOSED = ProblemError(
    409,
    "Chưa ghép xong / Not composed yet",
    "Hãy cho ghép bản ghi rồi đợi xong. / Ask for the composition, then wait until it is done.",
)
