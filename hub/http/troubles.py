"""Troubles over HTTP: what is open, who has it, its history; taking it, handing it back, notes."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.rights import Action
from collector.accounts.unit_tree import UnitTree
from exporters.oncall import duty, listing, notices, store
from exporters.oncall.bridge import Bridge
from exporters.oncall.duty import Actor, Answer, Answered
from exporters.oncall.listing import Detailed, Listed
from exporters.oncall.nouns import Scope, State
from exporters.oncall.tables import TroubleAlertRow, TroubleRow
from hub.http.principal import Principal, address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import requires
from hub.http.rights_tree import Places
from hub.http.row_numbers import GREATEST, RowNumber

PATH = "/api/v1/troubles"
_OPEN = tuple(state for state in State if state is not State.RESOLVED)


class Alert(BaseModel):
    """Times in Unix seconds; `ended` null while it fires."""

    name: str
    severity: str
    site: str
    line: str
    summary_vi: str
    summary_en: str
    began: float
    ended: float | None
    runbook: str
    """Path at the hub."""


class Trouble(BaseModel):
    """One alert group. Times in Unix seconds. `reason`: why it waits or is suppressed.

    `told`: names of who was told, in order. `area`: the trouble that speaks for it in a storm; `members`: of an area.
    """

    id: int
    scope: str
    site: str
    place: str
    state: Literal["waiting", "notified", "acknowledged", "suppressed", "resolved"]
    reason: str
    severity: str
    opened_at: float
    changed_at: float
    resolved_at: float | None
    waits_until: float | None
    notified_at: float | None
    acknowledged_at: float | None
    acknowledged_by: str
    acknowledged_name: str
    returns: int
    layer: int
    told: list[str]
    area: int | None
    members: list[int]
    alerts: list[Alert]
    may_answer: bool
    """Whether the caller may take it and hand it back."""


class Page(BaseModel):
    """`before`: give it to get the next page; null on the last."""

    now: float
    troubles: list[Trouble]
    before: int | None


class Event(BaseModel):
    at: float
    kind: str
    actor: str
    detail: dict[str, Any]


class Delivery(BaseModel):
    """One message to one person by one channel. Addresses are not shown."""

    person: str
    name: str
    kind: str
    channel: str
    state: str
    attempts: int
    created_at: float
    sent_at: float | None
    outcome: str


class TroubleDetail(BaseModel):
    trouble: Trouble
    events: list[Event]
    deliveries: list[Delivery]


class Note(BaseModel):
    text: str = Field(min_length=1, max_length=duty.MAX_NOTE_CHARACTERS, examples=["Đã gọi nhà mạng, mã sự cố 1234"])


class Channel(BaseModel):
    """Times in Unix seconds, 0 for never since the hub started."""

    name: str
    works: bool
    waiting: int
    last_success: float
    last_failure: float
    last_failure_detail: str


class Oncall(BaseModel):
    """`nobody`: no rota and no contacts: troubles wait and are told to nobody. `silent`: alerting is not heard."""

    now: float
    open: int
    unacknowledged_since: float | None
    untaken: int
    untold: int
    waiting_deliveries: int
    storms: int
    people: int
    nobody: bool
    no_channel: bool
    channels: list[Channel]
    last_webhook: float
    last_watchdog: float


def router(bridge: Bridge, places: Places, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", tags=["on call"])

    async def answer(
        request: Request, number: int, name: str, work: Callable[[Session, Actor, float], Answered]
    ) -> Trouble:
        principal, tree = principal_of(request), await places.tree()
        actor = Actor(principal.name, principal.display_name or principal.name)

        def done(session: Session, now: float) -> Answered:
            row = session.get(TroubleRow, number)
            if row is None or not may(principal, Action.SEE_BOARD, row, tree):
                raise _unknown(number)
            if not may(principal, Action.ANSWER_ALERTS, row, tree):
                raise RefusedError(
                    403, "rights", "Sự cố này không thuộc địa bàn của bạn. / This trouble is not in your charge."
                )
            answered = work(session, actor, now)
            if answered.answer is Answer.DONE:
                audit.record(
                    session, principal.name, name, f"trouble {number}", {"site": row.site}, now=now,
                    address=address_of(request),
                )  # fmt: skip
            return answered

        answered = await bridge.answer(done)
        if answered.answer is Answer.OTHER:
            raise RefusedError(
                409, "taken", "Người khác đã tiếp nhận sự cố này. / Somebody else has taken this trouble already."
            )
        if answered.answer is Answer.RESOLVED:
            raise RefusedError(409, "resolved", "Sự cố đã được khắc phục. / This trouble is over.")
        return (await shown(request, number)).trouble

    async def shown(request: Request, number: int) -> TroubleDetail:
        principal, tree = principal_of(request), await places.tree()
        found = await bridge.writer.call(lambda session: listing.one(session, number))
        if found is None or not may(principal, Action.SEE_BOARD, found.listed.row, tree):
            raise _unknown(number)
        return _detail(found, bridge, principal, tree)

    @routes.get("/troubles")
    @requires(Action.SEE_BOARD)
    async def listed(
        request: Request,
        state: Literal["open", "resolved", "all"] = "open",
        site: str = Query(default="", max_length=64),
        before: int | None = Query(default=None, ge=1, le=GREATEST),
    ) -> Page:
        principal, tree = principal_of(request), await places.tree()
        states = {"open": _OPEN, "resolved": (State.RESOLVED,), "all": tuple(State)}[state]
        found = await bridge.writer.call(lambda session: listing.page(session, states, site=site, before=before))
        return Page(
            now=clock(),
            troubles=[
                _trouble(one, bridge, principal, tree)
                for one in found
                if may(principal, Action.SEE_BOARD, one.row, tree)
            ],
            before=found[-1].row.id if len(found) == listing.PAGE else None,
        )

    @routes.get("/troubles/{number}")
    @requires(Action.SEE_BOARD)
    async def one(number: RowNumber, request: Request) -> TroubleDetail:
        return await shown(request, number)

    @routes.post("/troubles/{number}/acknowledge")
    @requires(Action.ANSWER_ALERTS)
    async def acknowledge(number: RowNumber, request: Request) -> Trouble:
        return await answer(
            request, number, "alert.acknowledged",
            lambda session, actor, now: duty.acknowledge(session, number, actor, now),
        )  # fmt: skip

    @routes.post("/troubles/{number}/hand-back")
    @requires(Action.ANSWER_ALERTS)
    async def hand_back(number: RowNumber, request: Request) -> Trouble:
        return await answer(
            request, number, "alert.handed_back",
            lambda session, actor, now: duty.hand_back(session, number, actor, now),
        )  # fmt: skip

    @routes.post("/troubles/{number}/notes", status_code=201)
    @requires(Action.ANSWER_ALERTS)
    async def note(number: RowNumber, given: Note, request: Request) -> Trouble:
        return await answer(
            request, number, "alert.noted",
            lambda session, actor, now: duty.note(session, number, actor, given.text, now),
        )  # fmt: skip

    @routes.get("/oncall")
    @requires(Action.SEE_BOARD)
    async def oncall() -> Oncall:
        it = bridge.snapshot()
        return Oncall(
            now=clock(),
            open=sum(it.troubles.values()),
            unacknowledged_since=it.oldest_unacknowledged,
            untaken=it.untaken,
            untold=it.untold,
            waiting_deliveries=it.waiting_deliveries,
            storms=it.storms,
            people=it.people,
            nobody=it.people == 0,
            no_channel=not it.channels,
            channels=[
                Channel(
                    name=one.name,
                    works=one.works,
                    waiting=one.waiting,
                    last_success=one.last_success,
                    last_failure=one.last_failure,
                    last_failure_detail=one.last_failure_detail,
                )
                for one in it.channels
            ],
            last_webhook=it.last_webhook,
            last_watchdog=it.last_watchdog,
        )

    return routes


def may(principal: Principal, action: Action, row: TroubleRow, tree: UnitTree) -> bool:
    """A site's trouble is its site's, an area's its unit's; what is the hub's needs the whole tree."""
    if principal.may_everywhere(action):
        return True
    if row.scope == Scope.AREA:
        unit = next((unit.id for unit in tree.units.values() if unit.code == row.subject), None)
        return principal.site is None and unit is not None and principal.rights.may(action, tree.unit_path(unit))
    return row.scope == Scope.SITE and bool(row.site) and principal.may_at_site(action, row.site, tree)


