"""The E-model: what a line's delay and loss make of speech (ITU-T G.107, 06/2015, at default settings)."""

from __future__ import annotations

import math
from dataclasses import dataclass

PACKETISATION_MS = 20.0
_R_WITHOUT_IMPAIRMENT = 93.2


@dataclass(frozen=True, slots=True)
class Codec:
    """Equipment impairment `ie` and packet-loss robustness `bpl` (ITU-T G.113 appendix I)."""

    ie: float
    bpl: float


G711 = Codec(ie=0, bpl=4.3)
G711_PLC = Codec(ie=0, bpl=25.1)
"""With packet-loss concealment: what is published as the line's MOS."""


def delay_impairment(one_way_ms: float) -> float:
    """Idd of G.107 equation 7-27 for the absolute one-way delay Ta."""
    if one_way_ms <= 100:
        return 0.0
    x = math.log2(one_way_ms / 100)
    return float(25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2))


def loss_impairment(loss_ratio: float, burst_r: float, codec: Codec = G711_PLC) -> float:
    """Ie,eff of G.107 equation 7-29. Its Ppl is in percent; `loss_ratio` is 0..1."""
    ppl = 100 * loss_ratio
    return codec.ie + (95 - codec.ie) * ppl / (ppl / burst_r + codec.bpl)


def burst_ratio(lost: int, bursts: int, sent: int) -> float:
    """BurstR of G.107 from runs of loss (Gilbert): mean run × (1 − loss), at least 1 as for random loss."""
    if lost <= 0 or sent <= 0:
        return 1.0
    # A run that began in an earlier window has no beginning here, yet it is one run.
    return max(1.0, lost / max(1, bursts) * (1 - lost / sent))


def mouth_to_ear_ms(rtt_seconds: float, jitter_seconds: float) -> float:
    """Ta: half the round trip, packetisation, and a playout buffer of twice the jitter."""
    return 1000 * (rtt_seconds / 2 + 2 * jitter_seconds) + PACKETISATION_MS


def rating(
    rtt_seconds: float, jitter_seconds: float, loss_ratio: float, burst_r: float, codec: Codec = G711_PLC
) -> float:
    """R, the transmission rating factor."""
    idd = delay_impairment(mouth_to_ear_ms(rtt_seconds, jitter_seconds))
    return _R_WITHOUT_IMPAIRMENT - idd - loss_impairment(loss_ratio, burst_r, codec)


def mos(r: float) -> float:
    """MOS-CQE of a rating (G.107 annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
