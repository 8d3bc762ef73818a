"""The figures of one window of a line, and the samples that say them. Pure: knows no packets and no clocks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil, floor

from agent.probes.unanswered import Losses
from agent.samples import Family, Kind, Labels, Sample, SampleSet
from agent.wire import families
from agent.wire.configuration import RTT_BUCKETS_SECONDS, WINDOW_SECONDS

RTT_QUANTILES = (0.0, 0.5, 0.95, 1.0)
IPDV_QUANTILE = 0.95

BUCKET_LABELS = tuple(f"{bound:g}" for bound in RTT_BUCKETS_SECONDS)


@dataclass(slots=True)
class Window:
    """One window while it is measured. `start`: Unix seconds; `ends_at`: monotonic seconds."""

    ordinal: int
    start: int
    ends_at: float
    sent: int = 0
    received: int = 0
    late: int = 0
    duplicate: int = 0
    reordered: int = 0
    skipped: int = 0
    late_sends: int = 0
    jitter: float = 0.0
    round_trips: list[float] = field(default_factory=list)
    variations: list[float] = field(default_factory=list)
    """Absolute differences of successive round-trip times."""

    @classmethod
    def of(cls, ordinal: int, now: float, unix: float) -> Window:
        """The window that this moment lies in."""
        start = floor(unix / WINDOW_SECONDS) * WINDOW_SECONDS
        return cls(ordinal, start, now + start + WINDOW_SECONDS - unix)

    def followed(self, at: float, unix: float) -> Window | None:
        """The window after this one when that moment lies no longer in it, and this one is then over; else None."""
        start = floor(unix / WINDOW_SECONDS) * WINDOW_SECONDS
        # A clock set back by less than a window would say the same window twice: stay in the present one.
        if self.start - WINDOW_SECONDS <= start <= self.start:
            return None
        self.ends_at = min(self.ends_at, at)
        return Window.of(self.ordinal + 1, at, unix)

    def figures(self) -> WindowFigures:
        return WindowFigures(
            start=self.start,
            sent=self.sent,
            received=self.received,
            late=self.late,
            duplicate=self.duplicate,
            reordered=self.reordered,
            skipped=self.skipped,
            late_sends=self.late_sends,
            jitter=self.jitter if self.received else None,
            round_trips=tuple(sorted(self.round_trips)),
            variations=tuple(sorted(self.variations)),
        )


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """What is known of a window once its last packet was answered or has timed out. Times sorted."""

    start: int
    sent: int
    received: int
    late: int
    duplicate: int
    reordered: int
    skipped: int
    late_sends: int
    jitter: float | None
    round_trips: tuple[float, ...]
    variations: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WindowLosses:
    """Which way a window's losses went; after an outage long after its figures."""

    start: int
    losses: Losses


Report = WindowFigures | WindowLosses


def quantile(ordered: tuple[float, ...], rank: float) -> float:
    """Nearest rank: always a value that was measured."""
    return ordered[max(0, ceil(rank * len(ordered)) - 1)]


def sample_sets(line: str, reports: Iterable[Report]) -> list[SampleSet]:
    """Samples at each window's own end."""
    return [
        SampleSet(report.start + WINDOW_SECONDS, tuple(_samples(report, (("line", line),)))) for report in reports
    ]


def _samples(report: Report, line: tuple[tuple[str, str], ...]) -> Iterable[Sample]:
    match report:
        case WindowFigures():
            yield from _figures(report, line)
        case WindowLosses(losses=losses):
            yield Sample(families.LINE_LOST, losses.up, (*line, ("direction", "up")))
            yield Sample(families.LINE_LOST, losses.down, (*line, ("direction", "down")))
            if losses.unknown:
                yield Sample(families.LINE_LOST, losses.unknown, (*line, ("direction", "unknown")))
            yield Sample(families.LINE_UNMEASURED, losses.unmeasured, line)
            yield Sample(families.LINE_LOSS_BURSTS, losses.bursts, line)


def _figures(figures: WindowFigures, line: tuple[tuple[str, str], ...]) -> Iterable[Sample]:
    for name, value in (
        (families.LINE_SENT, figures.sent),
        (families.LINE_RECEIVED, figures.received),
        (families.LINE_LATE, figures.late),
        (families.LINE_DUPLICATE, figures.duplicate),
        (families.LINE_REORDERED, figures.reordered),
        (families.LINE_SKIPPED, figures.skipped),
        (families.LINE_LATE_SENDS, figures.late_sends),
    ):
        yield Sample(name, value, line)
    yield from round_trip_samples(families.LINE_RTT, families.LINE_RTT_BUCKET, figures, line)
    if figures.jitter is not None:
        yield Sample(families.LINE_JITTER, figures.jitter, line)
    if figures.variations:
        seconds = quantile(figures.variations, IPDV_QUANTILE)
        yield Sample(families.LINE_IPDV, seconds, (*line, ("quantile", f"{IPDV_QUANTILE:g}")))


def round_trip_samples(name: str, bucket: str, figures: WindowFigures, labels: Labels) -> Iterable[Sample]:
    """Quantiles under `name`, absent without answers; answers per bound of RTT_BUCKETS_SECONDS under `bucket`."""
    for bound, label in zip(RTT_BUCKETS_SECONDS, BUCKET_LABELS, strict=True):
        yield Sample(bucket, bisect_right(figures.round_trips, bound), (*labels, ("le", label)))
    yield Sample(bucket, figures.received, (*labels, ("le", "+Inf")))
    if figures.round_trips:
        for rank in RTT_QUANTILES:
            yield Sample(name, quantile(figures.round_trips, rank), (*labels, ("quantile", f"{rank:g}")))


FAMILIES = (
    Family(families.LINE_SENT, Kind.GAUGE, "Probe packets sent in the window of ten seconds."),
    Family(families.LINE_RECEIVED, Kind.GAUGE, "Probe packets of the window answered within five seconds."),
    Family(families.LINE_LOST, Kind.GAUGE, "Probe packets of the window lost, by direction."),
    Family(families.LINE_UNMEASURED, Kind.GAUGE, "Unanswered probe packets not to be charged to the line."),
    Family(families.LINE_LATE, Kind.GAUGE, "Answers that came after five seconds."),
    Family(families.LINE_DUPLICATE, Kind.GAUGE, "Answers that came more than once."),
    Family(families.LINE_REORDERED, Kind.GAUGE, "Answers that came after one to a later packet (RFC 4737)."),
    Family(families.LINE_SKIPPED, Kind.GAUGE, "Places in the schedule at which this machine could not send."),
    Family(families.LINE_LATE_SENDS, Kind.GAUGE, "Packets sent more than half an interval late."),
    Family(families.LINE_RTT, Kind.UNTYPED, "Round-trip time of the window's packets."),
    Family(families.LINE_RTT_BUCKET, Kind.UNTYPED, "Packets of the window with a round trip of at most le."),
    Family(families.LINE_JITTER, Kind.GAUGE, "Interarrival jitter of RFC 3550 at the window's end."),
    Family(families.LINE_IPDV, Kind.UNTYPED, "Absolute difference of successive round-trip times."),
    Family(families.LINE_LOSS_BURSTS, Kind.GAUGE, "Runs of lost packets that begin in the window."),
)
