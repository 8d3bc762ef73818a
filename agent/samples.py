"""A sample and the family it belongs to, as sensors and probes make them. Knows nothing of queues or HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from agent.wire import remote_write

Labels = tuple[tuple[str, str], ...]


class Kind(Enum):
    """The word after `# TYPE` in the text format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    UNTYPED = "untyped"
    """A gauge with a label (`le`, `quantile`) that the text format keeps for histograms and summaries."""


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    kind: Kind
    help: str


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    value: float
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class SampleSet:
    """What one collection or one window says. `unix`: Unix seconds that all samples are said of."""

    unix: float
    samples: tuple[Sample, ...]


def encode(sets: Iterable[SampleSet]) -> bytes:
    """Remote write request, not compressed."""
    return remote_write.encode(
        remote_write.series(sample.name, sample.labels, round(one.unix * 1000), sample.value)
        for one in sets
        for sample in one.samples
    )
