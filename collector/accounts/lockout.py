"""How long somebody who fails to sign in has to wait. A pure core: time is a parameter.

A key is an account *from one place* (an address, or a browser that has signed in before), so failures from elsewhere
lock nobody out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

FREE_FAILURES = 5
FIRST_DELAY_SECONDS = 30.0
LONGEST_DELAY_SECONDS = 3600.0
FORGET_SECONDS = 6 * 3600.0
MAX_KEYS = 8192


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: float

    def delay(self) -> float:
        if self.count < FREE_FAILURES:
            return 0.0
        return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** min(self.count - FREE_FAILURES, 16))


class Lockout:
    """Bounded: what has not failed for the longest is forgotten first."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def begin(self, key: tuple[str, str], now: float) -> float:
        """Seconds to wait; 0 lets one attempt through, which counts as failed until it is said otherwise.

        Counted beforehand, so that many attempts at once are not all let through.
        """
        held = self._failures.get(key)
        if held is not None and now - held.last_at > FORGET_SECONDS:
            held = None
        if held is not None:
            wait = held.last_at + held.delay() - now
            if wait > 0:
                return wait
            held.count += 1
            held.last_at = now
        else:
            held = self._failures[key] = _Failures(1, now)
        self._failures.move_to_end(key)
        if len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)
        return 0.0

    def take_back(self, key: tuple[str, str]) -> None:
        """The attempt was right but is not yet the whole sign-in: earlier failures still count."""
        held = self._failures.get(key)
        if held is not None:
            held.count -= 1
            if held.count <= 0:
                del self._failures[key]

    def succeeded(self, key: tuple[str, str]) -> None:
        self._failures.pop(key, None)

    def is_locked(self, key: tuple[str, str], now: float) -> bool:
        held = self._failures.get(key)
        return held is not None and held.last_at + held.delay() > now
