"""What of the queue one receiver gets, and under which labels. WriteRequest bytes in and out, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.wire.remote_write import varint
from collector.ingest import remote_write_pb2
from collector.ingest.labels import encode_labels
from exporters.remote_write.selectors import Selector

KNOWN_SERIES = 100_000
"""Decisions kept: more than 170 nodes say; all are forgotten at once when there are more."""

_TIMESERIES_KEY = b"\x0a"
_SAMPLE_KEY = b"\x12"


@dataclass(frozen=True, slots=True)
class Selection:
    """A series goes when one of `keep` matches (or there is none) and none of `drop` does.

    `labels` are added where a series has no label of that name: Prometheus' external labels.
    """

    keep: tuple[Selector, ...] = ()
    drop: tuple[Selector, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_everything(self) -> bool:
        return not (self.keep or self.drop or self.labels)

    def takes(self, labels: Mapping[str, str]) -> bool:
        if self.keep and not any(one.matches(labels) for one in self.keep):
            return False
        return not any(one.matches(labels) for one in self.drop)


class Sieve:
    """A Selection at work; remembers what it decided of each series."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._known: dict[tuple[bytes, ...], bytes | None] = {}

    def through(self, payload: bytes, samples: int) -> tuple[bytes, int]:
        """(payload, samples) of what the receiver gets; the payload is empty when that is nothing."""
        if self._selection.is_everything:
            return payload, samples
        request = remote_write_pb2.WriteRequest.FromString(payload)
        out, count = bytearray(), 0
        for series in request.timeseries:
            labels = self._labels(tuple(series.labels))
            if labels is None:
                continue
            body = bytearray(labels)
            for sample in series.samples:
                encoded = sample.SerializeToString()
                body += _SAMPLE_KEY + varint(len(encoded)) + encoded
            out += _TIMESERIES_KEY + varint(len(body)) + body
            count += len(series.samples)
        return bytes(out), count

    def _labels(self, raw: tuple[bytes, ...]) -> bytes | None:
        """Encoded; None: the series stays here."""
        if raw not in self._known:
            if len(self._known) >= KNOWN_SERIES:
                self._known.clear()
            decoded = [remote_write_pb2.Label.FromString(one) for one in raw]
            labels = {label.name: label.value for label in decoded}
            taken = self._selection.takes(labels)
            self._known[raw] = encode_labels({**self._selection.labels, **labels}) if taken else None
        return self._known[raw]
