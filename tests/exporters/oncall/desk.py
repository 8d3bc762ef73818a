"""A bridge on a migrated database with a clock to turn, channels that remember, and a rota of four."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from exporters.oncall import listing
from exporters.oncall.bridge import Bridge, Collaborators
from exporters.oncall.contracts import Cause, Meeting, Message, Outcome, Person, Result
from exporters.oncall.links import Links
from exporters.oncall.nouns import State
from exporters.oncall.policy import Policy
from exporters.oncall.tables import DeliveryRow
from exporters.oncall.texts import Wording
from exporters.oncall.webhook import Notification
from tests.exporters.oncall.persons import CALENDARS, LAYERS, at

NOW = at("2026-11-25 09:00")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Remembering:
    """A channel that says what it is told to say; `hang` never answers."""

    name: str = "webhook"
    per_minute: int = 1000
    needs_internet: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    hang: bool = False

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        if self.hang:
            await asyncio.Event().wait()
        return self.outcomes.pop(0) if self.outcomes else Outcome(Result.SENT, f"r{len(self.sent)}")

    async def aclose(self) -> None:
        return None


@dataclass
class FixedRota:
    found: Sequence[Sequence[Person]] = LAYERS

    def layers(self, site: str | None, now: float) -> Sequence[Sequence[Person]]:
        return self.found


@dataclass
class FixedMeetings:
    found: list[Meeting] = field(default_factory=list)

    def meetings(self, now: float) -> Sequence[Meeting]:
        return self.found


@dataclass
class FixedCauses:
    found: Cause | None = None

    def cause(self, site: str, line: str | None) -> Cause | None:
        return self.found


@dataclass
class FixedFiring:
    found: frozenset[str] | None = None

    async def fingerprints(self, up_seconds: float) -> frozenset[str] | None:
        return self.found


class Desk:
    """Opened again on the same database, it is the hub started anew."""

    def __init__(
        self,
        engine: Engine,
        channels: Sequence[Remembering] = (),
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
        rota: FixedRota | None = None,
        expects_watchdog: bool = False,
    ) -> None:
        self.clock = clock or Clock()
        self.channels = list(channels) or [Remembering()]
        self.rota, self.meetings, self.causes = rota or FixedRota(), FixedMeetings(), FixedCauses()
        self.firing = FixedFiring()
        self.links = Links([b"k" * 32], "https://hub.test", 7 * 86400.0)
        self.sessions: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        self.bridge = Bridge(
            self.sessions,
            policy or Policy(gather_seconds=0),
            Collaborators(
                self.rota, Wording(), self.meetings, self.causes, self.links, CALENDARS, self.channels,
                expects_watchdog=expects_watchdog, firing=self.firing,
            ),
            self.clock,
        )  # fmt: skip

    async def say(self, *alerts: dict[str, Any], group: str = "", truncated: int = 0) -> None:
        site = alerts[0]["labels"].get("site", "")
        body = {"groupKey": group or f'{{}}:{{site="{site}"}}', "alerts": alerts, "truncatedAlerts": truncated}
        await self.bridge.take(Notification.model_validate(body))
        await self.look()

    async def look(self, seconds: float = 0.0) -> None:
        """So much later: one round, and all that is due is sent."""
        self.clock.now += seconds
        await self.bridge.round()
        await self.send()

    async def send(self) -> None:
        for channel in self.channels:
            while await self.bridge.posting.send_next(channel.name):
                pass

    @property
    def told(self) -> list[tuple[str, str]]:
        """(address without its channel, first words)."""
        return [(one.to.partition(":")[2], one.subject.partition("]")[0] + "]") for one in self.messages]

    @property
    def messages(self) -> list[Message]:
        return [message for channel in self.channels for message in channel.sent]

    def troubles(self) -> list[listing.Listed]:
        with self.sessions() as session:
            return listing.page(session, tuple(State))

    def detail(self, trouble: int) -> listing.Detailed:
        with self.sessions() as session:
            found = listing.one(session, trouble)
            assert found is not None
            return found

    def events(self, trouble: int) -> list[str]:
        return [one.kind for one in self.detail(trouble).events]

    def deliveries(self) -> list[tuple[str, str, str]]:
        with self.sessions() as session:
            rows = session.scalars(select(DeliveryRow).order_by(DeliveryRow.id))
            return [(row.person, row.channel, row.state) for row in rows]


def firing(
    name: str = "LineDown", site: str = "kx", severity: str = "critical", scope: str = "site", **labels: str
) -> dict[str, Any]:
    every = {"alertname": name, "severity": severity, "scope": scope, "site": site, **labels}
    return {
        "status": "firing",
        "labels": {key: value for key, value in every.items() if value},
        "annotations": {
            "summary_vi": f"{name} tại {site}",
            "summary_en": f"{name} at {site}",
            "runbook_url": f"https://hub.test/huong-dan/{name}",
        },
        "startsAt": "2026-11-25T02:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": f"{name}-{site}-{labels.get('line', '')}",
    }


def over(alert: dict[str, Any]) -> dict[str, Any]:
    return alert | {"status": "resolved", "endsAt": "2026-11-25T02:10:00Z"}
