"""Moves the times of samples that were taken while the node's clock was wrong: pure, on remote write's bytes.

Whichever clock a sample was dated by is found from its time and from when each clock held (its era). Knows nothing
of the queue or of how the true time became known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agent.wire.remote_write import varint

SLACK_MS = 60_000
"""A window is said some seconds after its end; a sample of so much outside an era may still be of it."""
_TIMESERIES, _SAMPLES, _TIMESTAMP = 1, 2, 2


class DamagedPayloadError(ValueError):
    """These bytes are no remote write request of ours."""


@dataclass(frozen=True, slots=True)
class Era:
    """One state of the node's clock: from `begin_ms` to `end_ms` by itself, `correction_ms` short of the truth."""

    begin_ms: int
    end_ms: int
    correction_ms: int


def piecewise(own: Era, earlier: Sequence[Era]) -> Callable[[int], int]:
    """Corrects a time by the era that it is of: `own` unless it lies outside of it and within an earlier one."""

    def correct(timestamp_ms: int) -> int:
        for era in (own, *earlier):
            if era.begin_ms - SLACK_MS <= timestamp_ms <= era.end_ms + SLACK_MS:
                return timestamp_ms + era.correction_ms
        return timestamp_ms + own.correction_ms

    return correct


def retime(payload: bytes, correct: Callable[[int], int]) -> bytes:
    """A WriteRequest (protobuf, not compressed) with each sample's time corrected. Raises DamagedPayloadError."""
    out = bytearray()
    for number, kind, value, raw in _fields(payload):
        if number != _TIMESERIES or kind != 2:
            out += raw
            continue
        series = bytearray()
        for inner, inner_kind, inner_value, inner_raw in _fields(value):
            if inner == _SAMPLES and inner_kind == 2:
                sample = _sample(inner_value, correct)
                series += b"\x12" + varint(len(sample)) + sample
            else:
                series += inner_raw
        out += b"\x0a" + varint(len(series)) + series
    return bytes(out)


def _sample(sample: bytes, correct: Callable[[int], int]) -> bytes:
    out = bytearray()
    for number, kind, value, raw in _fields(sample):
        if number == _TIMESTAMP and kind == 0:
            unsigned, _ = _varint(value, 0)
            timestamp = unsigned - (1 << 64) if unsigned >> 63 else unsigned
            out += b"\x10" + varint(correct(timestamp) & 0xFFFF_FFFF_FFFF_FFFF)
        else:
            out += raw
    return bytes(out)


def _fields(message: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(field number, wire type, value, all of its bytes)."""
    at = 0
    while at < len(message):
        begin = at
        key, at = _varint(message, at)
        value_at = at
        match key & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 2:
                length, value_at = _varint(message, at)
                at = value_at + length
            case _:
                raise DamagedPayloadError("unknown wire type")
        if at > len(message):
            raise DamagedPayloadError("ends within a field")
        yield key >> 3, key & 7, message[value_at:at], message[begin:at]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise DamagedPayloadError("not a varint")
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
