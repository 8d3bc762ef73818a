"""Errors to nodes as problem documents (RFC 9457), in Vietnamese and English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"


@dataclass(slots=True)
class ProblemError(Exception):
    """Ends a request with a problem document."""

    status: int
    title: str
    detail: str
    retry_after_seconds: float | None = None
    extension: Mapping[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        document = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extension,
        }
        headers = {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after_seconds)))
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(document, self.status, headers, media_type=MEDIA_TYPE)


def unknown_key() -> ProblemError:
    return ProblemError(
        401,
        "Khóa không đúng hoặc đã bị thu hồi / Key unknown or revoked",
        "Hãy ghi danh lại máy này bằng một mã mới. / Enrol this machine again with a new token.",
    )


def only_writes() -> ProblemError:
    return ProblemError(
        403,
        "Mã này chỉ để gửi số liệu / This token only writes samples",
        "Máy có chương trình của Thông Suốt dùng khóa riêng. / A machine with our agent has a key of its own.",
    )


def token_refused(reason: str) -> ProblemError:
    vietnamese, english = {
        "used": ("Mã ghi danh đã được dùng.", "The enrolment token has been used."),
        "expired": ("Mã ghi danh đã hết hạn.", "The enrolment token has expired."),
    }.get(reason, ("Mã ghi danh không đúng.", "The enrolment token is not right."))
    cure = "thongsuot agent token --site CODE"
    return ProblemError(
        401,
        "Không ghi danh được / Enrolment refused",
        f"{vietnamese} Tạo mã mới trên máy chủ: {cure} / {english} Make a new one on the hub: {cure}",
        extension={"reason": reason},
    )


def malformed(detail: str) -> ProblemError:
    return ProblemError(400, "Yêu cầu không hợp lệ / Malformed request", detail)


def too_fast(wait_seconds: float) -> ProblemError:
    return ProblemError(
        429,
        "Gửi quá nhanh / Too fast",
        f"Thử lại sau {math.ceil(wait_seconds)} giây. / Try again in {math.ceil(wait_seconds)} s.",
        retry_after_seconds=wait_seconds,
    )


def too_slow(seconds: float) -> ProblemError:
    return ProblemError(
        408, "Gửi quá chậm / Too slow", f"The request did not arrive whole within {seconds:.0f} s; it was not kept."
    )


def too_large(detail: str) -> ProblemError:
    return ProblemError(413, "Yêu cầu quá lớn / Request too large", f"Hãy chia nhỏ. / Split it. ({detail})")


def wrong_format(detail: str) -> ProblemError:
    return ProblemError(
        415,
        "Không đúng định dạng / Unsupported format",
        f"Cần remote write 1.0: application/x-protobuf, snappy. / Remote write 1.0 in snappy's block format is "
        f"expected. ({detail})",
    )


def not_protobuf(detail: str) -> ProblemError:
    return ProblemError(
        422, "Không đọc được nội dung / Unreadable content", f"Not a remote-write request in protobuf. ({detail})"
    )


def storage_busy(retry_after_seconds: float) -> ProblemError:
    return ProblemError(
        503,
        "Máy chủ chưa ghi được / The hub cannot store this now",
        "Hãy giữ lại và gửi lại sau. / Keep it and send it again later. Why is in the hub's log.",
        retry_after_seconds=retry_after_seconds,
    )


def partly_refused(kept: int, refused: Mapping[str, int], examples: list[str]) -> ProblemError:
    """The good remainder is kept and on disk."""
    counts = ", ".join(f"{reason}: {count}" for reason, count in sorted(refused.items()))
    return ProblemError(
        400,
        "Một phần mẫu bị từ chối / Some samples were refused",
        f"{kept} kept; refused for good: {counts}",
        extension={"kept": kept, "refused": dict(sorted(refused.items())), "examples": examples},
    )
