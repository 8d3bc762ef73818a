"""The worker's state: rooms and peers, by the hub's messages and the passing of time. Handles no datagrams."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil
from aiortc.rtcdtlstransport import RTCCertificate

from conferencing import control
from conferencing.control import PeerState
from conferencing.media.answer import Candidate, LocalParameters, write_answer
from conferencing.media.counters import Counters
from conferencing.media.dispatcher import Dispatcher, Events
from conferencing.media.forwarder import Forwarder
from conferencing.media.ice_restart import check_restart
from conferencing.media.negotiation import negotiate
from conferencing.media.offer import SdpError
from conferencing.media.peer import CONNECT_WITHIN_SECONDS, GONE_AFTER_SECONDS, SILENT_AFTER_SECONDS, Peer
from conferencing.media.room import Room
from conferencing.media.streams import Layer
from conferencing.recording.tap import Tap
from conferencing.rtp import rtcp

logger = logging.getLogger(__name__)

ROOMS_LIMIT = 64
PEERS_LIMIT = 512
EMPTY_ROOM_SECONDS = 24 * 3600.0
CERTIFICATE_SECONDS = 7 * 86400.0
"""A certificate of aiortc is valid for 30 days; browsers look at the fingerprint alone, others may not."""


class MediaWorker:
    """Says what happens through `tell`, which may lose it: a hub that connects is told the state."""

    def __init__(
        self,
        name: str,
        candidates: Sequence[Candidate],
        counters: Counters,
        clock: Callable[[], float],
        tasks: asyncio.TaskGroup,
        chance: random.Random,
        forwarder: Forwarder,
    ) -> None:
        self.name = name
        self.instance = secrets.token_hex(8)
        self.counters = counters
        self.draining = False
        self.tell: Callable[[control.FromWorker], None] = lambda _message: None
        self._candidates = tuple(candidates)
        self._clock = clock
        self._tasks = tasks
        self._chance = chance
        self._forwarder = forwarder
        self.dispatcher = Dispatcher(
            counters, self._forwarder, clock, tasks, Events(self._connected, self._failed, self._want_keyframes)
        )
        self._rooms: dict[str, Room] = {}
        self._peers: dict[str, Peer] = {}
        self._certificate = RTCCertificate.generateCertificate()
        self._certificate_since = clock()
        self._process = psutil.Process()

    def handle(self, message: control.FromHub) -> None:
        """A message of the hub."""
        # What came before it counts as before it, in a recording too.
        self._forwarder.collect()
        match message:
            case control.OpenRoom(room=name):
                self._open_room(name)
            case control.CloseRoom(room=name):
                self._close_room(name)
            case control.AddPeer():
                self._add_peer(message)
            case control.RestartIce():
                self._restart(message)
            case control.RemovePeer(peer=name):
                if (peer := self._peers.get(name)) is not None:
                    self._remove(peer)
            case control.Record():
                self._record(message)
            case control.StopRecording(room=name):
                self._stop_recording(name)
            case control.EnableSource():
                self._enable(message)

    def tick(self, now: float) -> None:
        """To be called about ten times per second."""
        for peer in list(self._peers.values()):
            self._examine(peer, now)
            peer.report(now)
        for room in list(self._rooms.values()):
            self._update(room, now)
            self._tell_layers(room, now)
            if room.tap is not None:
                room.tap.tick(now)
            if room.empty_since is not None and now - room.empty_since > EMPTY_ROOM_SECONDS:
                del self._rooms[room.room]

    def pulse(self, now: float) -> None:
        """To be called fifty times per second: what must not wait for a tick."""
        self._forwarder.collect()
        for peer in self._peers.values():
            peer.pulse(now)

    def state(self) -> control.WorkerState:
        """For a hub that has just connected, which is told the rest again with the next tick."""
        for peer in self._peers.values():
            peer.layers.forget()
            peer.downlink.forget()
        rooms = (
            control.RoomInState(
                room.room,
                room.speaker,
                tuple(map(_in_state, room.by_seat.values())),
                room.tap.recording if room.tap is not None else None,
            )
            for room in self._rooms.values()
        )
        return control.WorkerState(self.name, self.instance, tuple(rooms), self.draining)

    def drain(self) -> None:
        """Asks the hub to take the rooms away; what is here goes on until it does."""
        self.draining = True
        self.tell(control.Draining())
        logger.info("- is to be drained of %d rooms", len(self._rooms))

    def statistics(self) -> control.WorkerStatistics:
        self._forwarder.collect()
        times = self._process.cpu_times()
        return control.WorkerStatistics(
            packets_received=self.counters.packets_received,
            bytes_received=self.counters.bytes_received,
            packets_forwarded=self.counters.packets_forwarded,
            bytes_forwarded=self.counters.bytes_forwarded,
            cpu_seconds=times.user + times.system,
            resident_bytes=self._process.memory_info().rss,
            rooms=len(self._rooms),
            peers=tuple(peer.statistics() for peer in self._peers.values()),
            drops=dict(self.counters.drops),
            at=self._clock(),
        )

    def close(self) -> None:
        """Says goodbye to every peer."""
        for name in self._rooms:
            self._stop_recording(name)
        for peer in list(self._peers.values()):
            self._remove(peer)

    def _open_room(self, name: str) -> None:
        if name in self._rooms:
            return
        if len(self._rooms) >= ROOMS_LIMIT:
            self._drop_an_empty_room()
        if len(self._rooms) < ROOMS_LIMIT:
            self._rooms[name] = Room(name, self._clock())
        else:
            self.counters.drop("rooms_limit")

    def _record(self, message: control.Record) -> None:
        room = self._rooms.get(message.room)
        if room is None or (room.tap is not None and room.tap.recording == message.recording):
            return
        self._stop_recording(message.room)
        now = self._clock()
        tap = Tap(
            Path(message.socket),
            message.recording,
            self.counters,
            lambda layer: self._want_keyframes([layer], self._clock()),
        )
        room.record(tap)
        tap.stage(room.speaker, now)
        tap.tick(now)
        logger.info("- room %s is recorded", room.room)

    def _stop_recording(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is not None and room.tap is not None:
            room.tap.close(self._clock())
            room.record(None)

    def _drop_an_empty_room(self) -> None:
        empty = [room for room in self._rooms.values() if room.empty_since is not None]
        if empty:
            del self._rooms[min(empty, key=lambda room: room.empty_since or 0.0).room]

    def _close_room(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is None:
            return
        self._stop_recording(name)
        for peer in list(room.by_seat.values()):
            self._remove(peer)
        del self._rooms[name]

    def _add_peer(self, message: control.AddPeer) -> None:
        room = self._rooms.get(message.room)
        if room is None:
            self.tell(control.PeerRefused(message.peer, "room", "this worker does not hold the room"))
            return
        if len(self._peers) >= PEERS_LIMIT:
            self.tell(control.PeerRefused(message.peer, "full", f"{PEERS_LIMIT} peers on this worker"))
            return
        try:
            negotiated = negotiate(
                message.offer, message.roles, message.seat, message.enabled, self._chance, self._forwarder.new_link
            )
        except SdpError as error:
            self.counters.drop("offer")
            self.tell(control.PeerRefused(message.peer, "offer", str(error)))
            return
        now = self._clock()
        for replaced in (self._peers.get(message.peer), room.by_seat.get(message.seat)):
            if replaced is not None:
                self._remove(replaced)
        peer = Peer(
            message.peer,
            message.room,
            message.seat,
            secrets.token_hex(4),
            secrets.token_hex(16),
            negotiated,
            self._current_certificate(now),
            self._forwarder,
            now,
            self._chance.getrandbits(62),
        )
        peer.viewer = message.viewer
        self._peers[peer.peer] = peer
        self.dispatcher.register(peer)
        room.add(peer, now)
        self._answer(peer)
        logger.info("- peer %s joins room %s", peer.peer, peer.room)

    def _restart(self, message: control.RestartIce) -> None:
        peer = self._peers.get(message.peer)
        if peer is None:
            self.tell(control.PeerRefused(message.peer, "peer", "this worker does not hold the peer"))
            return
        try:
            check_restart(message.offer, peer.offer)
        except SdpError as error:
            self.counters.drop("offer")
            self.tell(control.PeerRefused(message.peer, "offer", str(error)))
            return
        self.dispatcher.restart(peer, secrets.token_hex(4), secrets.token_hex(16))
        self._answer(peer)
        logger.info("- peer %s restarts ICE", peer.peer)

    def _answer(self, peer: Peer) -> None:
        local = LocalParameters(
            peer.ufrag,
            peer.passwords[peer.ufrag],
            peer.fingerprint,
            self._candidates,
            peer.transport.active,
        )
        answer = write_answer(peer.answers, local, peer.session_id, peer.session_version)
        self.tell(control.PeerAnswer(peer.peer, answer))

    def _enable(self, message: control.EnableSource) -> None:
        peer = self._peers.get(message.peer)
        if peer is None:
            return
        for role, source in peer.link.sources.items():
            if role.value == message.role and source.enabled != message.enabled:
                source.enabled = message.enabled
                for layer in source.layers:
                    for slot in layer.slots:
                        if slot.layer is layer:
                            slot.continuity.restart()
                now = self._clock()
                if source.enabled and source.video:
                    self._want_keyframes([layer for layer in source.layers if layer.slots], now)
                self._rooms[peer.room].changed()
                self._update(self._rooms[peer.room], now)

    def _examine(self, peer: Peer, now: float) -> None:
        if peer.link.packets_in != peer.packets_seen:
            peer.packets_seen = peer.link.packets_in
            peer.last_received = now
            if peer.state is PeerState.SILENT:
                self._connected(peer)
        silence = now - peer.last_received
        if peer.state is PeerState.NEW:
            if now - peer.created > CONNECT_WITHIN_SECONDS:
                self._gone(peer, "never connected")
        elif peer.transport.closed:
            self._gone(peer, "closed")
        elif silence > GONE_AFTER_SECONDS:
            self._gone(peer, "silent")
        elif silence > SILENT_AFTER_SECONDS and peer.state is PeerState.CONNECTED:
            peer.state = PeerState.SILENT
            self._rooms[peer.room].changed()
            self.tell(control.PeerSilent(peer.room, peer.peer, peer.seat))
            logger.info("- peer %s is silent", peer.peer)
        for layer in peer.link.layers():
            if layer.reception is not None:
                layer.rate.measure(layer.reception.octets, now)
            if layer.keyframes.due(now):
                self._send_keyframe_request(layer)
        self._want_keyframes(peer.downlink.tick(now), now)

    def _update(self, room: Room, now: float) -> None:
        speaker = room.speaker
        changed, wanted = room.update(now)
        for peer in changed:
            self.tell(control.SlotsChanged(room.room, peer.peer, peer.seat, peer.stage, dict(peer.seats_in_slots)))
        if room.speaker != speaker:
            self.tell(control.SpeakerChanged(room.room, room.speaker))
            if room.tap is not None:
                room.tap.stage(room.speaker, now)
        self._want_keyframes(wanted, now)

    def _tell_layers(self, room: Room, now: float) -> None:
        for peer, role, rids in room.layers_wanted(now):
            self.tell(control.LayersWanted(room.room, peer.peer, peer.seat, role.value, rids))
        for peer in room.by_seat.values():
            if (told := peer.downlink.news(now)) is not None:
                self.tell(control.ReceptionChanged(room.room, peer.peer, peer.seat, told.level, told.reason))

    def _want_keyframes(self, layers: Iterable[Layer], now: float) -> None:
        for layer in layers:
            if layer.keyframes.ask(now):
                self._send_keyframe_request(layer)

    def _send_keyframe_request(self, layer: Layer) -> None:
        if layer.reception is not None:
            link = layer.source.link
            self._forwarder.rtcp_out(link, rtcp.picture_loss_indication(link.local_ssrc, layer.reception.ssrc))

    def _connected(self, peer: Peer) -> None:
        if self._peers.get(peer.peer) is not peer:
            return
        now = self._clock()
        peer.state = PeerState.CONNECTED
        peer.last_received = now
        self.tell(control.PeerConnected(peer.room, peer.peer, peer.seat))
        room = self._rooms[peer.room]
        room.changed()
        self._update(room, now)
        logger.info("- peer %s connected", peer.peer)

    def _failed(self, peer: Peer) -> None:
        if self._peers.get(peer.peer) is peer:
            self._gone(peer, "handshake")

    def _gone(self, peer: Peer, reason: str) -> None:
        self._remove(peer)
        self.tell(control.PeerGone(peer.room, peer.peer, peer.seat, reason))

    def _remove(self, peer: Peer) -> None:
        del self._peers[peer.peer]
        self.dispatcher.forget(peer)
        room = self._rooms[peer.room]
        room.remove(peer, self._clock())
        self._forwarder.forget(peer.link)
        self._tasks.create_task(self._close_transport(peer), name=f"close {peer.peer}")
        logger.info("- peer %s removed", peer.peer)

    async def _close_transport(self, peer: Peer) -> None:
        try:
            await peer.transport.close()
        except Exception:
            self.counters.drop("internal_error")
            logger.exception("x closing peer %s", peer.peer)

    def _current_certificate(self, now: float) -> RTCCertificate:
        if now - self._certificate_since > CERTIFICATE_SECONDS:
            self._certificate = RTCCertificate.generateCertificate()
            self._certificate_since = now
        return self._certificate


def _in_state(peer: Peer) -> control.PeerInState:
    enabled = {role.value: source.enabled for role, source in peer.link.sources.items()}
    return control.PeerInState(
        peer.peer, peer.seat, peer.state, enabled, peer.stage, dict(peer.seats_in_slots), peer.viewer
    )
