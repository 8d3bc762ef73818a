"""A CSV broken in every way a spreadsheet breaks one: taken where its meaning is clear, else refused."""

from __future__ import annotations

import contextlib
import csv
import io
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from collector import presets
from collector.directory import importing
from collector.directory.files import csv_file, yaml_file
from collector.directory.files.formulas import escape, unescape
from collector.directory.files.sheet import MAX_BYTES, BadCell, FileRefusedError, Sheet
from collector.directory.importing import Plan
from collector.directory.nouns import NOUNS

# What a file says does not depend on the database.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
UNITS = (Path(presets.__file__).parent / "huyen-2019-units.csv").read_text(encoding="utf-8")
TONES = "\u0300\u0301\u0303\u0309\u0323"


def as_cp1258(text: str) -> bytes:
    """As Vietnamese Windows saves it: letters whole, their tones behind them."""
    found = []
    for one in unicodedata.normalize("NFC", text):
        apart = unicodedata.normalize("NFD", one)
        tones = "".join(mark for mark in apart if mark in TONES)
        found.append(unicodedata.normalize("NFC", "".join(mark for mark in apart if mark not in TONES)) + tones)
    return "".join(found).encode("cp1258")


def with_delimiter(text: str, delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(csv.reader(io.StringIO(text)))
    return out.getvalue()


def plan(session: Session, text: str | bytes, noun: str = "units") -> Plan:
    content = text if isinstance(text, bytes) else text.encode()
    return importing.plan(session, importing.read_csv(noun, content))


def only(cells: list[BadCell]) -> BadCell:
    assert len(cells) == 1, cells
    return cells[0]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (UNITS.encode(), "utf-8"),
        (UNITS.encode("utf-8-sig"), "utf-8"),
        (UNITS.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + UNITS.encode("utf-16-be"), "utf-16"),
        (UNITS.encode("utf-16-le"), "utf-16-le"),
        (as_cp1258(UNITS), "cp1258"),
        (with_delimiter(UNITS, ";").encode(), "utf-8"),
        (with_delimiter(UNITS, "\t").encode("utf-16"), "utf-16"),
        (b"sep=;\r\n" + with_delimiter(UNITS, ";").encode(), "utf-8"),
        (UNITS.replace("\n", "\r").encode(), "utf-8"),
        (unicodedata.normalize("NFD", UNITS).encode(), "utf-8"),
        (UNITS.replace("2019-09-01,", "1/9/2019,").encode(), "utf-8"),
        (UNITS.replace("\n", ",,,\n").encode(), "utf-8"),
        ((UNITS + ",,,,\n" * 20).encode(), "utf-8"),
        (UNITS.replace("code,valid_from,name,kind,parent", "Mã,Từ ngày,TÊN,Loại,Cap tren").encode(), "utf-8"),
    ],
    ids=[
        "plain", "byte-order mark", "utf-16", "utf-16 big-endian", "utf-16 without mark", "cp1258", "semicolons",
        "tabs in utf-16", "sep line", "old Mac line ends", "decomposed", "day first", "trailing empty columns",
        "trailing empty rows", "Vietnamese titles",
    ],
)  # fmt: skip
def test_the_district_is_read_however_a_spreadsheet_saved_it(content: bytes, encoding: str) -> None:
    sheet = importing.read_csv("units", content)
    assert (sheet.bad, sheet.encoding) == ([], encoding)
    assert len(sheet.rows) == 30
    assert sheet.rows[2].texts["name"] == "Kim Xá"
    assert sheet.rows[2].texts["code"] == "09079"


@ON_SQLITE
def test_lost_leading_zeros_are_named_with_line_and_cure(session: Session) -> None:
    bad = only(plan(session, UNITS.replace("\n09079,", "\n9079,")).bad)
    assert (bad.noun, bad.line, bad.column, bad.value) == ("units", 4, "code", "9079")
    assert "mất số 0 ở đầu? Mã đúng là 09079" in bad.message.vi
    assert "leading zeros lost? The code is 09079" in bad.message.en


@ON_SQLITE
def test_lost_zeros_of_a_reference_are_named_too(district: Session) -> None:
    bad = only(plan(district, "code,name,unit\nkx-2,Trạm y tế Kim Xá,9079\n", "sites").bad)
    assert (bad.line, bad.column) == (2, "unit")
    assert "Mã đúng là 09079" in bad.message.vi


