"""Runs the probes: starts and ends them as the hub's configuration says, commits what they say.

A target whose configuration is as before goes on undisturbed.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from agent.probes.defaults import default_targets
from agent.probes.probe import Running, World
from agent.probes.registry import PROBES
from agent.samples import SampleSet
from agent.wire.configuration import NodeConfiguration, ProbeTarget

logger = logging.getLogger(__name__)

DISK_RETRY_SECONDS = 5.0
FIRST_HOP_FACT = "first hop"
"""Remembered across a restart: in an outage nobody can find it anew."""
MAX_TARGETS = 64
"""More are left out: what a node sends must stay a trifle beside its line."""

Put = Callable[[list[SampleSet], dict[str, str]], Awaitable[None]]
"""Commits samples together with what is to be remembered. Raises sqlite3.Error, OSError."""
Fact = Callable[[str], Awaitable[str | None]]
Start = Callable[[str, Callable[[], Awaitable[None]]], asyncio.Task[None]]
Show = Callable[[str, list[SampleSet] | None], None]
"""Shows a group's newest samples locally; None when it is probed no more."""
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Probed:
    target: ProbeTarget
    running: Running
    task: asyncio.Task[None]


class Probing:
    def __init__(self, world: World, put: Put, fact: Fact, show: Show) -> None:
        self._world = world
        self._put = put
        self._fact = fact
        self._show = show
        self._probed: dict[Key, _Probed] = {}
        self._unknown: frozenset[str] = frozenset()

    async def apply(self, configuration: NodeConfiguration, start: Start) -> None:
        """Probe these targets and no others."""
        if not self._probed and self._world.whereabouts.first_hop is None:
            self._world.whereabouts.first_hop = await self._fact(FIRST_HOP_FACT) or None
        asked = configuration.probes.targets if configuration.probes is not None else None
        wanted = self._known(default_targets(self._world.hub) if asked is None else asked)
        for key, probed in list(self._probed.items()):
            if wanted.get(key) != probed.target:
                probed.task.cancel()
                await asyncio.wait({probed.task})
                del self._probed[key]
                await self._commit(key, probed.running.finish())
                self._show(_group(key), None)
        for key, target in wanted.items():
            if key not in self._probed:
                running = PROBES[target.probe].make(target, self._world, self._saying(key))
                self._probed[key] = _Probed(target, running, start(f"probe {_group(key)}", running.run))

    def cancel(self) -> None:
        for probed in self._probed.values():
            probed.task.cancel()

    async def finish(self) -> None:
        """After the probes' tasks have ended: commit what they still hold."""
        for key, probed in self._probed.items():
            await self._commit(key, probed.running.finish())

    def _known(self, targets: Iterable[ProbeTarget]) -> dict[Key, ProbeTarget]:
        found: dict[Key, ProbeTarget] = {}
        unknown = set()
        for one in targets:
            if one.probe not in PROBES:
                unknown.add(one.probe)
            elif len(found) < MAX_TARGETS:
                found[one.probe, one.target] = one
            else:
                logger.warning("probe %s %s: left out, a node probes %d targets", one.probe, one.target, MAX_TARGETS)
        if unknown != self._unknown:
            self._unknown = frozenset(unknown)
            if unknown:
                logger.warning("the hub asks for probes that this version does not have: %s", ", ".join(unknown))
        return found

    def _saying(self, key: Key) -> Callable[[list[SampleSet]], Awaitable[None]]:
        async def say(sets: list[SampleSet]) -> None:
            await self._commit(key, sets)

        return say

    async def _commit(self, key: Key, sets: list[SampleSet]) -> None:
        if not sets:
            return
        self._show(_group(key), sets)
        facts = {FIRST_HOP_FACT: self._world.whereabouts.first_hop or ""}
        while True:
            try:
                await self._put(sets, facts)
            except (sqlite3.Error, OSError) as error:
                logger.error("probe %s: the disk does not take its samples, trying again: %s", _group(key), error)
                await asyncio.sleep(DISK_RETRY_SECONDS)
            else:
                return


def _group(key: Key) -> str:
    return " ".join(key)
