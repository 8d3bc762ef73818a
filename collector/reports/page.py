"""A report as a page to print: HTML and SVG alone, Vietnamese first, English beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from collector.quality.profile import Limits
from collector.reports import charts
from collector.reports.model import GroupReport, LineReport, MonthReport, Outage
from collector.reports.words import (
    CAUSES,
    KEPT,
    LIMITS,
    PROFILE,
    STATES,
    both,
    duration,
    instant,
    mbits,
    milliseconds,
    month_words,
    percent,
    profile_value,
)

STYLESHEET = "/static/report.css"
MAX_DETAILED_LINES = 60
"""Charts of more lines than this are on each line's own report."""


def render(report: MonthReport, limits: Limits) -> str:
    vietnamese, english = month_words(report.month)
    title = f"Báo cáo chất lượng đường truyền {vietnamese}"
    return "".join([
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{STYLESHEET}"></head><body><main>',
        f"<h1>{escape(title)} <small lang=\"en\">Line quality report {escape(english)}</small></h1>",
        f"<p class=\"scope\">{escape(report.title or 'Tất cả các điểm / All sites')}</p>",
        *_made(report),
        *_groups(report, limits),
        *_lines(report),
        *_details(report, limits),
        *_outages(report.outages),
        *_sources(report, limits),
        "</main></body></html>",
    ])  # fmt: skip


def _made(report: MonthReport) -> Iterator[str]:
    state = "Đủ tháng / the whole month" if report.complete else "Tháng chưa hết / the month is not over"
    yield f'<p class="made">Lập lúc / Made at {escape(instant(report.made_at))}. {state}. '
    yield f"Hồ sơ ngưỡng / profile {escape(report.profile)}.</p>"


def _groups(report: MonthReport, limits: Limits) -> Iterator[str]:
    yield '<h2>Tổng hợp <small lang="en">Summary</small></h2>'
    rows = [_group_row(one, one.name or "Chưa ghi nhà mạng / Provider not entered") for one in report.providers]
    rows.append(_group_row(report.whole, "Tất cả / All"))
    titles = (
        "Nhà mạng / Provider", "Điểm / Sites", "Đường / Lines", "Độ khả dụng / Availability",
        "Tính cho nhà mạng / Held to the provider", "Mất gói / Loss", "Độ trễ TB / Mean delay",
        "Độ trễ P95 / P95 delay", "Gián đoạn / Outages", "Dưới ngưỡng khả dụng / Below availability",
    )  # fmt: skip
    yield _table(titles, rows)
    if report.whole.days:
        yield charts.availability(report.whole.days, limits.availability)
        yield charts.delay(report.whole.days, limits.delay_mean_seconds)


def _group_row(one: GroupReport, name: str) -> list[str]:
    figures = one.figures
    return [
        name, str(one.sites), str(one.lines), percent(figures.availability, 3),
        percent(figures.provider_availability, 3), percent(figures.loss), milliseconds(figures.rtt_mean),
        milliseconds(figures.rtt_p95), str(one.outages), str(one.broken.get("availability", 0)),
    ]  # fmt: skip


def _lines(report: MonthReport) -> Iterator[str]:
    yield '<h2>Đường truyền <small lang="en">Lines</small></h2>'
    titles = (
        "Điểm / Site", "Đường truyền / Line", "Nhà mạng / Provider", "Độ khả dụng / Availability",
        "Mất kết nối / Lost", "Mất gói / Loss", "Độ trễ TB / Mean delay", "P95", "Tải P95 ↓ / ↑",
        "Không đạt / Broken",
    )  # fmt: skip
    yield _table(titles, [_line_row(one) for one in report.lines])


def _line_row(one: LineReport) -> list[str]:
    figures = one.figures
    broken = [both(LIMITS[name]) for name, limit in one.limits.items() if limit.kept == "broken"]
    return [
        one.site_name, f"{one.name} ({one.line})", one.provider, percent(figures.availability, 3),
        duration(figures.lost_minutes), percent(figures.loss), milliseconds(figures.rtt_mean),
        milliseconds(figures.rtt_p95), f"{mbits(one.load_p95_down)} / {mbits(one.load_p95_up)}",
        "; ".join(broken) or "–",
    ]  # fmt: skip


def _details(report: MonthReport, limits: Limits) -> Iterator[str]:
    if len(report.lines) > MAX_DETAILED_LINES:
        yield (
            '<p class="note">Biểu đồ từng đường truyền: xem báo cáo của đường truyền đó. / '
            "Charts of single lines are on their own reports.</p>"
        )
        return
    for one in report.lines:
        yield f'<section class="line"><h3>{escape(one.site_name)}: {escape(one.name)} ({escape(one.line)})</h3>'
        titles = ("Ngưỡng / Limit", "Đo được / Found", "Cho phép / Allowed", "Kết quả / Result")
        rows = [
            [both(LIMITS[name]), _value(name, limit.value), _value(name, limit.limit), both(KEPT[limit.kept])]
            for name, limit in one.limits.items()
        ]
        yield _table(titles, rows)
        if one.days:
            yield charts.availability(one.days, limits.availability)
            yield charts.delay(one.days, limits.delay_mean_seconds)
        yield "</section>"


def _value(name: str, value: float | None) -> str:
    return milliseconds(value) if name == "delay" else percent(value)


def _outages(outages: Iterable[Outage]) -> Iterator[str]:
    yield '<h2>Gián đoạn <small lang="en">Outages</small></h2>'
    titles = (
        "Điểm / Site", "Đường truyền / Line", "Nhà mạng / Provider", "Bắt đầu / Began", "Kết thúc / Ended",
        "Kéo dài / Lasted", "Trạng thái / State", "Nguyên nhân / Cause", "Căn cứ / Evidence",
    )  # fmt: skip
    rows = [
        [
            one.site_name, one.line, one.provider, instant(one.began), instant(one.ended), duration(one.minutes),
            both(STATES[one.state]), both(CAUSES[one.cause]),
            f"{one.evidence.get('vi', '')} / {one.evidence.get('en', '')}",
        ]
        for one in outages
    ]  # fmt: skip
    yield _table(titles, rows) if rows else "<p>Không có gián đoạn. / No outages.</p>"


def _sources(report: MonthReport, limits: Limits) -> Iterator[str]:
    yield '<h2>Nguồn của các ngưỡng <small lang="en">Sources of the limits</small></h2>'
    rows = [
        [both(PROFILE[name]), profile_value(name, getattr(limits, name)), source]
        for name, source in report.sources.items()
    ]
    yield _table(("Ngưỡng / Limit", "Giá trị / Value", "Nguồn / Source"), rows)
    yield f'<p class="note">{escape(report.note["vi"])} / {escape(report.note["en"])}</p>'


def _table(titles: Iterable[str], rows: Iterable[list[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in titles)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
