"""A report as tables of plain cells: what CSV and XLSX write alike."""

from __future__ import annotations

from collections.abc import Iterator

from collector.reports.model import GroupReport, LineReport, MonthReport, Outage
from collector.reports.words import CAUSES, KEPT, LIMITS, STATES, both, instant

Cell = str | int | float | None

LINE_TITLES = (
    "Mã đường truyền / Line", "Tên / Name", "Nhà mạng / Provider", "Mã điểm / Site", "Địa điểm / Site name",
    "Đơn vị / Unit", "Số hợp đồng / Contract", "Hợp đồng xuống (Mbit/s) / Contract down",
    "Hợp đồng lên (Mbit/s) / Contract up", "Phút đo được / Minutes measured", "Phút trong kỳ / Minutes of the period",
    "Phút mất kết nối / Minutes lost", "Độ khả dụng (%) / Availability (%)",
    "Độ khả dụng tính cho nhà mạng (%) / Availability held to the provider (%)", "Mất gói (%) / Loss (%)",
    "Mất gói lên (%) / Loss up (%)", "Mất gói xuống (%) / Loss down (%)",
    "Độ trễ trung bình (ms) / Mean delay (ms)", "Độ trễ P95 (ms) / P95 delay (ms)",
    "Biến thiên trễ (ms) / Jitter (ms)", "MOS", "Tải P95 xuống (Mbit/s) / P95 load down",
    "Tải P95 lên (Mbit/s) / P95 load up", "Số lần đo tốc độ / Speed tests",
    *(both(words) for words in LIMITS.values()), "Số lần gián đoạn / Outages",
)  # fmt: skip
OUTAGE_TITLES = (
    "Mã đường truyền / Line", "Địa điểm / Site", "Nhà mạng / Provider", "Bắt đầu / Began", "Kết thúc / Ended",
    "Số phút / Minutes", "Trạng thái / State", "Nguyên nhân / Cause", "Căn cứ", "Evidence",
)  # fmt: skip
GROUP_TITLES = (
    "Nhà mạng / Provider", "Số điểm / Sites", "Số đường truyền / Lines", "Phút đo được / Minutes measured",
    "Phút mất kết nối / Minutes lost", "Độ khả dụng (%) / Availability (%)",
    "Độ khả dụng tính cho nhà mạng (%) / Availability held to the provider (%)", "Mất gói (%) / Loss (%)",
    "Độ trễ trung bình (ms) / Mean delay (ms)", "Độ trễ P95 (ms) / P95 delay (ms)",
    "Số lần gián đoạn / Outages", "Không đạt độ khả dụng / Lines below availability",
)  # fmt: skip
WHOLE = "Tất cả / All"


def line_rows(report: MonthReport) -> Iterator[list[Cell]]:
    yield from map(_line, report.lines)


def outage_rows(report: MonthReport) -> Iterator[list[Cell]]:
    yield from map(_outage, report.outages)


def group_rows(report: MonthReport) -> Iterator[list[Cell]]:
    yield from map(_group, (*report.providers, report.whole))


def _line(one: LineReport) -> list[Cell]:
    figures = one.figures
    return [
        one.line, one.name, one.provider, one.site, one.site_name, one.unit, one.contract_number,
        one.contract_download_mbits, one.contract_upload_mbits, figures.minutes, figures.possible_minutes,
        figures.lost_minutes, _rounded(figures.availability, 100, 3),
        _rounded(figures.provider_availability, 100, 3), _rounded(figures.loss, 100, 3),
        _rounded(figures.loss_up, 100, 3), _rounded(figures.loss_down, 100, 3), _rounded(figures.rtt_mean, 1000, 1),
        _rounded(figures.rtt_p95, 1000, 1), _rounded(figures.jitter_mean, 1000, 1), _rounded(figures.mos_mean, 1, 2),
        _rounded(one.load_p95_down, 1e-6, 2), _rounded(one.load_p95_up, 1e-6, 2), one.speed_tests,
        *(both(KEPT[one.limits[limit].kept]) for limit in LIMITS), one.outages,
    ]  # fmt: skip


def _outage(one: Outage) -> list[Cell]:
    return [
        one.line, one.site_name, one.provider, instant(one.began), instant(one.ended), one.minutes,
        both(STATES[one.state]), both(CAUSES[one.cause]), one.evidence.get("vi", ""), one.evidence.get("en", ""),
    ]  # fmt: skip


def _group(one: GroupReport) -> list[Cell]:
    figures = one.figures
    return [
        one.name or WHOLE, one.sites, one.lines, figures.minutes, figures.lost_minutes,
        _rounded(figures.availability, 100, 3), _rounded(figures.provider_availability, 100, 3),
        _rounded(figures.loss, 100, 3), _rounded(figures.rtt_mean, 1000, 1), _rounded(figures.rtt_p95, 1000, 1),
        one.outages, one.broken.get("availability", 0),
    ]  # fmt: skip


def _rounded(value: float | None, factor: float, digits: int) -> float | None:
    return None if value is None else round(value * factor, digits)
