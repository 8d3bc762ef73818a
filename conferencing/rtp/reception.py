"""What arrives from one source: extended sequence numbers, loss, jitter, sender reports (RFC 3550 appendix A)."""

from __future__ import annotations

from dataclasses import dataclass

# Beyond this a jump is a restarted sender, not loss (RFC 3550 A.1: MAX_DROPOUT).
MAX_DROPOUT = 3000
MAX_MISORDER = 1024
_SEEN = 1024


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """One report block of a receiver report, RFC 3550 section 6.4.1; times in units of 1/65536 s."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_sender_report: int
    delay_since_last_sender_report: int


@dataclass(frozen=True, slots=True)
class SenderReportReceived:
    """The NTP and RTP instants a source says are the same, and when it arrived (Unix seconds)."""

    ntp: int
    rtp_timestamp: int
    arrived: float


class Reception:
    """Counters of one incoming SSRC."""

    __slots__ = (
        "_base",
        "_expected_prior",
        "_highest",
        "_last_transit",
        "_received_prior",
        "_seen",
        "clock_rate",
        "jitter",
        "octets",
        "received",
        "sender_report",
        "ssrc",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.received = 0
        self.octets = 0
        self.jitter = 0.0
        self.sender_report: SenderReportReceived | None = None
        self._base = -1
        self._highest = -1
        self._last_transit: float | None = None
        self._expected_prior = 0
        self._received_prior = 0
        self._seen = [-1] * _SEEN

    def packet(self, sequence_number: int, timestamp: int, octets: int, now: float) -> int | None:
        """Counts a packet and returns its extended sequence number, which never repeats; None for a known one."""
        if self._highest < 0:
            self._base = self._highest = sequence_number
            extended = sequence_number
        else:
            delta = ((sequence_number - self._highest + 0x8000) & 0xFFFF) - 0x8000
            extended = self._highest + delta
            if delta > MAX_DROPOUT or delta < -MAX_MISORDER:
                # A restarted sender goes on upward, so that no slot ever maps two packets to one index.
                extended = self._highest + MAX_DROPOUT + 1 + (delta & 0xFFFF)
                extended += (sequence_number - extended) & 0xFFFF
                self._base = extended
                self._last_transit = None
                self._expected_prior = 0
                self._received_prior = self.received = 0
            if extended > self._highest:
                self._highest = extended
        self.received += 1
        self.octets += octets
        if self._seen[extended & (_SEEN - 1)] == extended:
            # Its retransmission came first.
            return None
        self._seen[extended & (_SEEN - 1)] = extended
        transit = now * self.clock_rate - timestamp
        if self._last_transit is not None:
            difference = abs(transit - self._last_transit)
            # A wrapped or restarted timestamp says nothing of the network.
            if difference < self.clock_rate * 10:
                self.jitter += (difference - self.jitter) / 16
        self._last_transit = transit
        return extended

    def repaired(self, sequence_number: int, octets: int) -> int | None:
        """Extended sequence number of a packet that came by retransmission; None when it was there or is too old.

        It is not counted as received: what the report says of the line stays true.
        """
        if self._highest < 0:
            return None
        extended = self._highest + ((sequence_number - self._highest + 0x8000) & 0xFFFF) - 0x8000
        if extended > self._highest or extended < max(self._base, self._highest - MAX_MISORDER + 1):
            return None
        if self._seen[extended & (_SEEN - 1)] == extended:
            return None
        self._seen[extended & (_SEEN - 1)] = extended
        self.octets += octets
        return extended

    @property
    def packets_lost(self) -> int:
        return max(0, self._highest - self._base + 1 - self.received) if self._highest >= 0 else 0

    def sender_report_arrived(self, ntp: int, rtp_timestamp: int, now: float) -> None:
        self.sender_report = SenderReportReceived(ntp, rtp_timestamp, now)

    def report_block(self, now: float) -> ReportBlock | None:
        """The block for the next receiver report, and the start of the next interval; None before any packet."""
        if self._highest < 0:
            return None
        expected = self._highest - self._base + 1
        expected_interval = expected - self._expected_prior
        received_interval = self.received - self._received_prior
        self._expected_prior, self._received_prior = expected, self.received
        lost_interval = expected_interval - received_interval
        fraction = 0
        if expected_interval > 0 and lost_interval > 0:
            fraction = min(255, (lost_interval << 8) // expected_interval)
        last_report = delay = 0
        if self.sender_report is not None:
            last_report = (self.sender_report.ntp >> 16) & 0xFFFF_FFFF
            delay = min(0xFFFF_FFFF, max(0, int((now - self.sender_report.arrived) * 65536)))
        return ReportBlock(
            self.ssrc,
            fraction,
            min(0x7F_FFFF, self.packets_lost),
            self._highest & 0xFFFF_FFFF,
            min(0xFFFF_FFFF, int(self.jitter)),
            last_report,
            delay,
        )
