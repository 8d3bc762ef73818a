"""All meetings of this hub: places their rooms on workers, adopts running ones, moves those of a dead worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from conferencing import control
from conferencing.journal import Journal
from conferencing.live import LiveMeeting
from conferencing.meeting.events import Event
from conferencing.meeting.state import AdoptedPeer, Meeting, Presence, worker_roles
from conferencing.signaling import messages
from conferencing.statistics.quality import Quality
from conferencing.store import LoggedEvent, MeetingStore, StoredMeeting
from conferencing.workers.link import LinkEvents, WorkerLink, WorkersOverloaded, WorkerUnavailable
from conferencing.workers.placement import Candidate, OverloadedError, choose

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 3.0
"""After a start the hub waits so long for its workers to say which rooms they hold."""
LIVE_LIMIT = 500

_PRESENCE = {
    control.PeerState.NEW: Presence.JOINING,
    control.PeerState.CONNECTED: Presence.CONNECTED,
    control.PeerState.SILENT: Presence.SILENT,
}


class Meetings:
    """Belongs to one event loop; the database is used in threads."""

    def __init__(self, store: MeetingStore, worker_sockets: Sequence[Path], clock: Callable[[], float]) -> None:
        self.store = store
        self.journal = Journal(store)
        self.clock = clock
        self.quality = Quality()
        events = LinkEvents(self._adopt, self._message, self._dead, self._drain)
        self.links = tuple(WorkerLink(path, events) for path in worker_sockets)
        self._live: dict[str, LiveMeeting] = {}
        self._loading = asyncio.Lock()

    async def run(self) -> None:
        """Keeps the connections to the workers and writes the log, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.journal.run(), name="meetings' log")
                for link in self.links:
                    tasks.create_task(link.run(), name=f"worker {link.name}")
        finally:
            await asyncio.shield(self.journal.flush())

    async def settled(self) -> None:
        """Returns when every worker has said its rooms, or has had the time to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                for link in self.links:
                    await link.settled.wait()

    def live_meetings(self) -> list[LiveMeeting]:
        return list(self._live.values())

    async def find(self, code: str) -> LiveMeeting | None:
        """The meeting of a code, open or closed; None when there is none."""
        for live in self._live.values():
            if live.stored.code == code:
                return live
        stored = await asyncio.to_thread(self.store.by_code, code)
        if stored is None:
            return None
        await self.settled()
        live = await self._load(stored)
        if live.link is None:
            live.record(live.meeting.reconcile({}, "worker"))
        return live

    async def by_id(self, meeting_id: str) -> LiveMeeting | None:
        """As `find`, by the name that opens nothing."""
        live = self._live.get(meeting_id)
        if live is not None:
            return live
        stored = await asyncio.to_thread(self.store.by_id, meeting_id)
        return await self.find(stored.code) if stored is not None else None

    async def close(self, live: LiveMeeting, by: str) -> None:
        now = self.clock()
        await asyncio.to_thread(self.store.close, live.stored.id, now)
        live.record(live.meeting.close(by))
        self._release(live)
        self._live.pop(live.stored.id, None)

    def place(self, live: LiveMeeting) -> WorkerLink:
        """The worker of a meeting, chosen at its first join. Raises WorkerUnavailable."""
        if live.link is not None and live.link.connected:
            return live.link
        live.link = self._chosen()
        return live.link

    def _chosen(self) -> WorkerLink:
        try:
            index = choose(
                [
                    Candidate(link.connected, self._peers_on(link), link.load.share, link.draining)
                    for link in self.links
                ]
            )
        except OverloadedError:
            raise WorkersOverloaded("every media worker has as much to do as it can bear") from None
        if index is None:
            raise WorkerUnavailable("no media worker is connected")
        return self.links[index]

    def release_if_empty(self, live: LiveMeeting) -> None:
        """An empty room leaves its worker, so that the next meeting is placed anew."""
        if not live.joining and not live.viewers and not live.meeting.present():
            self._release(live)

    def _release(self, live: LiveMeeting) -> None:
        if live.link is not None:
            with contextlib.suppress(WorkerUnavailable):
                live.link.send(control.CloseRoom(live.stored.id))
            live.link = None
        live.viewers.clear()

    def _peers_on(self, link: WorkerLink) -> int:
        return sum(
            len(live.meeting.present()) + len(live.viewers) + live.joining
            for live in self._live.values()
            if live.link is link
        )

    async def _load(self, stored: StoredMeeting) -> LiveMeeting:
        async with self._loading:
            if (live := self._live.get(stored.id)) is not None:
                return live
            await self.journal.flush()
            meeting = Meeting()
            for event in await asyncio.to_thread(self.store.events, stored.id):
                meeting.apply(event)
            meeting.closed = meeting.closed or stored.closed_at is not None
            if len(self._live) >= LIVE_LIMIT:
                self._live = {name: live for name, live in self._live.items() if not live.idle}
            live = LiveMeeting(stored, meeting, self._log)
            self._live[stored.id] = live
            return live

    def _log(self, meeting_id: str, made: Sequence[Event]) -> None:
        now = self.clock()
        self.journal.append([LoggedEvent(meeting_id, now, event) for event in made])

    # ---- what workers say

    async def _adopt(self, link: WorkerLink, state: control.WorkerState) -> None:
        """The worker's rooms are compared with the log: running calls go on, the rest is put right."""
        held = {room.room for room in state.rooms}
        for room in state.rooms:
            stored = await asyncio.to_thread(self.store.by_id, room.room)
            live = await self._load(stored) if stored is not None else None
            elsewhere = live is not None and live.link not in (None, link)
            if live is None or live.meeting.closed or elsewhere or not room.peers:
                link.send(control.CloseRoom(room.room))
                continue
            if live.link is link:
                # Only the connection was gone: what the pages switched meanwhile is still to be told.
                room = _switched_meanwhile(live, link, room)
            live.link = link
            self._adopt_room(live, room)
        for live in self._live.values():
            if live.link is link and live.stored.id not in held:
                self._lose(live)

    def _adopt_room(self, live: LiveMeeting, room: control.RoomInState) -> None:
        peers = {
            peer.seat: AdoptedPeer(
                peer.seat,
                peer.peer,
                _PRESENCE[peer.state],
                peer.enabled.get("microphone", False),
                peer.enabled.get("camera", False),
                peer.enabled.get("screen", False),
            )
            for peer in room.peers
            if not peer.viewer
        }
        live.viewers = {peer.seat: peer.peer for peer in room.peers if peer.viewer}
        live.record(live.meeting.reconcile(peers, "worker"))
        live.record(live.meeting.choose_speaker(room.speaker))
        for peer in room.peers:
            live.set_slots(peer.seat, peer.peer, messages.Slots(peer.stage, peer.slots))
            if peer.seat not in live.meeting.seats and not peer.viewer and live.link is not None:
                live.link.send(control.RemovePeer(peer.peer))
        for seat, connection in list(live.connections.items()):
            if live.meeting.seats[seat].presence is Presence.AWAY:
                connection.tell(messages.Rejoin("worker"))

    def _message(self, link: WorkerLink, message: control.FromWorker) -> None:
        match message:
            case control.PeerConnected(room=room, seat=seat, peer=peer):
                if live := self._on(link, room):
                    live.record(live.meeting.connected(seat, peer))
            case control.PeerSilent(room=room, seat=seat, peer=peer):
                if live := self._on(link, room):
                    live.record(live.meeting.silent(seat, peer))
            case control.PeerGone():
                if live := self._on(link, message.room):
                    self._gone(live, message)
            case control.SlotsChanged(room=room, seat=seat, peer=peer):
                if live := self._on(link, room):
                    live.set_slots(seat, peer, messages.Slots(message.stage, message.slots))
            case control.LayersWanted(room=room, seat=seat, peer=peer, role=role):
                if live := self._on(link, room):
                    live.note(seat, peer, f"layers {role}", messages.Layers(role, message.rids))
            case control.ReceptionChanged(room=room, seat=seat, peer=peer):
                if live := self._on(link, room):
                    live.note(seat, peer, "reception", messages.Reception(message.level, message.reason))
            case control.SpeakerChanged(room=room, seat=seat):
                if live := self._on(link, room):
                    live.record(live.meeting.choose_speaker(seat))
            case control.WorkerStatistics():
                self.quality.worker(link.name, message, self._sites_on(link))

    def _sites_on(self, link: WorkerLink) -> dict[str, str | None]:
        """Of the worker's peers."""
        return {
            seat.peer: seat.site
            for live in self._live.values()
            if live.link is link
            for seat in live.meeting.present()
            if seat.peer is not None
        }

    def _on(self, link: WorkerLink, room: str) -> LiveMeeting | None:
        live = self._live.get(room)
        return live if live is not None and live.link is link else None

    def _gone(self, live: LiveMeeting, message: control.PeerGone) -> None:
        if live.viewers.get(message.seat) == message.peer:
            del live.viewers[message.seat]
        made = live.meeting.gone(message.seat, message.peer, message.reason)
        live.record(made)
        if made and (connection := live.connections.get(message.seat)) is not None:
            connection.tell(messages.Rejoin(message.reason))
        self.release_if_empty(live)

    def _dead(self, link: WorkerLink) -> None:
        self.quality.worker_gone(link.name)
        for live in list(self._live.values()):
            if live.link is link:
                self._lose(live)

    def _drain(self, link: WorkerLink) -> None:
        """Rooms of a worker that is to end move to another, if there is one that can bear them."""
        for live in list(self._live.values()):
            if live.link is not link:
                continue
            try:
                self._chosen()
            except WorkerUnavailable as error:
                logger.warning("a room stays on the draining worker %s: %s", link.name, error)
                continue
            self._lose(live, "drained")
            with contextlib.suppress(WorkerUnavailable):
                link.send(control.CloseRoom(live.stored.id))

    def _lose(self, live: LiveMeeting, reason: str = "worker") -> None:
        live.link = None
        live.viewers.clear()
        live.record(live.meeting.reconcile({}, reason))
        live.tell_all(messages.Rejoin(reason))


def _switched_meanwhile(live: LiveMeeting, link: WorkerLink, room: control.RoomInState) -> control.RoomInState:
    peers = []
    for peer in room.peers:
        seat = live.meeting.seats.get(peer.seat)
        enabled = dict(peer.enabled)
        if seat is not None and seat.peer == peer.peer:
            for role, wanted in (("microphone", seat.microphone), ("camera", seat.camera), ("screen", seat.screen)):
                if role in enabled and enabled[role] != wanted:
                    enabled[role] = wanted
                    for one in worker_roles(role):
                        link.send(control.EnableSource(peer.peer, one, wanted))
        peers.append(replace(peer, enabled=enabled))
    return replace(room, peers=tuple(peers))
