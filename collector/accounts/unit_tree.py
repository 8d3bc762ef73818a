"""The tree of units as rights see it: the path of each unit, and the unit of each site."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from collector.accounts.rights import WHOLE_TREE, UnitPath
from collector.tables import Site, SitePast, Unit

MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class UnitRecord:
    id: int
    code: str
    name: str
    parent: int | None


@dataclass(frozen=True, slots=True)
class UnitTree:
    """`paths`: unit id → path from the top. `sites`: site code → unit id, None for a site of no unit.

    `merged`: site code → ids of units that it came from by a merger. Whoever was in charge of a unit stays in charge
    of the places that were its own, not of what else the new unit holds, until somebody gives the new unit out.
    """

    units: dict[int, UnitRecord] = field(default_factory=dict)
    paths: dict[int, UnitPath] = field(default_factory=dict)
    sites: dict[str, int | None] = field(default_factory=dict)
    merged: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def site_path(self, site: str) -> UnitPath:
        """A site of no unit, or an unknown one, lies at the top: only rights on the whole tree reach it."""
        unit = self.sites.get(site)
        own = WHOLE_TREE if unit is None else self.paths.get(unit, WHOLE_TREE)
        former = (step for old in self.merged.get(site, ()) for step in self.paths.get(old, ()))
        return tuple(dict.fromkeys((*former, *own)))

    def unit_path(self, unit: int | None) -> UnitPath:
        return WHOLE_TREE if unit is None else self.paths.get(unit, (unit,))


def load(session: Session) -> UnitTree:
    columns = select(Unit.id, Unit.code, Unit.name, Unit.parent_id)
    units = {row.id: UnitRecord(row.id, row.code, row.name, row.parent_id) for row in session.execute(columns)}
    sites = {row.code: row.unit_id for row in session.execute(select(Site.code, Site.unit_id))}
    merged: dict[str, tuple[int, ...]] = {}
    for row in session.execute(merged_places()):
        merged[row.code] = (*merged.get(row.code, ()), row.unit_id)
    return UnitTree(units, {unit: _path(unit, units) for unit in units}, sites, merged)


def merged_places() -> Select[str, int, int]:
    """Code and id of each site that came to its unit by a merger, and the id of a unit it belonged to before."""
    return (
        select(Site.code, SitePast.site_id, SitePast.unit_id)
        .join(SitePast, SitePast.site_id == Site.id)
        .join(Unit, Unit.id == SitePast.unit_id)
        .where(Unit.successor_id.is_not(None))
    )


def _path(unit: int, units: dict[int, UnitRecord]) -> UnitPath:
    path: list[int] = []
    step: int | None = unit
    # A circle in the data must not hang the hub.
    while step is not None and step in units and step not in path and len(path) < MAX_DEPTH:
        path.append(step)
        step = units[step].parent
    return tuple(reversed(path))
