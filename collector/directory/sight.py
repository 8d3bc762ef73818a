"""What somebody may see and change of the directory, by their rights on the tree of units.

Whoever has a right on the whole tree is asked nothing more; for others the tree is read and every object has its
place in it. Telephone numbers are for those who need to know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from collector.accounts import unit_tree
from collector.accounts.rights import Action, Rights
from collector.accounts.unit_tree import UnitTree
from collector.directory.draft import Alteration, Draft
from collector.directory.failure import DirectoryError
from collector.directory.nouns import UNITS, State
from collector.directory.states import find_rows
from collector.tables import Device, Line, Node, Person, Site, SitePast, Telephone

NEEDED = {
    "everyone": Action.READ_DIRECTORY,
    "staff": Action.READ_CONTACTS,
    "administrators": Action.MANAGE_USERS,
}
"""Who may see a telephone number of that visibility: whoever is allowed this where it belongs."""


class NotYoursError(DirectoryError):
    """It exists, but not for this person."""


class Sight:
    """Of one person in one transaction."""

    def __init__(self, session: Session, rights: Rights) -> None:
        self._session = session
        self._rights = rights
        self._tree: UnitTree | None = None

    def where(self, noun: str, action: Action = Action.READ_DIRECTORY) -> ColumnElement[bool]:
        """The rows of that noun on which the person is allowed that. Units are no secret."""
        if noun == "telephones":
            levels = [and_(Telephone.visibility == level, self._owned(level)) for level in NEEDED]
            return or_(*levels)
        units = self._units(action)
        if units is None or noun == "units":
            return true()
        if noun == "sites":
            return _belonging(units)
        sites = select(Site.id).where(_belonging(units))
        if noun == "people":
            return or_(Person.unit_id.in_(units), Person.site_id.in_(sites))
        standing: dict[str, type[Line | Node | Device]] = {"lines": Line, "nodes": Node, "devices": Device}
        return standing[noun].site_id.in_(sites)

    def hidden_telephones(self) -> frozenset[str]:
        """Codes of the numbers that the person may not see."""
        return frozenset(self._session.scalars(select(Telephone.code).where(~self.where("telephones"))))

    def may_know(self, noun: str, state: State) -> bool:
        """Whether the person may see a state of that noun at all, wherever it belongs: what history asks."""
        return noun != "telephones" or self._rights.may_somewhere(NEEDED[state["visibility"]])

    def require_writable(self, draft: Draft) -> None:
        """All that the draft alters, as it was and as it would be. Raises NotYoursError."""
        everywhere = self._rights.may(Action.WRITE_DIRECTORY)
        for one in list(draft.alterations()):
            if everywhere and one.noun != "telephones":
                continue
            for state in (one.before, one.after):
                if state is not None and not self._may_write(draft, one, state):
                    raise NotYoursError(
                        f"{one.noun} {one.key} nằm ngoài quyền của bạn. / {one.noun} {one.key} is beyond your rights."
                    )

    def actions_at(self, noun: Literal["units", "sites"], key: str) -> frozenset[Action]:
        """What the person may do at that unit or site."""
        path = self._unit_path(key) if noun == "units" else self._whole_tree().site_path(key)
        return frozenset(action for action in Action if self._rights.may(action, path))

    def _may_write(self, draft: Draft, one: Alteration, state: State) -> bool:
        paths = list(self._paths(draft, one, state))
        needed = {Action.WRITE_DIRECTORY}
        if one.noun == "telephones":
            needed.add(NEEDED[state["visibility"]])
        return all(self._rights.may(action, path) for action in needed for path in paths)

    def _paths(self, draft: Draft, one: Alteration, state: State) -> Iterable[tuple[int, ...]]:
        """Where the object belongs; () is the top of the tree."""
        if one.noun == "units":
            known = one.key if one.before is not None else state["parent"]
            yield self._unit_path(known)
            if one.before is not None and state["parent"] != one.before["parent"]:
                yield self._unit_path(state["parent"])
        elif one.noun == "sites":
            # Moving it elsewhere takes rights there: only where it stands do the old units count.
            stays = one.before is not None and state["unit"] == one.before["unit"]
            yield self._site_path(one.key if stays else None, state["unit"])
        else:
            yield from self._places(draft, state)

    def _places(self, draft: Draft, state: Mapping[str, Any]) -> Iterable[tuple[int, ...]]:
        found = 0
        if state.get("unit") is not None:
            found += 1
            yield self._unit_path(state["unit"])
        if state.get("site") is not None:
            found += 1
            site = draft.get("sites", state["site"]) or draft.before("sites", state["site"])
            yield self._site_path(state["site"], site["unit"] if site else None)
        if state.get("person") is not None:
            found += 1
            person = draft.get("people", state["person"]) or draft.before("people", state["person"])
            yield from self._places(draft, person or {})
        if not found:
            yield ()

    def _unit_path(self, key: str | None) -> tuple[int, ...]:
        number = None if key is None else find_rows(self._session, UNITS, [key]).get(key)
        return self._whole_tree().unit_path(number)

    def _site_path(self, code: str | None, unit: str | None) -> tuple[int, ...]:
        """Of a site that is known already: also by the units that it came from."""
        tree = self._whole_tree()
        former = (step for old in tree.merged.get(code or "", ()) for step in tree.unit_path(old))
        return (*former, *self._unit_path(unit))

    def _owned(self, level: str) -> ColumnElement[bool]:
        units = self._units(NEEDED[level])
        if units is None:
            return true()
        if not units:
            return false()
        sites = select(Site.id).where(_belonging(units))
        people = select(Person.id).where(or_(Person.unit_id.in_(units), Person.site_id.in_(sites)))
        return or_(Telephone.site_id.in_(sites), Telephone.person_id.in_(people))

    def _units(self, action: Action) -> list[int] | None:
        """Row numbers of the units where that is allowed; None: everywhere."""
        if self._rights.may(action):
            return None
        if not self._rights.may_somewhere(action):
            return []
        return [unit for unit, path in self._whole_tree().paths.items() if self._rights.may(action, path)]

    def _whole_tree(self) -> UnitTree:
        if self._tree is None:
            self._tree = unit_tree.load(self._session)
        return self._tree


def _belonging(units: list[int]) -> ColumnElement[bool]:
    """Sites of these units, and those that came from one of them by a merger."""
    came = unit_tree.merged_places().where(SitePast.unit_id.in_(units)).with_only_columns(SitePast.site_id)
    return or_(Site.unit_id.in_(units), Site.id.in_(came))
