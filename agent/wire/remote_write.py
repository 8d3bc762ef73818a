"""Prometheus remote write 1.0 (prometheus/docs, remote_write_spec.md), encoded without a protobuf runtime.

Encodes and compresses; the hub decodes with the protobuf library. Knows nothing of HTTP or of queues.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import cramjam

CONTENT_TYPE = "application/x-protobuf"
CONTENT_ENCODING = "snappy"
VERSION_HEADER = "X-Prometheus-Remote-Write-Version"
VERSION = "0.1.0"
NODE_TIME_HEADER = "X-Thongsuot-Time"
"""Unix seconds by the sender's clock when it sends (request), by the hub's when it answers (response)."""

STALE_MARKER: float = struct.unpack("<d", (0x7FF0_0000_0000_0002).to_bytes(8, "little"))[0]
"""The value after which a series is over: one NaN of all, told by its bits."""

_DOUBLE = struct.Struct("<d")
_TIMESERIES_KEY = b"\x0a"  # WriteRequest.timeseries = 1, length-delimited
_LABEL_KEY = b"\x0a"  # TimeSeries.labels = 1, length-delimited
_SAMPLE_KEY = b"\x12"  # TimeSeries.samples = 2, length-delimited
_NAME_KEY = b"\x0a"  # Label.name = 1
_VALUE_KEY = b"\x12"  # Label.value = 2
_SAMPLE_VALUE_KEY = b"\x09"  # Sample.value = 1, 64-bit
_SAMPLE_TIMESTAMP_KEY = b"\x10"  # Sample.timestamp = 2, varint


@dataclass(frozen=True, slots=True)
class Series:
    """One series: labels as (name, value) pairs with `__name__` among them, samples as (Unix ms, value)."""

    labels: tuple[tuple[str, str], ...]
    samples: tuple[tuple[int, float], ...]


def series(name: str, labels: Iterable[tuple[str, str]], timestamp_ms: int, value: float) -> Series:
    """One sample as a series with sorted labels."""
    pairs = tuple(sorted([("__name__", name), *labels]))
    return Series(pairs, ((timestamp_ms, value),))


def encode(many: Iterable[Series]) -> bytes:
    """WriteRequest in protobuf, not compressed. Two encodings laid end to end are one valid request."""
    out = bytearray()
    for one in many:
        body = bytearray()
        for name, value in sorted(one.labels):
            name_bytes, value_bytes = name.encode(), value.encode()
            label = (
                _NAME_KEY + varint(len(name_bytes)) + name_bytes
                + _VALUE_KEY + varint(len(value_bytes)) + value_bytes
            )  # fmt: skip
            body += _LABEL_KEY + varint(len(label)) + label
        for timestamp_ms, sample in sorted(one.samples):
            encoded = (
                _SAMPLE_VALUE_KEY + _DOUBLE.pack(sample)
                + _SAMPLE_TIMESTAMP_KEY + varint(timestamp_ms & 0xFFFF_FFFF_FFFF_FFFF)
            )  # fmt: skip
            body += _SAMPLE_KEY + varint(len(encoded)) + encoded
        out += _TIMESERIES_KEY + varint(len(body)) + body
    return bytes(out)


def compress(payload: bytes) -> bytes:
    """Snappy **block** format, as remote write demands."""
    return bytes(cramjam.snappy.compress_raw(payload))


def headers(user_agent: str, now: float | None = None) -> dict[str, str]:
    """HTTP headers of a write request; `now` is Unix seconds by the sender's clock."""
    found = {
        "Content-Type": CONTENT_TYPE,
        "Content-Encoding": CONTENT_ENCODING,
        VERSION_HEADER: VERSION,
        "User-Agent": user_agent,
    }
    if now is not None:
        found[NODE_TIME_HEADER] = f"{now:.3f}"
    return found


def varint(number: int) -> bytes:
    """Protobuf base-128 varint of a non-negative integer."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
