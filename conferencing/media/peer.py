"""One WebRTC connection: its path, its handshake, its feedback. Belongs to one room; knows no other peers."""

from __future__ import annotations

from aiortc.rtcdtlstransport import RTCCertificate

from conferencing.control import PeerState, PeerStatistics
from conferencing.media.downlink import Downlink
from conferencing.media.forwarder import Forwarder
from conferencing.media.layers_seen import LayersSeen
from conferencing.media.negotiation import Negotiated
from conferencing.media.secure_transport import PacketBuffer, SecureTransport
from conferencing.media.ssrc_guard import SsrcGuard
from conferencing.media.streams import Layer, Slot
from conferencing.media.udp_port import Endpoint
from conferencing.rtp import rtcp
from conferencing.rtp.nack import generic_nack
from conferencing.rtp.sender_report import to_ntp
from conferencing.statistics.measure import PeerFeedback, sources

SILENT_AFTER_SECONDS = 4.5
"""Browsers check consent every 2.5 s and report every second: then it is more than one loss."""
GONE_AFTER_SECONDS = 30.0
CONNECT_WITHIN_SECONDS = 30.0
REPORT_INTERVAL_SECONDS = 1.0
SENDER_BITRATE_LIMIT = 1_500_000
"""REMB to each sender, bit/s: a hall at 720p is to take at most 1.2 Mbit/s of its line, and sound beside it."""
PATHS_PER_PEER = 8
ARRIVALS_INTERVAL_SECONDS = 0.08
"""draft-holmer-rmcat-transport-wide-cc-extensions-01: 50 to 250 ms; the sender's estimate waits for it."""
UNKNOWN_ROUND_TRIP_SECONDS = 0.1

Path = tuple[Endpoint, tuple[str, int]]


