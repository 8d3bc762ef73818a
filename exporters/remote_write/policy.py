"""What a receiver's answer means, by the rules of remote write 1.0. No I/O, no clock."""

from __future__ import annotations

import enum
from dataclasses import dataclass

FIRST_BACKOFF_SECONDS = 0.03
MAX_BACKOFF_SECONDS = 5.0
MAX_RETRY_AFTER_SECONDS = 300.0
SAME_ANSWERS_BEFORE_SPLIT = 10
"""Prometheus before 2.50 answers samples that are too old with 500 for ever: see `Attempts`."""


class Verdict(enum.Enum):
    DONE = "done"
    RETRY = "retry"
    SPLIT = "split"
    """Never send this batch again as it is: find the bad sample."""
    WAIT = "wait"
    """The receiver refuses us, not the samples (401, 403, 404): somebody must mend the configuration."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` None: no answer at all (network). `retry_after` in seconds, as the receiver asked."""

    status: int | None
    body: str = ""
    retry_after: float | None = None


def judge(answer: Answer) -> Verdict:
    match answer.status:
        case None | 408 | 429:
            return Verdict.RETRY
        case 401 | 403 | 404:
            return Verdict.WAIT
        case status if 200 <= status < 300:
            return Verdict.DONE
        case status if status >= 500:
            return Verdict.RETRY
        case _:
            return Verdict.SPLIT


@dataclass(slots=True)
class Attempts:
    """The tries of one piece: how long to wait, and when a 5xx that never changes is the samples' fault."""

    count: int = 0
    _last: tuple[int | None, str] = (None, "")
    _same: int = 0

    def failed(self, answer: Answer) -> float:
        """Seconds to wait before the next try."""
        seen = (answer.status, answer.body)
        self._same = self._same + 1 if seen == self._last else 1
        self._last = seen
        self.count += 1
        if answer.retry_after is not None:
            return min(max(answer.retry_after, 0.0), MAX_RETRY_AFTER_SECONDS)
        return min(FIRST_BACKOFF_SECONDS * 2.0 ** min(self.count - 1, 10), MAX_BACKOFF_SECONDS)

    @property
    def stuck(self) -> bool:
        """The same 5xx with the same words, again and again: it speaks of this batch, not of the server."""
        return (self._last[0] or 0) == 500 and bool(self._last[1]) and self._same >= SAME_ANSWERS_BEFORE_SPLIT
