"""What a sensor is: `read` touches the system, `parse` does not. The runner times it and survives its failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from agent.samples import Family, Sample

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Sensor(Generic[R]):
    """`parse` leaves out what could not be read; a missing figure is absent, never zero."""

    families: tuple[Family, ...]
    read: Callable[[], R]
    parse: Callable[[R], list[Sample]]
