"""Small charts as SVG text: no script, no style attribute, so that any content security policy lets them be."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from collector.reports.model import DayFigures
from collector.reports.words import milliseconds, percent

WIDTH, HEIGHT = 620, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 20


def availability(days: Sequence[DayFigures], limit: float) -> str:
    """Bars of the share that was lost on each day, and the limit."""
    lost = [None if day.availability is None else 1 - day.availability for day in days]
    title = "Phần thời gian mất kết nối theo ngày / Share of time lost by day"
    highest = max([1 - limit, *(value for value in lost if value is not None)]) * 1.1
    bars = "".join(
        f'<rect class="bar" x="{x - width / 2:.1f}" y="{_y(value, highest):.1f}" width="{width:.1f}" '
        f'height="{max(0.0, HEIGHT - _BOTTOM - _y(value, highest)):.1f}">'
        f"<title>{_day(day)}: {percent(value)}</title></rect>"
        for day, value, x, width in _placed(days, lost)
        if value is not None
    )
    return _svg(title, days, bars + _limit(1 - limit, highest), percent(highest, 1))


def delay(days: Sequence[DayFigures], limit: float) -> str:
    """P95 of the round trip by day, and the limit of its mean."""
    title = "Độ trễ P95 theo ngày / P95 delay by day"
    values = [day.rtt_p95 for day in days]
    highest = max([limit, *(value for value in values if value is not None)]) * 1.1
    points = [(day, value, x) for day, value, x, _ in _placed(days, values) if value is not None]
    line = " ".join(f"{x:.1f},{_y(value, highest):.1f}" for _, value, x in points)
    dots = "".join(
        f'<circle class="dot" cx="{x:.1f}" cy="{_y(value, highest):.1f}" r="2.5">'
        f"<title>{_day(day)}: {milliseconds(value)}</title></circle>"
        for day, value, x in points
    )
    return _svg(
        title, days, f'<polyline class="curve" points="{line}"/>{dots}{_limit(limit, highest)}', milliseconds(highest)
    )


def _placed(
    days: Sequence[DayFigures], values: Sequence[float | None]
) -> list[tuple[DayFigures, float | None, float, float]]:
    """With the middle and the width of each day's place."""
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    return [
        (day, value, _LEFT + step * (number + 0.5), step * 0.7)
        for number, (day, value) in enumerate(zip(days, values, strict=True))
    ]


def _y(value: float, highest: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(1.0, value / highest if highest else 0.0)


def _limit(value: float, highest: float) -> str:
    y = _y(value, highest)
    return f'<line class="limit" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _svg(title: str, days: Sequence[DayFigures], inner: str, top: str) -> str:
    base = HEIGHT - _BOTTOM
    labels = "".join(
        f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{day.day.day}</text>'
        for number, (day, _, x, _) in enumerate(_placed(days, [None] * len(days)))
        if len(days) <= 16 or number % 2 == 0
    )
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">'
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>'
        f'<text class="tick" x="{_LEFT - 6}" y="{_TOP + 6}" text-anchor="end">{escape(top)}</text>'
        f'<text class="tick" x="{_LEFT - 6}" y="{base}" text-anchor="end">0</text>'
        f"{inner}{labels}</svg></figure>"
    )


def _day(day: DayFigures) -> str:
    return f"{day.day.day}/{day.day.month}"
