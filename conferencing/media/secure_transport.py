"""DTLS-SRTP of one peer, on aiortc's transport and pylibsrtp. All private names of both are in this file.

Packets do not pass through aiortc: only the handshake does. libsrtp is called on reused buffers, in place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, cast

import pylibsrtp
from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from pylibsrtp import Policy, Session

HANDSHAKE_TIMEOUT_SECONDS = 15.0
HANDSHAKE_DATAGRAMS = 32
"""Datagrams waiting for a handshake; more are dropped and the peer repeats them."""
REPLAY_WINDOW_PACKETS = 1024
PACKET_BYTES = 2048
_TRAILER_BYTES = pylibsrtp.SRTP_MAX_SRTCP_TRAILER_LEN
LONGEST_PACKET = PACKET_BYTES - _TRAILER_BYTES

_ffi: Any = getattr(pylibsrtp, "ffi")  # noqa: B009 - not in pylibsrtp's exported names
_lib: Any = getattr(pylibsrtp, "lib")  # noqa: B009


class SrtpError(ValueError):
    """libsrtp refused a packet; the text is a reason to count by."""


class HandshakeError(ConnectionError):
    """The peer did not complete the DTLS handshake as its offer promised."""


class PacketBuffer:
    """One packet, worked on in place. `view` is what Python sees of the memory libsrtp writes."""

    __slots__ = ("cdata", "length", "octets", "view")

    def __init__(self) -> None:
        self.octets = bytearray(PACKET_BYTES)
        self.view = memoryview(self.octets)
        self.cdata = _ffi.from_buffer("char[]", self.octets)
        self.length = _ffi.new("int *")


class SrtpSession:
    """Keys of one direction. Each index is protected once: libsrtp refuses a repeat."""

    __slots__ = ("_handle", "_session")

    def __init__(self, key: bytes, profile: int, *, inbound: bool) -> None:
        policy = Policy(
            key=key,
            ssrc_type=Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND,
            srtp_profile=profile,
        )
        policy.allow_repeat_tx = False
        policy.window_size = REPLAY_WINDOW_PACKETS
        self._session = Session(policy)
        self._handle = self._session._srtp[0]

    @property
    def address(self) -> int:
        """Where libsrtp's session is, for code outside Python; it lives as long as this object."""
        return int(_ffi.cast("uintptr_t", self._handle))

    def protect(self, packet: PacketBuffer, length: int) -> int:
        """Encrypts the first `length` bytes in place and returns the new length. Raises SrtpError."""
        packet.length[0] = length
        if error := _lib.srtp_protect(self._handle, packet.cdata, packet.length):
            raise SrtpError(_reason("protect", error))
        return int(packet.length[0])

    def unprotect(self, packet: PacketBuffer, length: int) -> int:
        """Decrypts and verifies in place. Raises SrtpError."""
        packet.length[0] = length
        if error := _lib.srtp_unprotect(self._handle, packet.cdata, packet.length):
            raise SrtpError(_reason("unprotect", error))
        return int(packet.length[0])

    def protect_rtcp(self, packet: PacketBuffer, length: int) -> int:
        """Raises SrtpError."""
        packet.length[0] = length
        if error := _lib.srtp_protect_rtcp(self._handle, packet.cdata, packet.length):
            raise SrtpError(_reason("protect_rtcp", error))
        return int(packet.length[0])

    def unprotect_rtcp(self, packet: PacketBuffer, length: int) -> int:
        """Raises SrtpError."""
        packet.length[0] = length
        if error := _lib.srtp_unprotect_rtcp(self._handle, packet.cdata, packet.length):
            raise SrtpError(_reason("unprotect_rtcp", error))
        return int(packet.length[0])


