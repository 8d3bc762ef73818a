"""The fast path: one received packet, decrypted once, rewritten and encrypted per receiver. Never decoded.

Everything a faster implementation must do is `Forwarder`; `LeanForwarder` does it in Python on reused buffers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from conferencing.media.counters import Counters
from conferencing.media.secure_transport import LONGEST_PACKET, PacketBuffer, SrtpError
from conferencing.media.streams import Link, Slot, Source
from conferencing.rtp.header import FIXED_HEADER_BYTES, RtpError, RtpHeader, extension, parse_header, write_header
from conferencing.rtp.reception import Reception
from conferencing.rtp.vp8 import Vp8Descriptor, parse_descriptor, write_picture_id

SSRCS_PER_PEER = 16

_NO_VP8 = Vp8Descriptor(False, False, -1, -1, 0, -1, -1)


class Forwarder(Protocol):
    """What the worker asks of the packet path."""

    def rtp(self, link: Link, packet: PacketBuffer, length: int, now: float) -> None:
        """Forwards one SRTP packet of a peer, destroying the buffer."""

    def rtcp_in(self, link: Link, packet: PacketBuffer, length: int) -> bytes:
        """Plain RTCP of a peer. Raises SrtpError."""

    def rtcp_out(self, link: Link, compound: bytes) -> None:
        """Encrypts and sends RTCP to a peer."""

    def resend(self, slot: Slot, sequence_numbers: Iterable[int], now: float) -> int:
        """Sends cached packets again as they were; returns how many."""

    def send(self, link: Link, datagram: bytes | memoryview) -> bool:
        """One datagram on the peer's path; False when the socket is full (counted)."""


