"""The series of a WriteRequest one after the other, so that a hostile request costs no more than a large one.

Protobuf may need 25 bytes of memory for one on the wire (empty messages). What is small is parsed whole, which
is fastest; what is large is cut into its series first, and only one of them exists at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError

from collector.ingest.remote_write_pb2 import TimeSeries, WriteRequest

WHOLE_BYTES = 256 * 1024
"""2,000 series of one sample, what senders send at once."""
MAX_SERIES_BYTES = 1024 * 1024
"""65,000 samples."""
MAX_SAMPLES = 1_000_000
"""Of one large request; series without samples count as one."""

_TIMESERIES_KEY = 0x0A
# Wire types of the protobuf encoding.
_VARINT, _LENGTH_DELIMITED = 0, 2
_FIXED_BYTES = {1: 8, 5: 4}


class TooManyError(ValueError):
    """The sender put too much into one request."""


def series_of(payload: bytes) -> Iterable[TimeSeries]:
    """Raises DecodeError, TooManyError; for large payloads while it is iterated."""
    if len(payload) <= WHOLE_BYTES:
        return WriteRequest.FromString(payload).timeseries
    return _one_by_one(payload)


def _one_by_one(payload: bytes) -> Iterator[TimeSeries]:
    samples = 0
    for start, end in _frames(payload):
        if end - start > MAX_SERIES_BYTES:
            raise TooManyError(f"a series of {end - start} bytes; at most {MAX_SERIES_BYTES}")
        series = TimeSeries.FromString(payload[start:end])
        samples += max(1, len(series.samples))
        if samples > MAX_SAMPLES:
            raise TooManyError(f"more than {MAX_SAMPLES} samples")
        yield series


def _frames(payload: bytes) -> Iterator[tuple[int, int]]:
    """Where the bytes of each `timeseries` begin and end; other fields are passed over."""
    at = 0
    while at < len(payload):
        key, at = _varint(payload, at)
        wire_type = key & 7
        if key < 8:
            raise DecodeError("a field without a number")
        if wire_type == _LENGTH_DELIMITED:
            length, at = _varint(payload, at)
            if key == _TIMESERIES_KEY and length <= len(payload) - at:
                yield at, at + length
            at += length
        elif wire_type == _VARINT:
            _, at = _varint(payload, at)
        elif wire_type in _FIXED_BYTES:
            at += _FIXED_BYTES[wire_type]
        else:
            raise DecodeError("a field of unknown type")
    if at > len(payload):
        raise DecodeError("a field is longer than the request")


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(payload) or shift > 63:
            raise DecodeError("a number is cut short or too long")
        byte = payload[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
