"""How fast one sender may be: token buckets, and a bounded table of them."""

from __future__ import annotations

from collections import OrderedDict


class TokenBucket:
    """`rate` tokens a second, at most `burst` at once. May be charged into debt, which has to be waited off."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def wait_seconds(self, now: float) -> float:
        """How long until there is a whole token; 0 when there is one."""
        self._refill(now)
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def charge(self, amount: float, now: float) -> None:
        self._refill(now)
        self._tokens -= amount

    def _refill(self, now: float) -> None:
        # A clock set back must not take tokens away.
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now


class AddressLimits:
    """One bucket per address; the address not heard of for the longest is forgotten first."""

    def __init__(self, rate: float, burst: float, most_addresses: int = 4096) -> None:
        self._rate = rate
        self._burst = burst
        self._most_addresses = most_addresses
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait_seconds(self, address: str, now: float) -> float:
        """Takes one token. How long to wait instead when there is none."""
        bucket = self._buckets.get(address)
        if bucket is None:
            if len(self._buckets) >= self._most_addresses:
                self._buckets.popitem(last=False)
            bucket = self._buckets[address] = TokenBucket(self._rate, self._burst, now)
        self._buckets.move_to_end(address)
        wait = bucket.wait_seconds(now)
        if wait == 0:
            bucket.charge(1, now)
        return wait
