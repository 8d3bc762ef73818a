"""What people and spreadsheets write into a field, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.directory import kinds
from collector.directory.failure import CellError
from collector.directory.kinds import Kind, clean
from collector.directory.nouns import NOUNS, UNIT_KINDS


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1/7/2025", "2025-07-01"),
        ("01/07/2025", "2025-07-01"),
        ("01.07.2025", "2025-07-01"),
        ("1-7-2025", "2025-07-01"),
        ("2025-07-01", "2025-07-01"),
        ("2025-07-01 00:00:00", "2025-07-01"),
        ("2025-07-01T00:00:00", "2025-07-01"),
    ],
)
def test_dates_as_people_write_them(written: str, meant: str) -> None:
    assert kinds.DATE.parse(written) == meant


@pytest.mark.parametrize(
    ("kind", "written", "vi", "en"),
    [
        (kinds.DATE, "45839", "số ngày của bảng tính (01/07/2025?)", "spreadsheet's day number"),
        (kinds.DATE, "7/13/2025", "Viết ngày trước, tháng sau", "The day comes first"),
        (kinds.DATE, "1/7/25", "năm đủ bốn chữ số", "year with four digits"),
        (kinds.DATE, "31/2/2025", "không có ngày này", "no such day"),
        (kinds.DATE, "tháng 7", "không phải ngày", "is not a date"),
        (kinds.SERIAL, "8.93E+12", "đã đổi mã dài thành số", "turned a long code into a number"),
        (kinds.CODE, "8,93E+12", "đã đổi mã dài thành số", "turned a long code into a number"),
        (kinds.CODE, "xã kim", "dùng 1 đến 64 chữ", "use 1 to 64"),
        (kinds.TELEPHONE, "912345678", "mất số 0 ở đầu? Viết 0912345678", "a leading 0 lost? Write 0912345678"),
        (kinds.TELEPHONE, "gọi Lan", "không phải số điện thoại", "not a telephone number"),
        (kinds.text(200), "V?nh T??ng", "Chữ có dấu đã mất", "Letters with diacritics were lost"),
        (kinds.text(200), "VÄ©nh TÆ°á»ng", "sai bảng mã", "wrong encoding"),
        (kinds.text(5), "dài quá", "Dài 7 ký tự, tối đa 5", "at most 5"),
        (kinds.number(-90, 90), "2133", "mất dấu phẩy thập phân?", "decimal separator lost?"),
        (kinds.number(-90, 90), "1.000,5", "không phải số", "is not a number"),
        (kinds.choice(UNIT_KINDS), "làng", "không có trong danh sách", "is not one of"),
        (kinds.MAC, "00:11:22", "không phải địa chỉ MAC", "not a MAC address"),
        (kinds.ADDRESS, "192.168.1.300", "không phải địa chỉ IP", "no IP address or host name"),
        (kinds.PASTS, "09079", "viết MÃ@TỪ-NGÀY..ĐẾN-NGÀY", "write CODE@SINCE..UNTIL"),
    ],
)
def test_what_is_refused_says_why_in_both_languages(kind: Kind, written: str, vi: str, en: str) -> None:
    with pytest.raises(CellError) as error:
        kind.parse(written)
    assert vi in error.value.message.vi
    assert en in error.value.message.en


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (kinds.number(0, 1000), "99,5", 99.5),
        (kinds.number(0, 1000), "150", 150.0),
        (kinds.choice(UNIT_KINDS), "Xã", "xa"),
        (kinds.choice(UNIT_KINDS), "tt", "thi-tran"),
        (kinds.choice(UNIT_KINDS), "Thị trấn", "thi-tran"),
        (kinds.MAC, "00-1D-AA-01-02-03", "00:1d:aa:01:02:03"),
        (kinds.MAC, "001daa010203", "00:1d:aa:01:02:03"),
        (kinds.ADDRESS, "2001:DB8::1", "2001:db8::1"),
        (kinds.ADDRESS, "router.xa-kim-xa", "router.xa-kim-xa"),
        (kinds.TELEPHONE, "18001166", "18001166"),
        (kinds.TELEPHONE, "113", "113"),
        (kinds.TELEPHONE, "+84 912 345 678", "+84 912 345 678"),
        (kinds.PASTS, "09079@2019-09-01..1/7/2025", [{"unit": "09079@2019-09-01", "until": "2025-07-01"}]),
    ],
)
def test_what_is_taken(kind: Kind, written: str, value: object) -> None:
    assert kind.parse(written) == value


@given(st.text(max_size=50))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "field", [field for noun in NOUNS.values() for field in noun.fields], ids=lambda one: one.name
)
@settings(max_examples=25)
@given(text=st.one_of(st.text(max_size=40), st.from_regex(r"[0-9@:.,;/+-]{1,20}", fullmatch=True)))
def test_every_field_takes_back_what_it_writes(field: object, text: str) -> None:
    kind = field.kind  # type: ignore[attr-defined]
    if given_text := clean(text):
        try:
            value = kind.parse(given_text)
        except CellError:
            return
        written = kind.write(value)
        assert kind.parse(clean(written)) == value if clean(written) else value in ([], "")


@given(st.floats(-180, 180, allow_nan=False))
def test_numbers_are_written_so_that_they_are_read(number: float) -> None:
    kind = kinds.number(-180, 180)
    assert kind.parse(kind.write(number)) == number
