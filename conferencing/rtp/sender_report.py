"""Sender reports of forwarded streams, so that a receiver keeps lips and voice together (RFC 3550 section 6.4.1).

Every forwarded stream is told in the worker's own clock: sources come and go, the receiver's reference stays.
"""

from __future__ import annotations

from conferencing.rtp.reception import SenderReportReceived

# Seconds from the NTP era (1900) to the Unix epoch, RFC 5905 section 6.
_NTP_UNIX_OFFSET_SECONDS = 2_208_988_800
# How fast the estimate of a peer's clock may grow older: covers a drift of 100 ppm.
_DRIFT_PER_SECOND = 0.0001


def to_ntp(unix_seconds: float) -> int:
    """64-bit NTP timestamp (RFC 5905)."""
    return int((unix_seconds + _NTP_UNIX_OFFSET_SECONDS) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def ntp_seconds(ntp: int) -> float:
    """Seconds since 1900 in the sender's own clock, whatever that clock is set to."""
    return ntp / (1 << 32)


class PeerClock:
    """How far a peer's NTP clock is from ours: the least delayed of its reports, one value for all its sources.

    One value, because a difference between its sound and its picture would be heard as a slip of the lips.
    """

    __slots__ = ("_offset", "_time")

    def __init__(self) -> None:
        self._offset: float | None = None
        self._time = 0.0

    def report(self, ntp: int, now: float) -> None:
        """A sender report arrived at Unix time `now`."""
        offset = now + _NTP_UNIX_OFFSET_SECONDS - ntp_seconds(ntp)
        if self._offset is not None:
            aged = self._offset + (now - self._time) * _DRIFT_PER_SECOND
            # A step of the peer's clock shows as a jump of more than any network delay.
            if abs(offset - aged) < 2.0:
                offset = min(offset, aged)
        self._offset, self._time = offset, now

    def rtp_timestamp_at(self, report: SenderReportReceived, clock_rate: int, now: float) -> int | None:
        """The source's RTP timestamp at our Unix time `now`; None before a report came."""
        if self._offset is None:
            return None
        elapsed = now + _NTP_UNIX_OFFSET_SECONDS - self._offset - ntp_seconds(report.ntp)
        return (report.rtp_timestamp + round(elapsed * clock_rate)) & 0xFFFF_FFFF
