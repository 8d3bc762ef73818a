"""How each peer's media do now: the last two reports of its worker and of its page, put together.

Totals by site go on when peers come and go. Times are parameters; knows no meetings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conferencing.control import PeerStatistics, SlotStatistics, SourceStatistics, WorkerStatistics
from conferencing.statistics import score
from conferencing.statistics.client import ClientReport, ClientSlot

CLIENT_STALE_SECONDS = 20.0
"""Four reports: then the page says nothing any more."""
SITES_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """One source (`up`) or slot of a peer. `name`: its role or slot. Figures of the last interval, but for
    `nacks`, `resent` and `keyframe_requests`, which are totals. None: not known, or nothing was carried."""

    name: str
    seat: str | None
    layer: str | None
    enabled: bool
    bits_per_second: float
    packets_per_second: float
    loss: float | None
    jitter_seconds: float | None
    nacks: int
    resent: int
    keyframe_requests: int
    frames_per_second: float | None = None
    frame_height: int | None = None
    frozen_share: float | None = None
    freezes: int | None = None
    concealed_share: float | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class PeerQuality:
    """`sound` and `picture` are the scores of what the peer hears and sees on the stage; see `score`."""

    peer: str
    up: tuple[StreamQuality, ...]
    down: tuple[StreamQuality, ...]
    up_bits_per_second: float
    down_bits_per_second: float
    loss_up: float | None
    loss_down: float | None
    jitter_up_seconds: float | None
    jitter_down_seconds: float | None
    round_trip_seconds: float | None
    estimate_bits_per_second: float | None
    candidate_type: str | None
    limitation: str | None
    sound: float | None
    picture: float | None


@dataclass(slots=True)
class _Client:
    site: str | None
    at: float
    report: ClientReport
    before_at: float | None = None
    before: ClientReport | None = None


class Quality:
    """`totals`: (site or None, name) → count, the names being those of `TOTALS`."""

    TOTALS = ("nacks_down", "nacks_up", "keyframe_requests", "freezes", "lost_up", "lost_down")

    def __init__(self) -> None:
        self._now: dict[str, WorkerStatistics] = {}
        self._before: dict[str, WorkerStatistics] = {}
        self._clients: dict[str, _Client] = {}
        self.totals: Counter[tuple[str | None, str]] = Counter()

    def worker(self, name: str, report: WorkerStatistics, sites: Mapping[str, str | None]) -> None:
        """A worker's report; `sites` of its peers as far as they are known."""
        earlier = self._now.get(name)
        if earlier is not None:
            self._before[name] = earlier
        self._now[name] = report
        before = {peer.peer: peer for peer in earlier.peers} if earlier is not None else {}
        for peer in report.peers:
            self._count(peer, before.get(peer.peer), sites.get(peer.peer))
        held = {peer.peer for one in self._now.values() for peer in one.peers}
        for gone in [name for name in self._clients if name not in held]:
            del self._clients[gone]

    def worker_gone(self, name: str) -> None:
        self._now.pop(name, None)
        self._before.pop(name, None)

    def client(self, site: str | None, report: ClientReport, now: float) -> None:
        """A page's report, of a peer that a worker has; others are not kept."""
        if not any(peer.peer == report.peer for one in self._now.values() for peer in one.peers):
            return
        earlier = self._clients.get(report.peer)
        made = _Client(site, now, report)
        if earlier is not None and now > earlier.at:
            made.before_at, made.before = earlier.at, earlier.report
            self._add(site, "freezes", _freezes(report) - _freezes(earlier.report))
        self._clients[report.peer] = made

    def peers(self, now: float) -> dict[str, PeerQuality]:
        found: dict[str, PeerQuality] = {}
        for name, report in self._now.items():
            earlier = self._before.get(name)
            before = {peer.peer: peer for peer in earlier.peers} if earlier is not None else {}
            seconds = report.at - earlier.at if earlier is not None else 0.0
            for peer in report.peers:
                client = self._clients.get(peer.peer)
                if client is not None and now - client.at > CLIENT_STALE_SECONDS:
                    client = None
                found[peer.peer] = _peer(peer, before.get(peer.peer), seconds, client)
        return found

    def _count(self, peer: PeerStatistics, before: PeerStatistics | None, site: str | None) -> None:
        self._add(site, "nacks_down", peer.nacks - (before.nacks if before else 0))
        self._add(site, "keyframe_requests", peer.keyframe_requests - (before.keyframe_requests if before else 0))
        self._add(site, "lost_up", peer.lost_in - (before.lost_in if before else 0))
        asked = sum(one.nacks for one in peer.sources) - (sum(one.nacks for one in before.sources) if before else 0)
        self._add(site, "nacks_up", asked)
        lost = sum(one.lost for one in peer.slots) - (sum(one.lost for one in before.slots) if before else 0)
        self._add(site, "lost_down", lost)

    def _add(self, site: str | None, name: str, amount: int) -> None:
        key = (site, name)
        if key not in self.totals and len(self.totals) >= SITES_LIMIT * len(self.TOTALS):
            key = (None, name)
        # A restarted source counts anew: never downward.
        self.totals[key] += max(0, amount)


