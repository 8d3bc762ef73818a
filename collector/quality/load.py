"""How busy a line is: five-minute means of counters, and the 95th percentile that the rule asks for. Pure."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

STEP_SECONDS = 300
STEPS_PER_DAY = 86400 // STEP_SECONDS
MAX_GAP_SECONDS = 600
"""Over a longer time without readings a difference of counters says nothing of any five minutes."""
LEAST_SAMPLES = STEPS_PER_DAY
"""Fewer than a day's worth are no basis for a percentile of a week."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters of a machine at an instant (Unix seconds)."""

    at: float
    received: float
    transmitted: float
    booted: float | None = None


def five_minutes(readings: Iterable[Reading], begin: int, end: int) -> tuple[list[float], list[float]]:
    """Mean bit/s down and up in each five minutes of [begin, end); NaN where it is not known."""
    steps = (end - begin) // STEP_SECONDS
    bits = [[0.0] * steps, [0.0] * steps]
    seconds = [0.0] * steps
    for before, after in pairwise(readings):
        elapsed = after.at - before.at
        rises = after.received - before.received, after.transmitted - before.transmitted
        if not 0 < elapsed <= MAX_GAP_SECONDS or min(rises) < 0 or _rebooted(before, after):
            continue
        first = max(0, int((before.at - begin) // STEP_SECONDS))
        last = min(steps - 1, int((after.at - begin) // STEP_SECONDS))
        for step in range(first, last + 1):
            start = begin + step * STEP_SECONDS
            part = min(after.at, start + STEP_SECONDS) - max(before.at, start)
            if part > 0:
                seconds[step] += part
                for direction, rise in zip(bits, rises, strict=True):
                    direction[step] += 8 * rise * part / elapsed
    # Half of the five minutes at least must be known.
    known = [passed >= STEP_SECONDS / 2 for passed in seconds]
    down, up = (
        [
            value / passed if is_known else math.nan
            for value, passed, is_known in zip(one, seconds, known, strict=True)
        ]
        for one in bits
    )
    return down, up


def _rebooted(before: Reading, after: Reading) -> bool:
    return before.booted is not None and after.booted is not None and abs(after.booted - before.booted) > 30


def pack(down: Sequence[float], up: Sequence[float]) -> bytes:
    packed = array("f", [*down, *up])
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(packed: bytes) -> tuple[Sequence[float], Sequence[float]]:
    values = array("f")
    values.frombytes(packed)
    if sys.byteorder == "big":
        values.byteswap()
    half = len(values) // 2
    return values[:half], values[half:]


def p95(samples: Iterable[float]) -> float | None:
    """The value that 95 of 100 five minutes do not exceed; None when too few are known."""
    known = sorted(value for value in samples if not math.isnan(value))
    if len(known) < LEAST_SAMPLES:
        return None
    return known[math.ceil(0.95 * len(known)) - 1]
