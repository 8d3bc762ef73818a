"""Bitrate of one stream: quick to rise, slow to fall, for pictures waver and a budget must hold their peaks."""

from __future__ import annotations

INTERVAL_SECONDS = 0.5
RISE, FALL = 0.5, 0.15


class RateMeter:
    __slots__ = ("_octets", "_since", "bitrate")

    def __init__(self) -> None:
        self.bitrate = 0.0
        self._octets = 0
        self._since: float | None = None

    def measure(self, octets_so_far: int, now: float) -> None:
        """Total octets at this time; call it a few times per second."""
        if self._since is None or octets_so_far < self._octets:
            self._since, self._octets = now, octets_so_far
            return
        elapsed = now - self._since
        if elapsed < INTERVAL_SECONDS:
            return
        fresh = (octets_so_far - self._octets) * 8 / elapsed
        self.bitrate += (fresh - self.bitrate) * (RISE if fresh > self.bitrate else FALL)
        self._since, self._octets = now, octets_so_far
