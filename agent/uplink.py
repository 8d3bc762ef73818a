"""Which rows leave the queue next, and what an answer of the hub means for them. Sans-IO.

Two lanes: what was collected within the last minute goes first, on a connection of its own; what waited
longer follows behind, oldest first. The rules are those of remote write 1.0 and docs/protocol.md section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto

FRESH_SECONDS = 60.0
MAX_SAMPLES = 2_000
FIRST_BACKOFF_SECONDS = 0.03
LONGEST_BACKOFF_SECONDS = 5.0
UNAUTHORISED_SECONDS = 30.0
_NOT_ABOUT_THE_SAMPLES = frozenset({401, 403, 404, 405, 407, 421})
"""Statuses that speak of the key, the address or a proxy between: to bury samples for them would be wrong."""
_TOO_SLOW = frozenset({408, 425})
LONGEST_RETRY_AFTER_SECONDS = 300.0


class Outcome(Enum):
    DELIVERED = auto()
    REFUSED = auto()
    """Never to be sent again; the hub has kept what was good in it."""
    TOO_LARGE = auto()
    WAIT = auto()
    """The hub is there and asks to wait."""
    UNAUTHORISED = auto()
    """The key is unknown or revoked, or the address is not a hub's: the queue is kept."""
    FAILED = auto()
    """The hub is not there or not well: try again."""


@dataclass(frozen=True, slots=True)
class Judgement:
    outcome: Outcome
    retry_after_seconds: float | None = None


def judge(status: int | None, retry_after: str | None, unix: float) -> Judgement:
    """`status` None: no answer came. `unix`: now, for a Retry-After that is a date."""
    match status:
        case None:
            return Judgement(Outcome.FAILED)
        case _ if status in _NOT_ABOUT_THE_SAMPLES:
            return Judgement(Outcome.UNAUTHORISED)
        case 413:
            return Judgement(Outcome.TOO_LARGE)
        case 429 | 503:
            return Judgement(Outcome.WAIT, parse_retry_after(retry_after, unix))
        case _ if 200 <= status < 300:
            return Judgement(Outcome.DELIVERED)
        case _ if 400 <= status < 500 and status not in _TOO_SLOW:
            return Judgement(Outcome.REFUSED)
        case _:
            return Judgement(Outcome.FAILED)


def parse_retry_after(text: str | None, unix: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 section 10.2.3), None when it says nothing usable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER_SECONDS)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - unix
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


class Backoff:
    """30 ms, doubled up to 5 s, as Prometheus' own sender."""

    def __init__(self) -> None:
        self._next = FIRST_BACKOFF_SECONDS

    def reset(self) -> None:
        self._next = FIRST_BACKOFF_SECONDS

    def wait(self, judgement: Judgement) -> float:
        """Seconds until the next try."""
        if judgement.outcome is Outcome.UNAUTHORISED:
            return UNAUTHORISED_SECONDS
        seconds, self._next = self._next, min(self._next * 2, LONGEST_BACKOFF_SECONDS)
        if judgement.retry_after_seconds is not None:
            return max(seconds, judgement.retry_after_seconds)
        return seconds


class Lane(Enum):
    FRESH = "fresh"
    BACKLOG = "backlog"


@dataclass(frozen=True, slots=True)
class Fixed:
    """Send the rows of this request, which was fixed before."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Fix:
    """Fix the next request from the rows with `after` < id ≤ `up_to`."""

    after: int
    up_to: int


class Lanes:
    """Divides the queue at a boundary: rows up to it are backlog, those behind it fresh.

    `fixed`: requests that an earlier process tried; `newest`: the highest row at the start, all of which,
    being from before, is backlog.
    """

    def __init__(self, fixed: list[tuple[int, int]], newest: int) -> None:
        self._boundary = newest
        self._pending = list(fixed)
        self._in_flight: dict[Lane, tuple[int, int]] = {}
        self._connected = False

    @property
    def boundary(self) -> int:
        return self._boundary

    @property
    def connected(self) -> bool:
        """Whether the hub's last answer to either lane was one of a hub that is well."""
        return self._connected

    def resume(self, fixed: list[tuple[int, int]]) -> None:
        """Requests that are fixed on disk, read again after a failure of the disk."""
        in_flight = set(self._in_flight.values())
        self._pending = [one for one in fixed if one not in in_flight]

    def grow_old(self, newest_old: int) -> None:
        """Rows up to `newest_old` were collected more than FRESH_SECONDS ago."""
        limit = newest_old
        if (fresh := self._in_flight.get(Lane.FRESH)) is not None:
            # A request that was tried stays in its lane, so that the same bytes are tried again.
            limit = min(limit, fresh[0] - 1)
        self._boundary = max(self._boundary, limit)

    def next(self, lane: Lane) -> Fixed | Fix | None:
        """What this lane sends next; None while it has to wait for the other one."""
        if lane is Lane.FRESH:
            return Fix(self._boundary, 1 << 62)
        if not self._connected and Lane.FRESH in self._in_flight:
            # One lane is enough to find out whether the hub is back.
            return None
        if self._pending:
            return Fixed(*self._pending[0])
        return Fix(0, self._boundary)

    def begin(self, lane: Lane, first: int, last: int) -> None:
        if lane is Lane.BACKLOG and self._pending and self._pending[0][0] == first:
            self._pending.pop(0)
        self._in_flight[lane] = (first, last)

    def split(self, lane: Lane, halves: list[tuple[int, int]]) -> None:
        """The request was too large: its halves are sent by the backlog lane, in order."""
        self._in_flight.pop(lane, None)
        self._pending = halves + self._pending

    def end(self, lane: Lane) -> None:
        """The request is settled, whichever way."""
        self._in_flight.pop(lane, None)

    def hub_answers(self, well: bool) -> None:
        self._connected = well
