"""The fast path: one received packet, decrypted once, rewritten and encrypted per receiver. Never decoded.

Everything a faster implementation must do is `Forwarder`; `LeanForwarder` does it in Python on reused buffers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Protocol

from conferencing.media.counters import Counters
from conferencing.media.secure_transport import LONGEST_PACKET, PacketBuffer, SrtpError
from conferencing.media.selection import switch
from conferencing.media.streams import NO_VP8, Layer, Link, Sent, Slot
from conferencing.media.udp_port import Endpoint
from conferencing.rtp import h264, red
from conferencing.rtp.continuity import OutgoingIds
from conferencing.rtp.extensions import absolute_send_time, playout_delay
from conferencing.rtp.header import FIXED_HEADER_BYTES, RtpError, RtpHeader, extension, parse_header, write_header
from conferencing.rtp.reception import Reception
from conferencing.rtp.slots import Role
from conferencing.rtp.vp8 import Vp8Descriptor, parse_descriptor, write_picture_id

SSRCS_PER_PEER = 32
LONGEST_EXTENSIONS = 32
SRTP_OCTETS = 16
LONGEST_PADDING = 255
WORTH_REPEATING = 400
"""A probe sends packets of the picture again when they are so long: of more use than padding."""

_SHORT = struct.Struct("!H")


class Forwarder(Protocol):
    """What the worker asks of the packet path."""

    kind: str

    def new_link(self, local_ssrc: int) -> Link:
        """A peer's link, for this forwarder alone."""

    def forget(self, link: Link) -> None:
        """Nothing is received from the peer any more, nor sent to it, but by `send`."""

    def path(self, endpoint: Endpoint, source: tuple[str, int], link: Link | None) -> None:
        """Packets from this address are of this peer; None: of nobody."""

    def collect(self) -> None:
        """Brings counters and levels of voices up to date: for a forwarder that does not run in this thread."""

    def rtp(self, link: Link, packet: PacketBuffer, length: int, now: float) -> None:
        """Forwards one SRTP packet of a peer, destroying the buffer."""

    def rtcp_in(self, link: Link, packet: PacketBuffer, length: int) -> bytes:
        """Plain RTCP of a peer. Raises SrtpError."""

    def rtcp_out(self, link: Link, compound: bytes) -> None:
        """Encrypts and sends RTCP to a peer."""

    def resend(self, slot: Slot, sequence_numbers: Iterable[int], now: float) -> int:
        """Sends cached packets again, on the RTX stream or as they were; returns how many."""

    def pad(self, link: Link, octets: int, now: float) -> int:
        """Sends so much of what the receiver has already, or of nothing; returns the octets sent."""

    def send(self, link: Link, datagram: bytes | memoryview) -> bool:
        """One datagram on the peer's path; False when the socket is full (counted)."""