@ON_SQLITE
def test_merged_cells_are_said_to_be_merged(district: Session) -> None:
    text = "site,code,name\nxa-kim-xa,kx-a,FTTH\n,kx-b,4G\nxa-yen-lap,yl-a,FTTH\n"
    bad = only(plan(district, text, "lines").bad)
    assert (bad.line, bad.column, bad.value) == (3, "site", "")
    assert "Trống dưới «xa-kim-xa» (dòng 2). Ô gộp?" in bad.message.vi
    assert "Blank below 'xa-kim-xa' (line 2). Merged cells?" in bad.message.en


@ON_SQLITE
def test_a_blank_that_may_be_meant_is_only_pointed_at(district: Session) -> None:
    found = plan(district, "code,name,unit\na,Điểm A,09079\nb,Điểm B,\n", "sites")
    assert found.bad == []
    warning = only(found.warnings)
    assert (warning.line, warning.column) == (3, "unit")


@ON_SQLITE
def test_a_code_that_comes_twice_is_named_with_both_lines(session: Session) -> None:
    bad = only(plan(session, UNITS + "09079,2019-09-01,Kim Xá,xa,252\n").bad)
    assert (bad.line, bad.column) == (32, "code")
    assert "đã có ở dòng 4" in bad.message.vi
    assert "on line 4 already" in bad.message.en


@ON_SQLITE
def test_the_same_code_at_another_time_is_no_duplicate_but_may_not_overlap(session: Session) -> None:
    twice = UNITS.replace("parent\n", "parent,valid_to\n") + "09079,2025-07-01,Vĩnh An,xa,,\n"
    found = plan(session, twice)
    assert {(one.line, one.column) for one in found.bad} == {(4, "code"), (32, "code")}
    assert "Cùng lúc mã này thuộc về Vĩnh An" in found.bad[0].message.vi
    ended = twice.replace("09079,2019-09-01,Kim Xá,xa,252@2019-09-01", "09079,2019-09-01,Kim Xá,xa,252,1/7/2025")
    assert plan(session, ended).bad == []


@pytest.mark.parametrize(
    ("text", "line", "column", "vi"),
    [
        (UNITS.replace("Kim Xá,xa", "Kim, Xá,xa"), 4, "#6", "một ô không có dấu nháy"),
        (UNITS.replace("xa,252@2019-09-01\n09082", "xa,252@2019-09-01,thừa\n09082"), 4, "#6", "ngoài các cột có tên"),
        (UNITS.replace("Kim Xá", "Kim X?? ?"), 4, "name", "Chữ có dấu đã mất"),
        (UNITS.replace("name,kind", "ten_goi,kind"), 1, "ten_goi", "Cột này không có"),
        (UNITS.replace("name,kind", "name,name"), 1, "name", "có hai lần"),
        (UNITS.replace("code,valid_from", "code,kinds"), 1, "kinds", "Có phải «kind»?"),
        (UNITS.replace("09079,2019-09-01", "09079,43709"), 4, "valid_from", "số ngày của bảng tính (01/09/2019?)"),
        (UNITS.replace("Kim Xá,xa,252@2019-09-01", "Kim Xá,xa,251"), 4, "parent", "Không có đơn vị '251'"),
        (UNITS.replace("Kim Xá,xa,252@2019-09-01", ",xa,252"), 4, "name", "Trống dưới «Vĩnh Tường» (dòng 3)"),
    ],
    ids=[
        "comma without quotes", "cell beyond the titles", "letters eaten", "unknown column", "column twice",
        "misspelt column", "day number", "unknown parent", "name blank",
    ],
)  # fmt: skip
@ON_SQLITE
def test_each_bad_row_is_named_with_line_column_and_reason(
    session: Session, text: str, line: int, column: str, vi: str
) -> None:
    found = [one for one in plan(session, text).bad if (one.line, one.column) == (line, column)]
    assert found, plan(session, text).bad
    assert vi in found[0].message.vi
    assert found[0].message.en


@ON_SQLITE
def test_rows_after_a_quoted_line_break_keep_their_numbers(session: Session) -> None:
    text = 'code,valid_from,name,kind\n1,1/1/2020,"Tỉnh\r\nA",tinh\n"02",hôm qua,B,tinh\n'
    found = plan(session, text)
    assert [(one.line, one.column) for one in found.bad] == [(2, "code"), (4, "valid_from")]


