"""Bytes to text, whatever a spreadsheet saved: UTF-8 with or without mark, UTF-16, or Windows' CP1258. Pure."""

from __future__ import annotations

import codecs
import unicodedata

from collector.directory.files.sheet import MAX_BYTES, FileRefusedError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", "tệp Excel, Word hoặc ZIP", "an Excel, Word or ZIP file"),
    (b"\xd0\xcf\x11\xe0", "tệp Excel hoặc Word kiểu cũ", "an old Excel or Word file"),
    (b"\x1f\x8b", "tệp nén gzip", "a gzip archive"),
    (b"Rar!", "tệp nén RAR", "a RAR archive"),
    (b"7z\xbc\xaf", "tệp nén 7z", "a 7z archive"),
    (b"%PDF", "tệp PDF", "a PDF file"),
)


def decode(content: bytes) -> tuple[str, str]:
    """The text, and the encoding that it was in. Raises FileRefusedError: nothing is ever unpacked."""
    if len(content) > MAX_BYTES:
        raise FileRefusedError(
            f"Tệp lớn quá {MAX_BYTES >> 20} MiB; hãy chia nhỏ.", f"More than {MAX_BYTES >> 20} MiB; split the file."
        )
    for start, vi, en in _NOT_TEXT:
        if content.startswith(start):
            raise FileRefusedError(
                f"Đây là {vi}; hãy lưu dạng «CSV UTF-8».", f"This is {en}; save it as “CSV UTF-8” instead."
            )
    text, encoding = _decode(content)
    if "\x00" in text:
        raise FileRefusedError(
            "Tệp không phải văn bản.", "The file is not text.", text.count("\n", 0, text.find("\x00")) + 1
        )
    return unicodedata.normalize("NFC", text), encoding


def _decode(content: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding.removesuffix("-sig")
            except UnicodeDecodeError as error:
                raise _broken(content, error) from None
    if guessed := _utf16_without_mark(content):
        try:
            return content.decode(guessed), guessed
        except UnicodeDecodeError as error:
            raise _broken(content, error) from None
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        # Vietnamese Windows' "ANSI". Its marks stand apart from the letters until they are normalised.
        return content.decode("cp1258"), "cp1258"
    except UnicodeDecodeError as error:
        raise _broken(content, error) from None


def _utf16_without_mark(content: bytes) -> str | None:
    head = content[:512]
    if len(head) < 4 or len(content) % 2:
        return None
    zeros = head[1::2].count(0), head[0::2].count(0)
    if zeros[0] > len(head) // 4 and zeros[1] == 0:
        return "utf-16-le"
    return "utf-16-be" if zeros[1] > len(head) // 4 and zeros[0] == 0 else None


def _broken(content: bytes, error: UnicodeDecodeError) -> FileRefusedError:
    line = content.count(b"\n", 0, error.start) + 1
    return FileRefusedError(
        f"Dòng {line}: không đọc được bảng mã; hãy lưu lại dạng CSV UTF-8.",
        f"Line {line}: the encoding is not known; save the file as CSV UTF-8.",
        line,
    )
