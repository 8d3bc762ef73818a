"""The tree of units for the checks of rights, read again when it may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from collector.accounts import unit_tree
from collector.accounts.unit_tree import UnitTree
from hub.http.sign_in import SignIns

FRESH_SECONDS = 5.0


class Places:
    """At most FRESH_SECONDS old: a unit that was moved takes its rights along a moment later."""

    def __init__(self, sign_ins: SignIns, clock: Callable[[], float]) -> None:
        self._sign_ins = sign_ins
        self._clock = clock
        self._tree = UnitTree()
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def tree(self) -> UnitTree:
        async with self._reading:
            now = self._clock()
            if self._read_at is None or not 0 <= now - self._read_at < FRESH_SECONDS:
                self._tree = await self._sign_ins.transaction(unit_tree.load)
                self._read_at = now
            return self._tree
