"""The rota as iCalendar over HTTP: to be downloaded, and read back with what was changed in it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.rights import Action
from exporters.oncall.bridge import Bridge
from exporters.oncall.past import monday
from exporters.oncall.rota import ical, store
from exporters.oncall.rota.tables import SubstituteRow
from hub.http.oncall_rota import MOST_SUBSTITUTES
from hub.http.principal import address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import requires

MEDIA_TYPE = "text/calendar"
WEEKS_AHEAD = 13


class PlannedSubstitute(BaseModel):
    """`stands_in` has the duties of `person` in that time (Unix seconds)."""

    person: str
    stands_in: str
    begins: float
    ends: float


class CalendarProblem(BaseModel):
    """`where`: the event's title."""

    where: str
    vi: str
    en: str


class Imported(BaseModel):
    """What the file says and the rota does not yet. `kept`: whether it was written; never with problems."""

    kept: bool
    events: int
    substitutes: list[PlannedSubstitute]
    problems: list[CalendarProblem]
    names: dict[str, str]


def router(bridge: Bridge, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/oncall", tags=["on call"])

    @routes.get("/rota.ics", response_class=Response, responses={200: {"content": {MEDIA_TYPE: {}}}})
    @requires(Action.READ_DIRECTORY)
    async def exported() -> Response:
        now = clock()
        view = await bridge.writer.call(lambda session: store.load(session, now))
        names = {code: person.name for code, person in view.people.items()}
        begins = monday(now)
        content = ical.write(
            view.rotations,
            view.substitutes,
            names,
            bridge.places.units,
            begins,
            begins + WEEKS_AHEAD * 7 * 86400,
            now,
        )
        headers = {"Content-Disposition": 'attachment; filename="lich-truc.ics"', "Cache-Control": "no-store"}
        return Response(content, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)

    @routes.post(
        "/rota/import",
        openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    )
    @requires(Action.ANSWER_ALERTS, everywhere=True)
    async def imported(request: Request, dry_run: Annotated[bool, Query()] = True) -> Imported:
        """A calendar as a file. Where it names somebody else than the rota, they become a substitute."""
        now, name = clock(), principal_of(request).name
        data = await _body(request)

        def work(session: Session) -> Imported:
            view = store.load(session, now)
            names = {code: person.name for code, person in view.people.items()}
            try:
                plan = ical.plan(data, view.rotations, view.substitutes, names, now)
            except ical.CalendarError:
                raise RefusedError(
                    422, "calendar", "Không đọc được tệp iCalendar này. / This is no iCalendar file that can be read."
                ) from None
            keeps = not dry_run and not plan.problems
            if keeps and len(view.substitutes) + len(plan.substitutes) > MOST_SUBSTITUTES:
                raise RefusedError(
                    409, "too many", "Đã có quá nhiều lần trực thay. / There are too many substitutes."
                )
            planned = [
                PlannedSubstitute(person=one.person, stands_in=one.stands_in, begins=one.begins, ends=one.ends)
                for one in plan.substitutes
            ]
            if keeps and planned:
                session.add_all(
                    SubstituteRow(**one.model_dump(), reason="iCalendar", created_by=name, created_at=now)
                    for one in planned
                )
                session.flush()
                detail = {"substitutes": [one.model_dump() for one in planned]}
                audit.record(session, name, "rota.imported", "rota", detail, now=now, address=address_of(request))
            named = {code for one in planned for code in (one.person, one.stands_in)}
            return Imported(
                kept=keeps,
                events=plan.events,
                substitutes=planned,
                problems=[CalendarProblem(where=one.where, vi=one.vi, en=one.en) for one in plan.problems],
                names={code: names[code] for code in sorted(named) if code in names},
            )

        done = await bridge.writer.call(work)
        if done.kept:
            bridge.wake()
        return done

    return routes


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > ical.MAX_BYTES:
            raise RefusedError(413, "too large", "Tệp lớn hơn 256 KiB. / The file is larger than 256 KiB.")
    return bytes(found)
