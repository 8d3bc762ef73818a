"""What fields hold, and how text becomes it: people type it, spreadsheets mangle it. Pure.

Every way in (form, API, CSV, YAML) goes through `parse`; `write` gives text that `parse` takes back as the same.
Values are what JSON has: text, a number, a list, or None.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from collector.directory.failure import CellError
from collector.directory.folding import fold

Value: TypeAlias = str | float | list[dict[str, str]] | None

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+?\d+")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?(?:\.0+)?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: 00?:00(?::00)?)?")
_TWO_DIGIT_YEAR = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_MAC = re.compile(r"[0-9a-f]{12}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_TELEPHONE = re.compile(r"[+(]?[0-9][0-9 .()/-]*(?:(?:x|ext\.?|máy lẻ) ?\d+)?")
# UTF-8 that somebody read as Latin-1 or CP1252: Vĩnh Tường becomes VÄ©nh TÆ°á»ng.
_MOJIBAKE = re.compile("[ÄÆ][\u0080-\u00bf\u0152-\u02dc\u2013-\u203a\u20ac\u2122]|á[º»]|Ã[\u00a1-\u00bf]|â€")
_EATEN = re.compile(r"[^\W\d_]\?+[^\W\d_]|\?{2,}")
_SPREADSHEET_EPOCH = date(1899, 12, 30)
_PAST = re.compile(r"([^@\s]+@\S+?)\.\.(\S+)")


@dataclass(frozen=True, slots=True)
class Kind:
    """`parse` gets text that is not blank and raises CellError; `write` gets a value that is not None."""

    parse: Callable[[str], Value]
    write: Callable[[Value], str] = str
    choices: Mapping[str, tuple[str, ...]] | None = None


def clean(text: str) -> str:
    """NFC, no control or invisible characters, single blanks."""
    blanks = "".join(" " if one.isspace() else one for one in text)
    # NFC last: letter and mark may have stood apart only by something invisible.
    visible = unicodedata.normalize("NFC", "".join(one for one in blanks if one.isprintable()))
    return " ".join(visible.split())


def text(most: int) -> Kind:
    def parse(given: str) -> str:
        _refuse_broken_letters(given)
        if len(given) > most:
            raise CellError(
                f"Dài {len(given)} ký tự, tối đa {most}.", f"It has {len(given)} characters, at most {most} are kept."
            )
        return given

    return Kind(parse)


def _refuse_broken_letters(given: str) -> None:
    if "\ufffd" in given or _EATEN.search(given):
        raise CellError(
            "Chữ có dấu đã mất (thành ? hoặc ô vuông); hãy lưu lại tệp dạng CSV UTF-8.",
            "Letters with diacritics were lost (they became ? or boxes); save the file again as CSV UTF-8.",
        )
    if _MOJIBAKE.search(given):
        raise CellError(
            "Chữ bị sai bảng mã (UTF-8 bị đọc nhầm); hãy mở tệp gốc bằng UTF-8 rồi lưu lại.",
            "The letters were read in the wrong encoding (UTF-8 taken for another); save the original as UTF-8.",
        )


def _code(given: str) -> str:
    if _SCIENTIFIC.fullmatch(given):
        raise CellError(
            f"{given}: bảng tính đã đổi mã dài thành số; hãy định dạng cột là Văn bản rồi nhập lại.",
            f"{given}: the spreadsheet turned a long code into a number; format the column as text, enter it again.",
        )
    if not _CODE.fullmatch(given):
        raise CellError(
            f"Mã {given!r}: dùng 1 đến 64 chữ A-Z a-z, chữ số và . _ - (bắt đầu bằng chữ hoặc số).",
            f"Code {given!r}: use 1 to 64 of the letters A-Z a-z, digits and . _ - (first a letter or digit).",
        )
    return given


CODE = Kind(_code)


def short_code(most: int) -> Kind:
    def parse(given: str) -> str:
        if len(given) > most:
            raise CellError(f"Mã dài quá {most} ký tự.", f"The code is longer than {most} characters.")
        return _code(given)

    return Kind(parse)


def _serial(most: int) -> Kind:
    inner = text(most)

    def parse(given: str) -> Value:
        if _SCIENTIFIC.fullmatch(given):
            _code(given)
        return inner.parse(given)

    return Kind(parse)


SERIAL = _serial(100)


def parse_date(given: str) -> date:
    """2025-07-01, 1/7/2025, 01.07.2025: the day comes first, as in Vietnam. Raises CellError."""
    if found := _ISO_DATE.fullmatch(given):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(given):
        day, month, year = (int(part) for part in found.groups())
    elif _TWO_DIGIT_YEAR.fullmatch(given):
        raise CellError(f"{given}: viết năm đủ bốn chữ số.", f"{given}: write the year with four digits.")
    elif re.fullmatch(r"\d{5}", given):
        meant = _SPREADSHEET_EPOCH + timedelta(days=int(given))
        raise CellError(
            f"{given} là số ngày của bảng tính ({meant:%d/%m/%Y}?); hãy định dạng cột là Ngày.",
            f"{given} is a spreadsheet's day number ({meant:%d/%m/%Y}?); format the column as a date.",
        )
    else:
        raise CellError(
            f"{given!r} không phải ngày; viết 1/7/2025 hoặc 2025-07-01.",
            f"{given!r} is not a date; write 1/7/2025 or 2025-07-01.",
        )
    if month > 12 >= day:
        raise CellError(
            f"{given}: tháng {month}? Viết ngày trước, tháng sau.", f"{given}: month {month}? The day comes first."
        )
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError(f"{given}: không có ngày này.", f"{given}: there is no such day.") from None


DATE = Kind(lambda given: parse_date(given).isoformat())


def number(least: float, most: float) -> Kind:
    def parse(given: str) -> float:
        if not _NUMBER.fullmatch(given):
            raise CellError(
                f"{given!r} không phải số; viết như 150 hoặc 99,5.", f"{given!r} is not a number; write 150 or 99.5."
            )
        found = float(given.replace(",", "."))
        if not least <= found <= most:
            raise CellError(
                f"{given} nằm ngoài {least:g}…{most:g} (mất dấu phẩy thập phân?).",
                f"{given} is not within {least:g}…{most:g} (a decimal separator lost?).",
            )
        return found

    return Kind(parse, _write_number)


def _write_number(value: Value) -> str:
    assert isinstance(value, int | float)
    return str(int(value)) if value == int(value) else format(Decimal(repr(float(value))), "f")


def choice(choices: Mapping[str, tuple[str, ...]]) -> Kind:
    """`choices`: value → the words for it; the first one Vietnamese, the second English."""
    known = {fold(word): value for value, words in choices.items() for word in (value, *words)}

    def parse(given: str) -> str:
        found = known.get(fold(given))
        if found is None:
            raise CellError(
                f"{given!r} không có trong danh sách: {', '.join(words[0] for words in choices.values())}.",
                f"{given!r} is not one of: {', '.join(choices)}.",
            )
        return found

    return Kind(parse, choices=choices)


def _address(given: str) -> str:
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        pass
    if not _HOST.fullmatch(given) or re.fullmatch(r"[\d.]+", given):
        raise CellError(f"{given!r} không phải địa chỉ IP hay tên máy.", f"{given!r} is no IP address or host name.")
    return given


ADDRESS = Kind(_address)


def _mac(given: str) -> str:
    digits = re.sub(r"[\s:.-]", "", given).lower()
    if not _MAC.fullmatch(digits):
        raise CellError(
            f"{given!r} không phải địa chỉ MAC (12 chữ số thập lục phân).",
            f"{given!r} is not a MAC address (12 hexadecimal digits).",
        )
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


MAC = Kind(_mac)


def _telephone(given: str) -> str:
    digits = re.sub(r"\D", "", given)
    if not _TELEPHONE.fullmatch(given) or not 3 <= len(digits) <= 20:
        raise CellError(f"{given!r} không phải số điện thoại.", f"{given!r} is not a telephone number.")
    if not given.startswith(("+", "0", "1")) and len(digits) in (9, 10):
        raise CellError(
            f"{given}: mất số 0 ở đầu? Viết 0{given} và định dạng cột là Văn bản.",
            f"{given}: a leading 0 lost? Write 0{given} and format the column as text.",
        )
    return given


TELEPHONE = Kind(_telephone)

REFERENCE = Kind(lambda given: given)


def _parse_pasts(given: str) -> list[dict[str, str]]:
    found = []
    for part in given.split(";"):
        if not part.strip():
            continue
        match = _PAST.fullmatch(part.strip())
        if match is None:
            raise CellError(
                f"{part.strip()!r}: viết MÃ@TỪ-NGÀY..ĐẾN-NGÀY, nhiều mục cách nhau bằng dấu chấm phẩy.",
                f"{part.strip()!r}: write CODE@SINCE..UNTIL, several with semicolons between them.",
            )
        unit, until = match.groups()
        found.append({"unit": unit, "until": parse_date(until).isoformat()})
    return found


def _write_pasts(value: Value) -> str:
    assert isinstance(value, Sequence) and not isinstance(value, str)
    return "; ".join(f"{past['unit']}..{past['until']}" for past in value)


PASTS = Kind(_parse_pasts, _write_pasts)