def _peer(peer: PeerStatistics, before: PeerStatistics | None, seconds: float, client: _Client | None) -> PeerQuality:
    sources_before = {one.role: one for one in before.sources} if before is not None else {}
    slots_before = {one.slot: one for one in before.slots} if before is not None else {}
    if before is None:
        seconds = 0.0
    round_trip = peer.round_trip_seconds
    if round_trip is None and client is not None:
        round_trip = client.report.round_trip_seconds
    up = tuple(_source(one, sources_before.get(one.role), seconds) for one in peer.sources)
    down = tuple(_slot(one, slots_before.get(one.slot), seconds, client, round_trip or 0.0) for one in peer.slots)
    live = [one for one in down if one.packets_per_second > 0]
    return PeerQuality(
        peer=peer.peer,
        up=up,
        down=down,
        up_bits_per_second=sum(one.bits_per_second for one in up),
        down_bits_per_second=sum(one.bits_per_second for one in down),
        loss_up=_share(up),
        loss_down=_share(live),
        jitter_up_seconds=max((one.jitter_seconds or 0.0 for one in up if one.packets_per_second), default=None),
        jitter_down_seconds=max((one.jitter_seconds or 0.0 for one in live), default=None),
        round_trip_seconds=round_trip,
        estimate_bits_per_second=peer.estimate_bits_per_second,
        candidate_type=client.report.candidate_type if client is not None else None,
        limitation=client.report.limitation if client is not None else None,
        sound=_worst(one.score for one in live if one.name.startswith("voice")),
        picture=next((one.score for one in live if one.name == "stage"), None),
    )


def _source(now: SourceStatistics, before: SourceStatistics | None, seconds: float) -> StreamQuality:
    packets = _grown(now.packets, before.packets if before else None)
    octets = _grown(now.bytes, before.bytes if before else None)
    lost = _grown(now.lost, before.lost if before else None)
    return StreamQuality(
        name=now.role,
        seat=None,
        layer=now.layer,
        enabled=now.enabled,
        bits_per_second=8 * octets / seconds if seconds > 0 else 0.0,
        packets_per_second=packets / seconds if seconds > 0 else 0.0,
        loss=lost / (packets + lost) if packets + lost > 0 and seconds > 0 else None,
        jitter_seconds=now.jitter_seconds,
        nacks=now.nacks,
        resent=0,
        keyframe_requests=now.keyframe_requests,
    )


def _slot(
    now: SlotStatistics, before: SlotStatistics | None, seconds: float, client: _Client | None, round_trip: float
) -> StreamQuality:
    packets = _grown(now.packets, before.packets if before else None)
    octets = _grown(now.bytes, before.bytes if before else None)
    said = _said(client, now.slot)
    loss = now.loss if packets else None
    rated = None
    if now.slot.startswith(("voice", "screen_sound")) and packets:
        concealed = said.concealed_share if said is not None else None
        lost_share = concealed if concealed is not None else loss
        if lost_share is not None:
            rated = score.sound(round_trip, now.jitter_seconds or 0.0, lost_share)
    elif said is not None and packets:
        rated = score.picture(said.frozen_share, said.frames_per_second)
    return StreamQuality(
        name=now.slot,
        seat=now.seat,
        layer=now.layer,
        enabled=True,
        bits_per_second=8 * octets / seconds if seconds > 0 else 0.0,
        packets_per_second=packets / seconds if seconds > 0 else 0.0,
        loss=loss,
        jitter_seconds=now.jitter_seconds,
        nacks=now.nacks,
        resent=now.resent,
        keyframe_requests=now.keyframe_requests,
        frames_per_second=said.frames_per_second if said is not None else None,
        frame_height=said.frame_height if said is not None else None,
        frozen_share=said.frozen_share if said is not None else None,
        freezes=said.freezes if said is not None else None,
        concealed_share=said.concealed_share if said is not None else None,
        score=rated,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    frames_per_second: float
    frame_height: int
    frozen_share: float
    freezes: int
    concealed_share: float | None


def _said(client: _Client | None, slot: str) -> _Said | None:
    """What the page says of a slot since its report before."""
    if client is None or client.before is None or client.before_at is None:
        return None
    now = client.report.slots.get(slot)
    if now is None:
        return None
    before = client.before.slots.get(slot, ClientSlot())
    seconds = client.at - client.before_at
    samples = _grown(now.total_samples, before.total_samples)
    concealed = _grown(now.concealed_samples, before.concealed_samples)
    return _Said(
        frames_per_second=_grown(now.frames_decoded, before.frames_decoded) / seconds,
        frame_height=now.frame_height,
        frozen_share=min(1.0, max(0.0, now.freeze_seconds - before.freeze_seconds) / seconds),
        freezes=now.freeze_count,
        concealed_share=min(1.0, concealed / samples) if samples else None,
    )


def _grown(now: int, before: int | None) -> int:
    return max(0, now - before) if before is not None else now


def _freezes(report: ClientReport) -> int:
    return sum(slot.freeze_count for slot in report.slots.values())


def _share(streams: Iterable[StreamQuality]) -> float | None:
    """Loss over several streams, each weighed by its packets."""
    known = [(one.loss, one.packets_per_second) for one in streams if one.loss is not None]
    packets = sum(weight for _, weight in known)
    return sum(loss * weight for loss, weight in known) / packets if packets else None


def _worst(scores: Iterable[float | None]) -> float | None:
    return min((one for one in scores if one is not None), default=None)
