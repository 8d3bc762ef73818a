"""Who is in a room and which source goes to whom. Moves sources between slots; handles no packets."""

from __future__ import annotations

from conferencing.control import PeerState
from conferencing.media.forwarder import connect
from conferencing.media.peer import Peer
from conferencing.media.streams import Source
from conferencing.rtp.slots import AUDIO_SLOTS, SCREEN, SCREEN_SOUND, Role, RoomView, assign
from conferencing.rtp.speakers import SpeakerChoice

CHOICE_INTERVAL_SECONDS = 0.2


class Room:
    """One peer per seat."""

    def __init__(self, room: str, now: float) -> None:
        self.room = room
        self.by_seat: dict[str, Peer] = {}
        self.speakers = SpeakerChoice()
        self.speaker: str | None = None
        self.empty_since: float | None = now
        self._view: RoomView | None = None
        self._next_choice = now

    def add(self, peer: Peer, now: float) -> None:
        self.by_seat[peer.seat] = peer
        self.speakers.add(peer.seat, now)
        peer.link.levels = self.speakers.level
        self.empty_since = None
        self.changed()

    def remove(self, peer: Peer, now: float) -> None:
        if self.by_seat.get(peer.seat) is peer:
            del self.by_seat[peer.seat]
            self.speakers.remove(peer.seat)
        peer.link.levels = None
        for slot in peer.link.slots.values():
            connect(slot, None)
        for source in peer.link.sources.values():
            for slot in source.slots:
                connect(slot, None)
        if not self.by_seat:
            self.empty_since = now
        self.changed()

    def changed(self) -> None:
        """The next update looks again, whatever the speakers do."""
        self._view = None
        self._next_choice = 0.0

    def update(self, now: float) -> tuple[list[Peer], list[Source]]:
        """Assigns slots anew when due: receivers whose slots changed, and sources a key frame is needed of."""
        if now < self._next_choice:
            return [], []
        self._next_choice = now + CHOICE_INTERVAL_SECONDS
        view = self._look(now)
        if view == self._view:
            return [], []
        self._view = view
        self.speaker = view.stage
        changed: list[Peer] = []
        wanted: list[Source] = []
        for peer in self.by_seat.values():
            if peer.state is not PeerState.CONNECTED:
                continue
            assignment = assign(peer.seat, tuple(peer.link.slots), peer.seats_in_slots, view)
            if assignment.seats == peer.seats_in_slots and assignment.stage == peer.stage:
                continue
            peer.seats_in_slots, peer.stage = assignment.seats, assignment.stage
            changed.append(peer)
            wanted.extend(self._connect(peer))
        return changed, wanted

    def _look(self, now: float) -> RoomView:
        present = [peer for peer in self.by_seat.values() if peer.state is PeerState.CONNECTED]
        seats = {peer.seat for peer in present}
        choice = self.speakers.choose(now)
        return RoomView(
            stage=choice.stage if choice.stage in seats else None,
            ranking=tuple(seat for seat in choice.ranking if seat in seats),
            cameras=tuple(peer.seat for peer in present if _sends(peer, Role.CAMERA)),
            microphones=tuple(peer.seat for peer in present if _sends(peer, Role.MICROPHONE)),
        )

    def _connect(self, peer: Peer) -> list[Source]:
        wanted = []
        for name, slot in peer.link.slots.items():
            sender = self.by_seat.get(peer.seats_in_slots.get(name, ""))
            source = sender.link.sources.get(_role_in(name)) if sender is not None else None
            if connect(slot, source) and source is not None:
                wanted.append(source)
        return wanted


def _role_in(slot: str) -> Role:
    if slot == SCREEN:
        return Role.SCREEN
    if slot == SCREEN_SOUND:
        return Role.SCREEN_SOUND
    return Role.MICROPHONE if slot in AUDIO_SLOTS else Role.CAMERA


def _sends(peer: Peer, role: Role) -> bool:
    source = peer.link.sources.get(role)
    return source is not None and source.enabled
