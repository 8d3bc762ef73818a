"""What a worker's tap says to the recorder: a message per datagram of a SOCK_SEQPACKET socket (docs/protocol.md)."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

from conferencing import messages

LONGEST_DATAGRAM = 4096
_PACKET = struct.Struct("!cHdHIB")
_WANTED = struct.Struct("!cH")
_MARKER, _KEYFRAME = 1, 2


@dataclass(frozen=True, slots=True)
class Begin:
    """The first message. `at`: Unix seconds, to which all times of the connection refer."""

    recording: str
    at: float


@dataclass(frozen=True, slots=True)
class SourceAdded:
    """Before the first packet of a layer. `number` is its own for the connection."""

    number: int
    seat: str
    role: str
    layer: int
    codec: str
    at: float


@dataclass(frozen=True, slots=True)
class StageChanged:
    """Who holds the stage from now on."""

    seat: str | None
    at: float


@dataclass(frozen=True, slots=True)
class End:
    """The recording is over; a connection that ends without it was cut."""

    at: float


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One RTP packet without header extensions and padding; `arrived` in Unix seconds."""

    number: int
    arrived: float
    sequence_number: int
    timestamp: int
    marker: bool
    keyframe: bool
    payload: bytes


_TOLD = {"begin": Begin, "source": SourceAdded, "stage": StageChanged, "end": End}
Told = Begin | SourceAdded | StageChanged | End


def encode_told(message: Told) -> bytes:
    name = next(name for name, kind in _TOLD.items() if type(message) is kind)
    return b"J" + json.dumps({"type": name, **asdict(message)}, separators=(",", ":")).encode()


def encode_packet(
    number: int, arrived: float, sequence_number: int, timestamp: int, payload: bytes | memoryview,
    *, marker: bool, keyframe: bool,
) -> bytes:  # fmt: skip
    flags = (_MARKER if marker else 0) | (_KEYFRAME if keyframe else 0)
    return _PACKET.pack(b"P", number, arrived, sequence_number, timestamp, flags) + payload


def encode_keyframe_wanted(number: int) -> bytes:
    """Recorder → tap: this layer cannot go on without a key frame."""
    return _WANTED.pack(b"K", number)


def decode_keyframe_wanted(datagram: bytes) -> int | None:
    if len(datagram) != _WANTED.size or datagram[:1] != b"K":
        return None
    number: int = _WANTED.unpack(datagram)[1]
    return number


def decode(datagram: bytes) -> Told | MediaPacket:
    """Raises MessageError."""
    if datagram[:1] == b"J":
        told: Told = messages.decode(datagram[1:], _TOLD, longest=LONGEST_DATAGRAM)
        return told
    if datagram[:1] != b"P" or len(datagram) < _PACKET.size:
        raise messages.MessageError("neither told nor a packet")
    _kind, number, arrived, sequence_number, timestamp, flags = _PACKET.unpack_from(datagram)
    payload = datagram[_PACKET.size :]
    return MediaPacket(
        number, arrived, sequence_number, timestamp, bool(flags & _MARKER), bool(flags & _KEYFRAME), payload
    )
