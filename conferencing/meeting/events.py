"""Every decision of a meeting. The log of them is the meeting: attendance and minutes come from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from conferencing import messages


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """Someone came for the first time. `site` is the bridge point's site when the directory knows the name."""

    seat: str
    name: str
    user_name: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class SeatJoined:
    """A peer of this seat is being connected; a reload joins again."""

    seat: str
    peer: str
    name: str
    microphone: bool
    camera: bool


@dataclass(frozen=True, slots=True)
class SeatConnected:
    seat: str


@dataclass(frozen=True, slots=True)
class SeatSilent:
    """Nothing came from it for some seconds."""

    seat: str


@dataclass(frozen=True, slots=True)
class SeatGone:
    """`reason`: "left", "replaced", "worker", "meeting closed", or what the worker says of a peer that is gone."""

    seat: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceSwitched:
    """A microphone, camera or screen was turned on or off."""

    seat: str
    role: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class SpeakerChosen:
    seat: str | None


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    recording: str
    by: str


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    by: str


@dataclass(frozen=True, slots=True)
class MeetingClosed:
    by: str


Event = (
    SeatTaken
    | SeatJoined
    | SeatConnected
    | SeatSilent
    | SeatGone
    | SourceSwitched
    | SpeakerChosen
    | RecordingStarted
    | RecordingStopped
    | MeetingClosed
)

_KINDS: dict[str, type[Any]] = {
    "seat_taken": SeatTaken,
    "seat_joined": SeatJoined,
    "seat_connected": SeatConnected,
    "seat_silent": SeatSilent,
    "seat_gone": SeatGone,
    "source_switched": SourceSwitched,
    "speaker_chosen": SpeakerChosen,
    "recording_started": RecordingStarted,
    "recording_stopped": RecordingStopped,
    "meeting_closed": MeetingClosed,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def kind_of(event: Event) -> str:
    return _NAMES[type(event)]


def detail_of(event: Event) -> dict[str, Any]:
    return dataclasses.asdict(event)


def read_event(kind: str, detail: dict[str, Any]) -> Event | None:
    """The event of a log's row; None for a kind of a newer version. Raises MessageError when damaged."""
    if kind not in _KINDS:
        return None
    event: Event = messages.from_document(_KINDS[kind], detail, kind)
    return event
