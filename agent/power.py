"""From the readings of UPS and battery to events: mains lost, battery low, mains back. Sans-IO.

What is said when the mains go may be the last thing that this node says: `power.last_gasp`.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.queue_events import Happening
from agent.samples import Sample

ON_BATTERY = "thongsuot_ups_on_battery"
BATTERY_LOW = "thongsuot_ups_battery_low"
CHARGE = "thongsuot_ups_charge_ratio"


class PowerWatch:
    def __init__(self) -> None:
        self._on_battery: dict[str, bool] = {}
        self._low: dict[str, bool] = {}

    def look(self, samples: Iterable[Sample]) -> list[Happening]:
        """What has changed since the last look. The first one says what is bad already."""
        figures: dict[str, dict[str, float]] = {}
        for one in samples:
            if one.name in (ON_BATTERY, BATTERY_LOW, CHARGE):
                figures.setdefault(dict(one.labels).get("ups", ""), {})[one.name] = one.value
        happenings = []
        for ups, said in figures.items():
            on_battery, low = said.get(ON_BATTERY) == 1, said.get(BATTERY_LOW) == 1
            detail: dict[str, object] = {}
            if CHARGE in said:
                detail["battery_ratio"] = round(said[CHARGE], 3)
            if on_battery and not self._on_battery.get(ups, False):
                happenings.append(Happening("power.last_gasp", "critical", ups, {"reason": "mains_lost", **detail}))
            elif self._on_battery.get(ups, False) and not on_battery and ON_BATTERY in said:
                happenings.append(Happening("power.mains_back", "info", ups, detail))
            if on_battery and low and not self._low.get(ups, False):
                happenings.append(Happening("power.last_gasp", "critical", ups, {"reason": "battery_low", **detail}))
            if ON_BATTERY in said:
                self._on_battery[ups] = on_battery
            self._low[ups] = on_battery and low
        return happenings
