"""The node's clocks: what it believes the time to be, the seconds since boot, and how the hub's compare.

A machine with a dead battery boots in the past, and the time service may set the clock by years later. Seconds
since boot run on through that, so one answer of the hub dates everything that was measured since the boot.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

TOLERANCE_SECONDS = 2.0
"""As the hub's own: a difference of so much is left alone."""
JITTER_SECONDS = 0.25
SURE_SECONDS = 1.0
"""An answer that took twice as long says little of the time: a better one is waited for, but not for ever."""
SLOW_ANSWERS = 5
MAX_UNIX = 1e11


@dataclass(frozen=True, slots=True)
class Moment:
    """`unix`: by the node's own clock. `monotonic`: seconds since `boot`, which is empty where nobody knows it."""

    unix: float
    monotonic: float
    boot: str


def node_clock() -> Callable[[], Moment]:
    """What tells the moment on this machine."""
    if sys.platform == "win32":
        from agent.boot_windows import boot_id, seconds_since_boot
    else:
        from agent.boot_posix import boot_id, seconds_since_boot
    boot = boot_id()
    return lambda: Moment(time.time(), seconds_since_boot(), boot)


class HubClock:
    """Hub's Unix time less this boot's seconds, as its answers tell it; held still within their uncertainty."""

    def __init__(self, offset: float | None = None) -> None:
        self._offset = offset
        self._uncertainty = math.inf if offset is None else SURE_SECONDS
        self._slow: list[tuple[float, float]] = []

    @property
    def offset(self) -> float | None:
        """Hub's Unix time less seconds since boot; None as long as the hub has not said its time."""
        return self._offset

    def heard(self, hub_time: str | None, sent: float, received: float) -> bool:
        """An answer with this header came; `sent`, `received`: seconds since boot. Whether the offset changed."""
        try:
            unix = float(hub_time) if hub_time is not None else math.nan
        except ValueError:
            return False
        if not math.isfinite(unix) or not 0 < unix < MAX_UNIX:
            return False
        uncertainty = max(received - sent, 0.0) / 2
        found = unix - (sent + received) / 2
        if uncertainty > SURE_SECONDS:
            self._slow.append((uncertainty, found))
            if self._offset is not None or len(self._slow) < SLOW_ANSWERS:
                del self._slow[:-SLOW_ANSWERS]
                return False
            uncertainty, found = min(self._slow)
        if self._offset is not None:
            same = abs(found - self._offset) <= uncertainty + self._uncertainty + JITTER_SECONDS
            if same and uncertainty >= self._uncertainty / 2:
                return False
        changed = self._offset is None or abs(found - self._offset) > JITTER_SECONDS
        if changed:
            self._offset = found
        self._uncertainty = uncertainty
        return changed

    def ahead(self, now: Moment) -> float | None:
        """Seconds by which the node's clock is ahead of the hub's; None when not known."""
        return None if self._offset is None else now.unix - now.monotonic - self._offset

    def time_for_hub(self, now: Moment) -> float:
        """The time to say to the hub: its own as far as it is known, since samples leave corrected to it."""
        ahead = self.ahead(now)
        if ahead is None or abs(ahead) <= TOLERANCE_SECONDS:
            return now.unix
        return now.unix - ahead
