"""The bridge put together: webhook in, rounds of decisions, channels out. One per hub, owned by its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from collector.calendars.calendar import OfficeCalendar
from exporters.oncall import duty, figures, intake, notices, outbox, places, rounds, store
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.contracts import (
    Cause,
    Causes,
    Channel,
    FiringAlerts,
    Kind,
    Meeting,
    MeetingCalendar,
    Outcome,
    Result,
    Rota,
    Texts,
)
from exporters.oncall.links import Links
from exporters.oncall.notices import Envelope
from exporters.oncall.nouns import CRITICAL, Alert, Scope, Trouble
from exporters.oncall.places import Places
from exporters.oncall.policy import Policy
from exporters.oncall.snapshot import ChannelState, Counters, OncallSnapshot
from exporters.oncall.tables import DeliveryRow
from exporters.oncall.webhook import Notification

logger = logging.getLogger(__name__)

ROUND_SECONDS = 2.0
PLACES_SECONDS = 20.0
MAIL_SECONDS = 2.0
FORGET_SECONDS = 6 * 3600.0
ASK_SECONDS = 30.0
SEND_SECONDS = 45.0
"""A channel bounds itself; this is for one that does not."""
RETRY_SECONDS = 2.0
MAX_RECEIPTS = 1000

Value = TypeVar("Value")


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


@dataclass(slots=True)
class _Post:
    """What the bridge knows of one channel while it runs."""

    channel: Channel
    mail: asyncio.Event = field(default_factory=asyncio.Event)
    sent_at: deque[float] = field(default_factory=deque)
    last_success: float = 0.0
    last_failure: float = 0.0
    detail: str = ""


class Bridge:
    """`take` answers when it is written. All of its writes go through one thread."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        policy: Policy,
        collaborators: Collaborators,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._policy = policy
        self._with = collaborators
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "oncall")
        self._posts = {channel.name: _Post(channel) for channel in collaborators.channels}
        self._words = notices.Words()
        self._places = Places()
        self._places_at = -PLACES_SECONDS
        self._forgot_at = 0.0
        self._wake = asyncio.Event()
        self._receipts: asyncio.Queue[Receipt] = asyncio.Queue(MAX_RECEIPTS)
        self._counters = Counters()
        self._snapshot = OncallSnapshot()
        self._last_webhook = 0.0
        self._last_watchdog = clock()
        self._was_silent = False
        self._asked_at = 0.0

    async def take(self, said: Notification) -> None:
        """What Alertmanager says. Returns once it is committed. Raises SQLAlchemyError: it is sent again then."""
        now = self._clock()
        self._last_webhook = now
        if any(alert.labels.get("alertname") == intake.WATCHDOG for alert in said.alerts):
            self._last_watchdog = now
        began = await self.call(lambda session: store.take(session, said, now))
        self._counters.received.update(name if name in self._words.rules else "other" for name in began)
        self._wake.set()

    def take_receipt(self, receipt: Receipt) -> None:
        """For channels, from the event loop. What is too much is dropped and counted."""
        try:
            self._receipts.put_nowait(receipt)
        except asyncio.QueueFull:
            self._counters.deliveries[(receipt.channel, "receipt_dropped")] += 1

    async def answer(self, work: Callable[[Session, float], duty.Answered]) -> duty.Answered:
        """What a person does with a trouble, in a transaction. Raises SQLAlchemyError."""
        now = self._clock()
        answered = await self.call(lambda session: work(session, now))
        if answered.seconds is not None:
            self._counters.acknowledged(answered.seconds)
        self._wake.set()
        return answered

    async def call(self, work: Callable[[Session], Value]) -> Value:
        """`work` in a transaction of its own, in the bridge's thread."""
        return await asyncio.wrap_future(self._thread.submit(self._in_transaction, work))

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
        self._places = await self.call(places.load)
        self._places_at = self._clock()

    def refused_webhook(self) -> None:
        self._counters.refused_webhooks += 1

    def snapshot(self) -> OncallSnapshot:
        channels = tuple(
            replace(one, last_success=post.last_success, last_failure=post.last_failure,
                    last_failure_detail=post.detail)
            for one in self._snapshot.channels
            if (post := self._posts.get(one.name)) is not None
        )  # fmt: skip
        return replace(
            self._snapshot, channels=channels, last_webhook=self._last_webhook, last_watchdog=self._last_watchdog
        )

    async def run(self) -> None:
        """Until cancelled."""
        while not await self._kept("recover", self.recover):
            pass
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._rounds(), name="on call: rounds")
            tasks.create_task(self._take_receipts(), name="on call: receipts")
            for post in self._posts.values():
                tasks.create_task(self._deliver(post), name=f"on call: {post.channel.name}")

    def close(self) -> None:
        """Finishes what is being written."""
        self._thread.shutdown()

    async def recover(self) -> bool:
        """After a start: what was being sent when the hub ended is sent again."""
        now = self._clock()
        again = await self.call(lambda session: outbox.recover(session, now))
        if again:
            logger.warning("%d messages were being sent when the hub ended: they are sent again", again)
        return True

    async def round(self) -> None:
        """Look once at all that is open."""
        now = self._clock()
        if now - self._places_at >= PLACES_SECONDS or now < self._places_at:
            await self.refresh_places()
        meetings = list(self._with.meetings.meetings(now))
        given = replace(self._given(now, meetings), held_by_alertmanager=await self._asked(now))
        done, (waiting, oldest) = await self.call(
            lambda session: (rounds.work(session, given), figures.waiting(session, now))
        )
        self._counters.suppressed.update(done.suppressed)
        for failed in done.failed:
            self._count_failed(failed)
        people = len({person.code for layer in self._with.rota.layers(None, now) for person in layer})
        self._snapshot = OncallSnapshot(
            troubles=figures.troubles(done.current),
            oldest_unacknowledged=figures.oldest_unacknowledged(done.current),
            untaken=figures.untaken(done.current),
            untold=figures.untold(done.current),
            waiting_deliveries=sum(waiting.values()),
            oldest_delivery=oldest,
            storms=figures.areas(done.current),
            people=people,
            channels=tuple(ChannelState(name, waiting.get(name, 0)) for name in self._posts),
            counters=self._counters,
        )
        if done.made or done.failed:
            self._ring()
        if now - self._forgot_at >= FORGET_SECONDS:
            self._forgot_at = now
            await self.call(lambda session: rounds.forget_old(session, self._policy, now))

    async def _asked(self, now: float) -> frozenset[str] | None:
        if self._with.firing is None or 0 <= now - self._asked_at < min(ASK_SECONDS, self._policy.gone_seconds):
            return None
        self._asked_at = now
        return await self._with.firing.fingerprints(self._policy.gone_seconds)

    async def send_next(self, name: str) -> bool:
        """Send the next message that is due on that channel; False when there is none."""
        post = self._posts[name]
        now = self._clock()
        claimed = await self.call(lambda session: self._claimed(session, name, now))
        if claimed is None:
            return False
        row, envelope = claimed
        outcome = await self._send(post, row, envelope)
        now = self._clock()
        post.sent_at.append(now)
        await self._settle(post, row.id, outcome)
        return True

    async def _send(self, post: _Post, row: DeliveryRow, envelope: Envelope) -> Outcome:
        now = self._clock()
        trouble = envelope.trouble
        cause = self.cause_of(trouble) if trouble else None
        takes = trouble is not None and trouble.is_open and envelope.kind is not Kind.RESOLVED
        link = self._with.links.link(trouble.id, row.person, now) if trouble is not None and takes else ""
        notice = notices.notice(envelope, self._places, self._words, cause, link, now)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await post.channel.send(self._with.texts.message(notice, row.address))
        except TimeoutError:
            return Outcome(Result.RETRY, detail=f"no answer within {SEND_SECONDS:.0f} s")
        except Exception as error:
            logger.exception("x %s: the channel failed", post.channel.name)
            return Outcome(Result.RETRY, detail=f"fault of the channel: {type(error).__name__}")

    async def _settle(self, post: _Post, delivery: int, outcome: Outcome) -> None:
        now, name = self._clock(), post.channel.name
        self._counters.deliveries[(name, outcome.result.value)] += 1
        if outcome.result in (Result.SENT, Result.DELIVERED):
            post.last_success = now
        else:
            if outcome.result is Result.RETRY:
                # What is refused is the address' fault, not the channel's.
                post.last_failure, post.detail = now, outcome.detail
            logger.warning("x %s: %s: %s", name, outcome.result, outcome.detail)
        while True:
            try:
                failed = await self.call(
                    lambda session: outbox.settle(session, delivery, outcome, self._posts, self._policy, now)
                )
                break
            except SQLAlchemyError as error:
                # What was sent must not be sent again because it could not be written down at once.
                logger.error("delivery %d: its outcome is not written yet: %s", delivery, error)
                await asyncio.sleep(RETRY_SECONDS)
        if failed is not None:
            self._count_failed(failed)
            self._ring()
            self._wake.set()

    def _claimed(self, session: Session, channel: str, now: float) -> tuple[DeliveryRow, Envelope] | None:
        row = outbox.claim(session, channel, now)
        if row is None:
            return None
        found = store.load_one(session, row.trouble_id) if row.trouble_id is not None else None
        trouble = found[1] if found else None
        ids = list(row.detail.get("troubles", ()))
        if trouble is not None and trouble.scope == Scope.AREA:
            ids = store.members(session, trouble.id)
        related = tuple(one[1] for number in ids if (one := store.load_one(session, number)) is not None)
        taken_by = trouble.acknowledged_name if trouble and trouble.acknowledged_at is not None else ""
        envelope = Envelope(
            row.notice, Kind(row.kind), row.person, row.language, trouble, related,
            str(row.detail.get("previous", "")), taken_by,
        )  # fmt: skip
        return row, envelope

    def _given(self, now: float, meetings: Sequence[Meeting]) -> rounds.Round:
        return rounds.Round(
            now, self._policy, self._with.rota, self._with.calendars, self._places, meetings, tuple(self._posts),
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
            await self._kept("round", self.round)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._wake.wait()

    async def _deliver(self, post: _Post) -> None:
        while True:
            post.mail.clear()
            if not await self._has_room(post) or not await self._kept("deliver", self._send_one, post):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(MAIL_SECONDS):
                        await post.mail.wait()

    async def _send_one(self, post: _Post) -> bool:
        return await self.send_next(post.channel.name)

    async def _has_room(self, post: _Post) -> bool:
        """Within the channel's messages a minute."""
        now = self._clock()
        while post.sent_at and not 0 <= now - post.sent_at[0] < 60:
            post.sent_at.popleft()
        return len(post.sent_at) < max(1, post.channel.per_minute)

    async def _take_receipts(self) -> None:
        while True:
            said = await self._receipts.get()
            await self._kept("receipt", self._take_one_receipt, said)

    async def _take_one_receipt(self, said: Receipt) -> bool:
        now = self._clock()
        failed = await self.call(
            lambda session: outbox.receipt(
                session, said.channel, said.receipt, said.result, said.detail, self._posts, now
            )
        )
        self._counters.deliveries[(said.channel, f"receipt_{said.result.value}")] += 1
        if failed is not None:
            self._count_failed(failed)
            self._ring()
        return True

    def _count_failed(self, failed: outbox.Failed) -> None:
        outcome = "failed" if failed.next_channel else "undelivered"
        self._counters.deliveries[(failed.channel if failed.channel in self._posts else "other", outcome)] += 1

    def _ring(self) -> None:
        for post in self._posts.values():
            post.mail.set()

    async def _kept(self, name: str, work: Callable[..., Awaitable[object]], *arguments: object) -> bool:
        """Run it; the database's failures are logged, counted and tried again by whoever comes next."""
        try:
            return bool(await work(*arguments))
        except SQLAlchemyError as error:
            logger.error("on call: %s failed, it is tried again: %s", name, error)
        except Exception:
            logger.exception("on call: %s failed", name)
        self._counters.failures[name] += 1
        await asyncio.sleep(RETRY_SECONDS)
        return False

    def _in_transaction(self, work: Callable[[Session], Value]) -> Value:
        with self._sessions.begin() as session:
            return work(session)
