"""The queue's state in words."""

from __future__ import annotations

from datetime import datetime

from agent.queue import QueueStatus

_WORDS = {
    "vi": {
        "queue": "Hàng đợi",
        "samples": "mẫu",
        "oldest": "cũ nhất",
        "empty": "trống",
        "delivery": "Lần gửi gần nhất",
        "never": "chưa lần nào",
        "error": "Lỗi gần nhất",
        "none": "không",
        "dropped": "Đã bỏ vì đầy",
        "dead": "Máy chủ từ chối",
        "ago": "trước",
    },
    "en": {
        "queue": "Queue",
        "samples": "samples",
        "oldest": "oldest",
        "empty": "empty",
        "delivery": "Last delivery",
        "never": "never",
        "error": "Last error",
        "none": "none",
        "dropped": "Dropped when full",
        "dead": "Refused by the hub",
        "ago": "ago",
    },
}


def lines(status: QueueStatus, unix: float, language: str) -> list[str]:
    """One fact a line. `unix`: now."""
    word = _WORDS[language]

    def when(moment: float) -> str:
        shown = datetime.fromtimestamp(moment).astimezone()
        return f"{shown:%Y-%m-%d %H:%M:%S} ({duration(unix - moment)} {word['ago']})"

    held = f"{status.samples} {word['samples']}, {status.bytes / 1024:.0f} KiB"
    if status.oldest is not None:
        held += f", {word['oldest']} {when(status.oldest)}"
    return [
        f"{word['queue']}: {held if status.rows else word['empty']}",
        f"{word['delivery']}: {when(status.last_delivery) if status.last_delivery else word['never']}",
        f"{word['error']}: {status.last_error or word['none']}",
        f"{word['dropped']}: {status.dropped_samples} {word['samples']}",
        f"{word['dead']}: {status.dead_letter_samples} {word['samples']}",
    ]


def duration(seconds: float) -> str:
    """In the largest unit that fits: 45 s, 12 min, 3 h, 2 d."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
