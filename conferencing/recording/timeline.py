"""What a recording's log says: files with their beginnings, and who was to be seen when. Pure but for `read`."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOUND_ROLES = ("microphone", "screen_sound")


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """`at`: seconds since the recording began."""

    path: Path
    seat: str
    role: str
    at: float


@dataclass(frozen=True, slots=True)
class Timeline:
    files: tuple[RecordedFile, ...]
    stages: tuple[tuple[float, str | None], ...]

    def stage_at(self, at: float) -> str | None:
        index = bisect_right([since for since, _ in self.stages], at)
        return self.stages[index - 1][1] if index else None

    def sounds(self) -> list[RecordedFile]:
        return [one for one in self.files if one.role in SOUND_ROLES]

    def pictures(self, role: str, seat: str | None = None) -> list[RecordedFile]:
        return [one for one in self.files if one.role == role and seat in (None, one.seat)]


def read(folder: Path, log: str) -> Timeline:
    """Raises OSError. A last line that was cut off by a crash is left out."""
    entries = []
    for line in (folder / log).read_text("utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return parse(folder, entries)


def parse(folder: Path, entries: Iterable[dict[str, Any]]) -> Timeline:
    entries = list(entries)
    begin = min((float(one["at"]) for one in entries if one.get("type") in ("begin", "file")), default=0.0)
    files = [
        RecordedFile(folder / Path(one["file"]).name, str(one["seat"]), str(one["role"]), float(one["at"]) - begin)
        for one in entries
        if one.get("type") == "file"
    ]
    stages = sorted(
        ((max(0.0, float(one["at"]) - begin), one.get("seat")) for one in entries if one.get("type") == "stage"),
        key=lambda change: change[0],
    )
    return Timeline(tuple(one for one in files if one.path.exists()), tuple(stages))
