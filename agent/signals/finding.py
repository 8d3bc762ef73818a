"""What a security signal is: `read` touches the system; a rule, sans-IO, decides what is worth an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from agent.samples import Family, Sample
from agent.wire.events import Severity

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)
Memory = Mapping[str, Any]
"""What a rule remembers, as JSON."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Becomes the event `security.<name>`. `since`: Unix seconds of the first sighting."""

    name: str
    severity: Severity
    subject: str
    since: float
    detail: Mapping[str, Any] = field(default_factory=dict)


class Rule(Protocol[R_contra]):
    def look(self, reading: R_contra, now: float, packages_at: float | None) -> list[Finding]:
        """`now`, `packages_at` (when packages were changed last): Unix seconds."""

    def memory(self) -> Memory:
        """To be kept for the next process."""

    def figures(self) -> list[Sample]:
        """What the last look found, for each collection of samples."""


@dataclass(frozen=True, slots=True)
class Signal(Generic[R]):
    """`read` gets the Unix seconds of the read before. `make` gets what the rule remembered, None at first."""

    interval_seconds: float
    read: Callable[[float], R]
    make: Callable[[Memory | None], Rule[R]]
    monthly_budget: int = 20
    """More events of this rule in a month are counted, not sent."""
    families: tuple[Family, ...] = ()
