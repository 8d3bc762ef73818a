"""What an encoder or a screen is told when it is refused: the status of RFC 9725, the reason in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from conferencing.problems import ProblemError

RETRY_SECONDS = 2
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="thongsuot"'}


class StreamProblemError(ProblemError):
    """`headers` go with the answer."""

    def __init__(self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, title, detail)
        self.headers = dict(headers or {})


NO_TOKEN = StreamProblemError(
    401,
    "Thiếu mã truyền / No token",
    "Gửi mã trong đầu mục Authorization: Bearer. / Send the token in the header Authorization: Bearer.",
    _CHALLENGE,
)
BAD_TOKEN = StreamProblemError(
    401,
    "Mã truyền không dùng được / The token is not good",
    "Mã sai, đã hết hạn hoặc đã bị thu hồi; xin mã mới. / It is wrong, expired or taken back: ask for a new one.",
    {"WWW-Authenticate": 'Bearer realm="thongsuot", error="invalid_token"'},
)
WRONG_KIND = StreamProblemError(
    403,
    "Mã dùng cho việc khác / The token is for something else",
    "Mã gửi (whip) và mã xem (whep) khác nhau. / Tokens to send (whip) and to watch (whep) are different.",
)
MEETING_CLOSED = StreamProblemError(
    404,
    "Cuộc họp đã kết thúc / The meeting is over",
    "Xin mã của cuộc họp mới. / Ask for a token of the new meeting.",
)
NO_SESSION = StreamProblemError(
    404,
    "Không có phiên này / No such session",
    "Phiên đã kết thúc hoặc được thay; hãy kết nối lại. / It is over or was replaced: connect again.",
)
NOT_SDP = StreamProblemError(
    415,
    "Sai kiểu nội dung / Wrong content type",
    "Nội dung phải là application/sdp. / The body must be application/sdp.",
    {"Accept-Post": "application/sdp"},
)
NOT_FRAGMENT = StreamProblemError(
    415,
    "Sai kiểu nội dung / Wrong content type",
    "Nội dung phải là application/trickle-ice-sdpfrag. / The body must be application/trickle-ice-sdpfrag.",
    {"Accept-Patch": "application/trickle-ice-sdpfrag"},
)
NOT_ACCEPTABLE = StreamProblemError(
    406,
    "Không có kiểu trả lời phù hợp / Not acceptable",
    "Câu trả lời là application/sdp. / The answer is application/sdp.",
)
NOT_TEXT = StreamProblemError(
    400, "Nội dung không đọc được / Bad request", "Nội dung phải là chữ UTF-8. / The body must be UTF-8 text."
)
TOO_LARGE = StreamProblemError(
    413, "Yêu cầu quá lớn / Too large", "Phần gửi lên dài hơn mức cho phép. / The body is longer than allowed."
)
NO_IF_MATCH = StreamProblemError(
    428,
    "Thiếu If-Match / Without If-Match",
    'Gửi ETag của phiên, hoặc "*" để khởi động lại ICE. / Send the session\'s ETag, or "*" for an ICE restart.',
)
OTHER_ICE_SESSION = StreamProblemError(
    412,
    "Phiên ICE khác / Another ICE session",
    "ETag không còn đúng sau lần khởi động lại ICE. / The ETag is that of before an ICE restart.",
)
FULL = StreamProblemError(
    503,
    "Cuộc họp đã đủ điểm cầu / The meeting is full",
    "Máy chủ không nhận thêm luồng. / The server takes no more streams.",
    {"Retry-After": "60"},
)
OVERLOADED = StreamProblemError(
    503,
    "Máy chủ đang quá tải / Overloaded",
    "Các cuộc họp đang diễn ra được ưu tiên; thử lại sau. / Meetings that run come first: try again later.",
    {"Retry-After": "10"},
)
UNAVAILABLE = StreamProblemError(
    503,
    "Máy chủ chưa sẵn sàng / Not ready",
    "Bộ phận truyền hình chưa chạy; hãy thử lại. / No media worker runs: try again.",
    {"Retry-After": str(RETRY_SECONDS)},
)


def bad_offer(detail: str) -> StreamProblemError:
    return StreamProblemError(400, "SDP không hợp lệ / The SDP is malformed", f"SDP: {detail}.")


def bad_fragment(detail: str) -> StreamProblemError:
    return StreamProblemError(400, "Đoạn SDP không hợp lệ / The SDP fragment is malformed", f"SDP: {detail}.")


def unprocessable(detail: str) -> StreamProblemError:
    return StreamProblemError(
        422, "Máy chủ không phục vụ được SDP này / This offer cannot be served", f"SDP: {detail}."
    )
