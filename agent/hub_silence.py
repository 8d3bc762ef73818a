"""When a silence of the hub is an alarm: once when it has lasted, once when it is over. Sans-IO."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Began:
    """The hub has been silent for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Over:
    """It answers again, after so many seconds without."""

    seconds: float


class HubSilence:
    """Times are seconds since boot. `after_seconds` of silence are an alarm; before the first answer they count from
    `started`, so that neither a boot nor a start of the agent is one by itself.
    """

    def __init__(self, after_seconds: float, started: float, since: float | None = None) -> None:
        """`since`: the beginning of an alarm that stands, of which was told by an earlier process."""
        self._after_seconds = after_seconds
        self._heard = started if since is None else since
        self.alarmed = since is not None

    def look(self, answered_at: float | None, now: float) -> Began | Over | None:
        """`answered_at` None: no answer since this process began."""
        before = self._heard
        if answered_at is not None:
            self._heard = max(before, answered_at)
        if self.alarmed:
            if self._heard <= before:
                return None
            self.alarmed = False
            return Over(self._heard - before)
        if now - self._heard < self._after_seconds:
            return None
        self.alarmed = True
        return Began(now - self._heard)

    @property
    def since(self) -> float:
        """When the hub was heard last."""
        return self._heard


def word(since: float, unix: float, boot: str) -> bytes:
    """What the state file says of an alarm that stands; `unix`: when the hub was heard last, by this node's clock."""
    said = {"hub_silent": True, "since_unix": round(unix, 3), "since": round(since, 3), "boot": boot}
    return json.dumps(said).encode() + b"\n"


def standing(text: str, unix: float, now: float, boot: str) -> float | None:
    """Since when, in seconds since this boot (before it: negative); None when the text is damaged."""
    try:
        said = json.loads(text)
        since_unix, since, of_boot = float(said["since_unix"]), float(said["since"]), str(said["boot"])
    except (ValueError, KeyError, TypeError):
        return None
    if boot and of_boot == boot:
        return min(since, now)
    # Of another boot only the clock tells, and it may have been set since.
    return now - max(0.0, unix - since_unix)
