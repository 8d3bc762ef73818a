"""Figures of the past out of the tables: troubles by week, time to take them, noise of each rule."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.directory.days import HANOI
from exporters.oncall.nouns import CRITICAL, Scope, State
from exporters.oncall.tables import TroubleAlertRow, TroubleRow

MOST_TROUBLES = 50_000


@dataclass(frozen=True, slots=True)
class PastTrouble:
    """Unix seconds. `rules`: names of its alerts."""

    opened_at: float
    severity: str
    is_over: bool
    notified_at: float | None
    acknowledged_at: float | None
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Week:
    """`begins`: its Monday in Vietnam. Seconds to take a trouble are of those taken after somebody was told."""

    begins: float
    troubles: int
    critical: int
    told: int
    taken: int
    median_seconds: float | None
    slowest_tenth_seconds: float | None


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """`untaken`: people were told, and it was over before anybody took it. `noise`: their share of those told."""

    rule: str
    troubles: int
    told: int
    untaken: int

    @property
    def noise(self) -> float | None:
        return self.untaken / self.told if self.told else None


def load(session: Session, since: float, sees: Callable[[str, str], bool]) -> list[PastTrouble]:
    """Those opened since then, the newest MOST_TROUBLES of them; areas are counted by their sites.

    `sees`: whether a trouble of that scope and site is shown.
    """
    rows = session.execute(
        select(
            TroubleRow.id, TroubleRow.opened_at, TroubleRow.severity, TroubleRow.state, TroubleRow.notified_at,
            TroubleRow.acknowledged_at, TroubleRow.scope, TroubleRow.site,
        )
        .where(TroubleRow.opened_at >= since, TroubleRow.scope != Scope.AREA)
        .order_by(TroubleRow.id.desc())
        .limit(MOST_TROUBLES)
    ).all()  # fmt: skip
    rules: dict[int, set[str]] = defaultdict(set)
    if rows:
        names = select(TroubleAlertRow.trouble_id, TroubleAlertRow.name).distinct()
        for trouble, name in session.execute(names.where(TroubleAlertRow.trouble_id >= rows[-1].id)):
            rules[trouble].add(name)
    return [
        PastTrouble(
            row.opened_at,
            row.severity,
            row.state == State.RESOLVED,
            row.notified_at,
            row.acknowledged_at,
            frozenset(rules[row.id]),
        )
        for row in rows
        if sees(row.scope, row.site)
    ]


def monday(at: float) -> float:
    """The beginning of the week in Vietnam."""
    local = datetime.fromtimestamp(at, HANOI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=local.weekday())).timestamp()


def weeks(troubles: Iterable[PastTrouble], since: float, now: float) -> list[Week]:
    """Every week from `since` to `now`, the empty ones too; the oldest first."""
    by_week: dict[float, list[PastTrouble]] = defaultdict(list)
    for one in troubles:
        by_week[monday(one.opened_at)].append(one)
    found, begins = [], monday(since)
    while begins <= now:
        found.append(_week(begins, by_week.get(begins, ())))
        begins += 7 * 86400
    return found


def rules(troubles: Iterable[PastTrouble]) -> list[RuleFigures]:
    """The noisiest first."""
    by_rule: dict[str, list[PastTrouble]] = defaultdict(list)
    for one in troubles:
        for rule in one.rules:
            by_rule[rule].append(one)
    found = [
        RuleFigures(
            rule,
            len(some),
            sum(one.notified_at is not None for one in some),
            sum(one.notified_at is not None and one.acknowledged_at is None and one.is_over for one in some),
        )
        for rule, some in by_rule.items()
    ]
    return sorted(found, key=lambda one: (-one.untaken, -one.troubles, one.rule))


def _week(begins: float, troubles: Sequence[PastTrouble]) -> Week:
    taken = sorted(
        one.acknowledged_at - one.notified_at
        for one in troubles
        if one.acknowledged_at is not None and one.notified_at is not None
    )
    return Week(
        begins,
        len(troubles),
        sum(one.severity == CRITICAL for one in troubles),
        sum(one.notified_at is not None for one in troubles),
        sum(one.acknowledged_at is not None for one in troubles),
        statistics.median(taken) if taken else None,
        taken[min(len(taken) - 1, int(len(taken) * 0.9))] if taken else None,
    )
