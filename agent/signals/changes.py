"""The rule that most signals share: what is there now and was not before, unless a package update explains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.samples import Sample
from agent.signals.baseline import LEARNING_SECONDS, Baseline
from agent.signals.finding import Finding, Memory
from agent.wire.events import Severity

PACKAGES_SECONDS = 3600.0
"""A change so soon after one of the packages is theirs: told as information only."""

Seen = Mapping[str, Mapping[str, Any]]
"""What is there, by key: with what to say of it."""


class Changes:
    """`subject` makes of a key what the event is about."""

    def __init__(
        self,
        name: str,
        severity: Severity,
        memory: Memory | None,
        subject: Callable[[str], str] = str,
        learning_seconds: float = LEARNING_SECONDS,
    ) -> None:
        self._name = name
        self._severity = severity
        self._subject = subject
        self._baseline = Baseline(memory, learning_seconds)

    def look(self, reading: Seen, now: float, packages_at: float | None) -> list[Finding]:
        by_packages = packages_at is not None and 0 <= now - packages_at <= PACKAGES_SECONDS
        findings = []
        for new in self._baseline.look(reading, now):
            detail = dict(reading[new.key])
            severity = self._severity
            if by_packages:
                severity, detail["package_update"] = "info", True
            findings.append(Finding(self._name, severity, self._subject(new.key), new.since, detail))
        return findings

    def knows(self, key: str) -> bool:
        return self._baseline.knows(key)

    @property
    def learning(self) -> bool:
        return self._baseline.learning

    def memory(self) -> Memory:
        return self._baseline.memory()

    def figures(self) -> list[Sample]:
        return []
