"""Runs the security signals, each for itself: reads, asks its rule, pays from its budget, commits events."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent.queue_events import Happening
from agent.samples import Family, Kind, Sample
from agent.signals import packages
from agent.signals.budget import Budget
from agent.signals.finding import Finding, Memory, Rule, Signal
from agent.workers import run_once

logger = logging.getLogger(__name__)

REMEMBER_SECONDS = 900.0
FIRST_READ_SECONDS = 3600.0
"""So far back the first read of a log goes."""
START_SECONDS = 2.0
"""Between the first reads of two signals, so that a small machine is not busy with all at once."""

FAMILIES = (
    Family("thongsuot_security_signal_success", Kind.GAUGE, "Whether the security signal could be read."),
    Family("thongsuot_security_findings_total", Kind.COUNTER, "What the signal found since the agent started."),
    Family("thongsuot_security_suppressed_total", Kind.COUNTER, "Findings beyond the month's budget, not sent."),
)

Commit = Callable[[dict[str, str], tuple[Happening, ...]], Awaitable[None]]
"""Commits what is to be remembered together with events. Raises sqlite3.Error, OSError."""
Fact = Callable[[str], Awaitable[str | None]]


class Watching:
    def __init__(
        self,
        signals: Mapping[str, Signal[Any]],
        commit: Commit,
        fact: Fact,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._watches = [
            _Watch(name, signal, commit, fact, clock, number) for number, (name, signal) in enumerate(signals.items())
        ]
        self.families = (*FAMILIES, *(family for signal in signals.values() for family in signal.families))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self._watches:
                tasks.create_task(watch.run(), name=f"signal {watch.name}")

    def figures(self) -> list[Sample]:
        return [sample for watch in self._watches for sample in watch.figures()]


class _Watch:
    def __init__(
        self, name: str, signal: Signal[Any], commit: Commit, fact: Fact, clock: Callable[[], float], number: int
    ) -> None:
        self.name = name
        self._signal = signal
        self._commit = commit
        self._fact = fact
        self._clock = clock
        self._delay = START_SECONDS * (number + 1)
        self._rule: Rule[Any] | None = None
        self._budget = Budget(signal.monthly_budget)
        self._success: bool | None = None
        self._found: dict[str, int] = {}
        self._unsent: list[Happening] = []
        self._read_at = 0.0
        self._remembered = 0.0

    async def run(self) -> None:
        await asyncio.sleep(self._delay)
        while True:
            await self.look()
            await asyncio.sleep(self._signal.interval_seconds)

    async def look(self) -> None:
        try:
            await self._look()
        except Exception as error:
            if self._success is not False:
                logger.warning("security signal %s cannot be read: %s", self.name, error, exc_info=error)
            self._success = False
        else:
            self._success = True

    def figures(self) -> list[Sample]:
        if self._success is None:
            return []
        label = (("signal", self.name),)
        return [
            Sample("thongsuot_security_signal_success", int(self._success), label),
            Sample("thongsuot_security_suppressed_total", self._budget.suppressed, label),
            *(
                Sample("thongsuot_security_findings_total", count, (("finding", name), *label))
                for name, count in self._found.items()
            ),
            *(self._rule.figures() if self._rule is not None else ()),
        ]

    async def _look(self) -> None:
        if self._rule is None:
            memory = _memory(await self._fact(f"signal {self.name}"))
            self._rule = self._signal.make(memory.get("rule"))
            self._budget = Budget(self._signal.monthly_budget, memory.get("budget"))
            self._read_at = memory.get("read_at", 0.0)
        begin = self._clock()
        since = self._read_at if 0 < begin - self._read_at < 7 * 86_400 else begin - FIRST_READ_SECONDS
        reading = await run_once(f"signal {self.name}", self._signal.read, since)
        self._read_at = begin
        findings = self._rule.look(reading, begin, packages.changed_at())
        for finding in findings:
            self._found[finding.name] = self._found.get(finding.name, 0) + 1
            logger.warning("security: %s %s %s", finding.name, finding.subject, dict(finding.detail))
            if self._budget.spend(begin):
                self._unsent.append(_happening(finding, last=self._budget.last))
        if self._unsent or begin - self._remembered >= REMEMBER_SECONDS or begin < self._remembered:
            await self._commit({f"signal {self.name}": self._memory()}, tuple(self._unsent))
            self._unsent.clear()
            self._remembered = begin

    def _memory(self) -> str:
        rule = self._rule.memory() if self._rule is not None else None
        return json.dumps({"rule": rule, "budget": self._budget.memory(), "read_at": self._read_at})


def _happening(finding: Finding, last: bool) -> Happening:
    detail = {**finding.detail, "since_ms": round(finding.since * 1000)}
    if last:
        # The reader must know that silence from here on says nothing.
        detail["last_of_month"] = True
    return Happening(f"security.{finding.name}", finding.severity, finding.subject, detail)


def _memory(text: str | None) -> Memory:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
