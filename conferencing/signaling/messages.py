"""The messages of signaling, one frozen dataclass each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conferencing import messages
from conferencing.meeting.state import Presence
from conferencing.statistics.client import ClientReport
from conferencing.turn import IceServer

LONGEST_MESSAGE = 160 * 1024
"""An offer of 32 sections is at most 128 KiB."""


# ---- page → hub


@dataclass(frozen=True, slots=True)
class Join:
    """`token` of a seat held before, if any. `roles`: mid → role or slot; see conferencing.rtp.slots."""

    name: str
    offer: str
    roles: dict[str, str]
    microphone: bool
    camera: bool
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """The page kept its media; only signaling was gone."""

    token: str
    peer: str


@dataclass(frozen=True, slots=True)
class RestartIce:
    """New paths for the media that are there: the page's network has changed. Answered by Restarted or Rejoin."""

    peer: str
    offer: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Turns the seat's own microphone, camera or screen (with its sound) on or off."""

    role: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Transport:
    """How the media travel since now: one of conferencing.turn.TRANSPORTS."""

    transport: str


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class Ping:
    pass


# ---- hub → page


@dataclass(frozen=True, slots=True)
class IceServers:
    """The first message: a page connects its media with these, and takes the new ones at each reconnection."""

    servers: tuple[IceServer, ...]
    relay_only: bool


@dataclass(frozen=True, slots=True)
class Participant:
    seat: str
    name: str
    presence: Presence
    microphone: bool
    camera: bool
    screen: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """`token` is to be kept by the page: it is the seat."""

    seat: str
    token: str
    peer: str
    answer: str
    title: str
    participants: tuple[Participant, ...]
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Resumed:
    seat: str
    peer: str
    title: str
    participants: tuple[Participant, ...]
    speaker: str | None
    stage: str | None
    slots: dict[str, str]


@dataclass(frozen=True, slots=True)
class Restarted:
    peer: str
    answer: str


@dataclass(frozen=True, slots=True)
class Rejoin:
    """The media are lost: join again, with the same token. `reason`: "unknown", "worker", "silent"…"""

    reason: str


@dataclass(frozen=True, slots=True)
class ParticipantChanged:
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    seat: str


@dataclass(frozen=True, slots=True)
class Slots:
    """Whose media the page gets in its slots; `stage` is the seat to be shown large, even without a picture."""

    stage: str | None
    slots: dict[str, str]


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers of the page's own picture that somebody sees: the others are to be paused. Without simulcast: ""."""

    role: str
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reception:
    """What the page's line lets through. `level`: "full", "reduced", "sound"; `reason`: "", "line", "codec"."""

    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class Speaker:
    seat: str | None


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether what is said and shown is being recorded: pages must show it. Told to each who comes while it is."""

    active: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """The last message. `reason`: "meeting closed", "replaced", "left"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Error:
    """`title` and `detail` in Vietnamese; `code` for the page to translate by. After `fatal` the hub closes."""

    code: str
    title: str
    detail: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Pong:
    pass


FromPage = Join | Resume | RestartIce | Switch | Transport | ClientReport | Leave | Ping
ToPage = (
    IceServers
    | Joined
    | Resumed
    | Restarted
    | Rejoin
    | ParticipantChanged
    | ParticipantLeft
    | Slots
    | Layers
    | Reception
    | Speaker
    | Recording
    | Closed
    | Error
    | Pong
)

_FROM_PAGE: dict[str, type[Any]] = {
    "join": Join,
    "resume": Resume,
    "restart_ice": RestartIce,
    "switch": Switch,
    "transport": Transport,
    "statistics": ClientReport,
    "leave": Leave,
    "ping": Ping,
}
_TO_PAGE: dict[str, type[Any]] = {
    "ice_servers": IceServers,
    "joined": Joined,
    "resumed": Resumed,
    "restarted": Restarted,
    "rejoin": Rejoin,
    "participant": ParticipantChanged,
    "participant_left": ParticipantLeft,
    "slots": Slots,
    "layers": Layers,
    "reception": Reception,
    "speaker": Speaker,
    "recording": Recording,
    "closed": Closed,
    "error": Error,
    "pong": Pong,
}


def decode_from_page(text: str) -> FromPage:
    """Raises MessageError."""
    message: FromPage = messages.decode(text, _FROM_PAGE, longest=LONGEST_MESSAGE)
    return message


def encode_to_page(message: ToPage) -> str:
    return messages.encode(message, _TO_PAGE)
