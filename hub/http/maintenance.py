"""Maintenance windows over HTTP: announced work pages nobody."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.rights import Action
from collector.accounts.unit_tree import UnitTree
from exporters.oncall import maintenance
from exporters.oncall.bridge import Bridge
from exporters.oncall.maintenance import Window
from exporters.oncall.tables import MaintenanceRow
from hub.http.principal import Principal, address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import requires
from hub.http.rights_tree import Places
from hub.http.row_numbers import RowNumber

LONGEST_SECONDS = 31 * 86400.0
MOST_WINDOWS = 500
PAST_SECONDS = 30 * 86400.0
GREATEST_SECONDS = 4e9


class NewWindow(BaseModel):
    """Unix seconds. `target`: code of the unit, site or line; empty for the whole."""

    scope: Literal["whole", "unit", "site", "line"]
    target: str = Field(default="", max_length=64, examples=["xa-kim-xa"])
    begins: float = Field(ge=0, le=GREATEST_SECONDS)
    ends: float = Field(ge=0, le=GREATEST_SECONDS)
    reason: str = Field(min_length=1, max_length=500, examples=["Nhà mạng thay ONT"])


class WindowRecord(BaseModel):
    """`place`: the name of the target."""

    id: int
    scope: str
    target: str
    place: str
    begins: float
    ends: float
    reason: str
    created_by: str
    created_at: float
    may_end: bool


class Windows(BaseModel):
    """Those of the last 30 days, those that run and those to come; by their beginnings."""

    now: float
    windows: list[WindowRecord]


def router(bridge: Bridge, places: Places, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/maintenance", tags=["on call"])

    @routes.get("")
    @requires(Action.SEE_BOARD)
    async def listed(request: Request) -> Windows:
        principal, tree, now = principal_of(request), await places.tree(), clock()
        found = await bridge.writer.call(lambda session: maintenance.load(session, now - PAST_SECONDS))
        return Windows(
            now=now,
            windows=[
                _record(one, bridge, may(principal, Action.ANSWER_ALERTS, one.scope, one.target, bridge, tree))
                for one in found
                if one.scope == "whole" or may(principal, Action.SEE_BOARD, one.scope, one.target, bridge, tree)
            ],
        )

    @routes.post("", status_code=201)
    @requires(Action.ANSWER_ALERTS)
    async def announce(new: NewWindow, request: Request) -> WindowRecord:
        principal, tree, now = principal_of(request), await places.tree(), clock()
        await bridge.refresh_places()
        if (new.scope == "whole") != (not new.target) or not _is_known(new.scope, new.target, bridge):
            raise RefusedError(422, "target", "Không có đối tượng này. / There is nothing of that code.")
        if new.ends <= max(new.begins, now) or new.ends - new.begins > LONGEST_SECONDS:
            raise RefusedError(
                422, "time",
                "Thời gian phải kết thúc sau lúc bắt đầu, sau bây giờ, và dài nhất 31 ngày. / "
                "A window ends after its beginning and after now, and lasts at most 31 days.",
            )  # fmt: skip
        _refuse_foreign(principal, new.scope, new.target, bridge, tree)

        def work(session: Session) -> Window:
            if len(maintenance.load(session, now)) >= MOST_WINDOWS:
                raise RefusedError(409, "too many", "Đã có quá nhiều lịch bảo trì. / There are too many windows.")
            row = MaintenanceRow(
                scope=new.scope, target=new.target, begins=new.begins, ends=new.ends, reason=new.reason,
                created_by=principal.name, created_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            detail = {"begins": new.begins, "ends": new.ends, "reason": new.reason}
            audit.record(
                session, principal.name, "maintenance.announced", f"{new.scope} {new.target}".strip(), detail,
                now=now, address=address_of(request),
            )  # fmt: skip
            return maintenance.window_of(row)

        made = await bridge.writer.call(work)
        bridge.wake()
        return _record(made, bridge, may_end=True)

    @routes.delete("/{number}", status_code=204)
    @requires(Action.ANSWER_ALERTS)
    async def end(number: RowNumber, request: Request) -> None:
        """One that runs ends now; one that has not begun goes. One that is over stays as it was."""
        principal, tree, now = principal_of(request), await places.tree(), clock()

        def work(session: Session) -> None:
            row = session.get(MaintenanceRow, number)
            if row is None:
                raise RefusedError(404, "unknown", "Không có lịch bảo trì này. / There is no such window.")
            _refuse_foreign(principal, row.scope, row.target, bridge, tree)
            if row.ends <= now:
                return
            if row.begins >= now:
                session.delete(row)
            else:
                row.ends = now
            audit.record(
                session, principal.name, "maintenance.ended", f"{row.scope} {row.target}".strip(), {"window": number},
                now=now, address=address_of(request),
            )  # fmt: skip

        await bridge.writer.call(work)
        bridge.wake()

    return routes


def may(principal: Principal, action: Action, scope: str, target: str, bridge: Bridge, tree: UnitTree) -> bool:
    if principal.may_everywhere(action):
        return True
    match scope:
        case "unit":
            unit = next((one.id for one in tree.units.values() if one.code == target), None)
            return principal.site is None and unit is not None and principal.rights.may(action, tree.unit_path(unit))
        case "site":
            return principal.may_at_site(action, target, tree)
        case "line":
            line = bridge.places.lines.get(target)
            return line is not None and principal.may_at_site(action, line.site, tree)
        case _:
            return False


def _refuse_foreign(principal: Principal, scope: str, target: str, bridge: Bridge, tree: UnitTree) -> None:
    if not may(principal, Action.ANSWER_ALERTS, scope, target, bridge, tree):
        raise RefusedError(403, "rights", "Không thuộc địa bàn của bạn. / This is not in your charge.")


def _is_known(scope: str, target: str, bridge: Bridge) -> bool:
    known = {"unit": bridge.places.units, "site": bridge.places.sites, "line": bridge.places.lines}
    return scope == "whole" or target in known[scope]


def _record(window: Window, bridge: Bridge, may_end: bool) -> WindowRecord:
    names = {"unit": bridge.places.units.get(window.target, ""), "site": bridge.places.site_name(window.target)}
    return WindowRecord(
        id=window.id,
        scope=window.scope,
        target=window.target,
        place=names.get(window.scope, window.target),
        begins=window.begins,
        ends=window.ends,
        reason=window.reason,
        created_by=window.created_by,
        created_at=window.created_at,
        may_end=may_end,
    )