class Peer:
    """`peer` and `seat` are names given by the hub."""

    def __init__(
        self,
        peer: str,
        room: str,
        seat: str,
        ufrag: str,
        password: str,
        negotiated: Negotiated,
        certificate: RTCCertificate,
        forwarder: Forwarder,
        now: float,
        session_id: int,
    ) -> None:
        self.peer = peer
        self.room = room
        self.seat = seat
        self.ufrag = ufrag
        # During an ICE restart the old credentials hold until a check of the new ones nominates a path.
        self.passwords = {ufrag: password}
        self.link = negotiated.link
        self.offer = negotiated.offer
        self.answers = negotiated.answers
        self.session_id = session_id
        self.session_version = 1
        # Of the certificate that this peer's handshake uses: the worker's own may be a newer one by a restart of ICE.
        self.fingerprint = next(f.value for f in certificate.getFingerprints() if f.algorithm == "sha-256")
        self.viewer = False
        self.state = PeerState.NEW
        self.created = now
        self.last_received = now
        self.paths: dict[Path, float] = {}
        self._nominated_ufrag = ufrag
        self.handshaking = False
        self.rtp_ssrcs, self.rtcp_ssrcs = SsrcGuard(), SsrcGuard()
        self.packets_seen = 0
        self.stage: str | None = None
        self.seats_in_slots: dict[str, str] = {}
        self._forwarder = forwarder
        self.transport = SecureTransport(
            certificate, negotiated.offer.fingerprints, self._send, active=negotiated.offer.passive
        )
        self.layers = LayersSeen(self.link)
        self.downlink = Downlink(self.link, forwarder, now)
        self._next_arrivals = now
        self._next_report = now + REPORT_INTERVAL_SECONDS
        self._loss_down = 0.0
        self._round_trip: float | None = None
        self._nacks = self._resent = self._keyframe_requests = 0
        self._said = PeerFeedback()

    def restart(self, ufrag: str, password: str) -> list[str]:
        """New ICE credentials; returns ufrags that end with it, of a restart that was never completed."""
        ended = [one for one in self.passwords if one != self._nominated_ufrag]
        for one in ended:
            del self.passwords[one]
        self.ufrag = ufrag
        self.passwords[ufrag] = password
        self.session_version += 1
        return ended

    def completed(self, ufrag: str) -> list[str]:
        """A path was nominated with these credentials; returns older ufrags, which end with it."""
        self._nominated_ufrag = ufrag
        if ufrag != self.ufrag or len(self.passwords) == 1:
            return []
        ended = [one for one in self.passwords if one != ufrag]
        self.passwords = {ufrag: self.passwords[ufrag]}
        return ended

    def check(self, path: Path, nominated: bool, now: float) -> Path | None:
        """A verified connectivity check came by `path`; returns a path that is forgotten for it."""
        self.last_received = now
        forgotten = None
        if path not in self.paths and len(self.paths) >= PATHS_PER_PEER:
            current = (self.link.endpoint, self.link.address)
            forgotten = min((p for p in self.paths if p != current), key=self.paths.__getitem__)
            del self.paths[forgotten]
        self.paths[path] = now
        if nominated or self.link.address is None:
            self.link.endpoint, self.link.address = path
        return forgotten

    def feedback(self, packet: PacketBuffer, length: int, now: float) -> list[Layer]:
        """Takes in the peer's RTCP and returns layers it wants a key frame of. Raises SrtpError, RtpError."""
        wanted = []
        for item in rtcp.parse_feedback(self._forwarder.rtcp_in(self.link, packet, length)):
            match item:
                case rtcp.SenderReport():
                    self._sender_report(item, now)
                case rtcp.ReceiverReport():
                    self._receiver_report(item, now)
                case rtcp.Nack(ssrc=ssrc):
                    if (slot := self.link.slot_by_ssrc.get(ssrc)) is not None:
                        self._nacks += len(item.sequence_numbers)
                        resent = self._forwarder.resend(slot, item.sequence_numbers, now)
                        self._resent += resent
                        self._said.nack(slot, len(item.sequence_numbers), resent)
                case rtcp.KeyframeRequest(ssrc=ssrc):
                    slot = self.link.slot_by_ssrc.get(ssrc)
                    if slot is not None and slot.layer is not None and slot.video:
                        self._keyframe_requests += 1
                        self._said.keyframe_request(slot)
                        wanted.append(slot.layer)
                case rtcp.TransportFeedbackReceived(feedback=feedback):
                    self.downlink.feedback(feedback, now)
                case rtcp.ReceiverEstimate(bitrate=bitrate):
                    self.downlink.told(bitrate, now)
                case rtcp.Bye():
                    # The consent check notices who is gone; a BYE of one source says no more than its silence.
                    pass
        self.last_received = now
        return wanted

    def pulse(self, now: float) -> None:
        """What cannot wait for a report: arrivals for the sender's estimate, requests for what is missing, probes."""
        if self.link.sending is None:
            return
        parts: list[bytes] = []
        if self.link.arrivals and now >= self._next_arrivals:
            self._next_arrivals = now + ARRIVALS_INTERVAL_SECONDS
            media = next(iter(self.link.by_ssrc), 0)
            parts.extend(self.link.arrivals.messages(self.link.local_ssrc, media))
        round_trip = self._round_trip or UNKNOWN_ROUND_TRIP_SECONDS
        for source in self.link.sources.values():
            for layer in source.layers:
                if layer.nacks.pending and layer.reception is not None:
                    missing = layer.nacks.due(now, round_trip)
                    if missing:
                        parts.append(generic_nack(self.link.local_ssrc, layer.reception.ssrc, missing))
        for part in parts:
            self._forwarder.rtcp_out(self.link, part)
        self.downlink.pulse(now)

    def report(self, now: float) -> None:
        """Sends the reports that are due: of what we send, of what we receive, and the sender's limit."""
        if self.state is not PeerState.CONNECTED or (now < self._next_report and not self.link.reports_due):
            return
        self._next_report = now + REPORT_INTERVAL_SECONDS
        self.link.reports_due = False
        parts = [part for slot in self.link.slots.values() if (part := _sender_report(slot, now)) is not None]
        receptions = [layer.reception for layer in self.link.layers() if layer.reception is not None]
        blocks = [block for reception in receptions if (block := reception.report_block(now)) is not None]
        parts.append(rtcp.receiver_report(self.link.local_ssrc, blocks))
        layers = [layer for layer in self.link.layers() if layer.source.video]
        video = [layer.reception.ssrc for layer in layers if layer.reception is not None]
        if video and self.link.transport_extension is None:
            parts.append(rtcp.estimated_maximum_bitrate(self.link.local_ssrc, SENDER_BITRATE_LIMIT, video))
        self._forwarder.rtcp_out(self.link, b"".join(parts))

    def statistics(self) -> PeerStatistics:
        link = self.link
        receptions = [layer.reception for layer in link.layers() if layer.reception is not None]
        return PeerStatistics(
            peer=self.peer,
            room=self.room,
            seat=self.seat,
            packets_in=link.packets_in,
            bytes_in=link.bytes_in,
            lost_in=sum(reception.packets_lost for reception in receptions),
            jitter_in_seconds=max((r.jitter / r.clock_rate for r in receptions), default=0.0),
            packets_out=link.packets_out,
            bytes_out=link.bytes_out,
            loss_down=self._loss_down,
            round_trip_seconds=self._round_trip,
            nacks=self._nacks,
            resent=self._resent,
            keyframe_requests=self._keyframe_requests,
            sources=sources(link),
            slots=self._said.slots(link, self.seats_in_slots),
            estimate_bits_per_second=self.downlink.known_estimate,
        )

    def _send(self, datagram: bytes) -> None:
        self._forwarder.send(self.link, datagram)

    def _sender_report(self, report: rtcp.SenderReport, now: float) -> None:
        layer = self.link.by_ssrc.get(report.ssrc)
        if layer is None or layer.reception is None:
            return
        first = layer.reception.sender_report is None
        self.link.clock.report(report.ntp, now)
        layer.reception.sender_report_arrived(report.ntp, report.rtp_timestamp, now)
        if first:
            for slot in layer.slots:
                slot.link.reports_due = True

    def _receiver_report(self, report: rtcp.ReceiverReport, now: float) -> None:
        slot = self.link.slot_by_ssrc.get(report.ssrc)
        if slot is None:
            return
        self._said.receiver_report(slot, report)
        if slot.extensions is not slot.plain_extensions:
            # The receiver knows the stream by now: its mid is said no more.
            slot.extensions = slot.plain_extensions
        if slot.layer is not None:
            self._loss_down = report.fraction_lost
            self.downlink.reported(slot, report.fraction_lost, now)
        if report.last_sender_report:
            units = (to_ntp(now) >> 16) - report.last_sender_report - report.delay_since_last_sender_report
            seconds = (units & 0xFFFF_FFFF) / 65536
            if seconds < 60:
                self._round_trip = self.downlink.round_trip = seconds


def _sender_report(slot: Slot, now: float) -> bytes | None:
    layer = slot.layer
    if layer is None or not layer.source.enabled or not slot.continuity.anchored or layer.reception is None:
        return None
    received = layer.reception.sender_report
    if received is None:
        return None
    timestamp = layer.source.link.clock.rtp_timestamp_at(received, layer.source.clock_rate, now)
    if timestamp is None:
        return None
    timestamp = (timestamp + slot.continuity.timestamp_offset) & 0xFFFF_FFFF
    return rtcp.sender_report(slot.ssrc, to_ntp(now), timestamp, slot.packets, slot.octets)
