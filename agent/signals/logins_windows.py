"""Windows' Security log, asked for logons after a moment."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

from agent.signals.login_lines import Attempt
from agent.signals.windows_events import FAILURE, SUCCESS, parse_events

ANSWER_SECONDS = 30.0
MAX_ENTRIES = 5000


def read(since: float) -> tuple[Attempt, ...]:
    """After `since` (Unix seconds). Raises OSError, subprocess.SubprocessError."""
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    query = f"*[System[(EventID={SUCCESS} or EventID={FAILURE}) and TimeCreated[@SystemTime>'{moment}']]]"
    answer = subprocess.run(
        ["wevtutil", "qe", "Security", f"/q:{query}", "/f:xml", f"/c:{MAX_ENTRIES}"],
        capture_output=True, text=True, errors="replace", timeout=ANSWER_SECONDS, check=True,
    )  # fmt: skip
    return tuple(parse_events(answer.stdout))
