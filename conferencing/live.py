"""A meeting while people are in it: its state, its worker, and the signaling connections of its seats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from conferencing.meeting import events
from conferencing.meeting.events import Event
from conferencing.meeting.state import Meeting, Presence, Seat
from conferencing.signaling import messages
from conferencing.store import StoredMeeting
from conferencing.workers.link import WorkerLink


class Connection(Protocol):
    """A page's signaling as the meeting sees it."""

    def tell(self, message: messages.ToPage) -> None: ...

    def close(self, reason: str) -> None:
        """Says Closed and ends the connection."""


class LiveMeeting:
    """Belongs to the event loop. Whatever happens goes through `record`: into the log and to the pages."""

    def __init__(self, stored: StoredMeeting, meeting: Meeting, log: Callable[[str, Sequence[Event]], None]) -> None:
        self.stored = stored
        self.meeting = meeting
        self.link: WorkerLink | None = None
        self.connections: dict[str, Connection] = {}
        self.slots: dict[str, messages.Slots] = {}
        # What a page that comes back is told again, by seat and subject.
        self.notes: dict[str, dict[str, messages.ToPage]] = {}
        self.viewers: dict[str, str] = {}
        self.transports: dict[str, str] = {}
        self.joining = 0
        self._log = log

    @property
    def idle(self) -> bool:
        return not self.connections and not self.joining and not self.viewers and not self.meeting.present()

    def record(self, made: Sequence[Event]) -> None:
        if not made:
            return
        self._log(self.stored.id, made)
        touched: dict[str, None] = {}
        for event in made:
            match event:
                case events.SpeakerChosen(seat=seat):
                    self.tell_all(messages.Speaker(seat))
                case events.MeetingClosed():
                    for connection in list(self.connections.values()):
                        connection.close("meeting closed")
                case events.RecordingStarted() | events.RecordingStopped():
                    self.tell_all(messages.Recording(self.meeting.recording is not None))
                case events.SeatTaken():
                    pass
                case _:
                    touched[event.seat] = None
                    if isinstance(event, events.SeatGone):
                        self.slots.pop(event.seat, None)
                        self.notes.pop(event.seat, None)
                        self.transports.pop(event.seat, None)
        for name in touched:
            self._tell_of(self.meeting.seats[name])

    def tell_all(self, message: messages.ToPage) -> None:
        for connection in list(self.connections.values()):
            connection.tell(message)

    def attach(self, seat: str, connection: Connection) -> None:
        """The seat's signaling is this connection now; an older one is told so and closed."""
        previous = self.connections.get(seat)
        self.connections[seat] = connection
        if previous is not None and previous is not connection:
            previous.close("replaced")

    def detach(self, seat: str, connection: Connection) -> None:
        if self.connections.get(seat) is connection:
            del self.connections[seat]
            if seat in self.meeting.seats:
                self._tell_of(self.meeting.seats[seat])

    def participants(self) -> tuple[messages.Participant, ...]:
        return tuple(map(participant, self._listed()))

    def set_slots(self, seat: str, peer: str, slots: messages.Slots) -> None:
        current = self.meeting.seats.get(seat)
        if current is None or current.peer != peer:
            return
        self.slots[seat] = slots
        if (connection := self.connections.get(seat)) is not None:
            connection.tell(slots)

    def note(self, seat: str, peer: str, subject: str, message: messages.ToPage) -> None:
        """Tells a page something that holds until the next word on the same subject."""
        current = self.meeting.seats.get(seat)
        if current is None or current.peer != peer:
            return
        self.notes.setdefault(seat, {})[subject] = message
        if (connection := self.connections.get(seat)) is not None:
            connection.tell(message)

    def _listed(self) -> Iterable[Seat]:
        """Away with signaling open is a page that is connecting again."""
        for seat in self.meeting.seats.values():
            if seat.presence is not Presence.AWAY or seat.seat in self.connections:
                yield seat

    def _tell_of(self, seat: Seat) -> None:
        if seat.presence is Presence.AWAY and seat.seat not in self.connections:
            self.tell_all(messages.ParticipantLeft(seat.seat))
        else:
            self.tell_all(messages.ParticipantChanged(participant(seat)))


def participant(seat: Seat) -> messages.Participant:
    return messages.Participant(seat.seat, seat.name, seat.presence, seat.microphone, seat.camera, seat.screen)
