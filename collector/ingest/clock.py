"""How far a node's clock is from the hub's, held still so that a replayed request gets the same times."""

from __future__ import annotations

import math

TOLERANCE_MS = 2_000
"""A difference of so much is left alone: it may be the network's delay, and 2 s harm no minute."""

SLOWEST_REQUEST_MS = 60_000
CONFIRMATIONS = 3
"""So many requests in a row say that a clock is behind by less than SLOWEST_REQUEST_MS before it is believed."""

MAX_AHEAD_MS = 5 * 60 * 1000
MAX_AGE_MS = (14 * 24 - 1) * 3600 * 1000
"""Prometheus takes samples out of order for 14 days (as we configure it); the hour is for the forwarder."""


def measured_offset_ms(header: str | None, now: float) -> int | None:
    """Node time minus hub time in ms, from X-Thongsuot-Time; None when the header says nothing usable."""
    if header is None:
        return None
    try:
        node_time = float(header)
    except ValueError:
        return None
    # Beyond ±10^11 s (year 5138) it is no clock, and the arithmetic in int64 milliseconds would not hold.
    if not math.isfinite(node_time) or abs(node_time) > 1e11:
        return None
    return round((node_time - now) * 1000)


def held_offset_ms(held: int, measured: int) -> int:
    """The offset to apply. It moves only when the measurement differs from it by more than the tolerance."""
    if abs(measured - held) <= TOLERANCE_MS:
        return held
    return 0 if abs(measured) <= TOLERANCE_MS else measured


def is_doubtful(held: int, measured: int, doubts: int) -> bool:
    """Whether a request that was slow on its way, or a hub that was busy, would look the same.

    Both make the node seem behind, by as long as they took, and never ahead. `doubts`: doubtful requests before it.
    """
    return held - SLOWEST_REQUEST_MS <= measured < held - TOLERANCE_MS and doubts + 1 < CONFIRMATIONS


def refusal(corrected_ms: int, now_ms: int) -> str | None:
    """Why a sample of this (corrected) time is not kept."""
    if corrected_ms > now_ms + MAX_AHEAD_MS:
        return "too_far_ahead"
    if corrected_ms < now_ms - MAX_AGE_MS:
        return "too_old"
    return None
