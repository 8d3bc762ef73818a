"""Which sites belong to a unit on a day: by the unit that was, or by the one that it became. Pure over states.

A unit that has ended stands for the places that were its own on its last day; one that did not exist yet stands for
the places of those that it came from. So a report can be asked for by the old unit or by the new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from collector.directory.nouns import State


@dataclass(frozen=True, slots=True)
class Belonging:
    """A site, and the key of the unit that it belonged to on the day that was looked at."""

    site: str
    unit: str


def unit_on(site: State, on: date) -> str | None:
    """The key of the unit that the site belongs to on that day."""
    day = on.isoformat()
    past = next((past for past in site["past"] or () if day < past["until"]), None)
    unit: str | None = site["unit"] if past is None else past["unit"]
    return unit


def sites_of(units: Mapping[str, State], sites: Mapping[str, State], unit: str, on: date) -> list[Belonging]:
    """Sites of the unit and of all below it on that day, in order of their codes. KeyError: no such unit."""
    tree = _Tree(units, sites)
    found = {one.site: one for one in tree.sites_of(unit, on, set())}
    return [
        found[code]
        for code in sorted(found)
        if sites[code]["valid_to"] is None or on.isoformat() < sites[code]["valid_to"]
    ]


class _Tree:
    def __init__(self, units: Mapping[str, State], sites: Mapping[str, State]) -> None:
        self._units = units
        self._sites = sites
        self._below: dict[str, list[str]] = defaultdict(list)
        self._from: dict[str, list[str]] = defaultdict(list)
        for key, unit in units.items():
            if unit["parent"] is not None:
                self._below[unit["parent"]].append(key)
            if unit["successor"] is not None:
                self._from[unit["successor"]].append(key)
        self._on: dict[date, dict[str, list[str]]] = {}

    def sites_of(self, key: str, on: date, seen: set[str]) -> list[Belonging]:
        if key in seen:
            return []
        seen.add(key)
        unit, day = self._units[key], on.isoformat()
        if unit["valid_to"] is not None and day >= unit["valid_to"]:
            return self._own(key, date.fromisoformat(unit["valid_to"]) - timedelta(days=1))
        if day >= unit["valid_from"]:
            return self._own(key, on)
        before = [
            older for one in self._family(key, date.fromisoformat(unit["valid_from"])) for older in self._from[one]
        ]
        return [found for older in before for found in self.sites_of(older, on, seen)]

    def _own(self, key: str, on: date) -> list[Belonging]:
        by_unit = self._sites_by_unit(on)
        return [Belonging(site, one) for one in self._family(key, on) for site in by_unit[one]]

    def _family(self, key: str, on: date) -> list[str]:
        """The unit and all below it that are there on that day."""
        found, waiting, day = [], [key], on.isoformat()
        while waiting:
            one = waiting.pop()
            unit = self._units[one]
            there = unit["valid_from"] <= day and (unit["valid_to"] is None or day < unit["valid_to"])
            if one not in found and (there or one == key):
                found.append(one)
                waiting += self._below[one]
        return found

    def _sites_by_unit(self, on: date) -> dict[str, list[str]]:
        if on not in self._on:
            found: dict[str, list[str]] = defaultdict(list)
            for code, site in self._sites.items():
                if (unit := unit_on(site, on)) is not None:
                    found[unit].append(code)
            self._on[on] = found
        return self._on[on]
