"""A report as CSV that spreadsheets read well: byte-order mark, no cell that they would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from collector.directory.files.formulas import escape
from collector.reports import tables
from collector.reports.model import MonthReport
from collector.reports.tables import Cell

TABLES = {
    "lines": (tables.LINE_TITLES, tables.line_rows),
    "providers": (tables.GROUP_TITLES, tables.group_rows),
    "outages": (tables.OUTAGE_TITLES, tables.outage_rows),
}


def write(report: MonthReport, table: str) -> bytes:
    """One of TABLES. KeyError: there is no such table."""
    titles, rows_of = TABLES[table]
    return _text(titles, rows_of(report)).encode()


def _text(titles: Sequence[str], rows: Iterable[list[Cell]]) -> str:
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(titles)
    for row in rows:
        writer.writerow([escape(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
    return out.getvalue()
