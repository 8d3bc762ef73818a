"""Who must be told what by when, for one trouble. A pure core: values in, values out, `now` a parameter.

It knows nothing of channels, texts and deliveries: what is told is the outbox' to bring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from exporters.oncall.contracts import Kind, Person
from exporters.oncall.hours import quiet_until
from exporters.oncall.nouns import (
    CRITICAL,
    Alert,
    Decision,
    Event,
    Reason,
    Scope,
    State,
    Tell,
    Trouble,
    rank,
    worst,
)
from exporters.oncall.policy import Policy

WAKING = frozenset({Scope.PROVIDER, Scope.AREA, Scope.UPSTREAM, Scope.HUB, Scope.SECURITY})
"""Scopes of alerts that are told at any hour when they are critical."""

FOLLOWS: Mapping[str, frozenset[str]] = {
    "LineAvailabilityBurnFast": frozenset({"LineDown", "SiteDown", "LineFlapping"}),
    "LineAvailabilityBurnSlow": frozenset({"LineDown", "SiteDown", "LineFlapping", "LineAvailabilityBurnFast"}),
}
"""Alert → those that explain it: it outlives them by minutes, and whoever was told of them knows."""

Layers = Sequence[Sequence[Person]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one trouble is decided in.

    `held_until`: the end of the site's night, None by day. `meeting_at`: when a meeting with this site begins or
    began, None without one. `covered`: fingerprint → end of the maintenance that covers it. `told`: who has been told
    of this trouble or still will be, in order: whom no message can reach is not among them. `heard`: of
    them, those whom a message may have reached. `area_open`: the trouble
    of the area that speaks for it is open.
    """

    policy: Policy
    layers: Layers = ()
    held_until: float | None = None
    meeting_at: float | None = None
    covered: Mapping[str, float] = field(default_factory=dict)
    told: tuple[Person, ...] = ()
    heard: tuple[Person, ...] = ()
    area_open: bool = False


@dataclass(frozen=True, slots=True)
class Fire:
    """What of a trouble's alerts counts now. `wakes`: somebody is to be told of it at any hour."""

    names: frozenset[str]
    severity: str
    wakes: bool


def decide(trouble: Trouble, around: Surroundings, now: float) -> Decision:
    """What becomes of the trouble at this instant; the same again changes nothing."""
    firing = trouble.firing
    if not firing:
        return _resolved(trouble, around, now) if trouble.is_open else Decision(trouble)
    if trouble.state is State.RESOLVED:
        trouble, returned = _returned(trouble, around, now)
        decided = decide(trouble, around, now)
        return _joined(returned, decided)
    free = [alert for alert in firing if alert.fingerprint not in around.covered]
    if not free:
        return _suppressed(trouble, min(around.covered[alert.fingerprint] for alert in firing))
    fire = fire_of(trouble, free, around, now)
    resumed, events = _resumed(trouble, around, now)
    resumed = replace(resumed, severity=worst((trouble.severity, fire.severity)))
    match resumed.state:
        case State.WAITING:
            decided = _waiting(resumed, around, fire, now)
        case State.NOTIFIED:
            decided = _notified(resumed, around, fire, now)
        case _:
            decided = _worsened(resumed, around, fire, now) or Decision(resumed)
    return replace(decided, events=(*events, *decided.events))


def fire_of(trouble: Trouble, free: Sequence[Alert], around: Surroundings, now: float) -> Fire:
    """Before a meeting a warning of an invited site counts as critical."""
    severity = worst(alert.severity for alert in free)
    near = around.meeting_at is not None and around.meeting_at <= now + around.policy.guard_seconds
    if near and trouble.scope in (Scope.SITE, Scope.AREA) and rank(severity) > 0:
        severity = CRITICAL
    wakes = any(alert.severity == CRITICAL and alert.labels.get("scope", "") in WAKING for alert in free)
    return Fire(frozenset(alert.name for alert in free), severity, wakes)


def held(trouble: Trouble, around: Surroundings, fire: Fire, now: float) -> tuple[Reason, float | None]:
    """Why nobody is told yet, and until when; Reason.NONE when somebody is."""
    if around.area_open:
        return Reason.STORM, None
    night = _night(around, fire.wakes, now)
    if night is not None:
        return Reason.OFF_HOURS, night
    if trouble.scope == Scope.SITE and now < trouble.opened_at + around.policy.gather_seconds:
        return Reason.GATHERING, trouble.opened_at + around.policy.gather_seconds
    if not any(around.layers):
        return Reason.NOBODY, None
    return Reason.NONE, None


