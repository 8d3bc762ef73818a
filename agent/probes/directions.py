"""Which way unanswered packets were lost, from the reflector's own sequence numbers (RFC 8762 section 4.3).

The reflector numbers what reaches it. A number that never came back belongs to a packet that arrived there
and was lost on the way down; an unanswered packet without such a number never arrived: lost up. Knows one
test session; knows nothing of packets' bytes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from agent.probes.unanswered import Fate, Gap, Unanswered
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS

REORDER_SECONDS = 1.0
"""A number is taken as missing once a higher one came so long ago."""
REORDER_NUMBERS = 32
"""How far the reflector's order and the sender's may differ for a missing number to find its packet."""
_SURPLUS_LIMIT = 32


@dataclass(frozen=True, slots=True)
class _Surplus:
    """A number that did not come back and has no unanswered packet where it stands: reordered on the way up."""

    number: int
    certain_at: float


class Directions:
    """Ledger of the reflector's numbers. Numbers of one `epoch` come from one uninterrupted count."""

    def __init__(self) -> None:
        self.epoch = 0
        self._next = 0
        self._seen: dict[int, set[int]] = {0: set()}
        self._surplus: deque[_Surplus] = deque(maxlen=_SURPLUS_LIMIT)
        self._recent: deque[Gap] = deque(maxlen=_SURPLUS_LIMIT)

    def saw(self, number: int, epoch: int) -> None:
        """A reply carries this number, be it the first for its packet or a duplicate."""
        if epoch > self.epoch or (epoch == self.epoch and number >= self._next):
            self._seen.setdefault(epoch, set()).add(number)
        elif epoch == self.epoch:
            self._surplus = deque((one for one in self._surplus if one.number != number), _SURPLUS_LIMIT)

    def close(
        self,
        unanswered: Unanswered,
        number: int,
        epoch: int,
        received_at: float,
        fate: Fate,
        unmeasured_until: int | None = None,
    ) -> list[Gap]:
        """The packet after `unanswered` was answered with `number`.

        `unmeasured_until`: ordinal of the window up to whose end the reflector was not there to count.
        """
        if epoch > self.epoch:
            self._begin(epoch)
        missing, candidates = self._advance(number)
        early, late = (Unanswered(), unanswered) if unmeasured_until is None else unanswered.split(unmeasured_until)
        # The reflector's count since it began is of its newest packets.
        late_down = min(late.chargeable, missing)
        early_down = min(early.chargeable, missing - late_down)
        certain_at = received_at + REORDER_SECONDS
        spare = missing - late_down - early_down
        self._surplus.extend(_Surplus(one, certain_at) for one in candidates[:spare])
        gaps = []
        if early.runs:
            gaps.append(Gap(early, early_down, Fate.UNMEASURED, number))
        if late.runs:
            gaps.append(Gap(late, late_down, fate, number))
            if gaps[-1].charged_up:
                self._recent.append(gaps[-1])
        return gaps

    def reconcile(self, now: float) -> None:
        """Give missing numbers that are certain by now to the nearest packet thought lost up."""
        if not self._surplus:
            return
        kept = []
        for one in self._surplus:
            if one.certain_at > now:
                kept.append(one)
            elif (gap := self._nearest_charged_up(one.number)) is not None:
                gap.down += 1
            elif now < one.certain_at + LOSS_TIMEOUT_SECONDS:
                # Its packet may itself not have timed out yet.
                kept.append(one)
        self._surplus = deque(kept, _SURPLUS_LIMIT)

    def _nearest_charged_up(self, number: int) -> Gap | None:
        def distance(gap: Gap) -> int:
            return abs(gap.position - number)

        charged = (gap for gap in self._recent if gap.untouched and gap.charged_up)
        return min((gap for gap in charged if distance(gap) <= REORDER_NUMBERS), key=distance, default=None)

    def _begin(self, epoch: int) -> None:
        self.epoch, self._next = epoch, 0
        self._seen = {one: numbers for one, numbers in self._seen.items() if one >= epoch}
        self._surplus.clear()
        self._recent.clear()

    def _advance(self, number: int) -> tuple[int, list[int]]:
        """How many numbers below are missing that were not yet known to be, and a few of them, highest first."""
        seen = self._seen.setdefault(self.epoch, set())
        if number < self._next:
            return 0, []
        if number == self._next:
            seen.discard(number)
            self._next += 1
            return 0, []
        below = sum(one < number for one in seen)
        missing = number - self._next - below
        candidates: list[int] = []
        one = number - 1
        while missing and one >= self._next and len(candidates) < min(missing, _SURPLUS_LIMIT):
            if one not in seen:
                candidates.append(one)
            one -= 1
        self._next = number + 1
        self._seen[self.epoch] = {one for one in seen if one > number}
        return missing, candidates
