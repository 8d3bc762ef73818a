"""The node's and its queue's state in words, Vietnamese first."""

from __future__ import annotations

from datetime import datetime

from agent.queue_status import QueueStatus
from agent.state import StateFolder

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
        "node": "Nút",
        "not_enrolled": "chưa ghi danh",
        "running": "đang chạy",
        "stopped": "KHÔNG chạy",
        "events": "Sự kiện chờ gửi",
        "dropped_events": "Sự kiện đã bỏ vì đầy",
        "full": "đầy",
        "age": "quá cũ",
        "letters": "Máy chủ từ chối gần đây",
        "dropped": "Đã bỏ",
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
        "node": "Node",
        "not_enrolled": "not enrolled",
        "running": "running",
        "stopped": "NOT running",
        "events": "Events waiting",
        "dropped_events": "Events dropped when full",
        "full": "full",
        "age": "too old",
        "letters": "Refused lately",
        "dropped": "Dropped",
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
    reasons = ", ".join(f"{word.get(reason, reason)} {count}" for reason, count in status.dropped.items() if count)
    found = [
        f"{word['queue']}: {held if status.rows else word['empty']}",
        f"{word['events']}: {status.events}",
        f"{word['delivery']}: {when(status.last_delivery) if status.last_delivery else word['never']}",
        f"{word['error']}: {status.last_error or word['none']}",
        f"{word['dropped']}: {status.dropped_samples} {word['samples']}{f' ({reasons})' if reasons else ''}",
        f"{word['dead']}: {status.dead_letter_samples} {word['samples']}",
    ]
    if status.dropped_events:
        found.append(f"{word['dropped_events']}: {sum(status.dropped_events.values())}")
    found += [f"{word['letters']}: {when(moment)} {reason}" for moment, reason in status.letters]
    return found


def about(state: StateFolder, language: str) -> list[str]:
    """Who this node is and whether its program runs. Raises UserError."""
    word = _WORDS[language]
    identity = state.load()
    name = f"{identity.node} · {identity.site} · {identity.hub}" if identity else word["not_enrolled"]
    return [f"{word['node']}: {name} ({word['running'] if state.in_use() else word['stopped']})"]


def duration(seconds: float) -> str:
    """In the largest unit that fits: 45 s, 12 min, 3 h, 2 d."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
