"""A batch that a receiver refuses, taken apart until the bad sample stands alone. Bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.wire import remote_write
from collector.ingest import remote_write_pb2


@dataclass(frozen=True, slots=True)
class Piece:
    """Parts of a WriteRequest that are sent together; each part is an uncompressed WriteRequest itself."""

    parts: tuple[tuple[bytes, int], ...]
    """(payload, samples)"""

    @property
    def payload(self) -> bytes:
        return b"".join(payload for payload, _ in self.parts)

    @property
    def samples(self) -> int:
        return sum(samples for _, samples in self.parts)


def split(piece: Piece) -> Sequence[Piece]:
    """Two halves, or nothing when the piece is a single sample.

    Order is kept, so that the samples of one series stay in time order.
    """
    parts = piece.parts
    if len(parts) == 1:
        parts = _single_samples(parts[0][0])
        if len(parts) == 1:
            return ()
    middle = len(parts) // 2
    return Piece(parts[:middle]), Piece(parts[middle:])


def _single_samples(payload: bytes) -> tuple[tuple[bytes, int], ...]:
    request = remote_write_pb2.WriteRequest.FromString(payload)
    singles = []
    for series in request.timeseries:
        # The hub's schema leaves a label as bytes (its cache is keyed by them).
        decoded = [remote_write_pb2.Label.FromString(raw) for raw in series.labels]
        labels = tuple((label.name, label.value) for label in decoded)
        for sample in series.samples:
            one = remote_write.Series(labels, ((sample.timestamp, sample.value),))
            singles.append((remote_write.encode([one]), 1))
    return tuple(singles)
