"""What a MIB is here: the columns to walk, and what they mean. `parse` is pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.devices.varbind import Oid, Walked
from agent.samples import Family, Sample
from agent.wire.configuration import DeviceConfiguration


@dataclass(frozen=True, slots=True)
class Mib:
    """`key` is walked first: a device that has nothing there is not asked for the other columns."""

    key: Oid
    columns: tuple[Oid, ...]
    parse: Callable[[Walked, DeviceConfiguration], list[Sample]]
    families: tuple[Family, ...]
    every_seconds: float = 0.0
    """0: at each poll."""
