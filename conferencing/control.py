"""What hub and media worker say to each other: one JSON object per line over a Unix socket. docs/protocol.md, 4.

The worker listens and goes on without a hub; whoever connects is told the whole state first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from conferencing import messages

LONGEST_LINE = 4 * 1024 * 1024
"""A state of 170 peers is about 100 KiB; an offer at most 128."""


class PeerState(StrEnum):
    """Life of a peer in the worker."""

    NEW = "new"
    CONNECTED = "connected"
    SILENT = "silent"


# ---- hub → worker


@dataclass(frozen=True, slots=True)
class OpenRoom:
    room: str


@dataclass(frozen=True, slots=True)
class CloseRoom:
    room: str


@dataclass(frozen=True, slots=True)
class AddPeer:
    """`roles`: mid → what the section carries (a Role of what is sent, or a slot). Answered by
    PeerAnswer or PeerRefused. A `viewer` is nobody: never on a stage, among no speakers."""

    room: str
    peer: str
    seat: str
    offer: str
    roles: dict[str, str]
    enabled: dict[str, bool]
    viewer: bool = False


@dataclass(frozen=True, slots=True)
class RestartIce:
    """New credentials and paths for a peer that keeps its DTLS and its media (RFC 8445 section 9). `offer` is the
    page's new offer or an SDP fragment (RFC 8840). Answered as AddPeer."""

    peer: str
    offer: str


@dataclass(frozen=True, slots=True)
class RemovePeer:
    peer: str


@dataclass(frozen=True, slots=True)
class EnableSource:
    """A source that is not enabled is received, counted and not forwarded."""

    peer: str
    role: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Record:
    """All that is forwarded in the room is given to the recorder at `socket`, too. Again for the same recording:
    nothing changes."""

    room: str
    recording: str
    socket: str


@dataclass(frozen=True, slots=True)
class StopRecording:
    room: str


# ---- worker → hub


@dataclass(frozen=True, slots=True)
class PeerInState:
    peer: str
    seat: str
    state: PeerState
    enabled: dict[str, bool]
    stage: str | None
    slots: dict[str, str]
    viewer: bool = False


@dataclass(frozen=True, slots=True)
class RoomInState:
    room: str
    speaker: str | None
    peers: tuple[PeerInState, ...]
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerState:
    """The first line after each connection. `instance` is new with each start of the process."""

    name: str
    instance: str
    rooms: tuple[RoomInState, ...]
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Draining:
    """The worker was told (SIGUSR1) that it is to end: its rooms are to go elsewhere, and no new ones are to come."""


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    peer: str
    answer: str


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """`reason`: "offer" (the page's fault), "room", "peer" (unknown here), "full" (a limit of this worker)."""

    peer: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class PeerConnected:
    room: str
    peer: str
    seat: str


@dataclass(frozen=True, slots=True)
class PeerSilent:
    """Nothing came for some seconds; the peer is kept a while and connects again by itself if it comes back."""

    room: str
    peer: str
    seat: str


@dataclass(frozen=True, slots=True)
class PeerGone:
    """`reason`: "silent", "handshake", "closed" (by the peer's DTLS), "never connected"."""

    room: str
    peer: str
    seat: str
    reason: str


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """What one receiver now gets; `stage` also while that seat's camera is off."""

    room: str
    peer: str
    seat: str
    stage: str | None
    slots: dict[str, str]


@dataclass(frozen=True, slots=True)
class SpeakerChanged:
    room: str
    seat: str | None


@dataclass(frozen=True, slots=True)
class LayersWanted:
    """Which layers of a picture somebody sees; the sender pauses the others. Without simulcast the one rid is ""."""

    room: str
    peer: str
    seat: str
    role: str
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceptionChanged:
    """How much of the pictures a receiver gets. `level`: "full", "reduced", "sound"; `reason`: "", "line",
    "codec" (it cannot decode who is on the stage)."""

    room: str
    peer: str
    seat: str
    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceStatistics:
    """What one source of a peer has sent, as it arrived; totals, except `jitter_seconds` (RFC 3550, now).

    `receivers`: slots that get it now. `layer`: the rid that is forwarded most, None without simulcast.
    `nacks`: packets asked for again.
    """

    role: str
    enabled: bool
    packets: int
    bytes: int
    lost: int
    jitter_seconds: float
    keyframe_requests: int
    receivers: int
    nacks: int = 0
    layer: str | None = None