@pytest.mark.parametrize(
    ("content", "vi"),
    [
        (b"PK\x03\x04" + bytes(100), "tệp Excel, Word hoặc ZIP"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "Excel hoặc Word kiểu cũ"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
        (b"x" * (MAX_BYTES + 1), "lớn quá 8 MiB"),
        (b"", "Tệp trống"),
        (b"\n\n;;\n", "Tệp trống"),
        (b"code,name\x00\n", "không phải văn bản"),
        (b"code,name\n\x9d\x9e\xff\n", "Dòng 2: không đọc được bảng mã"),
        (b'code,valid_from\na,"' + b"x" * 200_000, "thiếu dấu nháy đóng"),
        (b"code,valid_from,name\n" + b"a,b,c\n" * 50_001, "Nhiều hơn 50000 dòng"),
        ((",".join(f"c{n}" for n in range(101)) + "\n").encode(), "Nhiều hơn 100 cột"),
    ],
    ids=[
        "zip",
        "old excel",
        "gzip",
        "oversize",
        "empty",
        "blank",
        "binary",
        "no encoding",
        "open quote",
        "rows",
        "columns",
    ],
)
def test_what_is_no_table_is_refused_before_anything_is_unpacked(content: bytes, vi: str) -> None:
    with pytest.raises(FileRefusedError) as error:
        importing.read_csv("units", content)
    assert vi in error.value.message.vi


@pytest.mark.parametrize(
    ("text", "vi"),
    [
        ("units: &a [{code: x}]\nsites: *a", "Dòng 1: không dùng & và *"),
        ("a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]", "không dùng & và *"),
        ("units: [[[[[[1]]]]]]", "lồng quá sâu"),
        ("unit:\n- code: x", "'unit' không có; có: units"),
        ("- code: x", "Cần dạng «units:»"),
        ("units: 5", "Dưới «units» cần một danh sách"),
        ("units: [", "không đúng YAML"),
        ("", "Tệp trống"),
        ("!!python/object/apply:os.system ['true']", "Cần dạng"),
    ],
)
def test_yaml_that_expands_nests_or_means_something_else_is_refused(text: str, vi: str) -> None:
    with pytest.raises(FileRefusedError) as error:
        importing.read_yaml(text.encode())
    assert vi in error.value.message.vi


def test_a_code_in_yaml_keeps_its_zeros_quoted_or_not() -> None:
    sheet = importing.read_yaml(
        b"units:\n- {code: 09076, valid_from: 2019-09-01}\n- code: '01234'\n  valid_from: 1/7/2025\n"
    )
    assert [row.texts["code"] for row in sheet.rows] == ["09076", "01234"]
    assert [row.line for row in sheet.rows] == [2, 3]


@pytest.mark.parametrize("cell", ["=1+1", "+84 211", "-1", "@SUM(A1)", "'=x", "''+", "＝1", "bình thường", "'quê'"])
def test_formulas_are_harmless_on_the_way_out_and_themselves_on_the_way_in(cell: str) -> None:
    assert not escape(cell).startswith(("=", "+", "-", "@", "＝"))
    assert unescape(escape(cell)) == cell


@ON_SQLITE
def test_an_export_runs_nothing_in_a_spreadsheet(district: Session) -> None:
    text = 'code,name,place\nx,=HYPERLINK("http://xau"),+1\n'
    found = plan(district, text, "sites")
    assert found.bad == []
    importing.carry_out(found, actor="lan", now=2.0)
    exported = importing.export_csv(district, "sites")
    assert '"\'=HYPERLINK(""http://xau"")"' in exported
    assert ",'+1," in exported
    assert plan(district, exported, "sites").alterations == []


@given(content=st.binary(max_size=400))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    readers: list[Callable[[bytes], Sheet]] = [partial(csv_file.read, NOUNS["sites"]), yaml_file.read]
    for read in readers:
        try:
            assert isinstance(read(content), Sheet)
        except FileRefusedError as error:
            assert error.message.vi and error.message.en


@given(text=st.text(alphabet="units:sitecodna- \n\"',{}[]&*!|>#0123;\t", max_size=200))
def test_any_text_is_a_document_or_refused(text: str) -> None:
    with contextlib.suppress(FileRefusedError):
        yaml_file.read(text.encode())
    with contextlib.suppress(FileRefusedError):
        csv_file.read(NOUNS["units"], ("code,valid_from,name\n" + text).encode())
