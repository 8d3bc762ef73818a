"""The meeting's state machine: commands in, events out. No I/O, no clock; the log keeps the times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from conferencing.meeting import events
from conferencing.meeting.events import Event


class Presence(StrEnum):
    AWAY = "away"
    JOINING = "joining"
    CONNECTED = "connected"
    SILENT = "silent"


TRANSITIONS: Mapping[type[Event], Mapping[Presence, Presence]] = {
    events.SeatJoined: dict.fromkeys(Presence, Presence.JOINING),
    events.SeatConnected: {Presence.JOINING: Presence.CONNECTED, Presence.SILENT: Presence.CONNECTED},
    events.SeatSilent: {Presence.CONNECTED: Presence.SILENT},
    events.SeatGone: dict.fromkeys((Presence.JOINING, Presence.CONNECTED, Presence.SILENT), Presence.AWAY),
}
"""What is not listed does not happen: such an event is not made."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in the meeting, kept when its peer goes."""

    seat: str
    name: str
    user_name: str | None
    site: str | None
    presence: Presence = Presence.AWAY
    peer: str | None = None
    microphone: bool = False
    camera: bool = False
    screen: bool = False


@dataclass(frozen=True, slots=True)
class AdoptedPeer:
    """A peer that a worker says it holds."""

    seat: str
    peer: str
    presence: Presence
    microphone: bool
    camera: bool
    screen: bool = False


SOURCES = ("microphone", "camera", "screen")

PresenceEvent = events.SeatConnected | events.SeatSilent | events.SeatGone


class Meeting:
    """State replayed from events. Each command returns the events it made, already applied."""

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}
        self.speaker: str | None = None
        self.recording: str | None = None
        self.closed = False

    def apply(self, event: Event) -> None:
        match event:
            case events.SeatTaken():
                self.seats[event.seat] = Seat(event.seat, event.name, event.user_name, event.site)
            case events.SeatJoined():
                self._move(event)
            case events.SeatConnected() | events.SeatSilent():
                self._move(event)
            case events.SeatGone():
                self._move(event)
                if self.speaker == event.seat:
                    self.speaker = None
            case events.SourceSwitched(seat=name, role=role, enabled=enabled):
                if name in self.seats:
                    self.seats[name] = _with_source(self.seats[name], role, enabled)
            case events.SpeakerChosen(seat=name):
                self.speaker = name
            case events.RecordingStarted(recording=recording):
                self.recording = recording
            case events.RecordingStopped():
                self.recording = None
            case events.MeetingClosed():
                self.closed = True

    def take_seat(self, seat: str, name: str, user_name: str | None, site: str | None) -> list[Event]:
        if seat in self.seats or self.closed:
            return []
        return self._happen(events.SeatTaken(seat, name, user_name, site))

    def join(self, seat: str, peer: str, name: str, *, microphone: bool, camera: bool) -> list[Event]:
        """A peer comes for the seat; one that was there is replaced."""
        current = self.seats.get(seat)
        if current is None or self.closed:
            return []
        made = []
        if current.presence is not Presence.AWAY:
            made = self._happen(events.SeatGone(seat, "replaced"))
        return made + self._happen(events.SeatJoined(seat, peer, name, microphone, camera))

    def connected(self, seat: str, peer: str) -> list[Event]:
        return self._happen_to(events.SeatConnected(seat), peer)

    def silent(self, seat: str, peer: str) -> list[Event]:
        return self._happen_to(events.SeatSilent(seat), peer)

    def gone(self, seat: str, peer: str | None, reason: str) -> list[Event]:
        """`peer` None: whichever peer the seat has."""
        return self._happen_to(events.SeatGone(seat, reason), peer)

    def switch_source(self, seat: str, role: str, *, enabled: bool) -> list[Event]:
        current = self.seats.get(seat)
        if current is None or role not in SOURCES or getattr(current, role) == enabled:
            return []
        return self._happen(events.SourceSwitched(seat, role, enabled))

    def choose_speaker(self, seat: str | None) -> list[Event]:
        if seat == self.speaker or (seat is not None and seat not in self.seats):
            return []
        return self._happen(events.SpeakerChosen(seat))

    def start_recording(self, recording: str, by: str) -> list[Event]:
        if self.closed or self.recording is not None:
            return []
        return self._happen(events.RecordingStarted(recording, by))

    def stop_recording(self, by: str) -> list[Event]:
        return self._happen(events.RecordingStopped(by)) if self.recording is not None else []

    def close(self, by: str) -> list[Event]:
        if self.closed:
            return []
        made: list[Event] = self.stop_recording(by)
        for seat in self.present():
            made += self.gone(seat.seat, None, "meeting closed")
        return made + self._happen(events.MeetingClosed(by))

    def reconcile(self, peers: Mapping[str, AdoptedPeer], reason: str) -> list[Event]:
        """Brings the state to what a worker says it is, after a time in which nobody listened to it."""
        made: list[Event] = []
        for seat in self.present():
            adopted = peers.get(seat.seat)
            if adopted is None or adopted.peer != seat.peer:
                made += self.gone(seat.seat, None, reason)
        for name, adopted in peers.items():
            current = self.seats.get(name)
            if current is None:
                continue
            if current.presence is Presence.AWAY:
                made += self.join(
                    name, adopted.peer, current.name, microphone=adopted.microphone, camera=adopted.camera
                )
            made += self.switch_source(name, "microphone", enabled=adopted.microphone)
            made += self.switch_source(name, "camera", enabled=adopted.camera)
            made += self.switch_source(name, "screen", enabled=adopted.screen)
            presence = self.seats[name].presence
            if adopted.presence is Presence.CONNECTED or (
                adopted.presence is Presence.SILENT and presence is Presence.JOINING
            ):
                made += self.connected(name, adopted.peer)
            if adopted.presence is Presence.SILENT:
                made += self.silent(name, adopted.peer)
        return made

    def present(self) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.presence is not Presence.AWAY]

    def _happen_to(self, event: PresenceEvent, peer: str | None) -> list[Event]:
        current = self.seats.get(event.seat)
        # What is said of a peer that was replaced meanwhile is no longer of interest.
        if current is None or (peer is not None and peer != current.peer):
            return []
        return self._happen(event) if current.presence in TRANSITIONS[type(event)] else []

    def _happen(self, event: Event) -> list[Event]:
        self.apply(event)
        return [event]

    def _move(self, event: events.SeatJoined | PresenceEvent) -> None:
        current = self.seats.get(event.seat)
        target = TRANSITIONS[type(event)].get(current.presence) if current is not None else None
        if current is None or target is None:
            return
        moved = replace(current, presence=target)
        if isinstance(event, events.SeatJoined):
            moved = replace(moved, peer=event.peer, name=event.name, microphone=event.microphone, camera=event.camera)
            moved = replace(moved, screen=False)
        elif isinstance(event, events.SeatGone):
            moved = replace(moved, peer=None, screen=False)
        self.seats[event.seat] = moved


def _with_source(seat: Seat, role: str, enabled: bool) -> Seat:
    match role:
        case "microphone":
            return replace(seat, microphone=enabled)
        case "camera":
            return replace(seat, camera=enabled)
        case "screen":
            return replace(seat, screen=enabled)
    return seat


def worker_roles(source: str) -> tuple[str, ...]:
    """What a worker calls the parts of a source: a screen goes with its sound."""
    return ("screen", "screen_sound") if source == "screen" else (source,)
