"""A file that somebody sends: the body itself, or the one file of a form. Never unpacked, never beyond a size."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import PurePosixPath

from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from collector.http import directory_problems, problems
from collector.http.requests import read_body

FORM = "multipart/form-data"
FORM_BYTES = 16 * 1024
"""What a form may hold beside its file."""
# The beginnings of files that hold others: gzip, zip (an .xlsx is one), bzip2, xz, zstd, 7z.
_PACKED = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
)


@dataclass(frozen=True, slots=True)
class Upload:
    """`media_type` is empty when nothing says it. The name is only looked at: nothing is stored under it."""

    content: bytes
    media_type: str
    suffix: str = ""


class PackedError(problems.ProblemError):
    """Compressed: what it would become is not known before it is too late."""


async def read_upload(request: Request, most_bytes: int) -> Upload:
    """Raises ProblemError: 400 for a broken form, 413 when too large, 415 when packed."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _packed()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        upload = Upload(await read_body(request, most_bytes), kind)
    else:
        upload = await _file_of(request.headers, await read_body(request, most_bytes + FORM_BYTES))
        if len(upload.content) > most_bytes:
            raise problems.too_large(f"more than {most_bytes} bytes")
    if upload.content.startswith(_PACKED):
        raise _packed()
    return upload


async def _file_of(headers: Headers, body: bytes) -> Upload:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(headers, stream(), max_files=1, max_fields=8).parse()
    except (MultiPartException, MultipartParseError, UnicodeError, KeyError) as error:
        raise problems.malformed(f"Biểu mẫu không đọc được. / The form cannot be read. ({error})") from None
    try:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not files:
            raise problems.malformed("Biểu mẫu không có tệp nào. / The form holds no file.")
        kind = (files[0].content_type or "").partition(";")[0].strip().lower()
        suffix = PurePosixPath(files[0].filename or "").suffix.lower()
        return Upload(await files[0].read(), kind, suffix)
    finally:
        await form.close()


def _packed() -> PackedError:
    refusal = directory_problems.wrong_format(
        "Hãy gửi tệp không nén; sổ tính Excel thì lưu thành CSV UTF-8 trước.",
        "Send the file as it is, not compressed; save a workbook of Excel as CSV UTF-8 first.",
    )
    return PackedError(refusal.status, refusal.title, refusal.detail)
