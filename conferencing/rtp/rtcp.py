"""RTCP: what a peer's packets ask for, and the reports we say ourselves. RTCP is terminated here, never relayed.

Coding by aiortc; its errors become RtpError, and what the forwarding does not use is left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)

from conferencing.rtp import transport_feedback
from conferencing.rtp.header import RtpError
from conferencing.rtp.reception import ReportBlock

NACK_LIMIT = 256
"""Sequence numbers taken from one NACK; a receiver that misses more is helped by a key frame."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The peer says which instant its RTP timestamp is."""

    ssrc: int
    ntp: int
    rtp_timestamp: int


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """How one of our streams arrives; `fraction_lost` 0–1, `round_trip` from LSR and DLSR fields as they are."""

    ssrc: int
    fraction_lost: float
    packets_lost: int
    jitter: int
    last_sender_report: int
    delay_since_last_sender_report: int


@dataclass(frozen=True, slots=True)
class Nack:
    ssrc: int
    sequence_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR of one of our streams."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceiverEstimate:
    """REMB: what the receiver believes that its line carries, bit/s."""

    bitrate: int


@dataclass(frozen=True, slots=True)
class TransportFeedbackReceived:
    feedback: transport_feedback.TransportFeedback


Feedback = SenderReport | ReceiverReport | Nack | KeyframeRequest | ReceiverEstimate | TransportFeedbackReceived | Bye


def parse_feedback(packet: bytes) -> list[Feedback]:
    """What a compound packet says, in order. Raises RtpError."""
    feedback: list[Feedback] = []
    for kind, part in _parts(packet):
        # With or without padding, which the parser has no need of.
        if kind & 0xC0FF == 0x80CD and kind >> 8 & 0x1F == transport_feedback.FORMAT:
            feedback.append(TransportFeedbackReceived(transport_feedback.parse(part[12:])))
        else:
            feedback.extend(_read(part))
    return feedback


def _parts(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets of a compound, each with its first two octets. Raises RtpError."""
    position = 0
    while position < len(packet):
        if position + 4 > len(packet):
            raise RtpError("RTCP: truncated header")
        end = position + 4 + 4 * int.from_bytes(packet[position + 2 : position + 4], "big")
        if end > len(packet):
            raise RtpError("RTCP: truncated")
        yield int.from_bytes(packet[position : position + 2], "big"), packet[position:end]
        position = end


def _read(packet: bytes) -> list[Feedback]:
    try:
        parsed = RtcpPacket.parse(packet)
    except (ValueError, struct.error, IndexError) as error:
        raise RtpError(f"RTCP: {error}") from None
    feedback: list[Feedback] = []
    for part in parsed:
        match part:
            case RtcpSrPacket():
                info = part.sender_info
                feedback.append(SenderReport(part.ssrc, info.ntp_timestamp, info.rtp_timestamp))
                feedback.extend(map(_receiver_report, part.reports))
            case RtcpRrPacket():
                feedback.extend(map(_receiver_report, part.reports))
            case RtcpRtpfbPacket(fmt=fmt) if fmt == RTCP_RTPFB_NACK:
                lost = tuple(number & 0xFFFF for number in part.lost[:NACK_LIMIT])
                feedback.append(Nack(part.media_ssrc, lost))
            case RtcpPsfbPacket(fmt=fmt) if fmt == RTCP_PSFB_PLI:
                feedback.append(KeyframeRequest(part.media_ssrc))
            case RtcpPsfbPacket(fmt=fmt) if fmt == RTCP_PSFB_FIR:
                # RFC 5104 section 4.3.1.1: the media source is named in the FCI, 8 octets each.
                feedback.extend(
                    KeyframeRequest(int.from_bytes(part.fci[position : position + 4], "big"))
                    for position in range(0, len(part.fci) - 7, 8)
                )
            case RtcpPsfbPacket(fmt=fmt) if fmt == RTCP_PSFB_APP and part.fci[:4] == b"REMB":
                try:
                    feedback.append(ReceiverEstimate(unpack_remb_fci(part.fci)[0]))
                except (ValueError, struct.error, IndexError) as error:
                    raise RtpError(f"REMB: {error}") from None
            case RtcpByePacket():
                feedback.append(Bye(tuple(part.sources)))
    return feedback


def sender_report(ssrc: int, ntp: int, rtp_timestamp: int, packets: int, octets: int) -> bytes:
    return bytes(RtcpSrPacket(ssrc, RtcpSenderInfo(ntp, rtp_timestamp, packets & 0xFFFF_FFFF, octets & 0xFFFF_FFFF)))


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """RFC 3550 section 6.4.2, for at most 31 sources."""
    return bytes(
        RtcpRrPacket(
            ssrc,
            [
                RtcpReceiverInfo(
                    ssrc=block.ssrc,
                    fraction_lost=block.fraction_lost,
                    packets_lost=block.packets_lost,
                    highest_sequence=block.highest_sequence,
                    jitter=block.jitter,
                    lsr=block.last_sender_report,
                    dlsr=block.delay_since_last_sender_report,
                )
                for block in blocks[:31]
            ],
        )
    )


def picture_loss_indication(ssrc: int, media_ssrc: int) -> bytes:
    """RFC 4585 section 6.3.1."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, ssrc, media_ssrc))


def estimated_maximum_bitrate(ssrc: int, bits_per_second: int, media_ssrcs: Sequence[int]) -> bytes:
    """REMB, draft-alvestrand-rmcat-remb-03."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_APP, ssrc, 0, pack_remb_fci(bits_per_second, list(media_ssrcs))))


def _receiver_report(block: RtcpReceiverInfo) -> ReceiverReport:
    return ReceiverReport(
        block.ssrc,
        block.fraction_lost / 256,
        block.packets_lost,
        block.jitter,
        block.lsr,
        block.dlsr,
    )