class SecureTransport:
    """The DTLS of one peer, its client when `active`. `send` puts a datagram on the peer's present path."""

    def __init__(
        self,
        certificate: RTCCertificate,
        fingerprints: Sequence[tuple[str, str]],
        send: Callable[[bytes], None],
        *,
        active: bool = False,
    ) -> None:
        self.active = active
        self._path = _DatagramPath(send)
        self._dtls = _Dtls(self._path, certificate, active=active)
        self._parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints]
        )

    async def handshake(self) -> tuple[SrtpSession, SrtpSession]:
        """Receiving and sending keys. Raises HandshakeError."""
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_SECONDS):
                await self._dtls.start(self._parameters)
        except TimeoutError:
            raise HandshakeError("DTLS handshake timed out") from None
        if self._dtls.receiving is None or self._dtls.sending is None:
            raise HandshakeError("DTLS handshake failed")
        return self._dtls.receiving, self._dtls.sending

    def datagram(self, datagram: bytes) -> bool:
        """A DTLS datagram came. False when it was dropped."""
        return self._path.put(datagram)

    @property
    def profile(self) -> str:
        """The negotiated SRTP profile by its name of RFC 5764 and RFC 7714; empty before the handshake."""
        return self._dtls.profile

    @property
    def closed(self) -> bool:
        """True after the peer's close_notify."""
        return self._dtls._state in (State.CLOSED, State.FAILED)

    async def close(self) -> None:
        """Says close_notify to the peer."""
        with contextlib.suppress(ConnectionError):
            await self._dtls.stop()
        self._path.close()


class _DatagramPath:
    """Stands where aiortc expects an RTCIceTransport: of it only these names are used."""

    role = "controlled"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(HANDSHAKE_DATAGRAMS)
        self._datagram_out = send

    def put(self, datagram: bytes) -> bool:
        try:
            self._queue.put_nowait(datagram)
        except asyncio.QueueFull:
            return False
        return True

    def close(self) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)

    async def _recv(self) -> bytes:
        datagram = await self._queue.get()
        if datagram is None:
            raise ConnectionError("closed")
        return datagram

    async def _send(self, datagram: bytes) -> None:
        self._datagram_out(datagram)


class _Dtls(RTCDtlsTransport):
    """aiortc's DTLS with SRTP sessions of our own policy: no repeats, AES-128-GCM first (half the cost)."""

    def __init__(self, path: _DatagramPath, certificate: RTCCertificate, *, active: bool) -> None:
        super().__init__(cast(Any, path), [certificate])
        self.receiving: SrtpSession | None = None
        self.sending: SrtpSession | None = None
        self.profile = ""
        # The server chooses, by this order: the client's own is not asked.
        self._srtp_profiles = sorted(SRTP_PROFILES, key=_preference)
        self._set_role("client" if active else "server")

    def _setup_srtp(self) -> None:
        ssl = self._ssl
        selected = ssl.get_selected_srtp_profile() if ssl else b""
        profile = next((one for one in self._srtp_profiles if one.openssl_profile == selected), None)
        if ssl is None or profile is None:
            self._set_state(State.FAILED)
            return
        material = ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length))
        # RFC 5764 section 4.2: the client's keys come first.
        ours = 0 if self._role == "client" else 1
        self.profile = profile.openssl_profile.decode()
        self.receiving = SrtpSession(
            profile.get_key_and_salt(material, 1 - ours), profile.libsrtp_profile, inbound=True
        )
        self.sending = SrtpSession(profile.get_key_and_salt(material, ours), profile.libsrtp_profile, inbound=False)


def _preference(profile: SRTPProtectionProfile) -> int:
    order = (b"SRTP_AEAD_AES_128_GCM", b"SRTP_AEAD_AES_256_GCM")
    return order.index(profile.openssl_profile) if profile.openssl_profile in order else len(order)


def _reason(operation: str, error: int) -> str:
    text = pylibsrtp.ERRORS[error] if 0 <= error < len(pylibsrtp.ERRORS) else "unknown"
    return f"{operation}: {text}"


def self_test() -> None:
    """Proves that libsrtp does RFC 7714 (vector of its own validation suite). Raises RuntimeError."""
    key = bytes(range(16)) + bytes(range(0xA0, 0xAC))
    packet = bytes.fromhex("800f1234decafbadcafebabe") + b"\xab" * 16
    expected = bytes.fromhex(
        "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392"
    )
    buffer = PacketBuffer()
    buffer.view[: len(packet)] = packet
    profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    length = SrtpSession(key, profile, inbound=False).protect(buffer, len(packet))
    if bytes(buffer.view[:length]) != expected:
        raise RuntimeError("libsrtp fails its known AES-GCM vector: this pylibsrtp must not be used")