class LeanForwarder:
    """Works on one buffer for all that goes out: not to be called from two threads."""

    kind = "python"

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._out = PacketBuffer()
        # The payload of the packet in hand, copied once for all receivers that may ask for it again.
        self._shared: bytes | None = None

    def new_link(self, local_ssrc: int) -> Link:
        return Link(local_ssrc)

    def forget(self, link: Link) -> None:
        link.receiving = link.sending = None

    def path(self, endpoint: Endpoint, source: tuple[str, int], link: Link | None) -> None:
        pass

    def collect(self) -> None:
        pass

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
        if link.transport_extension is not None:
            number = extension(packet.view, header, link.transport_extension)
            if number is not None and len(number) == 2:
                link.arrivals.arrived((number[0] << 8) | number[1], now)
        layer = link.by_ssrc.get(header.ssrc)
        if layer is None:
            repaired = link.rtx_by_ssrc.get(header.ssrc)
            if repaired is None:
                layer, repaired = self._identify(link, header, packet)
            if repaired is not None:
                self._repaired(repaired, header, packet, length, now)
                return
            if layer is None:
                self._counters.drop("rtp_unknown_source")
                return
        codec = layer.source.codecs.get(header.payload_type)
        if codec is None:
            self._counters.drop("rtp_payload_type")
            return
        self._arrived(layer, codec, header, packet, length, now)

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
            if slot.history is not None:
                packet = slot.history.again(number, now)
                sent += packet is not None and self._retransmit(slot, number, packet, now) > 0
            elif slot.ciphertexts is not None:
                ciphertext = slot.ciphertexts.again(number, now)
                sent += ciphertext is not None and self.send(slot.link, ciphertext)
        return sent

    def pad(self, link: Link, octets: int, now: float) -> int:
        slot = link.padding_slot
        if slot is None or slot.history is None:
            return 0
        sent = back = 0
        while sent < octets:
            recent = slot.history.recent(back)
            back += 1
            if recent is not None and len(recent[1].payload) >= WORTH_REPEATING:
                added = self._retransmit(slot, recent[0], recent[1], now)
            else:
                added = self._padding(slot, now)
            if not added:
                break
            sent += added
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

    def _identify(self, link: Link, header: RtpHeader, packet: PacketBuffer) -> tuple[Layer | None, Layer | None]:
        """By mid and rid (RFC 9143 section 9.2, RFC 8852), for SSRCs the offer did not name: media, or repairs."""
        if link.mid_extension is None or len(link.by_ssrc) + len(link.rtx_by_ssrc) >= SSRCS_PER_PEER:
            return None, None
        mid = extension(packet.view, header, link.mid_extension)
        source = next((one for one in link.sources.values() if one.mid.encode() == mid), None)
        if mid is None or source is None:
            return None, None
        repairs = header.payload_type in link.rtx
        wanted = b""
        if source.layers[0].rid:
            number = link.repaired_rid_extension if repairs else link.rid_extension
            wanted = (extension(packet.view, header, number) if number is not None else None) or b""
        layer = next((one for one in source.layers if one.rid.encode() == wanted), None)
        if layer is None:
            return None, None
        if repairs:
            link.rtx_by_ssrc[header.ssrc] = layer
            return None, layer
        link.by_ssrc[header.ssrc] = layer
        return layer, None

    def _repaired(self, layer: Layer, header: RtpHeader, packet: PacketBuffer, length: int, now: float) -> None:
        """A retransmission, RFC 4588: the original sequence number precedes the payload."""
        start = header.payload_start
        end = length - packet.octets[length - 1] if header.padding else length
        if end - start < 3 or layer.reception is None:
            # Padding, by which the sender probes its line.
            return
        number = (packet.octets[start] << 8) | packet.octets[start + 1]
        codec = layer.source.codecs.get(layer.source.link.rtx.get(header.payload_type, -1))
        if codec is None:
            self._counters.drop("rtp_payload_type")
            return
        sequence = layer.reception.repaired(number, length)
        if sequence is None:
            self._counters.drop("repaired_twice")
            return
        layer.repaired += 1
        layer.nacks.arrived(sequence, now)
        header = header._replace(padding=False)
        self._forward(layer, codec, sequence, header, packet, start + 2, end, now)

    def _arrived(
        self, layer: Layer, codec: str, header: RtpHeader, packet: PacketBuffer, length: int, now: float
    ) -> None:
        source = layer.source
        reception = layer.reception
        if reception is None or reception.ssrc != header.ssrc:
            reception = layer.reception = Reception(header.ssrc, source.clock_rate)
            layer.nacks = layer.new_nacks()
            for slot in layer.slots:
                if slot.layer is layer:
                    slot.continuity.restart()
        sequence = reception.packet(header.sequence_number, header.timestamp, length, now)
        if sequence is None:
            return
        layer.last_packet = now
        layer.codec = codec
        if source.nacks and layer.nacks.arrived(sequence, now) and source.video and layer.slots:
            layer.keyframes.note()
        self._forward(layer, codec, sequence, header, packet, header.payload_start, length, now)

    def _forward(
        self,
        layer: Layer,
        codec: str,
        sequence: int,
        header: RtpHeader,
        packet: PacketBuffer,
        start: int,
        end: int,
        now: float,
    ) -> None:
        source = layer.source
        vp8, keyframe, level, plain = NO_VP8, False, 0, start
        try:
            if source.video:
                # A padding packet has no payload to describe; it is forwarded to keep the sequence whole.
                if start < end and not (header.padding and start + packet.octets[end - 1] >= end):
                    if codec == "VP8":
                        vp8 = parse_descriptor(packet.view, start, end)
                        keyframe = vp8.keyframe
                    else:
                        keyframe = h264.starts_keyframe(packet.view, start, end)
                if keyframe:
                    layer.keyframes.arrived()
            else:
                level = self._level(layer, header, packet, now)
                if codec == "red":
                    plain = red.primary(packet.view, start, end).start
        except RtpError:
            self._counters.drop("payload_malformed")
            return
        if not source.enabled:
            self._counters.drop("muted")
            return
        if end - start + FIXED_HEADER_BYTES + LONGEST_EXTENSIONS + SRTP_OCTETS > LONGEST_PACKET:
            self._counters.drop("rtp_too_long")
            return
        if source.tap is not None:
            last = end - packet.octets[end - 1] if header.padding else end
            inner = "opus" if codec == "red" else codec
            source.tap.packet(layer, inner, header, sequence, packet.view[plain:last], now, keyframe=keyframe)
        self._shared = None
        payload = packet.view[start:end]
        for slot in layer.slots:
            payload_type = slot.codecs.get(codec)
            if codec == "red" and (payload_type is None or not slot.link.redundant):
                payload_type = slot.codecs.get("opus")
                payload = packet.view[plain:end]
            elif codec == "red":
                payload = packet.view[start:end]
            if payload_type is None:
                continue
            continuity = slot.continuity
            if slot.layer is not layer or not continuity.anchored:
                if slot.layer is not layer and layer not in slot.awaited:
                    continue
                if slot.video and not keyframe:
                    continue
                if slot.layer is not layer:
                    switch(slot, layer)
            ids = continuity.follow(sequence, header.timestamp, vp8.picture_id, vp8.tl0_picture_index, now)
            if ids is None:
                self._counters.drop("late")
                continue
            self._send_to(slot, payload_type, header, ids, vp8, start, payload, level, now)

    def _level(self, layer: Layer, header: RtpHeader, packet: PacketBuffer, now: float) -> int:
        source = layer.source
        if source.level_extension is None:
            return 0
        value = extension(packet.view, header, source.level_extension)
        if not value:
            return 0
        if source.enabled and source.link.levels is not None and source.role is Role.MICROPHONE:
            source.link.levels(source.seat, value[0] & 0x7F, now)
        return value[0]

    def _send_to(
        self,
        slot: Slot,
        payload_type: int,
        header: RtpHeader,
        ids: OutgoingIds,
        vp8: Vp8Descriptor,
        start: int,
        payload: memoryview,
        level: int,
        now: float,
    ) -> None:
        link = slot.link
        if link.sending is None:
            return
        out = self._out
        octets = out.octets
        position = self._head(slot, octets, len(payload), now)
        length = position + len(payload)
        out.view[position:length] = payload
        write_header(
            octets,
            padding=header.padding,
            marker=header.marker,
            payload_type=payload_type,
            sequence_number=ids.sequence_number,
            timestamp=ids.timestamp,
            ssrc=slot.ssrc,
            extension=position > FIXED_HEADER_BYTES,
        )
        if slot.extensions.level_position:
            octets[slot.extensions.level_position] = level
        if ids.picture_id >= 0:
            write_picture_id(octets, vp8.picture_id_position - start + position, vp8.picture_id_bits, ids.picture_id)
        if ids.tl0_picture_index >= 0:
            octets[vp8.tl0_position - start + position] = ids.tl0_picture_index
        if slot.history is not None:
            # Those without RED get a shorter payload.
            if self._shared is None or len(self._shared) != len(payload):
                self._shared = bytes(payload)
            sent = Sent(self._shared, payload_type, header.marker, header.padding, ids, vp8, start)
            slot.history.store(ids.sequence_number, sent)
        try:
            length = link.sending.protect(out, length)
        except SrtpError as error:
            self._counters.drop(str(error))
            return
        datagram: bytes | memoryview = out.view[:length]
        if slot.ciphertexts is not None:
            datagram = bytes(datagram)
            slot.ciphertexts.store(ids.sequence_number, datagram)
        if self.send(link, datagram):
            slot.packets += 1
            slot.octets += length
            link.packets_out += 1
            link.bytes_out += length
            self._counters.packets_forwarded += 1
            self._counters.bytes_forwarded += length

    def _head(self, slot: Slot, octets: bytearray, payload: int, now: float) -> int:
        """Writes the header extensions of a new packet; returns where its payload begins."""
        block = slot.extensions
        if not block.octets:
            return FIXED_HEADER_BYTES
        end = FIXED_HEADER_BYTES + len(block.octets)
        octets[FIXED_HEADER_BYTES:end] = block.octets
        if block.transport_position:
            number = slot.link.sent.sent(end + payload + SRTP_OCTETS, now)
            _SHORT.pack_into(octets, block.transport_position, number)
        elif block.time_position:
            position = block.time_position
            octets[position : position + 3] = absolute_send_time(now).to_bytes(3, "big")
        if block.delay_position and slot.link.playout_delay:
            position = block.delay_position
            octets[position : position + 3] = playout_delay(slot.link.playout_delay)
        return end

    def _retransmit(self, slot: Slot, number: int, sent: Sent, now: float) -> int:
        """On the slot's RTX stream, which has sequence numbers of its own; returns the octets sent."""
        payload_type = slot.rtx_payload_types.get(sent.payload_type)
        if payload_type is None:
            return 0
        octets, view = self._out.octets, self._out.view
        position = self._head(slot, octets, len(sent.payload) + 2, now)
        _SHORT.pack_into(octets, position, number)
        position += 2
        length = position + len(sent.payload)
        view[position:length] = sent.payload
        ids, vp8 = sent.ids, sent.vp8
        if ids.picture_id >= 0:
            shift = position - sent.start
            write_picture_id(octets, vp8.picture_id_position + shift, vp8.picture_id_bits, ids.picture_id)
        if ids.tl0_picture_index >= 0:
            octets[vp8.tl0_position + position - sent.start] = ids.tl0_picture_index
        return self._send_rtx(slot, length, payload_type, ids.timestamp, marker=sent.marker, padding=sent.padding)

    def _padding(self, slot: Slot, now: float) -> int:
        payload_type = next(iter(slot.rtx_payload_types.values()), None)
        if payload_type is None:
            return 0
        octets = self._out.octets
        position = self._head(slot, octets, LONGEST_PADDING, now)
        length = position + LONGEST_PADDING
        octets[position:length] = bytes(LONGEST_PADDING)
        octets[length - 1] = LONGEST_PADDING
        return self._send_rtx(slot, length, payload_type, slot.continuity.last_timestamp, marker=False, padding=True)

    def _send_rtx(
        self, slot: Slot, length: int, payload_type: int, timestamp: int, *, marker: bool, padding: bool
    ) -> int:
        link, out = slot.link, self._out
        if link.sending is None or slot.rtx_ssrc is None:
            return 0
        write_header(
            out.octets,
            padding=padding,
            marker=marker,
            payload_type=payload_type,
            sequence_number=slot.rtx_sequence,
            timestamp=timestamp,
            ssrc=slot.rtx_ssrc,
            extension=bool(slot.extensions.octets),
        )
        slot.rtx_sequence = (slot.rtx_sequence + 1) & 0xFFFF
        try:
            length = link.sending.protect(out, length)
        except SrtpError as error:
            self._counters.drop(str(error))
            return 0
        if not self.send(link, out.view[:length]):
            return 0
        link.packets_out += 1
        link.bytes_out += length
        return length
