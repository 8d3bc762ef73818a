"""Who gets how much of one receiver's line: sound first, then stage and screen, then thumbnails.

A ladder, down at once and up slowly. Knows bitrates, no packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAUSED = -1
UP_MARGIN = 1.15
"""So much more than it costs must be there before a layer is added."""
DOWN_MARGIN = 0.95
"""A layer that costs a little more than there is stays: bitrates of pictures waver."""
UP_AFTER_SECONDS = 5.0
UP_AFTER_LONGEST_SECONDS = 40.0
RELAPSE_SECONDS = 15.0
"""A step down so soon after one up doubles the wait for the next."""
FORGIVEN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Demand:
    """A picture to be sent: `costs` in bit/s of its layers, low to high. `first`: before all that are not."""

    slot: str
    source: str
    costs: tuple[float, ...]
    first: bool


def allocate(budget: float, demands: Sequence[Demand]) -> dict[str, int]:
    """Slot → layer, PAUSED when there is nothing for it. Within a rank all get their least before one gets more."""
    levels = {demand.slot: PAUSED for demand in demands}
    left = budget
    for first in (True, False):
        rank = [demand for demand in demands if demand.first is first and demand.costs]
        for level in range(max((len(demand.costs) for demand in rank), default=0)):
            for demand in rank:
                if level >= len(demand.costs) or levels[demand.slot] != level - 1:
                    continue
                added = demand.costs[level] - (demand.costs[level - 1] if level else 0.0)
                if added <= left:
                    left -= max(0.0, added)
                    levels[demand.slot] = level
    return levels


class Ladder:
    """Levels of one receiver over time. `limited` is true while the line keeps it below what it asks for."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.limited = False
        self._sources: dict[str, str] = {}
        self._wait = 0.0
        self._up_since: float | None = None
        self._last_up = self._last_down = float("-inf")

    def update(self, bitrate: float, sound: float, demands: Sequence[Demand], now: float) -> dict[str, int]:
        """The levels at this estimate, of which `sound` bit/s are taken before anything else."""
        budget = bitrate - sound
        present = {demand.slot: self.levels.get(demand.slot, PAUSED) for demand in demands}
        fits = allocate(budget / DOWN_MARGIN, demands)
        surely = allocate(budget / UP_MARGIN, demands)
        new = {d.slot for d in demands if self._sources.get(d.slot) != d.source}
        levels = {slot: surely[slot] if slot in new else min(level, fits[slot]) for slot, level in present.items()}
        if any(levels[slot] < present[slot] for slot in levels if slot not in new):
            self._went_down(now)
        elif any(surely[slot] > levels[slot] for slot in levels):
            if self._up_since is None:
                self._up_since = now
            if now - self._up_since >= self._wait:
                levels = {slot: max(level, surely[slot]) for slot, level in levels.items()}
                self._last_up, self._up_since = now, None
        else:
            self._up_since = None
            if now - self._last_down > FORGIVEN_SECONDS:
                self._wait = 0.0
        self.levels = levels
        self._sources = {demand.slot: demand.source for demand in demands}
        self.limited = any(levels[demand.slot] < len(demand.costs) - 1 for demand in demands if demand.costs)
        return levels

    def _went_down(self, now: float) -> None:
        relapsed = now - self._last_up < RELAPSE_SECONDS and self._wait > 0
        self._wait = min(UP_AFTER_LONGEST_SECONDS, self._wait * 2 if relapsed else UP_AFTER_SECONDS)
        self._last_down = now
        self._up_since = None


def full_cost(sound: float, demands: Sequence[Demand]) -> float:
    """Bit/s for everything at its best, with what must be there beside it."""
    return sound + UP_MARGIN * sum(demand.costs[-1] for demand in demands if demand.costs)
