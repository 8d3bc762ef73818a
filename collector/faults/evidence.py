"""What a verdict is made of and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Cause = Literal["lan", "router", "provider", "upstream", "hub", "power", "agent", "none"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""`none`: the evidence does not tell."""

LOSSY_RATIO = 0.02
"""Of echoes to a hop that is near: more lost than this is trouble there."""


@dataclass(frozen=True, slots=True)
class Hop:
    """Echoes to one hop while the line was in trouble. RTT in seconds."""

    sent: int
    received: int
    rtt: float | None = None

    @property
    def loss(self) -> float:
        return 1 - self.received / self.sent if self.sent else 0.0

    @property
    def gone(self) -> bool:
        """Hardly anything came back: the edges of an outage may hold some answers."""
        return self.loss > 0.9

    def as_lossy_as(self, line_loss: float) -> bool:
        """Whether what the line loses is lost on the way to this hop already, at least half of it."""
        return self.loss > LOSSY_RATIO and self.loss >= line_loss / 2


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Other sites at the same time: how many were known, and how many of them were in trouble as well."""

    known: int = 0
    affected: int = 0

    @property
    def normal(self) -> int:
        return self.known - self.affected

    def without(self, some: Neighbours) -> Neighbours:
        """The rest of them."""
        return Neighbours(max(0, self.known - some.known), max(0, self.affected - some.affected))


@dataclass(frozen=True, slots=True)
class FaultEvidence:
    """One episode of one line. None: nothing is known of it."""

    state: str
    """weak, bad, down, or no_data: the node was silent."""
    ended: bool
    """Whether it is over: only then is a silent node's own account there."""
    loss: float | None = None
    """Of the line's own packets, 0..1."""
    rtt: float | None = None
    gateway: Hop | None = None
    first_hop: Hop | None = None
    hub: Hop | None = None
    same_provider: Neighbours = field(default_factory=Neighbours)
    """Other sites with a line of the same provider."""
    same_area: Neighbours = field(default_factory=Neighbours)
    """Other sites of the unit above the site's own, whatever their providers."""
    everywhere: Neighbours = field(default_factory=Neighbours)
    """All other sites."""
    wan_up: bool | None = None
    """What the router says of its WAN over SNMP."""
    on_battery: bool | None = None
    last_gasp: str = ""
    """The kind of the node's farewell event around the beginning; empty: there was none."""
    stopped: bool = False
    """The agent said that it was being stopped, while its machine went on."""
    booted: bool | None = None
    """Whether the machine started after it was last heard."""
    sampled: bool = False
    """The node kept sampling while the line was not measured."""
    mates: int = 0
    """Other machines of the site that were heard meanwhile."""
    lines_of_site: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """`words`: the evidence in one sentence by language (vi, en)."""

    cause: Cause
    words: Mapping[str, str]
