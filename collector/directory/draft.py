"""The directory as it would be after some changes: what is known, with what is asked for laid over it.

Every way to change something (form, import, merger, undo) fills a draft; the rules are asked once for the whole of
it, and it is then written in one transaction or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from collector.directory import states
from collector.directory.nouns import NOUNS, State


@dataclass(frozen=True, slots=True)
class Alteration:
    """One object before and after. No `before`: it is new; no `after`: it is gone."""

    noun: str
    key: str
    before: State | None
    after: State | None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of what differs; all when it is new or gone."""
        before, after = self.before or {}, self.after or {}
        return tuple(name for name in {**before, **after} if before.get(name) != after.get(name))


class Draft:
    """`get` and `every` see the changes. Reads single objects until somebody asks for all of a noun."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._read: dict[str, dict[str, State | None]] = {name: {} for name in NOUNS}
        self._whole: set[str] = set()
        self._put: dict[tuple[str, str], State | None] = {}
        self._units_by_code: dict[str, set[str]] = defaultdict(set)

    def get(self, noun: str, key: str) -> State | None:
        """The object as it would be; None when there is, or would be, none."""
        if (noun, key) in self._put:
            return self._put[noun, key]
        return self.before(noun, key)

    def every(self, noun: str) -> dict[str, State]:
        """All objects of the noun as they would be, in order of their keys as read, new ones last."""
        self.read_all(noun)
        found = {key: state for key, state in self._read[noun].items() if state is not None}
        for (one, key), state in self._put.items():
            if one == noun:
                found.pop(key, None) if state is None else found.__setitem__(key, state)
        return found

    def units_of_code(self, code: str) -> list[State]:
        """Units that ever had the code, the oldest first."""
        if "units" not in self._whole:
            self._read_code("units", code)
        found = [state for key in self._units_by_code[code] if (state := self.get("units", key)) is not None]
        return sorted(found, key=lambda state: str(state["valid_from"]))

    def put(self, noun: str, key: str, state: State | None) -> None:
        self._put[noun, key] = state
        if noun == "units":
            self._units_by_code[code_of(key)].add(key)

    def alterations(self) -> Iterator[Alteration]:
        """What differs from what is stored, in the order in which it was put."""
        for (noun, key), after in self._put.items():
            before = self.before(noun, key)
            if before != after:
                yield Alteration(noun, key, before, after)

    def before(self, noun: str, key: str) -> State | None:
        """The object as it is stored."""
        read = self._read[noun]
        if not key.isprintable():
            # No database is asked for what no key can hold.
            return None
        if key not in read and noun not in self._whole:
            self._read_code(noun, code_of(key))
            read.setdefault(key, None)
        return read.get(key)

    def read_all(self, *nouns: str) -> None:
        """Read whole nouns at once: for imports, where one query beats thousands."""
        for noun in nouns:
            if noun not in self._whole:
                self._read[noun] = {}
                self._keep(noun, states.load(self.session, NOUNS[noun]))
                self._whole.add(noun)

    def _read_code(self, noun: str, code: str) -> None:
        self._keep(noun, states.load(self.session, NOUNS[noun], states.table_of(NOUNS[noun]).c.code == code))

    def _keep(self, noun: str, rows: list[tuple[int, State]]) -> None:
        for _, state in rows:
            key = NOUNS[noun].key(state)
            self._read[noun].setdefault(key, state)
            if noun == "units":
                self._units_by_code[state["code"]].add(key)


def code_of(key: str) -> str:
    """The code within a key."""
    return key.partition("@")[0]