@dataclass(frozen=True, slots=True)
class SlotStatistics:
    """What one slot of a peer has carried; totals, except `seat`, `layer` (now), `loss` and `jitter_seconds` (last
    receiver report, None before)."""

    slot: str
    seat: str | None
    packets: int
    bytes: int
    lost: int
    loss: float | None
    jitter_seconds: float | None
    nacks: int
    resent: int
    keyframe_requests: int
    layer: str | None = None


@dataclass(frozen=True, slots=True)
class PeerStatistics:
    """Totals since the peer came, except `round_trip_seconds` and `loss_down` (last receiver report).

    `estimate_bits_per_second`: of the way down to the peer, None where it is not estimated.
    """

    peer: str
    room: str
    seat: str
    packets_in: int
    bytes_in: int
    lost_in: int
    jitter_in_seconds: float
    packets_out: int
    bytes_out: int
    loss_down: float
    round_trip_seconds: float | None
    nacks: int
    resent: int
    keyframe_requests: int
    sources: tuple[SourceStatistics, ...] = ()
    slots: tuple[SlotStatistics, ...] = ()
    estimate_bits_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class WorkerStatistics:
    """Every 5 s. Counters since the start of the process; `at` is the worker's clock, for rates."""

    packets_received: int
    bytes_received: int
    packets_forwarded: int
    bytes_forwarded: int
    cpu_seconds: float
    resident_bytes: int
    rooms: int
    peers: tuple[PeerStatistics, ...]
    drops: dict[str, int] = field(default_factory=dict)
    at: float = 0.0


FromHub = OpenRoom | CloseRoom | AddPeer | RestartIce | RemovePeer | EnableSource | Record | StopRecording
FromWorker = (
    WorkerState
    | PeerAnswer
    | PeerRefused
    | PeerConnected
    | PeerSilent
    | PeerGone
    | SlotsChanged
    | SpeakerChanged
    | Draining
    | LayersWanted
    | ReceptionChanged
    | WorkerStatistics
)

_FROM_HUB: dict[str, type[Any]] = {
    "open_room": OpenRoom,
    "close_room": CloseRoom,
    "add_peer": AddPeer,
    "restart_ice": RestartIce,
    "remove_peer": RemovePeer,
    "enable_source": EnableSource,
    "record": Record,
    "stop_recording": StopRecording,
}
_FROM_WORKER: dict[str, type[Any]] = {
    "state": WorkerState,
    "peer_answer": PeerAnswer,
    "peer_refused": PeerRefused,
    "peer_connected": PeerConnected,
    "peer_silent": PeerSilent,
    "peer_gone": PeerGone,
    "slots": SlotsChanged,
    "speaker": SpeakerChanged,
    "draining": Draining,
    "layers": LayersWanted,
    "reception": ReceptionChanged,
    "statistics": WorkerStatistics,
}


def encode_from_hub(message: FromHub) -> bytes:
    return messages.encode(message, _FROM_HUB).encode() + b"\n"


def encode_from_worker(message: FromWorker) -> bytes:
    return messages.encode(message, _FROM_WORKER).encode() + b"\n"


def decode_from_hub(line: bytes) -> FromHub:
    """Raises MessageError."""
    message: FromHub = messages.decode(line, _FROM_HUB, longest=LONGEST_LINE)
    return message


def decode_from_worker(line: bytes) -> FromWorker:
    """Raises MessageError."""
    message: FromWorker = messages.decode(line, _FROM_WORKER, longest=LONGEST_LINE)
    return message
