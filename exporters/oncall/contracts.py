"""What the bridge asks of its collaborators: channels that carry a message, a rota, texts, meetings, line causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """Why a person is told."""

    OPENED = "opened"
    WORSENED = "worsened"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    STORM = "storm"
    SUMMARY = "summary"
    """What a quota held back."""
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Language:
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert of a trouble, as it is told; times in Unix seconds, `ended` None: still there."""

    name: str
    severity: str
    """critical or warning."""
    summary: Language
    began: float
    ended: float | None = None
    steps: tuple[Language, ...] = ()
    runbook: str = ""
    """Path at the hub."""


@dataclass(frozen=True, slots=True)
class Notice:
    """All that a text may say to one person about one trouble, or about many (storm, summary)."""

    kind: Kind
    key: str
    """Of this notice to this person: the same key is the same notice, however often it is sent."""
    now: float
    severity: str
    """The worst."""
    place: str
    """Name of the site, provider or area, or of the hub."""
    began: float
    alerts: tuple[AlertLine, ...]
    cause: Language | None = None
    """The verdict with its evidence, when the line's fault is known."""
    hotline: str = ""
    """Telephone number of the provider, when it is the provider's."""
    link: str = ""
    """Signed address that acknowledges; "" when there is nothing to take."""
    previous: str = ""
    """Name of who was told before and did not take it."""
    taken_by: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Storm and summary: troubles by area or place."""
    language: str = "vi"
    """vi or en."""


@dataclass(frozen=True, slots=True)
class Message:
    """For one channel: `to` in its own form of address (mail address, telephone number E.164, chat id, URL).

    A channel takes `text` (with diacritics, several lines) or `short` (GSM-7, at most 160 characters), as it can.
    """

    to: str
    key: str
    subject: str
    text: str
    short: str
    link: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Named parts of the same for channels with templates (ZNS) and for machines (webhook)."""


class Result(StrEnum):
    SENT = "sent"
    """Taken by the channel's server; a receipt may follow."""
    DELIVERED = "delivered"
    RETRY = "retry"
    """Not now: network, 5xx, modem busy, quota of the server."""
    REFUSED = "refused"
    """Never with this address or this text."""


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    receipt: str = ""
    """Of the channel's server, to match a later receipt."""
    detail: str = ""
    """In words, for the history; no secrets."""
    retry_after: float | None = None
    """Seconds, when the server says so."""


class Channel(Protocol):
    """One way of sending; made from configuration. `send` never raises for what a server or a line does wrong."""

    name: str
    """email, webhook, zalo, zns, sms, modem."""
    per_minute: int
    """The most messages that may leave in a minute."""
    needs_internet: bool

    async def send(self, message: Message) -> Outcome: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to a person, in the order of preference that they stand in."""

    channel: str
    to: str


@dataclass(frozen=True, slots=True)
class Person:
    code: str
    """As in the directory; unique."""
    name: str
    contacts: tuple[Contact, ...]
    language: str = "vi"
    quiet: tuple[tuple[int, int], ...] = ()
    """Hours of the day, minutes from midnight local (start, end), over midnight when end < start: only what is
    critical comes through."""


class Rota(Protocol):
    """Who is to be told, layer by layer, at an instant."""

    def layers(self, site: str | None, now: float) -> Sequence[Sequence[Person]]:
        """First technicians, next, …, leader; the last layer is everybody else on the rota. `site` None: the hub.

        Empty when nobody is on the rota; a person stands in the first layer that names them only.
        """
        ...


class Texts(Protocol):
    """Wording (exporters.oncall.texts)."""

    def message(self, notice: Notice, to: str) -> Message: ...


@dataclass(frozen=True, slots=True)
class Meeting:
    """Unix seconds; `sites` invited or in it. `ends` None: open until it is closed."""

    title: str
    begins: float
    ends: float | None
    sites: frozenset[str]


class MeetingCalendar(Protocol):
    def meetings(self, now: float) -> Sequence[Meeting]:
        """Those open now and those that begin in the next 24 hours."""
        ...


@dataclass(frozen=True, slots=True)
class Cause:
    text: Language
    """Cause with its evidence."""
    hotline: str = ""


class FiringAlerts(Protocol):
    """What Alertmanager knows at this moment, beside what it has told."""

    async def fingerprints(self, up_seconds: float) -> frozenset[str] | None:
        """Of all alerts that it holds; None when it does not answer or has not run for so long."""
        ...


class Causes(Protocol):
    """What the hub knows of whose fault it is, at the moment of sending."""

    def cause(self, site: str, line: str | None) -> Cause | None: ...
