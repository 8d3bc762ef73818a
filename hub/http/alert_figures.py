"""Figures of alerts for the board: troubles by week, time to take them, noise of each rule."""

from collections.abc import Callable

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from collector.accounts.rights import Action
from exporters.oncall import past
from exporters.oncall.bridge import Bridge
from exporters.oncall.nouns import Scope
from hub.http.principal import principal_of
from hub.http.rights import requires
from hub.http.rights_tree import Places

MOST_WEEKS = 53


class Week(BaseModel):
    """`begins`: Unix seconds of its Monday in Vietnam. Seconds are from telling the first person to taking it."""

    begins: float
    troubles: int
    critical: int
    told: int
    taken: int
    median_seconds: float | None
    slowest_tenth_seconds: float | None


class Rule(BaseModel):
    """`untaken`: people were told, and it was over before anybody took it; `noise`: their share of those told."""

    rule: str
    troubles: int
    told: int
    untaken: int
    noise: float | None


class Figures(BaseModel):
    """Of the sites that the caller sees. The oldest week and the noisiest rule first."""

    now: float
    weeks: list[Week]
    rules: list[Rule]


def router(bridge: Bridge, places: Places, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/oncall", tags=["on call"])

    @routes.get("/figures")
    @requires(Action.SEE_BOARD)
    async def figures(request: Request, weeks: int = Query(default=8, ge=1, le=MOST_WEEKS)) -> Figures:
        now = clock()
        since = past.monday(now) - (weeks - 1) * 7 * 86400
        principal, tree = principal_of(request), await places.tree()

        def sees(scope: str, site: str) -> bool:
            if principal.may_everywhere(Action.SEE_BOARD):
                return True
            return scope == Scope.SITE and principal.may_at_site(Action.SEE_BOARD, site, tree)

        found = await bridge.writer.call(lambda session: past.load(session, since, sees))
        return Figures(
            now=now,
            weeks=[
                Week(
                    begins=one.begins,
                    troubles=one.troubles,
                    critical=one.critical,
                    told=one.told,
                    taken=one.taken,
                    median_seconds=one.median_seconds,
                    slowest_tenth_seconds=one.slowest_tenth_seconds,
                )
                for one in past.weeks(found, since, now)
            ],
            rules=[
                Rule(rule=one.rule, troubles=one.troubles, told=one.told, untaken=one.untaken, noise=one.noise)
                for one in past.rules(found)
            ],
        )

    return routes
