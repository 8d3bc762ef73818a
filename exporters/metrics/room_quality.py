"""How media reach and leave each site in a meeting: rates, loss, delay, scores, and counts that go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from conferencing.snapshot import ConferencingSnapshot
from conferencing.statistics.quality import PeerQuality

_COUNTERS = (
    ("thongsuot_room_lost_packets", "Media packets lost, by site and direction.", "up", "lost_up"),
    ("thongsuot_room_lost_packets", "", "down", "lost_down"),
    ("thongsuot_room_nack_packets", "Media packets asked for again, by site and direction.", "up", "nacks_up"),
    ("thongsuot_room_nack_packets", "", "down", "nacks_down"),
)


def families(snapshot: ConferencingSnapshot, no_site: str) -> Iterator[Metric]:
    """Of a site with several connections the worst counts, and rates are added."""
    sites: dict[str, list[PeerQuality]] = defaultdict(list)
    for room in snapshot.rooms:
        for participant in room.participants:
            if participant.quality is not None:
                sites[participant.site or no_site].append(participant.quality)
    yield from _gauges(sites)
    yield from _counters(snapshot, no_site)


def _gauges(sites: dict[str, list[PeerQuality]]) -> Iterator[Metric]:
    yield _directed(
        "thongsuot_room_bits_per_second",
        "Media of a site in a meeting, by direction (up: from the site).",
        sites,
        {"up": lambda peer: peer.up_bits_per_second, "down": lambda peer: peer.down_bits_per_second},
        sum,
    )
    yield _directed(
        "thongsuot_room_loss_ratio",
        "Share of media packets lost in the last seconds, before repair, by site and direction.",
        sites,
        {"up": lambda peer: peer.loss_up, "down": lambda peer: peer.loss_down},
        max,
    )
    yield _directed(
        "thongsuot_room_jitter_seconds",
        "Interarrival jitter (RFC 3550) of media, by site and direction.",
        sites,
        {"up": lambda peer: peer.jitter_up_seconds, "down": lambda peer: peer.jitter_down_seconds},
        max,
    )
    yield _plain(
        "thongsuot_room_rtt_seconds",
        "Round trip between worker and site, by RTCP.",
        sites,
        lambda peer: peer.round_trip_seconds,
        max,
    )
    yield _plain(
        "thongsuot_room_estimate_bits_per_second",
        "What the way to the site is estimated to carry.",
        sites,
        lambda peer: peer.estimate_bits_per_second,
        min,
    )
    yield _plain(
        "thongsuot_room_overloaded",
        "1 while a PC of the site says that it is too slow for its own camera.",
        sites,
        lambda peer: None if peer.limitation is None else float(peer.limitation == "cpu"),
        max,
    )
    score = GaugeMetricFamily(
        "thongsuot_room_score",
        "How well a site hears (kind=sound, 1-4.5, E-model) and sees (kind=picture, 1-5), of the last seconds.",
        labels=["site", "kind"],
    )
    for site, peers in sorted(sites.items()):
        for kind, scores in (("sound", [p.sound for p in peers]), ("picture", [p.picture for p in peers])):
            known = [one for one in scores if one is not None]
            if known:
                score.add_metric([site, kind], min(known))
    yield score


def _counters(snapshot: ConferencingSnapshot, no_site: str) -> Iterator[Metric]:
    made: dict[str, CounterMetricFamily] = {}
    for name, words, direction, total in _COUNTERS:
        family = made.setdefault(name, CounterMetricFamily(name, words, labels=["site", "direction"]))
        for site, count in _of_sites(snapshot, total, no_site):
            family.add_metric([site, direction], count)
    freezes = CounterMetricFamily("thongsuot_room_freezes", "Freezes of pictures that pages told.", labels=["site"])
    keyframes = CounterMetricFamily(
        "thongsuot_room_keyframe_requests", "Key frames that receivers asked for (PLI, FIR).", labels=["site"]
    )
    for family, total in ((freezes, "freezes"), (keyframes, "keyframe_requests")):
        for site, count in _of_sites(snapshot, total, no_site):
            family.add_metric([site], count)
    yield from (*made.values(), freezes, keyframes)


def _of_sites(snapshot: ConferencingSnapshot, total: str, no_site: str) -> list[tuple[str, int]]:
    return sorted((site or no_site, count) for (site, name), count in snapshot.site_totals.items() if name == total)


Reading = Callable[[PeerQuality], float | None]
Together = Callable[[Iterable[float]], float]


def _directed(
    name: str, words: str, sites: dict[str, list[PeerQuality]], readings: dict[str, Reading], together: Together
) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["site", "direction"])
    for site, peers in sorted(sites.items()):
        for direction, reading in readings.items():
            known = [value for peer in peers if (value := reading(peer)) is not None]
            if known:
                family.add_metric([site, direction], together(known))
    return family


def _plain(
    name: str, words: str, sites: dict[str, list[PeerQuality]], reading: Reading, together: Together
) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["site"])
    for site, peers in sorted(sites.items()):
        known = [value for peer in peers if (value := reading(peer)) is not None]
        if known:
            family.add_metric([site], together(known))
    return family
