"""What the reflector's process tells of itself in its status file, read by the hub for /metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STALE_SECONDS = 20.0
"""The file is replaced every 5 s; an older one is the last word of a process that is gone."""


@dataclass(frozen=True, slots=True)
class ReflectorStatus:
    """Counters since `started_at` (Unix seconds). `packets`: received, answered, and dropped by reason."""

    at: float
    started_at: float
    keys: int
    sessions: int
    packets: Mapping[str, int]

    def is_fresh(self, now: float) -> bool:
        return now - self.at <= STALE_SECONDS


def parse(text: str) -> ReflectorStatus | None:
    """None when the text is no status: a reflector of another version must not stop /metrics."""
    try:
        document = json.loads(text)
        return ReflectorStatus(
            float(document["at"]),
            float(document["started_at"]),
            int(document["keys"]),
            int(document["sessions"]),
            {str(name): int(count) for name, count in document["packets"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read(path: Path) -> ReflectorStatus | None:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
