"""Walks a column of a device with GETBULK: how much to ask for at once, where to stop. Knows no network."""

from __future__ import annotations

from typing import Protocol

from agent.devices.varbind import Oid, SnmpTimeoutError, VarBind

MAX_REPETITIONS = 25
CLEAN_REQUESTS = 200
"""After so many answers in time a device is asked for twice as much again."""
MAX_VARBINDS = 2048
"""Of one column: a router that holds the whole Internet's routes is not asked for them."""


class Repetitions:
    """Halved when no answer came: slow gear cannot fill large ones in time."""

    def __init__(self, most: int = MAX_REPETITIONS) -> None:
        self._most = most
        self._clean = 0
        self.current = most

    def failed(self) -> bool:
        """Whether it is worth asking again, for less."""
        self._clean = 0
        if self.current == 1:
            return False
        self.current = max(1, self.current // 2)
        return True

    def succeeded(self) -> None:
        self._clean += 1
        if self._clean >= CLEAN_REQUESTS and self.current < self._most:
            self._clean = 0
            self.current = min(self._most, self.current * 2)


class Asking(Protocol):
    async def get(self, *oids: Oid) -> list[VarBind]:
        """Raises SnmpError."""

    async def bulk(self, after: Oid, repetitions: int) -> list[VarBind]:
        """Raises SnmpError."""


async def walk(device: Asking, root: Oid, repetitions: Repetitions) -> list[VarBind]:
    """All of the column. Raises SnmpError: the first one ends it."""
    found: list[VarBind] = []
    at = root
    while len(found) < MAX_VARBINDS:
        try:
            answer = await device.bulk(at, repetitions.current)
        except SnmpTimeoutError:
            if not repetitions.failed():
                raise
            continue
        repetitions.succeeded()
        before = at
        for one in answer:
            # MikroTik floods endOfMibView (snmp_exporter#617); others go round in circles.
            if one.value is None or one.oid[: len(root)] != root or one.oid <= at:
                return found
            found.append(one)
            at = one.oid
        if at == before:
            return found
    return found
