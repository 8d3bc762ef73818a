"""Troubles and what may become of them: values and the table of legal transitions. Knows no database and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exporters.oncall.contracts import Kind, Person

CRITICAL = "critical"
WARNING = "warning"
_RANKS = {CRITICAL: 2, WARNING: 1}


class State(StrEnum):
    WAITING = "waiting"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"


LEGAL: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.NOTIFIED, State.ACKNOWLEDGED, State.SUPPRESSED, State.RESOLVED}),
    State.NOTIFIED: frozenset({State.ACKNOWLEDGED, State.SUPPRESSED, State.RESOLVED}),
    State.ACKNOWLEDGED: frozenset({State.WAITING, State.NOTIFIED, State.SUPPRESSED, State.RESOLVED}),
    State.SUPPRESSED: frozenset({State.WAITING, State.NOTIFIED, State.ACKNOWLEDGED, State.RESOLVED}),
    State.RESOLVED: frozenset({State.WAITING, State.NOTIFIED, State.ACKNOWLEDGED, State.SUPPRESSED}),
}


class Reason(StrEnum):
    """Why a trouble waits or is suppressed, or what is particular about it."""

    NONE = ""
    GATHERING = "gathering"
    OFF_HOURS = "off_hours"
    NOBODY = "nobody"
    """No rota and no contacts are known."""
    STORM = "storm"
    MAINTENANCE = "maintenance"
    FLAPPING = "flapping"
    HANDED_BACK = "handed_back"
    ALL_TOLD = "all_told"
    """Everybody on the rota was told and nobody took it."""


class Scope(StrEnum):
    SITE = "site"
    PROVIDER = "provider"
    UPSTREAM = "upstream"
    HUB = "hub"
    SECURITY = "security"
    AREA = "area"
    """Many sites at once, each with a trouble of its own; as the scope of an alert, an area by its name."""
    DISTRICT = "district"
    """An area that an alert names."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a group. Unix seconds; `ended` None: firing."""

    fingerprint: str
    name: str
    severity: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    began: float
    ended: float | None = None
    received_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """`alerts` of an area are those of the sites that it speaks for, and `sites` how many of them are in trouble."""

    id: int
    scope: str
    site: str
    subject: str
    state: State
    severity: str
    opened_at: float
    alerts: tuple[Alert, ...] = ()
    area_id: int | None = None
    sites: int = 1
    resolved_at: float | None = None
    waits_until: float | None = None
    reason: Reason = Reason.NONE
    notified_at: float | None = None
    layer: int = 0
    layer_at: float | None = None
    told_severity: str = ""
    told_alerts: frozenset[str] = frozenset()
    told_count: int = 0
    told_again: int = 0
    returns: int = 0
    acknowledged_by: str = ""
    acknowledged_name: str = ""
    acknowledged_at: float | None = None

    @property
    def firing(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.alerts if alert.ended is None)

    @property
    def is_open(self) -> bool:
        return self.state is not State.RESOLVED


@dataclass(frozen=True, slots=True)
class Tell:
    """One person is to be told. `ordinal` tells notices of one kind apart; `not_before`: Unix seconds."""

    person: Person
    kind: Kind
    ordinal: int
    not_before: float
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history."""

    kind: str
    detail: Mapping[str, object] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`trouble` as it is from now on. `overtaken`: what was not sent yet need not be."""

    trouble: Trouble
    tells: tuple[Tell, ...] = ()
    events: tuple[Event, ...] = ()
    overtaken: bool = False
    suppressed: tuple[str, ...] = ()
    """Reasons why something was not told, to be counted."""


def worst(severities: Iterable[str]) -> str:
    """The worst of them; empty for none."""
    return max(severities, key=rank, default="")


def rank(severity: str) -> int:
    return _RANKS.get(severity, 0)
