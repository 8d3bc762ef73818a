"""The rota over HTTP: who is on duty, rotations, substitutes; and the contacts of those who are."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import delete
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.rights import Action
from exporters.oncall.bridge import Bridge
from exporters.oncall.channels import registry
from exporters.oncall.contracts import Contact, Person
from exporters.oncall.past import monday
from exporters.oncall.places import Places
from exporters.oncall.rota import duty, store
from exporters.oncall.rota.duty import LEADER
from exporters.oncall.rota.store import RotaView
from exporters.oncall.rota.tables import RotationRow, SubstituteRow
from hub.http.principal import address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import requires
from hub.http.row_numbers import RowNumber

WEEKS_SHOWN = 2
MOST_ROTATIONS = 200
MOST_PEOPLE = 100
MOST_CONTACTS = 8
MOST_SUBSTITUTES = 1000
LONGEST_SECONDS = 92 * 86400.0
TEST_SECONDS = 30.0
GREATEST_SECONDS = 4e9
Code = Annotated[str, Field(min_length=1, max_length=64)]
Minute = Annotated[int, Field(ge=0, le=1439)]


class RotationGiven(BaseModel):
    """`unit`: code, empty for the whole tree. `layer`: 1 first, 2 next, …, 9 the leader. `handover`: minutes."""

    unit: str = Field(default="", max_length=64)
    layer: int = Field(ge=1, le=LEADER)
    every: Literal["week", "day"]
    people: list[Code] = Field(min_length=1, max_length=MOST_PEOPLE)
    starts: date
    handover: Minute = 0


class RotationShown(RotationGiven):
    id: int


class SubstituteGiven(BaseModel):
    """`stands_in` has the duties of `person` in that time (Unix seconds).."""

    person: Code
    stands_in: Code
    begins: float = Field(ge=0, le=GREATEST_SECONDS)
    ends: float = Field(ge=0, le=GREATEST_SECONDS)
    reason: str = Field(default="", max_length=200)


class SubstituteShown(SubstituteGiven):
    id: int


class StretchShown(BaseModel):
    """Unix seconds. `instead_of`: whose turn it is, empty when it is their own."""

    rotation: int
    unit: str
    layer: int
    person: str
    instead_of: str
    begins: float
    ends: float


class RotaShown(BaseModel):
    """`calendar`: this week and the next. `now_on_duty`: for the whole tree, layer by layer, codes of people.

    `names` of people, `unit_names` of units that have rotations, each by code.
    """

    now: float
    begins: float
    now_on_duty: list[list[str]]
    names: dict[str, str]
    unit_names: dict[str, str] = {}
    calendar: list[StretchShown]
    rotations: list[RotationShown]
    substitutes: list[SubstituteShown]
    may_edit: bool


class ContactGiven(BaseModel):
    channel: Literal["email", "webhook", "zalo", "zns", "sms", "modem"]
    to: str = Field(min_length=1, max_length=500, examples=["0912345678"])


class ReachGiven(BaseModel):
    """`contacts` in the order of preference. `quiet`: minutes from midnight; only what is critical comes through."""

    language: Literal["vi", "en"] = "vi"
    quiet: list[tuple[Minute, Minute]] = Field(default=[], max_length=4)
    contacts: list[ContactGiven] = Field(default=[], max_length=MOST_CONTACTS)


class PersonShown(ReachGiven):
    code: str
    name: str


class PeopleShown(BaseModel):
    """Everybody of the directory. `channels`: those that are set up."""

    people: list[PersonShown]
    channels: list[str]


class Tried(BaseModel):
    """`result`: sent, delivered, retry or refused, with what the channel said."""

    result: str
    detail: str


def router(bridge: Bridge, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/oncall", tags=["on call"])
    tried: dict[tuple[str, int], float] = {}

    @routes.get("/rota")
    @requires(Action.READ_DIRECTORY)
    async def rota(request: Request) -> RotaShown:
        now = clock()
        view = await bridge.writer.call(lambda session: store.load(session, now))
        return _rota(view, bridge.places, now, principal_of(request).may_everywhere(Action.ANSWER_ALERTS))

    @routes.put("/rotations")
    @requires(Action.ANSWER_ALERTS, everywhere=True)
    async def rotate(
        given: Annotated[list[RotationGiven], Field(max_length=MOST_ROTATIONS)], request: Request
    ) -> RotaShown:
        """All rotations as a whole."""
        now = clock()
        await bridge.refresh_places()

        def work(session: Session) -> RotaView:
            _refuse_strangers(store.load(session, now), (code for one in given for code in one.people))
            if unknown := next((one.unit for one in given if one.unit and one.unit not in bridge.places.units), None):
                raise RefusedError(422, "unit", f"Không có đơn vị {unknown}. / There is no unit {unknown}.")
            session.execute(delete(RotationRow))
            session.add_all(
                RotationRow(
                    unit=one.unit, layer=one.layer, every=one.every, people=list(one.people),
                    starts=one.starts.isoformat(), handover=one.handover,
                )
                for one in given
            )  # fmt: skip
            session.flush()
            _record(
                session,
                request,
                "rota.changed",
                "rota",
                {"rotations": [one.model_dump(mode="json") for one in given]},
            )
            return store.load(session, now)

        view = await bridge.writer.call(work)
        bridge.wake()
        return _rota(view, bridge.places, now, may_edit=True)

    @routes.post("/substitutes", status_code=201)
    @requires(Action.ANSWER_ALERTS, everywhere=True)
    async def substitute(
        given: Annotated[list[SubstituteGiven], Field(min_length=1, max_length=2)], request: Request
    ) -> RotaShown:
        """One, or two that are a swap; both or none are kept."""
        now = clock()

        def work(session: Session) -> RotaView:
            view = store.load(session, now)
            _refuse_strangers(view, (code for one in given for code in (one.person, one.stands_in)))
            if len(view.substitutes) + len(given) > MOST_SUBSTITUTES:
                raise RefusedError(
                    409, "too many", "Đã có quá nhiều lần trực thay. / There are too many substitutes."
                )
            for one in given:
                if (
                    one.person == one.stands_in
                    or not one.begins < one.ends
                    or one.ends - one.begins > LONGEST_SECONDS
                ):
                    raise RefusedError(
                        422, "substitute",
                        "Trực thay cần hai người khác nhau và kết thúc sau lúc bắt đầu, dài nhất 92 ngày. / "
                        "A substitute is somebody else, ends after it begins and lasts at most 92 days.",
                    )  # fmt: skip
                session.add(SubstituteRow(**one.model_dump(), created_by=principal_of(request).name, created_at=now))
            session.flush()
            detail = {"substitutes": [one.model_dump() for one in given]}
            _record(session, request, "rota.substituted", given[0].person, detail)
            return store.load(session, now)

        view = await bridge.writer.call(work)
        bridge.wake()
        return _rota(view, bridge.places, now, may_edit=True)

    @routes.delete("/substitutes/{number}", status_code=204)
    @requires(Action.ANSWER_ALERTS, everywhere=True)
    async def withdraw(number: RowNumber, request: Request) -> None:
        def work(session: Session) -> None:
            row = session.get(SubstituteRow, number)
            if row is None:
                raise RefusedError(404, "unknown", "Không có lần trực thay này. / There is no such substitute.")
            detail = {"stands_in": row.stands_in, "begins": row.begins, "ends": row.ends}
            session.delete(row)
            _record(session, request, "rota.substitute_withdrawn", row.person, detail)

        await bridge.writer.call(work)
        bridge.wake()

    @routes.get("/people")
    @requires(Action.READ_CONTACTS, everywhere=True)
    async def people() -> PeopleShown:
        now = clock()
        view = await bridge.writer.call(lambda session: store.load(session, now))
        found = sorted(view.people.values(), key=lambda one: one.name)
        return PeopleShown(
            people=[_person(one) for one in found],
            channels=[name for name in registry.NAMES if name in bridge.posting.names],
        )

    @routes.put("/people/{code}")
    @requires(Action.ANSWER_ALERTS, everywhere=True)
    async def reach(code: str, given: ReachGiven, request: Request) -> PersonShown:
        """How a person is told, as a whole."""
        now = clock()

        def work(session: Session) -> Person:
            known = _known(store.load(session, now), code)
            contacts = tuple(Contact(one.channel, one.to.strip()) for one in given.contacts)
            person = Person(code, known.name, contacts, given.language, tuple(given.quiet))
            store.write_reach(session, person)
            # Addresses stay out of the log, as telephone numbers do.
            detail = {"channels": [one.channel for one in contacts], "language": given.language, "quiet": given.quiet}
            _record(session, request, "rota.contacts_changed", code, detail)
            return person

        person = await bridge.writer.call(work)
        bridge.wake()
        return _person(person)

    @routes.post("/people/{code}/contacts/{position}/test")
    @requires(Action.ANSWER_ALERTS, everywhere=True)
    async def test(code: str, position: RowNumber, request: Request) -> Tried:
        """Send a test message to the first (1), second, … contact of a person."""
        now = clock()
        person = _known(await bridge.writer.call(lambda session: store.load(session, now)), code)
        if position > len(person.contacts):
            raise RefusedError(404, "unknown", "Người này không có liên hệ ấy. / This person has no such contact.")
        contact = person.contacts[position - 1]
        if contact.channel not in bridge.posting.names:
            raise RefusedError(
                409, "channel", "Kênh này chưa cấu hình trong channels.toml. / This channel is not in channels.toml."
            )
        for key in [key for key, at in tried.items() if not 0 <= now - at < TEST_SECONDS]:
            del tried[key]
        if (code, position) in tried:
            raise RefusedError(429, "too fast", "Vừa gửi thử; đợi 30 giây. / One was just sent; wait 30 s.")
        tried[(code, position)] = now
        outcome = await bridge.posting.test(contact.channel, contact.to, person.language)

        def work(session: Session) -> None:
            detail = {"channel": contact.channel, "result": outcome.result.value}
            _record(session, request, "rota.contact_tested", code, detail)

        await bridge.writer.call(work)
        return Tried(result=outcome.result.value, detail=outcome.detail)

    def _record(session: Session, request: Request, action: str, thing: str, detail: Mapping[str, object]) -> None:
        audit.record(
            session, principal_of(request).name, action, thing, detail, now=clock(), address=address_of(request)
        )

    return routes


def _rota(view: RotaView, places: Places, now: float, may_edit: bool) -> RotaShown:
    begins = monday(now)
    calendar = [
        StretchShown(
            rotation=rotation.id, unit=rotation.unit, layer=rotation.layer, person=one.person,
            instead_of=one.instead_of, begins=one.begins, ends=one.ends,
        )
        for rotation in view.rotations
        for one in duty.stretches(rotation, view.substitutes, begins, begins + WEEKS_SHOWN * 7 * 86400)
    ]  # fmt: skip
    named = {code for one in view.rotations for code in one.people}
    named |= {code for one in view.substitutes for code in (one.person, one.stands_in)}
    return RotaShown(
        now=now,
        begins=begins,
        now_on_duty=[list(layer) for layer in duty.layers(view.rotations, view.substitutes, (), now)],
        names={code: view.people[code].name for code in sorted(named) if code in view.people},
        unit_names={one.unit: places.units[one.unit] for one in view.rotations if one.unit in places.units},
        calendar=calendar,
        rotations=[
            RotationShown(
                id=one.id, unit=one.unit, layer=one.layer, every=one.every, people=list(one.people),
                starts=one.starts, handover=one.handover,
            )
            for one in view.rotations
        ],
        substitutes=[
            SubstituteShown(
                id=one.id, person=one.person, stands_in=one.stands_in, begins=one.begins, ends=one.ends,
                reason=one.reason,
            )
            for one in view.substitutes
        ],
        may_edit=may_edit,
    )  # fmt: skip


def _person(person: Person) -> PersonShown:
    return PersonShown(
        code=person.code,
        name=person.name,
        language="en" if person.language == "en" else "vi",
        quiet=list(person.quiet),
        contacts=[ContactGiven.model_validate({"channel": one.channel, "to": one.to}) for one in person.contacts],
    )


def _known(view: RotaView, code: str) -> Person:
    person = view.people.get(code)
    if person is None:
        raise RefusedError(404, "unknown", "Danh mục không có người này. / The directory has no such person.")
    return person


def _refuse_strangers(view: RotaView, codes: Iterable[str]) -> None:
    unknown = next((code for code in codes if code not in view.people), None)
    if unknown is not None:
        raise RefusedError(422, "person", f"Danh mục không có người {unknown}. / The directory has no {unknown}.")
