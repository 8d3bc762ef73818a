"""A file laid over the directory: what would be added, changed, left and removed, and which rows are bad.

A dry run and the real import are the same plan; only the second is written. A file with a bad row is not written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from collector.directory import editing, entry
from collector.directory.changes import Change
from collector.directory.draft import Alteration, Draft
from collector.directory.failure import Message, Problem
from collector.directory.files import csv_file, yaml_file
from collector.directory.files.sheet import BadCell, Row, Sheet
from collector.directory.nouns import NOUNS, State
from collector.directory.rules import problems


@dataclass(slots=True)
class Plan:
    """`alterations`: as they would be written. `unchanged`: noun → how many rows say what is there already."""

    draft: Draft
    encoding: str
    alterations: list[Alteration] = field(default_factory=list)
    unchanged: Counter[str] = field(default_factory=Counter)
    bad: list[BadCell] = field(default_factory=list)
    warnings: list[BadCell] = field(default_factory=list)


def read_csv(noun: str, content: bytes) -> Sheet:
    """Raises FileRefusedError."""
    return csv_file.read(NOUNS[noun], content)


def read_yaml(content: bytes) -> Sheet:
    """Raises FileRefusedError."""
    return yaml_file.read(content)


def plan(session: Session, sheet: Sheet, *, remove: Iterable[str] = (), hidden: frozenset[str] = frozenset()) -> Plan:
    """`remove`: nouns whose objects that the file does not name are to go.

    `hidden`: codes of telephones that whoever imports may not see, and so not change or remove either.
    """
    draft = Draft(session)
    draft.read_all(*NOUNS)
    found = Plan(draft, sheet.encoding, bad=list(sheet.bad), warnings=list(sheet.warnings))
    keyed = _Keyed(found, sheet.headings)
    for row in sheet.rows:
        keyed.put_fields(row, hidden)
    for row, key in keyed.rows:
        keyed.put_references(row, key)
    keyed.add_first_lines()
    for noun in remove:
        for key in draft.every(noun):
            if (noun, key) not in keyed.named and not (noun == "telephones" and key in hidden):
                draft.put(noun, key, None)
    found.alterations = list(draft.alterations())
    keyed.judge(problems(draft))
    altered = {(one.noun, one.key) for one in found.alterations}
    # What is blank and was blank before is meant to be.
    lines = {(noun, keyed.named[noun, key]) for noun, key in altered if (noun, key) in keyed.named}
    found.warnings = [one for one in found.warnings if (one.noun, one.line) in lines]
    found.unchanged.update(noun for noun, key in keyed.named if (noun, key) not in altered)
    return found


def carry_out(wanted: Plan, *, actor: str, now: float) -> list[Change]:
    """Write the plan as one batch. Must not be asked for a plan with bad rows. Raises RefusedError."""
    assert not wanted.bad
    return editing.commit(wanted.draft, actor=actor, now=now)


class _Keyed:
    """Rows that say which object they mean."""

    def __init__(self, found: Plan, headings: Mapping[str, str]) -> None:
        self._plan = found
        self._headings = headings
        self._said = {(one.noun, one.line, one.column) for one in found.bad}
        self.rows: list[tuple[Row, str]] = []
        self.named: dict[tuple[str, str], int] = {}

    def put_fields(self, row: Row, hidden: frozenset[str]) -> None:
        """First all objects as such, so that references find those further down in the file."""
        noun, draft = NOUNS[row.noun], self._plan.draft
        texts = entry.with_code(noun, row.texts)
        fresh, wrong = entry.parse_fields(noun, texts, entry.new_state(noun))
        if any(name in ("code", "valid_from") for name, _ in wrong) or not all(
            fresh[one.name] for one in noun.fields if one.fixed
        ):
            self._say(row, wrong + entry.required_problems(noun, fresh))
            return
        key = noun.key(fresh)
        first = self.named.setdefault((row.noun, key), row.line)
        if first != row.line:
            message = Message(f"{key} đã có ở dòng {first}.", f"{key} is on line {first} already.")
            self._say(row, [("code", message)])
            return
        if row.noun == "telephones" and key in hidden:
            message = Message("Số này đã có và bạn không được xem.", "It exists, and you may not see it.")
            self._say(row, [("code", message)])
            return
        state, wrong = entry.parse_fields(noun, texts, draft.before(row.noun, key) or fresh)
        self._say(row, wrong)
        draft.put(row.noun, key, state)
        self.rows.append((row, key))

    def put_references(self, row: Row, key: str) -> None:
        noun, draft = NOUNS[row.noun], self._plan.draft
        state = draft.get(row.noun, key)
        assert state is not None
        state, wrong = entry.resolve_references(noun, row.texts, state, draft)
        # What is required is asked here, with the row at hand, before the rules ask again.
        self._say(row, wrong + (entry.required_problems(noun, state) if not wrong else []))
        draft.put(row.noun, key, state)

    def add_first_lines(self) -> None:
        """To new sites of which the file brings no line."""
        draft = self._plan.draft
        new = [key for noun, key in self.named if noun == "sites" and draft.before("sites", key) is None]
        if new:
            with_lines = {state["site"] for state in draft.every("lines").values()}
            for site in new:
                if site not in with_lines and draft.get("sites", site) is not None:
                    editing.add_first_line(draft, site)

    def judge(self, broken: Iterable[Problem]) -> None:
        """Broken rules at the rows that broke them; those of no row (what would be removed) by name."""
        by_line: dict[tuple[str, int], Row] = {(row.noun, row.line): row for row, _ in self.rows}
        for one in broken:
            line = self.named.get((one.noun, one.key), 0)
            row = by_line.get((one.noun, line), Row(one.noun, 0, {"code": one.key}))
            self._say(row, [(one.field or "code", one.message)])

    def _say(self, row: Row, wrong: Iterable[tuple[str, Message]]) -> None:
        for name, message in wrong:
            column = self._headings.get(name, name)
            # One reason for a cell is enough: merged cells, say, rather than merely missing.
            if (row.noun, row.line, column) not in self._said or not row.line:
                self._said.add((row.noun, row.line, column))
                self._plan.bad.append(BadCell(row.noun, row.line, column, row.texts.get(name, "")[:80], message))


@dataclass(frozen=True, slots=True)
class Summary:
    """How many objects of one noun a plan would add, change, remove and leave."""

    added: int
    changed: int
    removed: int
    unchanged: int


def summarise(wanted: Plan) -> dict[str, Summary]:
    """By noun, for those that the file speaks of or the plan touches."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in wanted.alterations:
        counts[one.noun]["added" if one.before is None else "removed" if one.after is None else "changed"] += 1
    return {
        name: Summary(counts[name]["added"], counts[name]["changed"], counts[name]["removed"], wanted.unchanged[name])
        for name in NOUNS
        if counts[name] or wanted.unchanged[name]
    }


def export_csv(session: Session, noun: str, *, hidden: frozenset[str] = frozenset(), delimiter: str = ",") -> str:
    return csv_file.write(NOUNS[noun], _states(session, noun, hidden), delimiter)


def export_yaml(
    session: Session, nouns: Iterable[str] = tuple(NOUNS), *, hidden: frozenset[str] = frozenset()
) -> str:
    return yaml_file.write({noun: _states(session, noun, hidden) for noun in nouns})


def _states(session: Session, noun: str, hidden: frozenset[str]) -> list[State]:
    every = Draft(session).every(noun)
    return [state for key, state in every.items() if not (noun == "telephones" and key in hidden)]
