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
PROFILE: dict[str, tuple[str, str]] = {
    "loss_weak": ("Mất gói, cần chú ý", "Loss, needs attention"),
    "loss_bad": ("Mất gói, nghiêm trọng", "Loss, critical"),
    "jitter_weak_seconds": ("Biến thiên trễ, cần chú ý", "Jitter, needs attention"),
    "rtt_weak_seconds": ("Độ trễ, cần chú ý", "Delay, needs attention"),
    "rtt_bad_seconds": ("Độ trễ, nghiêm trọng", "Delay, critical"),
    "mos_weak": ("Chất lượng thoại (MOS), cần chú ý", "Listening quality (MOS), needs attention"),
    "mos_bad": ("Chất lượng thoại (MOS), nghiêm trọng", "Listening quality (MOS), critical"),
    "worse_after_minutes": ("Xấu đi sau", "Worse after"),
    "better_after_minutes": ("Tốt lên sau", "Better after"),
    "delay_mean_seconds": ("Độ trễ trung bình trong tháng", "Mean delay of the month"),
    "speed_ratio": ("Tốc độ so với hợp đồng", "Speed against the contract"),
    "availability": ("Độ khả dụng trong tháng", "Availability of the month"),
    "load_ratio": ("Tải P95 7 ngày", "Load, P95 of 7 days"),
    "clock_drift_weak_seconds": ("Lệch giờ, cần chú ý", "Clock drift, needs attention"),
    "clock_drift_bad_seconds": ("Lệch giờ, nghiêm trọng", "Clock drift, critical"),
}
"""The limits of the line-quality profile."""
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


def profile_value(name: str, value: float) -> str:
    """A limit of the profile in the unit that its name tells."""
    if name.endswith("_seconds"):
        return milliseconds(value) if value < 1 else f"{number(value, 0)} giây"
    if name.endswith("_minutes"):
        return f"{number(value, 0)} phút"
    return number(value, 2) if name.startswith("mos") else percent(value)


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
