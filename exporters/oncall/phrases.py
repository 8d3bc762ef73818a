"""The words of an alert in both languages. Puts nothing together: exporters.oncall.texts does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporters.oncall.contracts import Language


@dataclass(frozen=True, slots=True)
class Phrases:
    """Templates of one language; names in braces are filled by `str.format` with text, never with a format."""

    severities: Mapping[str, str]
    resolved: str
    test: str
    summary: str
    trouble: str
    since: str
    lasted: str
    worse: str
    check: str
    call: str
    cause: str
    also: str
    more: str
    steps: str
    not_taken: str
    reminder: str
    taken_by: str
    accept: str
    accept_short: str
    runbook: str
    storm: str
    held_back: str
    ended: str
    test_body: str
    minute: str
    hour: str
    day: str


VI = Phrases(
    severities={"critical": "NGHIÊM TRỌNG", "warning": "CẦN CHÚ Ý"},
    resolved="ĐÃ KHẮC PHỤC",
    test="THỬ",
    summary="TỔNG HỢP",
    trouble="Có sự cố",
    since="từ {time} ({duration})",
    lasted="từ {start} đến {end} ({duration})",
    worse="nặng thêm",
    check="Kiểm tra: {steps}.",
    call="gọi {hotline}",
    cause="Nguyên nhân: {cause}",
    also="Còn: {summary}",
    more="và {count} cảnh báo nữa",
    steps="Việc làm đầu tiên:",
    not_taken="{name} đã được báo nhưng chưa tiếp nhận.",
    reminder="Nhắc lại: chưa ai tiếp nhận.",
    taken_by="Người tiếp nhận: {name}.",
    accept="Tiếp nhận: {link}",
    accept_short="Nhan:",
    runbook="Hướng dẫn: {link}",
    storm="{count} sự cố cùng lúc",
    held_back="{count} sự cố chưa nhắn riêng",
    ended="hết",
    test_body="Thông Suốt: tin thử lúc {time}. Kênh này nhận được cảnh báo; không có sự cố nào.",
    minute="{count} phút",
    hour="{count} giờ",
    day="{count} ngày",
)

EN = Phrases(
    severities={"critical": "CRITICAL", "warning": "WARNING"},
    resolved="RESOLVED",
    test="TEST",
    summary="SUMMARY",
    trouble="Trouble",
    since="since {time} ({duration})",
    lasted="from {start} to {end} ({duration})",
    worse="getting worse",
    check="Check: {steps}.",
    call="call {hotline}",
    cause="Cause: {cause}",
    also="Also: {summary}",
    more="and {count} more alerts",
    steps="First steps:",
    not_taken="{name} was told and did not acknowledge.",
    reminder="Reminder: nobody has acknowledged.",
    taken_by="Acknowledged by {name}.",
    accept="Acknowledge: {link}",
    accept_short="Ack:",
    runbook="Guide: {link}",
    storm="{count} troubles at once",
    held_back="{count} troubles not sent one by one",
    ended="over",
    test_body="Thông Suốt: test message at {time}. This channel carries alerts; there is no trouble.",
    minute="{count} min",
    hour="{count} h",
    day="{count} d",
)

PHRASES: dict[str, Phrases] = {"vi": VI, "en": EN}

HEADLINES: dict[str, Language] = {
    "SiteDown": Language("Mất kết nối", "Disconnected"),
    "UpsOnBattery": Language("Mất điện, đang chạy ắc quy", "Power cut, on battery"),
    "UpsBatteryLow": Language("Mất điện, sắp hết ắc quy", "Power cut, battery nearly empty"),
    "UpsReplaceBattery": Language("Bộ lưu điện cần thay ắc quy", "UPS battery to be replaced"),
}
"""Shorter than the alert's own summary, where the place already says which site."""

CHECKS: dict[str, tuple[Language, ...]] = {
    "SiteDown": (Language("nguồn điện", "power"), Language("ONT", "ONT")),
    "LineDown": (Language("nguồn điện", "power"), Language("ONT", "ONT")),
    "UpstreamDown": (Language("Internet của trung tâm", "the hub's Internet"), Language("nguồn điện", "power")),
    "LineWeak": (Language("tải lớn trong mạng", "heavy transfers"), Language("Wi-Fi", "Wi-Fi")),
    "LineLossUp": (Language("tải lên lớn", "heavy uploads"), Language("gateway", "gateway")),
    "LineLossDown": (Language("tải xuống lớn", "heavy downloads"), Language("gateway", "gateway")),
    "LineFlapping": (Language("dây quang, đầu nối", "fibre and plugs"), Language("ONT", "ONT")),
    "NodeSilent": (Language("nguồn điện", "power"), Language("máy giám sát", "the node")),
    "UpsOnBattery": (Language("cầu dao, điện lưới", "breaker and mains"),),
    "UpsBatteryLow": (
        Language("máy phát điện", "generator"),
        Language("tắt máy an toàn", "shut down"),
    ),
}
"""What to look at first, in a word each: power and ONT before all else (most outages are power)."""
