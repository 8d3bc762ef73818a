"""How many events a rule may send in a month: what cries too often is not heard any more. Sans-IO."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


class Budget:
    def __init__(self, monthly: int, memory: Mapping[str, Any] | None = None) -> None:
        held = memory or {}
        self._monthly = monthly
        self._month: str = held.get("month", "")
        self._spent: int = held.get("spent", 0)
        self.suppressed: int = held.get("suppressed", 0)
        """Since the queue was made."""

    def spend(self, now: float) -> bool:
        """Whether one more may be sent."""
        month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
        if month != self._month:
            self._month, self._spent = month, 0
        if self._spent >= self._monthly:
            self.suppressed += 1
            return False
        self._spent += 1
        return True

    @property
    def last(self) -> bool:
        """Whether the event that was just paid for was the month's last."""
        return self._spent >= self._monthly

    def memory(self) -> dict[str, Any]:
        return {"month": self._month, "spent": self._spent, "suppressed": self.suppressed}
