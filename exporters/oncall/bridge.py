"""The bridge put together: webhook in, rounds of decisions, channels out. One per hub, owned by its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session, sessionmaker

from collector.calendars.calendar import OfficeCalendar
from exporters.oncall import duty, figures, intake, notices, places, rounds, store
from exporters.oncall.contracts import (
    Cause,
    Causes,
    Channel,
    FiringAlerts,
    Meeting,
    MeetingCalendar,
    Rota,
    Texts,
)
from exporters.oncall.links import Links
from exporters.oncall.nouns import CRITICAL, Alert, Scope, Trouble
from exporters.oncall.places import Places
from exporters.oncall.policy import Policy
from exporters.oncall.posting import Posting
from exporters.oncall.runner import Runner, Writer
from exporters.oncall.snapshot import Counters, OncallSnapshot
from exporters.oncall.webhook import Notification

logger = logging.getLogger(__name__)

ROUND_SECONDS = 2.0
PLACES_SECONDS = 20.0
FORGET_SECONDS = 6 * 3600.0
ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Collaborators:
    """`calendars` by name, the usual one as "". `expects_watchdog`: whether an Alertmanager sends here at all."""

    rota: Rota
    texts: Texts
    meetings: MeetingCalendar
    causes: Causes
    links: Links
    calendars: Mapping[str, OfficeCalendar]
    channels: Sequence[Channel] = ()
    expects_watchdog: bool = False
    firing: FiringAlerts | None = None


class Bridge:
    """`take` answers when it is written. All of its writes go through one thread."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        policy: Policy,
        collaborators: Collaborators,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policy = policy
        self._with = collaborators
        self._clock = clock
        self._counters = Counters()
        self.writer = Writer(sessions)
        self._runner = Runner(self._counters.failures)
        self._words = notices.Words()
        self._places = Places()
        self._places_at = -PLACES_SECONDS
        self._forgot_at = 0.0
        self._wake = asyncio.Event()
        self._snapshot = OncallSnapshot()
        self._last_webhook = 0.0
        self._last_watchdog = clock()
        self._was_silent = False
        self._asked_at = 0.0
        self.posting = Posting(
            collaborators.channels, collaborators.texts, self.writer, self._runner, self._counters, policy, clock,
            self._wake.set, self,
        )  # fmt: skip

    async def take(self, said: Notification) -> None:
        """What Alertmanager says. Returns once it is committed. Raises SQLAlchemyError: it is sent again then."""
        now = self._clock()
        self._last_webhook = now
        if any(alert.labels.get("alertname") == intake.WATCHDOG for alert in said.alerts):
            self._last_watchdog = now
        began = await self.writer.call(lambda session: store.take(session, said, now))
        self._counters.received.update(name if name in self._words.rules else "other" for name in began)
        self._wake.set()

    async def answer(self, work: Callable[[Session, float], duty.Answered]) -> duty.Answered:
        """What a person does with a trouble, in a transaction. Raises SQLAlchemyError."""
        now = self._clock()
        answered = await self.writer.call(lambda session: work(session, now))
        if answered.seconds is not None:
            self._counters.acknowledged(answered.seconds)
        self._wake.set()
        return answered

    def wake(self) -> None:
        """Something changed that decisions hang on (rota, maintenance)."""
        self._wake.set()

    @property
    def policy(self) -> Policy:
        return self._policy

    @property
    def links(self) -> Links:
        return self._with.links

    @property
    def places(self) -> Places:
        return self._places

    @property
    def words(self) -> notices.Words:
        return self._words

    def cause_of(self, trouble: Trouble) -> Cause | None:
        """What is known now of whose fault it is. From the event loop."""
        return notices.cause_of(trouble, self._with.causes)

    async def refresh_places(self) -> None:
        """Read the directory now."""
        self._places = await self.writer.call(places.load)
        self._places_at = self._clock()

    def refused_webhook(self) -> None:
        self._counters.refused_webhooks += 1

    def snapshot(self) -> OncallSnapshot:
        waiting = {one.name: one.waiting for one in self._snapshot.channels}
        channels = self.posting.states(waiting)
        return replace(
            self._snapshot, channels=channels, last_webhook=self._last_webhook, last_watchdog=self._last_watchdog
        )

    async def run(self) -> None:
        """Until cancelled."""
        while not await self._runner.kept("recover", self.posting.recover):
            pass
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._rounds(), name="on call: rounds")
            for name, work in self.posting.work():
                tasks.create_task(work, name=f"on call: {name}")

    def close(self) -> None:
        """Finishes what is being written."""
        self.writer.close()

    async def round(self) -> None:
        """Look once at all that is open."""
        now = self._clock()
        if now - self._places_at >= PLACES_SECONDS or now < self._places_at:
            await self.refresh_places()
        meetings = list(self._with.meetings.meetings(now))
        given = replace(self._given(now, meetings), held_by_alertmanager=await self._asked(now))
        done, (waiting, oldest) = await self.writer.call(
            lambda session: (rounds.work(session, given), figures.waiting(session, now))
        )
        self._counters.suppressed.update(done.suppressed)
        for failed in done.failed:
            self.posting.count_failed(failed)
        self._snapshot = OncallSnapshot(
            troubles=figures.troubles(done.current),
            oldest_unacknowledged=figures.oldest_unacknowledged(done.current),
            untaken=figures.untaken(done.current),
            untold=figures.untold(done.current),
            waiting_deliveries=sum(waiting.values()),
            oldest_delivery=oldest,
            storms=figures.areas(done.current),
            people=done.people,
            channels=self.posting.states(waiting),
            counters=self._counters,
        )
        if done.made or done.failed:
            self.posting.ring()
        if now - self._forgot_at >= FORGET_SECONDS:
            self._forgot_at = now
            await self.writer.call(lambda session: rounds.forget_old(session, self._policy, now))

    async def _asked(self, now: float) -> frozenset[str] | None:
        if self._with.firing is None or 0 <= now - self._asked_at < min(ASK_SECONDS, self._policy.gone_seconds):
            return None
        self._asked_at = now
        return await self._with.firing.fingerprints(self._policy.gone_seconds)

    def _given(self, now: float, meetings: Sequence[Meeting]) -> rounds.Round:
        return rounds.Round(
            now, self._policy, self._with.rota, self._with.calendars, self._places, meetings, self.posting.names,
            self._silence(now),
        )  # fmt: skip

    def _silence(self, now: float) -> Alert | None:
        """An alert of the bridge's own: Prometheus or Alertmanager is dead, and would not say so."""
        if not self._with.expects_watchdog:
            return None
        silent = now - self._last_watchdog > self._policy.heartbeat_seconds
        if not silent and not self._was_silent:
            return None
        self._was_silent = True
        said = {
            "summary_vi": "Hệ thống cảnh báo im lặng: Prometheus hoặc Alertmanager không gửi gì",
            "summary_en": "Alerting is silent: nothing comes from Prometheus or Alertmanager",
        }
        labels = {"alertname": "AlertingSilent", "severity": CRITICAL, "scope": Scope.HUB.value}
        ended = None if silent else now
        return Alert(
            "bridge-alerting-silent", "AlertingSilent", CRITICAL, labels, said, self._last_watchdog, ended, now
        )

    async def _rounds(self) -> None:
        while True:
            self._wake.clear()
            await self._runner.kept("round", self.round)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._wake.wait()
