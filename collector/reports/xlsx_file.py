"""A report as a workbook: summary with a chart, lines, outages, days. No cell is a formula, whatever its text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from collector.reports import tables
from collector.reports.model import MonthReport
from collector.reports.tables import Cell
from collector.reports.words import instant, month_words

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TITLE_FONT = Font(bold=True)
_TITLE_FILL = PatternFill("solid", fgColor="DDE6EE")
_TITLE_ALIGNMENT = Alignment(wrap_text=True, vertical="top")
_MAX_CELL = 32_000
_SIGNS = tuple("=+-@\t\r")
DAY_TITLES = (
    "Ngày / Day", "Độ khả dụng (%) / Availability (%)", "Mất gói (%) / Loss (%)",
    "Độ trễ P95 (ms) / P95 delay (ms)",
)  # fmt: skip


def write(report: MonthReport) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    _summary(book, report)
    _table(book, "Đường truyền", tables.LINE_TITLES, tables.line_rows(report))
    _table(book, "Gián đoạn", tables.OUTAGE_TITLES, tables.outage_rows(report))
    _days(book, report)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _summary(book: Workbook, report: MonthReport) -> None:
    sheet = _sheet(book, "Tổng hợp", [28, *[16] * 11])
    vietnamese, english = month_words(report.month)
    made = f"Lập lúc / Made at: {instant(report.made_at)}; hồ sơ ngưỡng / profile: {report.profile}"
    heading = f"Báo cáo chất lượng đường truyền {vietnamese} / Line quality report {english}"
    for row, text in enumerate((heading, report.title or tables.WHOLE, made), start=1):
        _append(sheet, row, [text])
    _append(sheet, 4, [f"{report.note['vi']} / {report.note['en']}"])
    _append(sheet, 6, tables.GROUP_TITLES, title=True)
    rows = list(tables.group_rows(report))
    for number, values in enumerate(rows, start=7):
        _append(sheet, number, values)
    chart = BarChart()
    chart.type = "bar"
    chart.title = "Độ khả dụng theo nhà mạng (%) / Availability by provider (%)"
    last = 6 + len(rows)
    chart.add_data(Reference(sheet, min_col=6, min_row=6, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=7, max_row=last))
    chart.legend = None
    chart.height, chart.width = 9, 22
    sheet.add_chart(chart, f"A{last + 2}")


def _days(book: Workbook, report: MonthReport) -> None:
    sheet = _sheet(book, "Theo ngày", [14, 22, 22, 22])
    _append(sheet, 1, DAY_TITLES, title=True)
    days = report.whole.days
    for row, day in enumerate(days, start=2):
        figures = (day.availability, 100, 3), (day.loss, 100, 3), (day.rtt_p95, 1000, 1)
        _append(
            sheet,
            row,
            [
                f"{day.day.day}/{day.day.month}",
                *(None if value is None else round(value * by, digits) for value, by, digits in figures),
            ],
        )
    if not days:
        return
    for column, place in ((2, "F2"), (4, "F20")):
        chart = LineChart()
        chart.title = DAY_TITLES[column - 1]
        chart.add_data(Reference(sheet, min_col=column, min_row=1, max_row=1 + len(days)), titles_from_data=True)
        chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=1 + len(days)))
        chart.legend = None
        chart.height, chart.width = 8, 20
        sheet.add_chart(chart, place)


def _table(book: Workbook, name: str, titles: Sequence[str], rows: Iterable[list[Cell]]) -> None:
    sheet = _sheet(book, name, [max(12, min(30, len(one))) for one in titles])
    sheet.freeze_panes = "A2"
    _append(sheet, 1, titles, title=True)
    last = 1
    for last, row in enumerate(rows, start=2):
        _append(sheet, last, row)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{last}"


def _sheet(book: Workbook, name: str, widths: Sequence[int]) -> Worksheet:
    sheet = book.create_sheet(name)
    assert isinstance(sheet, Worksheet)
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    return sheet


def _append(sheet: Worksheet, row: int, values: Iterable[Cell], *, title: bool = False) -> None:
    for column, value in enumerate(values, start=1):
        if value is None:
            continue
        cell = sheet.cell(row, column)
        if isinstance(value, str):
            cell.value = _ILLEGAL.sub("\ufffd", value)[:_MAX_CELL]
            # Text stays text: openpyxl makes a formula of what begins with an equals sign.
            cell.data_type = "s"
            cell.quotePrefix = value[:1] in _SIGNS
        else:
            cell.value = value
        if title:
            cell.font, cell.fill, cell.alignment = _TITLE_FONT, _TITLE_FILL, _TITLE_ALIGNMENT
