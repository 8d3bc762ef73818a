"""A WebRTC peer in little: real ICE checks, DTLS and SRTP over a UDP socket, its packets made by the test."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from aioice import stun
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from conferencing.rtp.header import RtpHeader, parse_header

SECTIONS = ("microphone", "camera", "voice0", "voice1", "voice2", "stage", "thumbnail0", "thumbnail1")
AUDIO = ("microphone", "voice0", "voice1", "voice2")
OPUS, VP8, LEVEL_ID, MID_ID = 111, 96, 1, 4


def offer_text(
    fingerprint: str, ufrag: str, password: str, ssrcs: dict[str, int], sections: Sequence[str] = SECTIONS
) -> str:
    """An offer as a browser writes it, for these sections; mids count from 0."""
    mids = " ".join(str(number) for number in range(len(sections)))
    lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
    for mid, name in enumerate(sections):
        kind, payload_type, codec = ("audio", OPUS, "opus/48000/2") if name in AUDIO else ("video", VP8, "VP8/90000")
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}",
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{ufrag}",
            f"a=ice-pwd:{password}",
            f"a=fingerprint:sha-256 {fingerprint}",
            "a=setup:actpass",
            f"a=mid:{mid}",
            "a=sendonly" if name in ("microphone", "camera") else "a=recvonly",
            "a=rtcp-mux",
            f"a=rtpmap:{payload_type} {codec}",
            f"a=extmap:{LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            f"a=extmap:{MID_ID} urn:ietf:params:rtp-hdrext:sdes:mid",
        ]
        if kind == "video":
            lines += [f"a=rtcp-fb:{payload_type} nack", f"a=rtcp-fb:{payload_type} nack pli"]
        if name in ssrcs:
            lines.append(f"a=ssrc:{ssrcs[name]} cname:test")
    return "\r\n".join(lines) + "\r\n"


@dataclass
class Received:
    header: RtpHeader
    payload: bytes
    raw: bytes


@dataclass
class Client:
    """`received` RTP by SSRC, `rtcp` plain compound packets, in order of arrival."""

    name: str
    socket: socket.socket
    ssrcs: dict[str, int]
    received: dict[int, list[Received]] = field(default_factory=dict)
    rtcp: list[bytes] = field(default_factory=list)
    slots: dict[str, int] = field(default_factory=dict)
    sequence: dict[str, int] = field(default_factory=dict)
    timestamp: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.ufrag, self.password = f"{random.getrandbits(32):08x}", f"{random.getrandbits(128):032x}"
        self.remote: tuple[str, int] = ("", 0)
        self.remote_ufrag = self.remote_password = ""
        self.dtls: RTCDtlsTransport | None = None
        self.listener: Callable[[bytes], None] = self.datagram
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.checked = asyncio.Event()
        self.arrived = asyncio.Event()

    def offer(self, sections: Sequence[str] = SECTIONS) -> tuple[str, dict[str, str]]:
        fingerprint = next(f.value for f in self.certificate.getFingerprints() if f.algorithm == "sha-256")
        text = offer_text(fingerprint, self.ufrag, self.password, self.ssrcs, sections)
        return text, {str(number): name for number, name in enumerate(sections)}

    async def connect(self, answer: str, sections: Sequence[str] = SECTIONS, *, passive: bool = False) -> None:
        """ICE check, then the DTLS handshake as client, or as server when `passive`."""
        self.read_answer(answer, sections)
        await self.check()
        fingerprint = next(line for line in answer.split("\r\n") if line.startswith("a=fingerprint:sha-256 "))
        self.dtls = RTCDtlsTransport(cast(Any, _Wire(self)), [self.certificate])
        self.dtls._set_role("server" if passive else "client")
        remote = RTCDtlsParameters([RTCDtlsFingerprint("sha-256", fingerprint.split(" ")[1])])
        async with asyncio.timeout(10):
            await self.dtls.start(remote)
        assert self.dtls.state == "connected"

    async def check(self, *, password: str | None = None, nominate: bool = True) -> None:
        """One connectivity check, repeated until answered; with a wrong password there is no answer."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.remote_ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or self.remote_password).encode())
        self.checked.clear()
        self.socket.sendto(bytes(request), self.remote)
        async with asyncio.timeout(5):
            await self.checked.wait()

    def send_rtp(self, role: str, payload: bytes, *, advance: int = 1, level: int = 30, ticks: int = 960) -> None:
        sequence = self.sequence[role] = (self.sequence.get(role, 65530) + advance) & 0xFFFF
        timestamp = self.timestamp[role] = (self.timestamp.get(role, 1000) + ticks) & 0xFFFF_FFFF
        if role == "microphone":
            # A one-byte extension block with the audio level (RFC 6464).
            head = struct.pack("!BBHII", 0x90, OPUS, sequence, timestamp, self.ssrcs[role])
            head += struct.pack("!HHBBH", 0xBEDE, 1, LEVEL_ID << 4, 0x80 | level, 0)
        else:
            head = struct.pack("!BBHII", 0x80, VP8 | 0x80, sequence, timestamp, self.ssrcs[role])
        assert self.dtls is not None
        self.socket.sendto(self.dtls._tx_srtp.protect(head + payload), self.remote)

    def send_rtcp(self, packet: bytes) -> None:
        assert self.dtls is not None
        self.socket.sendto(self.dtls._tx_srtp.protect_rtcp(packet), self.remote)

    def of(self, slot: str) -> list[Received]:
        return self.received.get(self.slots[slot], [])

    async def until(self, condition: Any, seconds: float = 5) -> None:
        """Waits for a condition over what arrived."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.arrived.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self.arrived.wait()

    def datagram(self, packet: bytes) -> None:
        first = packet[0]
        if first < 4:
            self.checked.set()
        elif 20 <= first <= 63:
            self._incoming.put_nowait(packet)
        elif self.dtls is not None and self.dtls._rx_srtp is not None:
            if 192 <= packet[1] <= 223:
                self.rtcp.append(self.dtls._rx_srtp.unprotect_rtcp(packet))
            else:
                plain = self.dtls._rx_srtp.unprotect(packet)
                header = parse_header(plain, len(plain))
                found = Received(header, plain[header.payload_start :], packet)
                self.received.setdefault(header.ssrc, []).append(found)
        self.arrived.set()

    def read_answer(self, answer: str, sections: Sequence[str]) -> None:
        blocks = answer.split("\r\nm=")
        for name, block in zip(sections, blocks[1:], strict=True):
            for line in block.split("\r\n"):
                if line.startswith("a=ssrc:"):
                    self.slots[name] = int(line[7:].split(" ")[0])
                elif line.startswith("a=ice-ufrag:"):
                    self.remote_ufrag = line[12:]
                elif line.startswith("a=ice-pwd:"):
                    self.remote_password = line[10:]
                elif line.startswith("a=candidate:") and not self.remote[1]:
                    parts = line.split(" ")
                    of_family = (":" in parts[4]) == (self.socket.family == socket.AF_INET6)
                    if of_family and ipaddress.ip_address(parts[4]).is_loopback:
                        self.remote = (parts[4], int(parts[5]))


class _Wire:
    """What aiortc's DTLS uses of an ICE transport."""

    role = "controlling"
    state = "completed"

    def __init__(self, client: Client) -> None:
        self._client = client

    async def _recv(self) -> bytes:
        packet = await self._client._incoming.get()
        if packet is None:
            raise ConnectionError
        return packet

    async def _send(self, packet: bytes) -> None:
        self._client.socket.sendto(packet, self._client.remote)


@contextlib.asynccontextmanager
async def client(name: str, host: str = "127.0.0.1") -> AsyncIterator[Client]:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setblocking(False)
        opened.bind((host, 0))
        ssrcs = {"microphone": random.getrandbits(32), "camera": random.getrandbits(32)}
        made = Client(name, opened, ssrcs)

        def readable() -> None:
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                while True:
                    made.listener(opened.recv(4096))

        loop.add_reader(opened.fileno(), readable)
        try:
            yield made
        finally:
            if made.dtls is not None:
                await made.dtls.stop()
            loop.remove_reader(opened.fileno())


def vp8(
    picture_id: int, *, keyframe: bool, start: bool = True, tl0: int | None = None, body: bytes = b"x" * 40
) -> bytes:
    """A VP8 payload: descriptor with a 15-bit picture id, and a body that nobody decodes."""
    flags = 0x80 | (0x40 if tl0 is not None else 0)
    head = bytes([0x80 | (0x10 if start else 0), flags]) + struct.pack("!H", 0x8000 | picture_id)
    if tl0 is not None:
        head += bytes([tl0])
    return head + bytes([0x00 if keyframe else 0x01]) + body
