"""Whether this machine is going down, as systemd tells it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

assert sys.platform != "win32"

SYSTEMD = Path("/run/systemd/system")
ANSWER_SECONDS = 0.5


def shutting_down() -> bool:
    """Blocking, for half a second at most. False also when nobody can say."""
    if not SYSTEMD.exists():
        return False
    try:
        # Its exit status is that of a state that is not "running"; the word is what counts.
        answer = subprocess.run(
            ["systemctl", "is-system-running"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == "stopping"