def _night(around: Surroundings, wakes: bool, now: float) -> float | None:
    """At night only what is critical of the hub, the core and security is told, and what a near meeting needs."""
    if wakes or around.held_until is None or around.held_until <= now:
        return None
    if around.meeting_at is not None and around.meeting_at <= now + around.policy.wake_seconds:
        return None
    return around.held_until


def _waiting(trouble: Trouble, around: Surroundings, fire: Fire, now: float) -> Decision:
    reason, until = held(trouble, around, fire, now)
    if reason is not Reason.NONE:
        if (trouble.reason, trouble.waits_until) == (reason, until):
            return Decision(trouble)
        waits = replace(trouble, reason=reason, waits_until=until)
        said = () if trouble.reason is reason else (Event("waits", {"reason": reason.value, "until": until}),)
        counted = () if trouble.reason is reason or reason is Reason.GATHERING else (reason.value,)
        return Decision(waits, events=said, suppressed=counted)
    told = replace(
        trouble,
        state=State.NOTIFIED,
        reason=Reason.NONE,
        waits_until=None,
        notified_at=now,
        layer=1,
        layer_at=now,
        told_severity=fire.severity,
        told_alerts=fire.names,
        told_count=trouble.sites,
    )
    kind = Kind.STORM if trouble.scope == Scope.AREA else Kind.OPENED
    tells = _tells(around.layers[0], kind, trouble.returns, fire.severity, now)
    return Decision(told, tells, (_told_event(kind, tells),))


def _notified(trouble: Trouble, around: Surroundings, fire: Fire, now: float) -> Decision:
    handed_back = trouble.reason is Reason.HANDED_BACK
    goes_on = handed_back or not around.told
    worse = None if goes_on else _worsened(trouble, around, fire, now)
    if worse is not None:
        return worse
    if _night(around, fire.wakes, now) is not None:
        return Decision(trouble)
    if goes_on:
        # Whoever is told next hears all that there is.
        trouble = _known(trouble, fire, now)
    due = (trouble.layer_at if trouble.layer_at is not None else now) + around.policy.escalation_seconds
    is_due = goes_on or (rank(fire.severity) >= rank(CRITICAL) and now >= due)
    if not is_due:
        return Decision(trouble)
    previous = ", ".join(person.name for person in around.told)
    if trouble.layer < len(around.layers):
        layer = trouble.layer + 1
        known = {person.code for person in around.told}
        persons = [person for person in around.layers[layer - 1] if person.code not in known]
        tells = _tells(persons, Kind.ESCALATED, layer + 100 * trouble.returns, fire.severity, now, previous)
        moved = replace(trouble, layer=layer, layer_at=now, reason=Reason.NONE)
        return Decision(moved, tells, (_told_event(Kind.ESCALATED, tells),))
    if handed_back:
        others = [person for person in around.told if person.code != trouble.acknowledged_by]
        tells = _tells(others, Kind.ESCALATED, round(now), fire.severity, now, trouble.acknowledged_name)
        return Decision(
            replace(trouble, reason=Reason.NONE, layer_at=now), tells, (_told_event(Kind.ESCALATED, tells),)
        )
    if trouble.reason is Reason.ALL_TOLD or now < due:
        return Decision(trouble)
    return Decision(replace(trouble, reason=Reason.ALL_TOLD), events=(Event("all_told"),))


def _worsened(trouble: Trouble, around: Surroundings, fire: Fire, now: float) -> Decision | None:
    """Told once more when it is more severe, of a new kind, or of twice as many sites; None when it is not."""
    rose = rank(fire.severity) > rank(trouble.told_severity)
    if trouble.scope == Scope.AREA:
        new = trouble.sites >= 2 * trouble.told_count
    else:
        new = any(
            not FOLLOWS.get(name, frozenset()) & trouble.told_alerts for name in fire.names - trouble.told_alerts
        )
    if not rose and not new:
        return None
    if _night(around, fire.wakes, now) is not None:
        return None
    known = _known(trouble, fire, now)
    if trouble.told_again >= around.policy.most_worse:
        return Decision(known, suppressed=("repeats",))
    has_it = trouble.acknowledged_at is not None
    taken = [person for person in around.told if has_it and person.code == trouble.acknowledged_by]
    persons = taken or around.told
    if not persons:
        return Decision(known)
    again = trouble.told_again + 1
    tells = _tells(persons, Kind.WORSENED, again, fire.severity, now)
    return Decision(replace(known, told_again=again), tells, (_told_event(Kind.WORSENED, tells),))


