"""The supervisor's programs as lines for a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from hub.supervisor.program import ProgramStatus, State

_WORDS = {
    State.RUNNING: ("●", "đang chạy"),
    State.RESTARTING: ("▲", "đang khởi động lại"),
    State.STOPPED: ("○", "đã dừng"),
}


def program_lines(statuses: Iterable[ProgramStatus]) -> Iterator[str]:
    for status in statuses:
        mark, word = _WORDS[status.state]
        since = time.strftime("%d/%m/%Y %H:%M:%S", time.localtime(status.since))
        process = f" pid {status.pid}" if status.pid else ""
        restarts = f", khởi động lại {status.restarts} lần" if status.restarts else ""
        detail = f": {status.detail}" if status.detail else ""
        yield f"  {mark} {status.name:<13} {word} từ {since}{process}{restarts}{detail}"
