"""What a page says of its own media, from getStats (W3C webrtc-stats). Checked: a page may say anything."""

from __future__ import annotations

import math
from dataclasses import dataclass

from conferencing.rtp.slots import SLOTS

LIMITATIONS = ("none", "cpu", "bandwidth", "other")
"""RTCQualityLimitationReason of the camera."""
CANDIDATE_TYPES = ("host", "srflx", "prflx", "relay")
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class ClientSlot:
    """Totals of one slot since the connection was made, except `frame_height`."""

    frames_decoded: int = 0
    freeze_count: int = 0
    freeze_seconds: float = 0.0
    concealed_samples: int = 0
    total_samples: int = 0
    frame_height: int = 0


@dataclass(frozen=True, slots=True)
class ClientReport:
    """Every 5 s. `peer`: the connection it is of. None: the browser does not say it."""

    peer: str
    slots: dict[str, ClientSlot]
    candidate_type: str | None = None
    round_trip_seconds: float | None = None
    limitation: str | None = None
    frames_encoded: int = 0


def sound_report(report: ClientReport) -> bool:
    """False when it holds what no browser says."""
    if report.candidate_type not in (None, *CANDIDATE_TYPES) or report.limitation not in (None, *LIMITATIONS):
        return False
    if not report.slots.keys() <= set(SLOTS):
        return False
    figures: list[float] = [report.frames_encoded, report.round_trip_seconds or 0.0]
    for slot in report.slots.values():
        figures += [slot.frames_decoded, slot.freeze_count, slot.freeze_seconds, slot.concealed_samples]
        figures += [slot.total_samples, slot.frame_height]
    return all(math.isfinite(figure) and 0 <= figure < _LARGEST for figure in figures)