def _unknown(number: int) -> RefusedError:
    return RefusedError(404, "unknown", f"Không có sự cố {number}. / There is no trouble {number}.")


def _trouble(listed: Listed, bridge: Bridge, principal: Principal, tree: UnitTree) -> Trouble:
    row = listed.row
    return Trouble(
        id=row.id,
        scope=row.scope,
        site=row.site,
        place=notices.place_name(store.trouble_of(row, ()), bridge.places),
        state=row.state,  # type: ignore[arg-type]
        reason=row.reason,
        severity=row.severity,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        resolved_at=row.resolved_at,
        waits_until=row.waits_until,
        notified_at=row.notified_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by if row.acknowledged_at is not None else "",
        acknowledged_name=row.acknowledged_name if row.acknowledged_at is not None else "",
        returns=row.returns,
        layer=row.layer,
        told=list(listed.told),
        area=row.area_id,
        members=list(listed.members),
        alerts=[_alert(one, bridge) for one in listed.alerts],
        may_answer=may(principal, Action.ANSWER_ALERTS, row, tree),
    )


def _alert(row: TroubleAlertRow, bridge: Bridge) -> Alert:
    said = bridge.words.line(store.alert_of(row))
    return Alert(
        name=row.name,
        severity=row.severity,
        site=row.labels.get("site", ""),
        line=row.labels.get("line", ""),
        summary_vi=said.summary.vi,
        summary_en=said.summary.en,
        began=row.began,
        ended=row.ended,
        runbook=said.runbook,
    )


def _detail(found: Detailed, bridge: Bridge, principal: Principal, tree: UnitTree) -> TroubleDetail:
    return TroubleDetail(
        trouble=_trouble(found.listed, bridge, principal, tree),
        events=[Event(at=one.at, kind=one.kind, actor=one.actor, detail=one.detail) for one in found.events],
        deliveries=[
            Delivery(
                person=one.person,
                name=one.name,
                kind=one.kind,
                channel=one.channel,
                state=one.state,
                attempts=one.attempts,
                created_at=one.created_at,
                sent_at=one.sent_at,
                outcome=one.outcome,
            )
            for one in found.deliveries
        ],
    )
