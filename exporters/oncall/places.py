"""The directory as the bridge needs it: names, areas, hours and providers of sites. Frozen, replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.accounts import unit_tree
from collector.accounts.unit_tree import UnitTree
from collector.tables import Line, Site


@dataclass(frozen=True, slots=True)
class SitePlace:
    """`hours`: the name of its calendar, empty for the usual one. `units`: codes of its units from the top down."""

    name: str
    hours: str = ""
    area: str = ""
    """Code of the unit above its own."""
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinePlace:
    site: str
    provider: str = ""
    hotline: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    sites: Mapping[str, SitePlace] = field(default_factory=dict)
    lines: Mapping[str, LinePlace] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    """Code → name."""
    tree: UnitTree = field(default_factory=UnitTree)

    def site_name(self, site: str) -> str:
        found = self.sites.get(site)
        return found.name if found else site

    def areas(self) -> dict[str, str]:
        return {code: site.area for code, site in self.sites.items()}


def load(session: Session) -> Places:
    tree = unit_tree.load(session)
    sites: dict[str, SitePlace] = {}
    for row in session.execute(select(Site.code, Site.name, Site.hours, Site.unit_id)):
        path = tree.paths.get(row.unit_id, ()) if row.unit_id is not None else ()
        codes = tuple(tree.units[step].code for step in path)
        area = codes[-2] if len(codes) > 1 else (codes[-1] if codes else "")
        sites[row.code] = SitePlace(row.name, row.hours, area, codes)
    columns = select(Line.code, Line.provider, Line.hotline, Site.code.label("site")).join(
        Site, Site.id == Line.site_id
    )
    lines = {row.code: LinePlace(row.site, row.provider, row.hotline) for row in session.execute(columns)}
    return Places(sites, lines, {unit.code: unit.name for unit in tree.units.values()}, tree)