class LeanForwarder:
    """Works on one buffer for all that goes out: not to be called from two threads."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._out = PacketBuffer()

    def rtp(self, link: Link, packet: PacketBuffer, length: int, now: float) -> None:
        session = link.receiving
        if session is None:
            self._counters.drop("rtp_before_handshake")
            return
        try:
            length = session.unprotect(packet, length)
            header = parse_header(packet.view, length)
        except SrtpError as error:
            self._counters.drop(str(error))
            return
        except RtpError:
            self._counters.drop("rtp_malformed")
            return
        link.packets_in += 1
        link.bytes_in += length
        source = link.by_ssrc.get(header.ssrc)
        if source is None:
            source = self._identify(link, header, packet)
            if source is None:
                self._counters.drop("rtp_unknown_source")
                return
        if header.payload_type != source.payload_type:
            self._counters.drop("rtp_payload_type")
            return
        self._forward(source, header, packet, length, now)

    def rtcp_in(self, link: Link, packet: PacketBuffer, length: int) -> bytes:
        if link.receiving is None:
            raise SrtpError("rtcp_before_handshake")
        length = link.receiving.unprotect_rtcp(packet, length)
        return bytes(packet.view[:length])

    def rtcp_out(self, link: Link, compound: bytes) -> None:
        if link.sending is None:
            return
        out = self._out
        out.view[: len(compound)] = compound
        try:
            length = link.sending.protect_rtcp(out, len(compound))
        except SrtpError as error:
            self._counters.drop(str(error))
            return
        self.send(link, out.view[:length])

    def resend(self, slot: Slot, sequence_numbers: Iterable[int], now: float) -> int:
        sent = 0
        for number in sequence_numbers:
            ciphertext = slot.cache.again(number, now)
            if ciphertext is not None and self.send(slot.link, ciphertext):
                sent += 1
        return sent

    def send(self, link: Link, datagram: bytes | memoryview) -> bool:
        endpoint, address = link.endpoint, link.address
        if endpoint is None or address is None:
            self._counters.drop("no_path")
            return False
        try:
            endpoint.socket.sendto(datagram, address)
        except BlockingIOError:
            self._counters.drop("send_buffer_full")
            return False
        except OSError:
            self._counters.drop("send_error")
            return False
        return True

    def _identify(self, link: Link, header: RtpHeader, packet: PacketBuffer) -> Source | None:
        """By the mid header extension (RFC 9143 section 9.2), for SSRCs the offer did not name."""
        if link.mid_extension is None or len(link.by_ssrc) >= SSRCS_PER_PEER:
            return None
        mid = extension(packet.view, header, link.mid_extension)
        if mid is None:
            return None
        for source in link.sources.values():
            if source.mid.encode() == mid:
                link.by_ssrc[header.ssrc] = source
                return source
        return None

    def _forward(self, source: Source, header: RtpHeader, packet: PacketBuffer, length: int, now: float) -> None:
        reception = source.reception
        if reception is None or reception.ssrc != header.ssrc:
            reception = source.reception = Reception(header.ssrc, source.clock_rate)
            for slot in source.slots:
                if slot.source is source:
                    slot.continuity.restart()
        sequence = reception.packet(header.sequence_number, header.timestamp, length, now)
        start = header.payload_start
        vp8 = _NO_VP8
        if source.video:
            # A padding packet has no payload to describe; it is forwarded to keep the sequence whole.
            if start < length and not (header.padding and start + packet.octets[length - 1] >= length):
                try:
                    vp8 = parse_descriptor(packet.view, start, length)
                except RtpError:
                    self._counters.drop("vp8_malformed")
                    return
            if vp8.keyframe:
                source.keyframes.arrived()
        elif source.level_extension is not None and source.enabled and source.link.levels is not None:
            level = extension(packet.view, header, source.level_extension)
            if level:
                source.link.levels(source.seat, level[0] & 0x7F, now)
        if not source.enabled:
            self._counters.drop("muted")
            return
        if length - start + FIXED_HEADER_BYTES > LONGEST_PACKET:
            self._counters.drop("rtp_too_long")
            return
        payload = packet.view[start:length]
        shift = FIXED_HEADER_BYTES - start
        for slot in source.slots:
            self._forward_to(slot, source, sequence, header, vp8, payload, shift, now)

    def _forward_to(
        self,
        slot: Slot,
        source: Source,
        sequence: int,
        header: RtpHeader,
        vp8: Vp8Descriptor,
        payload: memoryview,
        shift: int,
        now: float,
    ) -> None:
        continuity = slot.continuity
        if slot.source is not source or not continuity.anchored:
            if slot.awaited is not source and slot.source is not source:
                return
            if slot.video and not vp8.keyframe:
                return
            if slot.source is not source:
                self._switch(slot, source)
        ids = continuity.follow(sequence, header.timestamp, vp8.picture_id, vp8.tl0_picture_index, now)
        if ids is None:
            self._counters.drop("late")
            return
        out = self._out
        view = out.view
        length = FIXED_HEADER_BYTES + len(payload)
        view[FIXED_HEADER_BYTES:length] = payload
        write_header(
            out.octets,
            padding=header.padding,
            marker=header.marker,
            payload_type=slot.payload_type,
            sequence_number=ids.sequence_number,
            timestamp=ids.timestamp,
            ssrc=slot.ssrc,
        )
        if ids.picture_id >= 0:
            write_picture_id(out.octets, vp8.picture_id_position + shift, vp8.picture_id_bits, ids.picture_id)
        if ids.tl0_picture_index >= 0:
            out.octets[vp8.tl0_position + shift] = ids.tl0_picture_index
        link = slot.link
        if link.sending is None:
            return
        try:
            length = link.sending.protect(out, length)
        except SrtpError as error:
            self._counters.drop(str(error))
            return
        ciphertext = bytes(view[:length])
        slot.cache.store(ids.sequence_number, ciphertext)
        if self.send(link, ciphertext):
            slot.packets += 1
            slot.octets += length
            link.packets_out += 1
            link.bytes_out += length
            self._counters.packets_forwarded += 1
            self._counters.bytes_forwarded += length

    def _switch(self, slot: Slot, source: Source) -> None:
        previous = slot.source
        if previous is not None:
            previous.slots = tuple(one for one in previous.slots if one is not slot)
        slot.source, slot.awaited = source, None
        slot.continuity.restart()
        slot.link.reports_due = True


def connect(slot: Slot, source: Source | None) -> bool:
    """Puts a source, or nothing, into a slot; True when a key frame of it is needed.

    A picture goes on until the new source's key frame comes.
    """
    if slot.awaited is source and source is not None:
        return False
    if slot.awaited is not None:
        _leave(slot, slot.awaited)
        slot.awaited = None
    if slot.source is source:
        return False
    if slot.source is not None and (source is None or not slot.source.enabled):
        _leave(slot, slot.source)
        slot.source = None
        slot.continuity.restart()
    if source is None:
        return False
    slot.awaited = source
    if slot not in source.slots:
        source.slots = (*source.slots, slot)
    return source.video


def _leave(slot: Slot, source: Source) -> None:
    source.slots = tuple(one for one in source.slots if one is not slot)
