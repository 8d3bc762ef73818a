"""Who is on duty at an instant, and until when. Pure: no database, no clock; dates are the offices'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LEADER = 9
"""The layer that is told last before everybody else."""
WHOLE = ""
Every = Literal["week", "day"]
_DAYS: dict[str, int] = {"week": 7, "day": 1}


@dataclass(frozen=True, slots=True)
class Rotation:
    """People take turns, the first from `starts` on. `unit`: code of the unit that it looks after, WHOLE for all.

    `handover`: minutes after midnight. `layer`: 1 is told first.
    """

    id: int
    unit: str
    layer: int
    every: Every
    people: tuple[str, ...]
    starts: date
    handover: int = 0

    def turn(self, at: float) -> int | None:
        """How many turns are over since the first; None before it began."""
        moment = datetime.fromtimestamp(at, ZONE) - timedelta(minutes=self.handover)
        days = (moment.date() - self.starts).days
        return None if days < 0 or not self.people else days // _DAYS[self.every]

    def person(self, at: float) -> str | None:
        turn = self.turn(at)
        return None if turn is None else self.people[turn % len(self.people)]

    def begins(self, turn: int) -> float:
        """Unix seconds. Vietnam knows no summer time: a day has 24 hours."""
        first = datetime(self.starts.year, self.starts.month, self.starts.day, tzinfo=ZONE)
        return first.timestamp() + self.handover * 60 + turn * _DAYS[self.every] * 86400.0

    def changes(self, at: float) -> float:
        """When the next turn begins."""
        turn = self.turn(at)
        return self.begins(0 if turn is None else turn + 1)


@dataclass(frozen=True, slots=True)
class Substitute:
    """`stands_in` has the duties of `person` from `begins` to `ends` (Unix seconds). A swap is two of them."""

    id: int
    person: str
    stands_in: str
    begins: float
    ends: float
    reason: str = ""

    def holds(self, person: str, at: float) -> bool:
        return self.person == person and self.begins <= at < self.ends


@dataclass(frozen=True, slots=True)
class Stretch:
    """One person's duty without a change."""

    rotation: int
    person: str
    instead_of: str
    begins: float
    ends: float


def present(rotation: Rotation, substitutes: Sequence[Substitute], at: float) -> tuple[str, str] | None:
    """Who is there, and for whom (empty: their own turn). The substitute announced last counts, once."""
    person = rotation.person(at)
    if person is None:
        return None
    standing = [one for one in substitutes if one.holds(person, at)]
    if not standing:
        return person, ""
    return max(standing, key=lambda one: one.id).stands_in, person


def layers(
    rotations: Iterable[Rotation], substitutes: Sequence[Substitute], units: Sequence[str], at: float
) -> tuple[tuple[str, ...], ...]:
    """Codes of people, layer by layer; the last layer is everybody else. `units`: of the place, from the top down.

    In each layer the nearest unit that has a rotation decides; nobody stands in two layers.
    """
    path = (WHOLE, *units)
    ours = sorted((one for one in rotations if one.unit in path), key=lambda one: (one.layer, one.id))
    seen: set[str] = set()
    found: list[tuple[str, ...]] = []
    for number in sorted({one.layer for one in ours}):
        begun = [path.index(one.unit) for one in ours if one.layer == number and one.turn(at) is not None]
        if not begun:
            continue
        nearest = max(begun)
        there = [
            now[0]
            for one in ours
            if one.layer == number and path.index(one.unit) == nearest
            and (now := present(one, substitutes, at)) is not None
        ]  # fmt: skip
        layer = tuple(dict.fromkeys(person for person in there if person not in seen))
        seen.update(layer)
        if layer:
            found.append(layer)
    others = tuple(dict.fromkeys(person for one in ours for person in one.people if person not in seen))
    return (*found, others) if others else tuple(found)


def stretches(
    rotation: Rotation, substitutes: Sequence[Substitute], begins: float, ends: float, most: int = 1000
) -> list[Stretch]:
    """Every stretch that lies within or reaches into the time; at most `most`."""
    edges = {edge for one in substitutes for edge in (one.begins, one.ends) if begins < edge < ends}
    at, found = begins, list[Stretch]()
    while at < ends and len(found) < most:
        until = min([rotation.changes(at), ends, *(edge for edge in edges if edge > at)])
        now = present(rotation, substitutes, at)
        if now is not None:
            last = found[-1] if found else None
            if last and (last.person, last.instead_of, last.ends) == (*now, at):
                found[-1] = Stretch(rotation.id, *now, last.begins, until)
            else:
                found.append(Stretch(rotation.id, *now, at, until))
        at = until
    return found
