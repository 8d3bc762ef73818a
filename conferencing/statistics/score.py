"""One figure from 1 to 5 for how a bridge point hears, and one for how it sees. Pure.

Sound is the E-model of ITU-T G.107 (06/2015) at default settings. Opus is not in G.113; the robustness of G.711 with
concealment (Bpl 25.1, appendix I) stands for it, and what its FEC and our retransmissions repaired is no loss here.
Pictures have no such standard for live calls: see `picture`.
"""

from __future__ import annotations

import math

PACKETISATION_SECONDS = 0.02
PACKET_LOSS_ROBUSTNESS = 25.1
_RATING_WITHOUT_IMPAIRMENT = 93.2

FLUENT_FRAMES_PER_SECOND = 12.0
"""From here on a talking head is seen as moving; thumbnails are sent at 15."""
FROZEN_SHARE_UNBEARABLE = 0.25


def sound(round_trip_seconds: float, jitter_seconds: float, lost_share: float) -> float:
    """Mean opinion score, 1–4.5. `lost_share` 0–1: of samples concealed, or of packets lost where that is unknown."""
    one_way_ms = 1000 * (round_trip_seconds / 2 + 2 * jitter_seconds + PACKETISATION_SECONDS)
    percent = 100 * min(1.0, max(0.0, lost_share))
    # G.107 equation 7-29 with Ie = 0 and random loss (BurstR = 1).
    equipment = 95 * percent / (percent + PACKET_LOSS_ROBUSTNESS)
    return _opinion(_RATING_WITHOUT_IMPAIRMENT - _delay(one_way_ms) - equipment)


def picture(frozen_share: float, frames_per_second: float) -> float:
    """1–5: 1 + 4 · (1 − frozen / 0.25) · √(frames / 12), each factor within 0–1.

    `frozen_share`: of the interval, as the browser counts freezes (webrtc-stats: totalFreezesDuration).
    """
    steady = 1 - min(1.0, max(0.0, frozen_share) / FROZEN_SHARE_UNBEARABLE)
    fluent = math.sqrt(min(1.0, max(0.0, frames_per_second) / FLUENT_FRAMES_PER_SECOND))
    return 1 + 4 * steady * fluent


def _delay(one_way_ms: float) -> float:
    """Idd, G.107 equation 7-27."""
    if one_way_ms <= 100:
        return 0.0
    x = math.log2(one_way_ms / 100)
    return float(25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2))


def _opinion(rating: float) -> float:
    """G.107 annex B."""
    if rating <= 0:
        return 1.0
    return max(1.0, min(4.5, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6))
