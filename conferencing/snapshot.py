"""What conferencing knows at this moment, for exporters. Frozen; names and labels are theirs to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conferencing import control
from conferencing.live import LiveMeeting
from conferencing.meeting.state import Seat
from conferencing.recording.status import RecorderStatus
from conferencing.statistics.quality import PeerQuality
from conferencing.workers.link import WorkerLink


@dataclass(frozen=True, slots=True)
class ParticipantSnapshot:
    """`statistics` totals since the peer came, None before the worker's first report (every 5 s).

    `transport`: of conferencing.turn.TRANSPORTS, None before the page has said it.
    """

    seat: str
    name: str
    site: str | None
    presence: str
    microphone: bool
    camera: bool
    statistics: control.PeerStatistics | None
    transport: str | None = None
    quality: PeerQuality | None = None


@dataclass(frozen=True, slots=True)
class RoomSnapshot:
    code: str
    title: str
    worker: str | None
    participants: tuple[ParticipantSnapshot, ...]


@dataclass(frozen=True, slots=True)
class WorkerSnapshot:
    """`statistics` None while it is not connected or has not reported yet."""

    name: str
    connected: bool
    statistics: control.WorkerStatistics | None


@dataclass(frozen=True, slots=True)
class ConferencingSnapshot:
    """`signaling_drops`: refused or faulty signaling by reason; `log_events_lost`: see journal; `site_totals`: see
    Quality."""

    rooms: tuple[RoomSnapshot, ...]
    workers: tuple[WorkerSnapshot, ...]
    signaling_connections: int
    signaling_drops: Mapping[str, int]
    log_events_lost: int
    site_totals: Mapping[tuple[str | None, str], int] = field(default_factory=dict)
    recorder: RecorderStatus | None = None


def room_snapshot(live: LiveMeeting, qualities: Mapping[str, PeerQuality]) -> RoomSnapshot:
    statistics = live.link.statistics if live.link is not None else None
    by_peer = {peer.peer: peer for peer in statistics.peers} if statistics is not None else {}
    return RoomSnapshot(
        live.stored.code,
        live.stored.title,
        live.link.name if live.link is not None else None,
        tuple(_participant(live, seat, by_peer, qualities) for seat in live.meeting.present()),
    )


def worker_snapshot(link: WorkerLink) -> WorkerSnapshot:
    return WorkerSnapshot(link.name, link.connected, link.statistics)


def _participant(
    live: LiveMeeting,
    seat: Seat,
    by_peer: Mapping[str, control.PeerStatistics],
    qualities: Mapping[str, PeerQuality],
) -> ParticipantSnapshot:
    return ParticipantSnapshot(
        seat.seat,
        seat.name,
        seat.site,
        seat.presence.value,
        seat.microphone,
        seat.camera,
        by_peer.get(seat.peer or ""),
        live.transports.get(seat.seat),
        qualities.get(seat.peer or ""),
    )