def _known(trouble: Trouble, fire: Fire, now: float) -> Trouble:
    rose = rank(fire.severity) > rank(trouble.told_severity)
    return replace(
        trouble,
        told_severity=worst((fire.severity, trouble.told_severity)),
        told_alerts=trouble.told_alerts | fire.names,
        told_count=max(trouble.told_count, trouble.sites),
        # What begins to be critical is followed up from then on.
        layer_at=now if rose else trouble.layer_at,
        reason=Reason.NONE if rose and trouble.reason is Reason.ALL_TOLD else trouble.reason,
    )


def _resolved(trouble: Trouble, around: Surroundings, now: float) -> Decision:
    flapping = trouble.returns > around.policy.most_returns
    ended = replace(
        trouble, state=State.RESOLVED, resolved_at=now, waits_until=None,
        reason=Reason.FLAPPING if flapping else Reason.NONE,
    )  # fmt: skip
    not_before = now + around.policy.return_seconds if flapping else now
    night = _night(around, trouble.scope not in (Scope.SITE, Scope.AREA), now)
    not_before = not_before if night is None else max(not_before, night)
    tells = _tells(around.heard, Kind.RESOLVED, trouble.returns, trouble.severity, not_before)
    return Decision(ended, tells, (Event("resolved"),), overtaken=True, suppressed=("flapping",) if flapping else ())


def _returned(trouble: Trouble, around: Surroundings, now: float) -> tuple[Trouble, Decision]:
    returns = trouble.returns + 1
    quiet = returns > around.policy.most_returns
    again = replace(trouble, returns=returns, resolved_at=None, reason=Reason.FLAPPING if quiet else Reason.NONE)
    event = Event("returned", {"times": returns})
    if trouble.acknowledged_at is not None:
        again = replace(again, state=State.ACKNOWLEDGED)
    elif trouble.notified_at is not None and around.told:
        again = replace(again, state=State.NOTIFIED, layer_at=trouble.layer_at if quiet else now)
    else:
        return replace(again, state=State.WAITING), Decision(again, events=(event,), overtaken=True)
    if quiet:
        return again, Decision(again, events=(event,), overtaken=True, suppressed=("flapping",))
    free = [alert for alert in trouble.firing if alert.fingerprint not in around.covered]
    fire = fire_of(trouble, free, around, now)
    if not free:
        return again, Decision(again, events=(event,), overtaken=True)
    night = _night(around, fire.wakes, now)
    tells = _tells(around.told, Kind.OPENED, returns, fire.severity, now if night is None else night)
    return again, Decision(again, tells, (event,), overtaken=True)


def _suppressed(trouble: Trouble, until: float) -> Decision:
    if trouble.state is State.SUPPRESSED:
        return Decision(replace(trouble, waits_until=until))
    hidden = replace(trouble, state=State.SUPPRESSED, reason=Reason.MAINTENANCE, waits_until=until)
    event = Event("suppressed", {"reason": Reason.MAINTENANCE.value, "until": until})
    return Decision(hidden, events=(event,), overtaken=True, suppressed=(Reason.MAINTENANCE.value,))


def _resumed(trouble: Trouble, around: Surroundings, now: float) -> tuple[Trouble, tuple[Event, ...]]:
    """Out of maintenance, and still there."""
    if trouble.state is not State.SUPPRESSED:
        return trouble, ()
    if trouble.acknowledged_at is not None:
        state, layer_at = State.ACKNOWLEDGED, trouble.layer_at
    elif trouble.notified_at is not None and around.told:
        state, layer_at = State.NOTIFIED, now
    else:
        state, layer_at = State.WAITING, trouble.layer_at
    back = replace(trouble, state=state, reason=Reason.NONE, waits_until=None, layer_at=layer_at)
    return back, (Event("resumed"),)


def _tells(
    persons: Sequence[Person], kind: Kind, ordinal: int, severity: str, now: float, previous: str = ""
) -> tuple[Tell, ...]:
    return tuple(
        Tell(one, kind, ordinal, now if severity == CRITICAL else quiet_until(one.quiet, now), previous)
        for one in persons
    )


def _told_event(kind: Kind, tells: Sequence[Tell]) -> Event:
    return Event("told", {"kind": kind.value, "persons": [tell.person.code for tell in tells]})


def _joined(first: Decision, second: Decision) -> Decision:
    return Decision(
        second.trouble,
        (*first.tells, *second.tells),
        (*first.events, *second.events),
        first.overtaken or second.overtaken,
        (*first.suppressed, *second.suppressed),
    )
