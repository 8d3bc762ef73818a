"""CSV as spreadsheets make it, and CSV that they read well. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from collector.directory.failure import Message
from collector.directory.files.encodings import decode
from collector.directory.files.formulas import escape, unescape
from collector.directory.files.headings import fields_of
from collector.directory.files.sheet import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    BadCell,
    FileRefusedError,
    Row,
    Sheet,
)
from collector.directory.nouns import Noun, State

DELIMITERS = ",;\t"
_USUALLY_FILLED = frozenset({"unit", "site", "parent", "person"})
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?')


def read(noun: Noun, content: bytes) -> Sheet:
    """Raises FileRefusedError when it is no table at all."""
    text, encoding = decode(content)
    lines = _lines(text)
    titles = next(lines, None)
    if titles is None:
        raise FileRefusedError("Tệp trống.", "The file is empty.")
    line, columns = titles
    if len(columns) > MAX_COLUMNS and any(column.strip() for column in columns[MAX_COLUMNS:]):
        raise FileRefusedError(f"Nhiều hơn {MAX_COLUMNS} cột.", f"More than {MAX_COLUMNS} columns.", line)
    columns = [unescape(column.strip()) for column in columns[:MAX_COLUMNS]]
    fields, bad = fields_of(noun, columns, line)
    sheet = Sheet(encoding, bad=bad, headings={name: columns[position] for position, name in fields.items()})
    if bad:
        # Every row would be wrong for the same reason.
        return sheet
    for line, cells in lines:
        if len(sheet.rows) >= MAX_ROWS:
            raise FileRefusedError(
                f"Nhiều hơn {MAX_ROWS} dòng; hãy chia nhỏ.", f"More than {MAX_ROWS} rows; split it.", line
            )
        _take(noun, sheet, line, cells, fields, columns)
    _mark_merged(noun, sheet)
    return sheet


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of every row that is not blank."""
    start = 0
    delimiter = None
    first, _, rest = text.partition("\n")
    if found := _SEPARATOR_LINE.fullmatch(first.strip("\r ")):
        delimiter, text, start = found.group(1), rest, 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text), strict=False)
    while True:
        line = start + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise FileRefusedError(
                f"Dòng {line}: một ô quá dài, có lẽ thiếu dấu nháy đóng.",
                f"Line {line}: a cell is too long; probably a closing quote is missing.",
                line,
            ) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _delimiter(text: str) -> str:
    """The one that the titles are divided by."""
    titles = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", titles)
    return max(DELIMITERS, key=bare.count)


def _take(
    noun: Noun, sheet: Sheet, line: int, cells: Sequence[str], fields: Mapping[int, str], columns: Sequence[str]
) -> None:
    texts = {}
    for position, raw in enumerate(cells):
        cell = unescape(raw.strip(" "))
        if position in fields:
            texts[fields[position]] = cell
        if len(cell) > MAX_CELL_CHARACTERS:
            message = Message(f"Dài quá {MAX_CELL_CHARACTERS} ký tự.", f"Over {MAX_CELL_CHARACTERS} characters.")
        elif cell.strip() and (position >= len(columns) or not columns[position]):
            message = Message(
                "Ô này nằm ngoài các cột có tên; dấu phân cách trong một ô không có dấu nháy?",
                "This cell is beyond the titled columns; a separator within a cell without quotes?",
            )
        else:
            continue
        column = columns[position] if position < len(columns) and columns[position] else f"#{position + 1}"
        sheet.bad.append(BadCell(noun.name, line, column, cell[:80], message))
    sheet.rows.append(Row(noun.name, line, texts))


def _mark_merged(noun: Noun, sheet: Sheet) -> None:
    """Merged cells come out as one value and blanks below it. Where a blank may be meant it is only pointed at."""
    for field in noun.fields:
        if field.name not in sheet.headings or not (field.required or field.name in _USUALLY_FILLED):
            continue
        if field.name == "code" and noun.derives_codes:
            continue
        above, above_line = "", 0
        for row in sheet.rows:
            text = row.texts.get(field.name, "").strip()
            if text:
                above, above_line = text[:80], row.line
            elif above:
                message = Message(
                    f"Trống dưới «{above}» (dòng {above_line}). Ô gộp? Hãy bỏ gộp và ghi giá trị vào từng dòng.",
                    f"Blank below {above!r} (line {above_line}). Merged cells? Unmerge them and fill every row.",
                )
                bad = BadCell(noun.name, row.line, sheet.headings[field.name], "", message)
                (sheet.bad if field.required else sheet.warnings).append(bad)


def write(noun: Noun, states: Iterable[State], delimiter: str = ",") -> str:
    """With a byte-order mark, without which Excel does not read Vietnamese, and no cell that it would run."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow(field.name for field in noun.fields)
    for state in states:
        writer.writerow(escape(cell) for cell in cells_of(noun, state).values())
    return out.getvalue()


def cells_of(noun: Noun, state: State) -> dict[str, str]:
    """Field → text that parses to the same value."""
    return {
        field.name: "" if state[field.name] is None else field.kind.write(state[field.name]) for field in noun.fields
    }
