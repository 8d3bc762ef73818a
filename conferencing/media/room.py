"""Who is in a room and which source goes to whom. Moves sources between slots; handles no packets."""

from __future__ import annotations

from conferencing.control import PeerState
from conferencing.media.peer import Peer
from conferencing.media.selection import assign as put
from conferencing.media.selection import choose
from conferencing.media.streams import Layer
from conferencing.recording.tap import Tap
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
        self.tap: Tap | None = None
        self._screens: list[str] = []
        self._view: RoomView | None = None
        self._next_choice = now

    def add(self, peer: Peer, now: float) -> None:
        self.by_seat[peer.seat] = peer
        if not peer.viewer:
            self.speakers.add(peer.seat, now)
            peer.link.levels = self.speakers.level
        self.empty_since = None
        self._tap(peer)
        self.changed()

    def record(self, tap: Tap | None) -> None:
        """Everything that is forwarded goes to the tap too, from now on; None: no longer."""
        self.tap = tap
        for peer in self.by_seat.values():
            self._tap(peer)

    def _tap(self, peer: Peer) -> None:
        for source in peer.link.sources.values():
            source.tap = self.tap
            # Of a picture that nobody watches the smallest is recorded: a recording costs no line more than that.
            source.wanted_level = -1 if self.tap is None else 0

    def remove(self, peer: Peer, now: float) -> None:
        if self.by_seat.get(peer.seat) is peer:
            del self.by_seat[peer.seat]
            if not peer.viewer:
                self.speakers.remove(peer.seat)
        peer.link.levels = None
        for slot in peer.link.slots.values():
            put(slot, None)
        for other in self.by_seat.values():
            for slot in other.link.slots.values():
                if slot.layer is not None and slot.layer.source.link is peer.link:
                    slot.layer.source.enabled = False
                    put(slot, None)
                if slot.source is not None and slot.source.link is peer.link:
                    put(slot, None)
        if not self.by_seat:
            self.empty_since = now
        self.changed()

    def changed(self) -> None:
        """The next update looks again, whatever the speakers do."""
        self._view = None
        self._next_choice = 0.0

    def update(self, now: float) -> tuple[list[Peer], list[Layer]]:
        """Assigns slots anew when due: receivers whose slots changed, and layers a key frame is needed of."""
        if now < self._next_choice:
            return [], []
        self._next_choice = now + CHOICE_INTERVAL_SECONDS
        view = self._look(now)
        if view == self._view:
            return [], []
        self._view = view
        self.speaker = view.stage
        changed: list[Peer] = []
        wanted: list[Layer] = []
        for peer in self.by_seat.values():
            if peer.state is not PeerState.CONNECTED:
                continue
            assignment = assign(peer.seat, tuple(peer.link.slots), peer.seats_in_slots, view)
            if assignment.seats == peer.seats_in_slots and assignment.stage == peer.stage:
                continue
            peer.seats_in_slots, peer.stage = assignment.seats, assignment.stage
            changed.append(peer)
            wanted.extend(self._connect(peer, now))
        return changed, wanted

    def layers_wanted(self, now: float) -> list[tuple[Peer, Role, tuple[str, ...]]]:
        """Whose layers somebody sees has changed: sender, role and the rids it is to send."""
        seen: dict[Layer, None] = {}
        for peer in self.by_seat.values():
            for slot in peer.link.slots.values():
                source = slot.source
                if slot.video and source is not None and source.enabled:
                    if slot.layer is not None and slot.layer.source is source:
                        seen[slot.layer] = None
                    if slot.level >= 0:
                        seen[source.layers[min(slot.level, len(source.layers) - 1)]] = None
        told: list[tuple[Peer, Role, tuple[str, ...]]] = []
        for peer in self.by_seat.values():
            if peer.state is PeerState.CONNECTED:
                told.extend((peer, role, rids) for role, rids in peer.layers.told(seen, now))
        return told

    def _look(self, now: float) -> RoomView:
        present = [peer for peer in self.by_seat.values() if peer.state is PeerState.CONNECTED and not peer.viewer]
        seats = {peer.seat for peer in present}
        choice = self.speakers.choose(now)
        screen = self._screen(present)
        return RoomView(
            stage=choice.stage if choice.stage in seats else None,
            ranking=tuple(seat for seat in choice.ranking if seat in seats),
            cameras=tuple(peer.seat for peer in present if _sends(peer, Role.CAMERA)),
            microphones=tuple(peer.seat for peer in present if _sends(peer, Role.MICROPHONE)),
            screen=screen,
            screen_sound=screen is not None and _sends(self.by_seat[screen], Role.SCREEN_SOUND),
        )

    def _screen(self, present: list[Peer]) -> str | None:
        """Who shows a screen, the latest of several."""
        showing = {peer.seat: None for peer in present if _sends(peer, Role.SCREEN)}
        self._screens = [seat for seat in self._screens if seat in showing]
        self._screens += [seat for seat in showing if seat not in self._screens]
        return self._screens[-1] if self._screens else None

    def _connect(self, peer: Peer, now: float) -> list[Layer]:
        for name, slot in peer.link.slots.items():
            sender = self.by_seat.get(peer.seats_in_slots.get(name, ""))
            put(slot, sender.link.sources.get(_role_in(name)) if sender is not None else None)
        wanted = [layer for slot in peer.link.slots.values() if not slot.video for layer in choose(slot, 0, now)]
        return wanted + peer.downlink.distribute(now)


def _role_in(slot: str) -> Role:
    if slot == SCREEN:
        return Role.SCREEN
    if slot == SCREEN_SOUND:
        return Role.SCREEN_SOUND
    return Role.MICROPHONE if slot in AUDIO_SLOTS else Role.CAMERA


def _sends(peer: Peer, role: Role) -> bool:
    source = peer.link.sources.get(role)
    return source is not None and source.enabled
