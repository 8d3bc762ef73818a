"""The rota as it is kept, and the bridge's `Rota` over it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, sessionmaker

from collector.directory.days import day_of
from collector.tables import Person as PersonRow
from exporters.oncall import places
from exporters.oncall.contracts import Contact, Person
from exporters.oncall.rota import duty
from exporters.oncall.rota.duty import Rotation, Substitute
from exporters.oncall.rota.tables import ContactRow, ReachRow, RotationRow, SubstituteRow

FRESH_SECONDS = 5.0
PAST_SECONDS = 90 * 86400.0


@dataclass(frozen=True, slots=True)
class RotaView:
    """`people` by code: all of the directory who are on a rotation or have contacts. `units`: of sites, top down."""

    rotations: tuple[Rotation, ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def layers(self, site: str | None, now: float) -> Sequence[Sequence[Person]]:
        """Whoever has no contact cannot be told and holds nobody else up."""
        path = self.units.get(site, ()) if site is not None else ()
        found = [
            [self.people[code] for code in layer if code in self.people and self.people[code].contacts]
            for layer in duty.layers(self.rotations, self.substitutes, path, now)
        ]
        return [layer for layer in found if layer]


def load(session: Session, now: float) -> RotaView:
    rotations = tuple(rotation_of(row) for row in session.scalars(select(RotationRow).order_by(RotationRow.id)))
    kept = select(SubstituteRow).where(SubstituteRow.ends > now - PAST_SECONDS).order_by(SubstituteRow.id)
    substitutes = tuple(substitute_of(row) for row in session.scalars(kept))
    contacts: dict[str, list[Contact]] = {}
    for row in session.scalars(select(ContactRow).order_by(ContactRow.person, ContactRow.position)):
        contacts.setdefault(row.person, []).append(Contact(row.channel, row.address))
    reach = {row.person: row for row in session.scalars(select(ReachRow))}
    # Whoever has left the directory is on no rota any more.
    here = or_(PersonRow.valid_to.is_(None), PersonRow.valid_to > day_of(now))
    people: dict[str, Person] = {}
    for code, name in session.execute(select(PersonRow.code, PersonRow.name).where(here)):
        wishes = reach.get(code)
        people[code] = Person(
            code,
            name,
            tuple(contacts.get(code, ())),
            wishes.language if wishes else "vi",
            tuple((start, end) for start, end in wishes.quiet) if wishes else (),
        )
    units = {code: site.units for code, site in places.load(session).sites.items()}
    return RotaView(rotations, substitutes, people, units)


def write_reach(session: Session, person: Person) -> None:
    """Language, quiet hours and contacts of one person, as a whole."""
    session.execute(delete(ContactRow).where(ContactRow.person == person.code))
    session.merge(
        ReachRow(person=person.code, language=person.language, quiet=[[start, end] for start, end in person.quiet])
    )
    session.add_all(
        ContactRow(person=person.code, position=position, channel=one.channel, address=one.to)
        for position, one in enumerate(person.contacts)
    )
    session.flush()


def rotation_of(row: RotationRow) -> Rotation:
    every: duty.Every = "day" if row.every == "day" else "week"
    starts = date.fromisoformat(row.starts)
    return Rotation(row.id, row.unit, row.layer, every, tuple(row.people), starts, row.handover)


def substitute_of(row: SubstituteRow) -> Substitute:
    return Substitute(row.id, row.person, row.stands_in, row.begins, row.ends, row.reason)


class StoredRota:
    """`exporters.oncall.contracts.Rota` over the database; at most FRESH_SECONDS old; for any thread."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._view = RotaView()
        self._read_at: float | None = None

    def layers(self, site: str | None, now: float) -> Sequence[Sequence[Person]]:
        return self.view(now).layers(site, now)

    def view(self, now: float) -> RotaView:
        """Raises SQLAlchemyError."""
        with self._lock:
            if self._read_at is None or not 0 <= now - self._read_at < FRESH_SECONDS:
                with self._sessions() as session:
                    self._view = load(session, now)
                self._read_at = now
            return self._view

    def forget(self) -> None:
        """Read again at the next question."""
        with self._lock:
            self._read_at = None
