"""When to ask a source for a key frame: requests of all receivers become one, repeated until it comes."""

from __future__ import annotations

KEYFRAME_REQUEST_INTERVAL_SECONDS = 0.5
"""At most one request per source in this time, whoever asks (reference: musts, 4)."""
KEYFRAME_REQUESTS_LIMIT = 10
"""Unanswered so often, the source is taken to be sending nothing; a new asker starts again."""


class KeyframeRequests:
    """The only origin of PLI towards one source."""

    __slots__ = ("_asked", "_last_sent", "_sent", "coalesced", "sent_total")

    def __init__(self) -> None:
        self._asked = False
        self._last_sent = float("-inf")
        self._sent = 0
        self.coalesced = 0
        self.sent_total = 0

    def ask(self, now: float) -> bool:
        """A receiver needs a key frame. True when a request is to be sent now."""
        if self._asked:
            self.coalesced += 1
        self._asked = True
        self._sent = 0
        return self.due(now)

    def note(self) -> None:
        """A key frame is needed; the next look at `due` sends the request."""
        self._asked = True

    def due(self, now: float) -> bool:
        """True when an unanswered request is to be sent (again) now."""
        if not self._asked or now - self._last_sent < KEYFRAME_REQUEST_INTERVAL_SECONDS:
            return False
        if self._sent >= KEYFRAME_REQUESTS_LIMIT:
            self._asked = False
            return False
        self._sent += 1
        self.sent_total += 1
        self._last_sent = now
        return True

    def arrived(self) -> None:
        """A key frame came."""
        self._asked = False
        self._sent = 0
