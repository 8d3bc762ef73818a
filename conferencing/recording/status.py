"""What the recorder says of itself in its folder, for whoever looks: pages and metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from conferencing import messages
from conferencing.recording.folder import STATUS


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """`at` and the rest as of then. `full`: nothing is recorded for want of room on the disk."""

    at: float
    used_bytes: int
    limit_bytes: int
    full: bool
    purged: int
    faults: int
    active: tuple[str, ...]


def read_status(folder: Path | None) -> RecorderStatus | None:
    """None when there is none, or it cannot be read."""
    if folder is None:
        return None
    try:
        document = json.loads((folder / STATUS).read_text("utf-8"))
        status: RecorderStatus = messages.from_document(RecorderStatus, document, "status")
    except (OSError, ValueError):
        return None
    return status
