"""What the agent tells of its own beginning and end: pure. Each run leaves word on disk of how it went on.

From that word the next run says how the last one ended: `clean`, `killed`, or with the machine (`power`).
"""

from __future__ import annotations

import json
import sys

from agent import __version__
from agent.clock import Moment
from agent.queue_events import Happening
from agent.wire.events import Severity

FACT = "life"


def word(now: Moment, ended: bool = False) -> str:
    """To be remembered with each collection, and at the end."""
    return json.dumps(
        {"boot": now.boot, "unix": round(now.unix, 3), "seconds": round(now.monotonic, 3), "ended": ended}
    )


def started(left: str | None, now: Moment) -> Happening:
    """`left`: what the run before remembered last."""
    detail: dict[str, object] = {"version": __version__, "boot": now.boot}
    previous = _parse(left)
    if previous is None:
        detail["previous"] = "none" if left is None else "unknown"
    else:
        same_boot = bool(now.boot) and previous.get("boot") == now.boot
        ended = previous.get("ended") is True
        detail["previous"] = "clean" if ended else "killed" if same_boot else "power"
        detail["rebooted"] = not same_boot
        key, here = ("seconds", now.monotonic) if same_boot else ("unix", now.unix)
        last = previous.get(key)
        if isinstance(last, int | float) and here >= last:
            detail["silent_seconds"] = round(here - last, 1)
    severity: Severity = "warning" if detail["previous"] in ("killed", "power", "unknown") else "info"
    return Happening("agent.started", severity, "", detail)


def stopping(shutting_down: bool) -> Happening:
    if shutting_down:
        # An office that switches its PC off in the evening is no emergency.
        return Happening("power.last_gasp", "info", "shutdown", {"reason": "shutdown"})
    return Happening("agent.stopping", "info", "", {"reason": "signal"})


def is_shutting_down() -> bool:
    """Blocking, for half a second at most."""
    if sys.platform == "win32":
        from agent.shutdown_windows import shutting_down
    else:
        from agent.shutdown_posix import shutting_down
    return shutting_down()


def _parse(left: str | None) -> dict[str, object] | None:
    try:
        document = json.loads(left) if left is not None else None
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
