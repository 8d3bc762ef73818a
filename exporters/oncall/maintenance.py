"""Announced work: which alerts a window covers. Pure but for the rows it is read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from exporters.oncall.nouns import Alert
from exporters.oncall.places import Places
from exporters.oncall.tables import MaintenanceRow

WindowScope = Literal["whole", "unit", "site", "line"]
SCOPES: tuple[WindowScope, ...] = get_args(WindowScope)


@dataclass(frozen=True, slots=True)
class Window:
    """Unix seconds. `target`: code of the unit, site or line; empty for the whole."""

    id: int
    scope: str
    target: str
    begins: float
    ends: float
    reason: str = ""
    created_by: str = ""
    created_at: float = 0.0

    def covers(self, alert: Alert, places: Places) -> bool:
        site, line = alert.labels.get("site", ""), alert.labels.get("line", "")
        match self.scope:
            case "whole":
                return True
            case "unit":
                place = places.sites.get(site)
                return place is not None and self.target in place.units
            case "site":
                return site == self.target
            case "line":
                return line == self.target
            case _:
                return False


def covered(alerts: Iterable[Alert], windows: Sequence[Window], places: Places, now: float) -> Mapping[str, float]:
    """Fingerprint → when the last window that covers the alert ends."""
    current = [window for window in windows if window.begins <= now < window.ends]
    found: dict[str, float] = {}
    for alert in alerts:
        ends = [window.ends for window in current if window.covers(alert, places)]
        if ends:
            found[alert.fingerprint] = max(ends)
    return found


def load(session: Session, since: float) -> list[Window]:
    """Those that end after `since`, the earliest first."""
    query = (
        select(MaintenanceRow).where(MaintenanceRow.ends > since).order_by(MaintenanceRow.begins, MaintenanceRow.id)
    )
    return [window_of(row) for row in session.scalars(query)]


def window_of(row: MaintenanceRow) -> Window:
    return Window(row.id, row.scope, row.target, row.begins, row.ends, row.reason, row.created_by, row.created_at)
