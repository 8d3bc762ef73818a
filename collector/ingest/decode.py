"""One remote-write request: decompressed, decoded, checked series by series, encoded anew.

The hot path of ingest: 100,000 samples a second shall fit on one core with HTTP and disk.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import cramjam
from google.protobuf.message import DecodeError

from agent.wire.remote_write import varint
from collector.ingest import clock
from collector.ingest.frames import TooManyError, series_of
from collector.ingest.remote_write_pb2 import TimeSeries
from collector.ingest.series import ONE_SAMPLE_BYTES, KnownSeries, KnownSeriesCache
from collector.ingest.watch import EchoWatch, EvidenceWatch, LineWatch, NodeWatch, PowerWatch, SpeedWatch, Watch

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_DECOMPRESSED_BYTES = 32 * 1024 * 1024
MAX_EXAMPLES = 5

_pack_value = struct.Struct("<d").pack


class BodyTooLargeError(ValueError):
    """The sender's request exceeds a limit; it shall split it."""


class NotSnappyError(ValueError):
    """The sender's body is not in snappy's block format."""


class NotProtobufError(ValueError):
    """The sender's body is not a WriteRequest."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What remains of a request. Times are corrected, Unix milliseconds."""

    payload: bytes
    """An uncompressed WriteRequest."""
    samples: int
    line_samples: list[tuple[LineWatch, int, float]]
    node_samples: list[tuple[NodeWatch, int, float]]
    evidence_samples: list[tuple[EvidenceWatch, int, float]]
    speed_samples: list[tuple[SpeedWatch, int, float]]
    refused: dict[str, int]
    """Samples by reason."""
    examples: list[str]
    """The first refused series, in words."""


@dataclass(slots=True)
class _Times:
    """Judges each distinct timestamp of a request once: corrected time, its encoding, or a refusal."""

    offset_ms: int
    now_ms: int
    judged: dict[int, tuple[int, bytes, str]] = field(default_factory=dict)

    def judge(self, timestamp_ms: int) -> tuple[int, bytes, str]:
        found = self.judged.get(timestamp_ms)
        if found is None:
            corrected = timestamp_ms - self.offset_ms
            reason = clock.refusal(corrected, self.now_ms)
            encoded = b"" if reason else b"\x10" + varint(corrected & 0xFFFF_FFFF_FFFF_FFFF)
            found = self.judged[timestamp_ms] = (corrected, encoded, reason or "")
        return found


def decompress(body: bytes) -> bytes:
    """Raises BodyTooLargeError, NotSnappyError. Believes the declared length before it allocates anything."""
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLargeError(f"{len(body)} bytes compressed; at most {MAX_BODY_BYTES}")
    declared = decompressed_bytes(body)
    if declared > MAX_DECOMPRESSED_BYTES:
        raise BodyTooLargeError(f"{declared} bytes decompressed; at most {MAX_DECOMPRESSED_BYTES}")
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise NotSnappyError(str(error)) from None


def decode(body: bytes, cache: KnownSeriesCache, offset_ms: int, now: float) -> Accepted:
    """Raises BodyTooLargeError, NotSnappyError, NotProtobufError; all else is refused series by series."""
    try:
        return _decode(series_of(decompress(body)), cache, offset_ms, now)
    except DecodeError as error:
        raise NotProtobufError(str(error)) from None
    except TooManyError as error:
        raise BodyTooLargeError(str(error)) from None


def decompressed_bytes(body: bytes) -> int:
    """As the body declares it. Raises NotSnappyError."""
    try:
        return int(cramjam.snappy.decompress_raw_len(body))
    except cramjam.DecompressionError as error:
        raise NotSnappyError(str(error)) from None


def _decode(request: Iterable[TimeSeries], cache: KnownSeriesCache, offset_ms: int, now: float) -> Accepted:
    times = _Times(offset_ms, round(now * 1000))
    judged_get = times.judged.get
    find = cache.find
    parts: list[bytes] = []
    add = parts.append
    watched: list[tuple[Watch, int, float]] = []
    refused: Counter[str] = Counter()
    examples: list[str] = []
    kept = 0
    for series in request:
        known = find(tuple(series.labels))
        samples = series.samples
        if known.refusal:
            refused[known.refusal] += len(samples)
            if len(examples) < MAX_EXAMPLES:
                examples.append(f"{known.refusal}: {known.description}")
        elif len(samples) == 1:
            sample = samples[0]
            timestamp = sample.timestamp
            corrected, encoded, reason = judged_get(timestamp) or times.judge(timestamp)
            if reason:
                refused[reason] += 1
            elif len(encoded) == ONE_SAMPLE_BYTES - 9:
                value = sample.value
                add(known.one_sample_head)
                add(_pack_value(value))
                add(encoded)
                kept += 1
                if known.watch is not None:
                    watched.append((known.watch, corrected, value))
            else:
                kept += _many(series, known, times, parts, watched, refused)
        else:
            kept += _many(series, known, times, parts, watched, refused)
    return Accepted(
        b"".join(parts),
        kept,
        [(one, at_ms, value) for one, at_ms, value in watched if isinstance(one, LineWatch)],
        [(one, at_ms, value) for one, at_ms, value in watched if isinstance(one, NodeWatch)],
        [(one, at_ms, value) for one, at_ms, value in watched if isinstance(one, EchoWatch | PowerWatch)],
        [(one, at_ms, value) for one, at_ms, value in watched if isinstance(one, SpeedWatch)],
        dict(refused),
        examples,
    )


def _many(
    series: TimeSeries,
    known: KnownSeries,
    times: _Times,
    parts: list[bytes],
    watched: list[tuple[Watch, int, float]],
    refused: Counter[str],
) -> int:
    """A series with any number of samples, put in time order as receivers demand."""
    good: list[tuple[int, bytes, float]] = []
    for sample in series.samples:
        corrected, encoded, reason = times.judge(sample.timestamp)
        if reason:
            refused[reason] += 1
        else:
            good.append((corrected, encoded, sample.value))
    if not good:
        return 0
    good.sort(key=lambda one: one[0])
    body = bytearray(known.labels)
    for _, encoded, value in good:
        body += b"\x12" + varint(9 + len(encoded)) + b"\x09" + _pack_value(value) + encoded
    parts.append(b"\x0a" + varint(len(body)) + bytes(body))
    if known.watch is not None:
        watched.extend((known.watch, corrected, value) for corrected, _, value in good)
    return len(good)
