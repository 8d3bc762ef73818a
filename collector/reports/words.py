"""The words of reports, Vietnamese first, English beside it, and numbers as Vietnamese read them."""

from __future__ import annotations

from datetime import UTC, datetime

from collector.directory.days import HANOI

CAUSES: dict[str, tuple[str, str]] = {
    "lan": ("Mạng nội bộ", "Office network"),
    "router": ("Bộ định tuyến", "Router"),
    "provider": ("Nhà mạng", "Provider"),
    "upstream": ("Nhà mạng, nhiều điểm", "Provider, many sites"),
    "hub": ("Máy chủ trung tâm", "Hub"),
    "power": ("Mất điện", "Power"),
    "agent": ("Máy giám sát", "Monitoring machine"),
    "none": ("Chưa rõ", "Not known"),
}
STATES: dict[str, tuple[str, str]] = {
    "good": ("Bình thường", "Normal"),
    "weak": ("Cần chú ý", "Needs attention"),
    "bad": ("Nghiêm trọng", "Critical"),
    "down": ("Mất kết nối", "Disconnected"),
    "no_data": ("Không có dữ liệu", "No data"),
}
LIMITS: dict[str, tuple[str, str]] = {
    "availability": ("Độ khả dụng", "Availability"),
    "delay": ("Độ trễ trung bình", "Mean delay"),
    "download": ("Tải xuống so với hợp đồng", "Download against the contract"),
    "upload": ("Tải lên so với hợp đồng", "Upload against the contract"),
    "load_down": ("Tải chiều xuống, P95 7 ngày", "Load down, P95 of 7 days"),
    "load_up": ("Tải chiều lên, P95 7 ngày", "Load up, P95 of 7 days"),
}
KEPT: dict[str, tuple[str, str]] = {
    "kept": ("Đạt", "Kept"),
    "broken": ("Không đạt", "Broken"),
    "unknown": ("Chưa đủ số liệu", "Not known"),
}


def both(words: tuple[str, str]) -> str:
    return f"{words[0]} / {words[1]}"


def number(value: float | None, digits: int = 1) -> str:
    """With a decimal comma; a dash when it is not known."""
    return "–" if value is None else f"{value:.{digits}f}".replace(".", ",")


def percent(ratio: float | None, digits: int = 2) -> str:
    """Rounded down, so that 99.499 % does not read as the limit that it breaks."""
    if ratio is None:
        return "–"
    scale = 10**digits
    return f"{number(int(ratio * 100 * scale + 1e-6) / scale, digits)} %"


def milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{number(seconds * 1000)} ms"


def mbits(bits: float | None) -> str:
    return "–" if bits is None else f"{number(bits / 1e6)} Mbit/s"


def instant(unix: float | None) -> str:
    """13/3/2019 08:05, as the offices' clocks show it."""
    if unix is None:
        return "–"
    at = datetime.fromtimestamp(unix, UTC).astimezone(HANOI)
    return f"{at.day}/{at.month}/{at.year} {at:%H:%M}"


def duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} giờ {rest} phút" if hours else f"{rest} phút"


def month_words(month: str) -> tuple[str, str]:
    year, number_of_month = month.split("-")
    return f"tháng {int(number_of_month)}/{year}", month
