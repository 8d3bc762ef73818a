"""A lean WebRTC peer for load: real ICE checks, DTLS and SRTP on one UDP socket. Knows no server.

Receivers that are only counted never see their media: a filter in the kernel drops them, and the kernel counts what
it drops. So one process stands for 170 sites and its own cost stays small.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import secrets
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate

from benchmarks.sfu.sdp import Remote
from conferencing.media.secure_transport import PacketBuffer, SecureTransport, SrtpSession

CONSENT_SECONDS = 2.0
CHECK_SECONDS = 0.25
CONNECT_SECONDS = 20.0
RECEIVE_BUFFER_BYTES = 1 << 21
DATAGRAMS_PER_WAKE = 64
_SO_ATTACH_FILTER = 26
# Classic BPF over the datagram: its payload begins behind the 8 octets of the UDP header. STUN (< 4), DTLS (20–63)
# and RTCP (second octet 192–223) pass; all else is RTP and is dropped, which /proc/net/udp counts.
_FILTER = (
    (0x30, 0, 0, 8),  # A = payload[0]
    (0x35, 0, 4, 128),  # A >= 128? else pass
    (0x30, 0, 0, 9),  # A = payload[1]
    (0x35, 0, 1, 192),  # A >= 192? else drop
    (0x35, 0, 1, 224),  # A >= 224? drop, else pass
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFF),  # pass
)

CERTIFICATE = RTCCertificate.generateCertificate()
FINGERPRINT = next(one.value for one in CERTIFICATE.getFingerprints() if one.algorithm == "sha-256")


class Peer:
    """`media` is given each decrypted packet of a peer that is not only counted."""

    def __init__(self, address: str, media: Callable[[memoryview, int], None] | None = None) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self.socket.bind((address, 0))
        self.port: int = self.socket.getsockname()[1]
        self.connected_at: float | None = None
        self.keyframe_wanted = False
        self._media = media
        if media is None:
            _drop_media(self.socket)
        self._remote: Remote | None = None
        self._checked = asyncio.Event()
        self._transport: SecureTransport | None = None
        self._receiving: SrtpSession | None = None
        self._sending: SrtpSession | None = None
        self._packet, self._out = PacketBuffer(), PacketBuffer()
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self, remote: Remote) -> None:
        """Checks, then the handshake. Raises TimeoutError, HandshakeError."""
        self._remote = remote
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self._readable)
        self._transport = SecureTransport(
            CERTIFICATE, [("sha-256", remote.fingerprint)], self._send, active=not remote.active
        )
        async with asyncio.timeout(CONNECT_SECONDS):
            while not self._checked.is_set():
                self._check()
                try:
                    async with asyncio.timeout(CHECK_SECONDS):
                        await self._checked.wait()
                except TimeoutError:
                    continue
            self._receiving, self._sending = await self._transport.handshake()
        self.connected_at = time.monotonic()
        self._tasks.append(asyncio.create_task(self._consent(), name="consent"))

    def send_rtp(self, packet: bytes) -> None:
        self._protected(packet, rtcp=False)

    def send_rtcp(self, packet: bytes) -> None:
        self._protected(packet, rtcp=True)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        if self._transport is not None:
            await self._transport.close()
        self.socket.close()

    def _protected(self, packet: bytes, *, rtcp: bool) -> None:
        if self._sending is None:
            return
        self._out.view[: len(packet)] = packet
        protect = self._sending.protect_rtcp if rtcp else self._sending.protect
        self._send(self._out.view[: protect(self._out, len(packet))])

    def _send(self, datagram: bytes | memoryview) -> None:
        if self._remote is None:
            return
        with contextlib.suppress(BlockingIOError):
            self.socket.sendto(datagram, self._remote.address)

    def _check(self) -> None:
        if self._remote is None:
            return
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote.ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote.password.encode())
        self._send(bytes(request))

    async def _consent(self) -> None:
        while True:
            await asyncio.sleep(CONSENT_SECONDS)
            self._check()

    def _readable(self) -> None:
        packet = self._packet
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                length, source = self.socket.recvfrom_into(packet.view[:1900])
            except (BlockingIOError, ConnectionError):
                return
            first = packet.octets[0]
            if first >= 128:
                self._received(length)
            elif first < 4:
                self._stun(bytes(packet.view[:length]), source)
            elif 20 <= first <= 63 and self._transport is not None:
                self._transport.datagram(bytes(packet.view[:length]))

    def _received(self, length: int) -> None:
        packet, session = self._packet, self._receiving
        if session is None:
            return
        if 192 <= packet.octets[1] <= 223:
            length = session.unprotect_rtcp(packet, length)
            # PLI or FIR anywhere in the compound packet: payload-specific feedback (RFC 4585).
            position = 0
            while position + 4 <= length:
                self.keyframe_wanted |= packet.octets[position + 1] == 206
                position += 4 + 4 * ((packet.octets[position + 2] << 8) | packet.octets[position + 3])
        elif self._media is not None:
            self._media(packet.view, session.unprotect(packet, length))

    def _stun(self, datagram: bytes, source: tuple[str, int]) -> None:
        """A response ends the checks; a full agent's own request is answered."""
        try:
            message = stun.parse_message(datagram)
        except ValueError:
            return
        if message.message_class is stun.Class.RESPONSE:
            self._checked.set()
        elif message.message_class is stun.Class.REQUEST:
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = source
            response.add_message_integrity(self.password.encode())
            self.socket.sendto(bytes(response), source)


def media_counts() -> dict[int, int]:
    """What the kernel has dropped at each UDP port of this machine: for counted receivers, their media."""
    counts = {}
    with Path("/proc/net/udp").open() as table:
        next(table)
        for line in table:
            fields = line.split()
            counts[int(fields[1].rpartition(":")[2], 16)] = int(fields[-1])
    return counts


def _drop_media(opened: socket.socket) -> None:
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _FILTER)
    kept = ctypes.create_string_buffer(program)
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(_FILTER), ctypes.addressof(kept)))
