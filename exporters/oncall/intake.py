"""What a notification changes in a trouble. Pure: the same notification twice changes nothing the second time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from exporters.oncall.nouns import Alert, Event, Scope

WATCHDOG = "Watchdog"


@dataclass(frozen=True, slots=True)
class Place:
    """What a group of alerts is about, by the labels that its alerts carry."""

    scope: str
    site: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """`alerts` as they are now; `events` for the history; `opened`: names of alerts that began to fire by this."""

    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]
    opened: tuple[str, ...]


def merge(held: Iterable[Alert], said: Iterable[Alert], now: float, *, complete: bool) -> Taken:
    """`complete`: the notification names every alert of its group that fires: others are no longer there.

    Alertmanager leaves out what another alert inhibits or a silence hides; it comes back with the next notification.
    """
    before = {alert.fingerprint: alert for alert in held}
    after = dict(before)
    events: list[Event] = []
    opened: list[str] = []
    for alert in said:
        old = before.get(alert.fingerprint)
        if old is None and alert.ended is not None:
            # It began and ended unheard: nobody has to be told, the history has it.
            after[alert.fingerprint] = alert
            events.append(_event("alert_ended", alert))
        elif alert.ended is None and (old is None or old.ended is not None):
            after[alert.fingerprint] = alert
            events.append(_event("alert_fired", alert))
            opened.append(alert.name)
        elif old is not None and old.ended is None and alert.ended is not None:
            after[alert.fingerprint] = alert
            events.append(_event("alert_ended", alert))
        elif old is not None and old.ended is None:
            # The figures in its text change from one evaluation to the next.
            after[alert.fingerprint] = replace(alert, began=min(old.began, alert.began))
    if complete:
        named = {alert.fingerprint for alert in said}
        for alert in before.values():
            if alert.ended is None and alert.fingerprint not in named:
                after[alert.fingerprint] = replace(alert, ended=now)
                events.append(_event("alert_left_out", alert))
    return Taken(tuple(after.values()), tuple(events), tuple(opened))


def place_of(alerts: Iterable[Alert]) -> Place:
    """Of the alerts of one group: the widest scope wins."""
    found = Place(Scope.HUB)
    for alert in alerts:
        labels = alert.labels
        match labels.get("scope", ""):
            case Scope.UPSTREAM:
                return Place(Scope.UPSTREAM)
            case Scope.PROVIDER:
                found = Place(Scope.PROVIDER, "", labels.get("provider", "")[:200])
            case Scope.AREA if found.scope == Scope.HUB:
                # An area that Prometheus tells of is one trouble; Scope.AREA is the storm's, which has members.
                found = Place(Scope.DISTRICT, "", labels.get("area", "")[:200])
            case Scope.SITE | Scope.SECURITY if found.scope == Scope.HUB:
                found = Place(Scope.SITE, labels.get("site", "")[:64])
            case _:
                pass
    return found


def key_hash(group_key: str) -> str:
    """Bounded, so that a database can index it."""
    return hashlib.sha256(group_key.encode()).hexdigest()


def _event(kind: str, alert: Alert) -> Event:
    return Event(kind, {"name": alert.name, "severity": alert.severity, "fingerprint": alert.fingerprint})
