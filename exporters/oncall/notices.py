"""A trouble put into what a text may say of it. Values in, values out; wording is the texts' own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from exporters.oncall.contracts import AlertLine, Cause, Causes, Kind, Language, Notice
from exporters.oncall.nouns import Alert, Scope, Trouble, rank
from exporters.oncall.places import Places
from exporters.rules.catalogue import alerts as catalogue
from exporters.rules.rule import Alert as Rule


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery, as it is about to be sent. `related`: troubles of an area's sites, or of a summary."""

    key: str
    kind: Kind
    person: str
    language: str
    trouble: Trouble | None
    related: tuple[Trouble, ...] = ()
    previous: str = ""
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What the product says of its own alerts, by name."""

    rules: dict[str, Rule] = field(default_factory=lambda: {rule.name: rule for rule in catalogue()})

    def line(self, alert: Alert) -> AlertLine:
        said = alert.annotations
        rule = self.rules.get(alert.name)
        steps = tuple(Language(one.vi, one.en) for one in rule.steps) if rule else ()
        vi, en = said.get("summary_vi", ""), said.get("summary_en", "")
        return AlertLine(
            alert.name,
            alert.severity,
            Language(vi or en or said.get("summary", alert.name), en or vi or said.get("summary", alert.name)),
            alert.began,
            alert.ended,
            steps,
            urlsplit(said.get("runbook_url", "")).path,
        )


def notice(envelope: Envelope, places: Places, words: Words, cause: Cause | None, link: str, now: float) -> Notice:
    trouble = envelope.trouble
    told = trouble.alerts if trouble else tuple(alert for one in envelope.related for alert in one.alerts)
    # What is over is told only when all is: it would hide what still burns.
    firing = [alert for alert in told if alert.ended is None]
    lines = sorted(firing or told, key=lambda alert: (-rank(alert.severity), alert.began, alert.fingerprint))
    began = min((alert.began for alert in told), default=trouble.opened_at if trouble else now)
    many = envelope.kind in (Kind.STORM, Kind.SUMMARY)
    return Notice(
        kind=envelope.kind,
        key=envelope.key,
        now=now,
        severity=trouble.severity if trouble else "",
        place=place_name(trouble, places) if trouble else "",
        began=began,
        alerts=() if many else tuple(words.line(alert) for alert in lines),
        cause=cause.text if cause else None,
        hotline=cause.hotline if cause else hotline_of(lines, places),
        link=link,
        previous=envelope.previous,
        taken_by=envelope.taken_by,
        counts=_counts(envelope.related, places) if many else {},
        language=envelope.language,
    )


def place_name(trouble: Trouble, places: Places) -> str:
    match trouble.scope:
        case Scope.PROVIDER:
            return f"Nhà mạng {trouble.subject}"
        case Scope.UPSTREAM:
            return "Nhiều địa điểm"
        case Scope.DISTRICT:
            return trouble.subject or "Nhiều địa điểm"
        case Scope.AREA:
            return places.units.get(trouble.subject, "") or "Nhiều địa điểm"
        case _:
            return places.site_name(trouble.site) if trouble.site else "Trung tâm điều hành"


def hotline_of(alerts: Sequence[Alert], places: Places) -> str:
    """The provider's number of the first line that an alert names, while nobody knows whose fault it is."""
    lines = (places.lines.get(alert.labels.get("line", "")) for alert in alerts)
    return next((line.hotline for line in lines if line is not None and line.hotline), "")


def cause_of(trouble: Trouble, causes: Causes) -> Cause | None:
    """Of the worst alert that a line stands behind."""
    if not trouble.site:
        return None
    for alert in sorted(trouble.firing or trouble.alerts, key=lambda one: (-rank(one.severity), one.began)):
        line = alert.labels.get("line")
        if line or alert.name == "SiteDown":
            return causes.cause(trouble.site, line)
    return None


def _counts(related: Sequence[Trouble], places: Places) -> dict[str, int]:
    """Troubles by place."""
    return dict(Counter(place_name(one, places) for one in related))
