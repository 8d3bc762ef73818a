"""Series seen before: from their label bytes to what was found out about them, bounded in memory."""

from __future__ import annotations

from dataclasses import dataclass

from agent.wire.remote_write import varint
from collector.ingest.identity import NodeIdentity
from collector.ingest.labels import LabelsRefusedError, encode_labels, parse_labels
from collector.ingest.watch import Watch, watch

GENERATION_BYTES = 4 * 1024 * 1024
"""Two generations per node: about 10,000 series, twenty times what an agent says."""

ONE_SAMPLE_BYTES = 16
"""A Sample of today: 9 bytes of value, 7 of timestamp (41 bits in a varint, and its key)."""
_ENTRY_OVERHEAD_BYTES = 600


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """`refusal` empty: accepted, and the rest holds."""

    refusal: str
    description: str
    labels: bytes
    """Stamped and encoded."""
    one_sample_head: bytes
    """All that precedes the value when the series has one sample of ONE_SAMPLE_BYTES."""
    watch: Watch | None


class KnownSeriesCache:
    """Of one node as it is known now. Forgets whole generations, so a lookup is one dict access mostly."""

    def __init__(self, identity: NodeIdentity, generation_bytes: int = GENERATION_BYTES) -> None:
        self.identity = identity
        self._generation_bytes = generation_bytes
        self._young: dict[tuple[bytes, ...], KnownSeries] = {}
        self._old: dict[tuple[bytes, ...], KnownSeries] = {}
        self._young_bytes = 0

    def find(self, labels: tuple[bytes, ...]) -> KnownSeries:
        known = self._young.get(labels)
        return known if known is not None else self._learn(labels)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def _learn(self, labels: tuple[bytes, ...]) -> KnownSeries:
        known = self._old.pop(labels, None) or examine(labels, self.identity)
        self._young_bytes += sum(map(len, labels)) + 2 * len(known.labels) + _ENTRY_OVERHEAD_BYTES
        if self._young_bytes > self._generation_bytes:
            self._old, self._young, self._young_bytes = self._young, {}, 0
        self._young[labels] = known
        return known


def examine(encoded: tuple[bytes, ...], identity: NodeIdentity) -> KnownSeries:
    """Check and stamp a series that is not known yet."""
    try:
        labels = parse_labels(encoded, identity)
    except LabelsRefusedError as error:
        return KnownSeries(error.reason, error.series, b"", b"", None)
    stamped = encode_labels(labels)
    body_bytes = len(stamped) + 2 + ONE_SAMPLE_BYTES
    head = b"\x0a" + varint(body_bytes) + stamped + b"\x12" + varint(ONE_SAMPLE_BYTES) + b"\x09"
    return KnownSeries("", "", stamped, head, watch(labels, identity))
