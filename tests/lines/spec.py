"""What a line does to packets, per direction. Pure; travels to the emulator as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Bursts:
    """Gilbert–Elliott: in the bad state every packet is lost, in the good one none.

    Mean burst = 1/recover packets; mean loss = enter / (enter + recover).
    """

    enter: float
    """Probability, per packet, to go from good to bad."""
    recover: float
    """Probability, per packet, to go from bad to good."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Times in seconds, probabilities 0…1. `rate` None: as fast as the machine can."""

    delay: float = 0.0
    jitter: float = 0.0
    """Added to the delay: uniform from 0 to this. The order stays unless `reorder` says otherwise."""
    reorder: float = 0.0
    """This share of the packets is sent on without delay, past those that wait."""
    duplicate: float = 0.0
    loss: float = 0.0
    """Each packet for itself."""
    bursts: Bursts | None = None
    rate: float | None = None
    """Bits of IP packets per second."""
    queue_bytes: int = 64_000
    """What may wait for the rate; a deep one is bufferbloat. What does not fit is dropped."""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class LineSpec:
    """`up` is from the node to the hub. `nat`: sources are hidden behind the line's own address and ports."""

    up: Direction = field(default_factory=Direction)
    down: Direction = field(default_factory=Direction)
    nat: bool = False
    seed: int = 1

    def both(self, **changes: Any) -> LineSpec:
        return replace(self, up=replace(self.up, **changes), down=replace(self.down, **changes))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse_spec(document: Mapping[str, Any]) -> LineSpec:
    """Raises TypeError, KeyError when it was not made by `to_json`."""
    return LineSpec(_direction(document["up"]), _direction(document["down"]), document["nat"], document["seed"])


def _direction(document: Mapping[str, Any]) -> Direction:
    bursts = document["bursts"]
    return Direction(**{**document, "bursts": None if bursts is None else Bursts(**bursts)})
