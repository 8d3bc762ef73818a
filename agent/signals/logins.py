"""Bursts of failed logins, and the first success after one: somebody guessed, and then was in. Sans-IO."""

from __future__ import annotations

import sys
from collections import deque

from agent.samples import Family, Kind, Sample
from agent.signals.finding import Finding, Memory, Signal
from agent.signals.login_lines import Attempt

INTERVAL_SECONDS = 60.0
BURST_FAILURES = 8
BURST_SECONDS = 600.0
QUIET_SECONDS = 1800.0
"""After so long without a failure a burst is over, and the next one is told anew."""
AFTER_SECONDS = 3600.0
MAX_SOURCES = 256


def read(since: float) -> tuple[Attempt, ...]:
    if sys.platform == "win32":
        from agent.signals.logins_windows import read as read_here
    else:
        from agent.signals.logins_posix import read as read_here
    return read_here(since)


class _Source:
    """One address, or one user at the machine itself."""

    __slots__ = ("began", "failures", "last", "told", "users")

    def __init__(self) -> None:
        self.failures: deque[float] = deque(maxlen=BURST_FAILURES)
        self.users: dict[str, int] = {}
        self.told = False
        self.began = 0.0
        self.last = 0.0


class Logins:
    def __init__(self, memory: Memory | None) -> None:
        held = memory or {}
        self._sources: dict[str, _Source] = {}
        for name, began, last in held.get("bursts", []):
            source = self._sources[name] = _Source()
            source.told, source.began, source.last = True, began, last
        self._failed = 0
        self._succeeded = 0

    def look(self, reading: tuple[Attempt, ...], now: float, packages_at: float | None) -> list[Finding]:
        findings = []
        for attempt in reading:
            name = attempt.address or f"{attempt.user} (local)"
            if attempt.success:
                self._succeeded += 1
                findings += self._success(name, attempt)
            else:
                self._failed += 1
                findings += self._failure(name, attempt)
        for name in [name for name, one in self._sources.items() if now - one.last > AFTER_SECONDS]:
            del self._sources[name]
        return findings

    def memory(self) -> Memory:
        return {"bursts": [[name, one.began, one.last] for name, one in self._sources.items() if one.told]}

    def figures(self) -> list[Sample]:
        return [
            Sample("thongsuot_login_attempts_total", self._failed, (("result", "failure"),)),
            Sample("thongsuot_login_attempts_total", self._succeeded, (("result", "success"),)),
        ]

    def _failure(self, name: str, attempt: Attempt) -> list[Finding]:
        source = self._sources.get(name)
        if source is None:
            if len(self._sources) >= MAX_SOURCES:
                del self._sources[min(self._sources, key=lambda one: self._sources[one].last)]
            source = self._sources[name] = _Source()
        if source.told and attempt.time - source.last > QUIET_SECONDS:
            source.told = False
            source.failures.clear()
            source.users.clear()
        source.last = attempt.time
        source.failures.append(attempt.time)
        if len(source.users) < 16 or attempt.user in source.users:
            source.users[attempt.user] = source.users.get(attempt.user, 0) + 1
        whole = len(source.failures) == BURST_FAILURES
        if source.told or not whole or attempt.time - source.failures[0] > BURST_SECONDS:
            return []
        source.told, source.began = True, source.failures[0]
        detail = {"address": attempt.address, "failures": BURST_FAILURES, "users": sorted(source.users)}
        return [Finding("failed_logins", "warning", name, source.began, detail)]

    def _success(self, name: str, attempt: Attempt) -> list[Finding]:
        source = self._sources.get(name)
        if source is None or not source.told or attempt.time - source.last > AFTER_SECONDS:
            return []
        del self._sources[name]
        detail = {"address": attempt.address, "user": attempt.user, "at_ms": round(attempt.time * 1000)}
        return [Finding("login_after_failures", "critical", name, source.began, detail)]


SIGNAL: Signal[tuple[Attempt, ...]] = Signal(
    INTERVAL_SECONDS,
    read,
    Logins,
    families=(
        Family("thongsuot_login_attempts_total", Kind.COUNTER, "Logins tried since the agent started, by result."),
    ),
)
