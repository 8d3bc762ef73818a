"""Messages on their way: one loop for each channel, and the receipts that come back later."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from exporters.oncall import notices, outbox, store
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.contracts import Cause, Channel, Kind, Notice, Outcome, Result, Texts
from exporters.oncall.links import Links
from exporters.oncall.notices import Envelope
from exporters.oncall.nouns import Scope, Trouble
from exporters.oncall.places import Places
from exporters.oncall.policy import Policy
from exporters.oncall.runner import RETRY_SECONDS, Runner, Writer
from exporters.oncall.snapshot import ChannelState, Counters
from exporters.oncall.tables import DeliveryRow

logger = logging.getLogger(__name__)

MAIL_SECONDS = 2.0
SEND_SECONDS = 45.0
"""A channel bounds itself; this is for one that does not."""
MAX_RECEIPTS = 1000


class View(Protocol):
    """What a message says beside its trouble, as it is at this moment."""

    @property
    def places(self) -> Places: ...

    @property
    def words(self) -> notices.Words: ...

    @property
    def links(self) -> Links: ...

    def cause_of(self, trouble: Trouble) -> Cause | None: ...


@runtime_checkable
class Listens(Protocol):
    """A channel to which receipts come by themselves."""

    async def listen(self) -> None:
        """Until cancelled."""
        ...


@dataclass(slots=True)
class _Post:
    """What is known of one channel while the hub runs."""

    channel: Channel
    mail: asyncio.Event = field(default_factory=asyncio.Event)
    sent_at: deque[float] = field(default_factory=deque)
    last_success: float = 0.0
    last_failure: float = 0.0
    detail: str = ""


class Posting:
    """`changed` is called when something failed that decisions hang on."""

    def __init__(
        self,
        channels: Sequence[Channel],
        texts: Texts,
        writer: Writer,
        runner: Runner,
        counters: Counters,
        policy: Policy,
        clock: Callable[[], float],
        changed: Callable[[], None],
        view: View,
    ) -> None:
        self._posts = {channel.name: _Post(channel) for channel in channels}
        self._texts = texts
        self._writer = writer
        self._runner = runner
        self._counters = counters
        self._policy = policy
        self._clock = clock
        self._changed = changed
        self._view = view
        self._receipts: asyncio.Queue[Receipt] = asyncio.Queue(MAX_RECEIPTS)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._posts)

    def channel(self, name: str) -> Channel | None:
        """None: it is not set up."""
        post = self._posts.get(name)
        return post.channel if post else None

    def states(self, waiting: dict[str, int]) -> tuple[ChannelState, ...]:
        return tuple(
            ChannelState(name, waiting.get(name, 0), post.last_success, post.last_failure, post.detail)
            for name, post in self._posts.items()
        )

    def work(self) -> Iterator[tuple[str, Coroutine[None, None, None]]]:
        yield "receipts", self._take_receipts()
        for post in self._posts.values():
            yield post.channel.name, self._deliver(post)
            if isinstance(post.channel, Listens):
                yield f"{post.channel.name} listens", self._listen(post.channel)

    async def recover(self) -> bool:
        """After a start: what was being sent when the hub ended is sent again."""
        now = self._clock()
        again = await self._writer.call(lambda session: outbox.recover(session, now))
        if again:
            logger.warning("%d messages were being sent when the hub ended: they are sent again", again)
        return True

    async def test(self, channel: str, to: str, language: str) -> Outcome:
        """A message of no trouble, sent at once. Raises KeyError for a channel that is not set up."""
        post, now = self._posts[channel], self._clock()
        notice = Notice(Kind.TEST, f"test:{channel}:{to}:{now:.3f}", now, "", "", now, (), language=language)
        outcome = await self._handed_over(post, notice, to)
        self._note(post, outcome)
        return outcome

    def take_receipt(self, receipt: Receipt) -> None:
        """For channels, from the event loop. What is too much is dropped and counted."""
        try:
            self._receipts.put_nowait(receipt)
        except asyncio.QueueFull:
            self._counters.deliveries[(receipt.channel, "receipt_dropped")] += 1

    async def send_next(self, name: str) -> bool:
        """Send the next message that is due on that channel; False when there is none."""
        post = self._posts[name]
        now = self._clock()
        claimed = await self._writer.call(lambda session: self._claimed(session, name, now))
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
        cause = self._view.cause_of(trouble) if trouble else None
        takes = trouble is not None and trouble.is_open and envelope.kind is not Kind.RESOLVED
        link = self._view.links.link(trouble.id, row.person, now) if trouble is not None and takes else ""
        notice = notices.notice(envelope, self._view.places, self._view.words, cause, link, now)
        return await self._handed_over(post, notice, row.address)

    async def _handed_over(self, post: _Post, notice: Notice, to: str) -> Outcome:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await post.channel.send(self._texts.message(notice, to))
        except TimeoutError:
            return Outcome(Result.RETRY, detail=f"no answer within {SEND_SECONDS:.0f} s")
        except Exception as error:
            # One channel's fault must not end the others.
            logger.exception("x %s: the channel failed", post.channel.name)
            return Outcome(Result.RETRY, detail=f"fault of the channel: {type(error).__name__}")

    def _note(self, post: _Post, outcome: Outcome) -> None:
        now, name = self._clock(), post.channel.name
        self._counters.deliveries[(name, outcome.result.value)] += 1
        if outcome.result in (Result.SENT, Result.DELIVERED):
            post.last_success = now
            return
        if outcome.result is Result.RETRY:
            # What is refused is the address' fault, not the channel's.
            post.last_failure, post.detail = now, outcome.detail
        logger.warning("x %s: %s: %s", name, outcome.result, outcome.detail)

    async def _settle(self, post: _Post, delivery: int, outcome: Outcome) -> None:
        now = self._clock()
        self._note(post, outcome)
        while True:
            try:
                failed = await self._writer.call(
                    lambda session: outbox.settle(session, delivery, outcome, self._posts, self._policy, now)
                )
                break
            except SQLAlchemyError as error:
                # What was sent must not be sent again because it could not be written down at once.
                logger.error("delivery %d: its outcome is not written yet: %s", delivery, error)
                await asyncio.sleep(RETRY_SECONDS)
        if failed is not None:
            self.count_failed(failed)
            self.ring()
            self._changed()

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

    async def _deliver(self, post: _Post) -> None:
        while True:
            post.mail.clear()
            if not self._has_room(post) or not await self._runner.kept("deliver", self.send_next, post.channel.name):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(MAIL_SECONDS):
                        await post.mail.wait()

    def _has_room(self, post: _Post) -> bool:
        """Within the channel's messages a minute."""
        now = self._clock()
        while post.sent_at and not 0 <= now - post.sent_at[0] < 60:
            post.sent_at.popleft()
        return len(post.sent_at) < max(1, post.channel.per_minute)

    async def _listen(self, channel: Listens) -> None:
        while True:
            await self._runner.kept("listen", self._heard, channel)

    async def _heard(self, channel: Listens) -> bool:
        await channel.listen()
        return True

    async def _take_receipts(self) -> None:
        while True:
            said = await self._receipts.get()
            await self._runner.kept("receipt", self.take_one, said)

    async def take_one(self, said: Receipt) -> bool:
        now = self._clock()
        failed = await self._writer.call(
            lambda session: outbox.receipt(
                session, said.channel, said.receipt, said.result, said.detail, self._posts, now
            )
        )
        self._counters.deliveries[(said.channel, f"receipt_{said.result.value}")] += 1
        if failed is not None:
            self.count_failed(failed)
            self.ring()
        return True

    def count_failed(self, failed: outbox.Failed) -> None:
        outcome = "failed" if failed.next_channel else "undelivered"
        self._counters.deliveries[(failed.channel if failed.channel in self._posts else "other", outcome)] += 1

    def ring(self) -> None:
        for post in self._posts.values():
            post.mail.set()
