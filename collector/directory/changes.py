"""The history of the directory: one row per change of one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from collector.directory.draft import Alteration
from collector.directory.nouns import State
from collector.directory.states import AT_ONCE
from collector.tables import DirectoryChange


@dataclass(frozen=True, slots=True)
class Change:
    """`at` in Unix seconds. No `before`: it was added; no `after`: it was removed. `undoes`: another change."""

    id: int
    at: float
    actor: str
    noun: str
    key: str
    before: State | None
    after: State | None
    batch: str
    undoes: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return Alteration(self.noun, self.key, self.before, self.after).fields


def record(
    session: Session,
    alterations: Sequence[Alteration],
    *,
    actor: str,
    now: float,
    batch: str,
    undoes: Sequence[int | None] | None = None,
) -> list[Change]:
    """`undoes`: for each alteration the change that it takes back."""
    if not alterations:
        return []
    targets = undoes or [None] * len(alterations)
    rows = [
        {
            "at": now, "actor": actor[:64], "noun": one.noun, "key": one.key, "before": one.before,
            "after": one.after, "batch": batch, "undoes": target,
        }
        for one, target in zip(alterations, targets, strict=True)
    ]  # fmt: skip
    statement = insert(DirectoryChange).returning(DirectoryChange.id, sort_by_parameter_order=True)
    numbers = session.scalars(statement, rows).all()
    return [
        Change(number, now, actor[:64], one.noun, one.key, one.before, one.after, batch, target)
        for number, one, target in zip(numbers, alterations, targets, strict=True)
    ]


def history(
    session: Session,
    *,
    noun: str | None = None,
    key: str | None = None,
    batch: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Change]:
    """The newest first; `before`: only those with a lower number."""
    statement = select(DirectoryChange).order_by(DirectoryChange.id.desc()).limit(limit)
    wanted = ((DirectoryChange.noun, noun), (DirectoryChange.key, key), (DirectoryChange.batch, batch))
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(DirectoryChange.id < before)
    return [_change(row) for row in session.scalars(statement)]


def find(session: Session, number: int) -> Change | None:
    row = session.get(DirectoryChange, number)
    return None if row is None else _change(row)


def of_batch(session: Session, batch: str) -> list[Change]:
    """In the order in which they were made."""
    rows = session.scalars(select(DirectoryChange).where(DirectoryChange.batch == batch).order_by(DirectoryChange.id))
    return [_change(row) for row in rows]


def newest(session: Session, changes: Sequence[Change]) -> dict[tuple[str, str], Change]:
    """The newest change of each of these objects, by (noun, key)."""
    last: dict[tuple[str, str], int] = {}
    by_noun: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        by_noun[change.noun].append(change.key)
    for noun, keys in by_noun.items():
        for start in range(0, len(keys), AT_ONCE):
            numbers = (
                select(DirectoryChange.key, func.max(DirectoryChange.id))
                .where(DirectoryChange.noun == noun, DirectoryChange.key.in_(keys[start : start + AT_ONCE]))
                .group_by(DirectoryChange.key)
            )
            last |= {(noun, key): number for key, number in session.execute(numbers)}
    known = {change.id: change for change in changes}
    found = {}
    for thing, number in last.items():
        newest_one = known.get(number) or find(session, number)
        assert newest_one is not None
        found[thing] = newest_one
    return found


def _change(row: DirectoryChange) -> Change:
    return Change(row.id, row.at, row.actor, row.noun, row.key, row.before, row.after, row.batch, row.undoes)
