"""Meetings and media workers: who is in a room by site, what each worker forwards and drops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from conferencing.snapshot import ConferencingSnapshot
from exporters.metrics import room_quality

NO_SITE = "khac"
"""Label of bridge points whose name is no site of the directory: guests are one series, however many."""


def families(snapshot: ConferencingSnapshot) -> Iterator[Metric]:
    yield GaugeMetricFamily("thongsuot_rooms", "Meetings with somebody in them.", value=len(snapshot.rooms))
    present = Counter(participant.site or NO_SITE for room in snapshot.rooms for participant in room.participants)
    participants = GaugeMetricFamily(
        "thongsuot_room_participants", "Bridge points in meetings, by site; khac: of no known site.", labels=["site"]
    )
    for site, count in sorted(present.items()):
        participants.add_metric([site], count)
    yield participants
    yield _transports(snapshot)
    yield from room_quality.families(snapshot, NO_SITE)
    yield GaugeMetricFamily(
        "thongsuot_signaling_connections", "Open signaling WebSockets.", value=snapshot.signaling_connections
    )
    drops = CounterMetricFamily(
        "thongsuot_signaling_drops", "Signaling refused or faulty, by reason.", labels=["reason"]
    )
    for reason, count in sorted(snapshot.signaling_drops.items()):
        drops.add_metric([reason], count)
    yield drops
    yield CounterMetricFamily(
        "thongsuot_meeting_events_lost",
        "Events of meetings that could not be written.",
        value=snapshot.log_events_lost,
    )
    yield from _workers(snapshot)


def _transports(snapshot: ConferencingSnapshot) -> Metric:
    """A site whose media go by relay over TCP or TLS has a firewall that lets no UDP out."""
    found = Counter(
        (participant.site or NO_SITE, participant.transport)
        for room in snapshot.rooms
        for participant in room.participants
        if participant.transport is not None
    )
    transports = GaugeMetricFamily(
        "thongsuot_room_transports",
        "Bridge points in meetings, by site and way of their media: udp (direct), relay_udp, relay_tcp, relay_tls.",
        labels=["site", "transport"],
    )
    for labels, count in sorted(found.items()):
        transports.add_metric([labels[0], str(labels[1])], count)
    return transports


def _workers(snapshot: ConferencingSnapshot) -> Iterator[Metric]:
    labels = ["worker"]
    up = GaugeMetricFamily("thongsuot_media_worker_up", "1 while the hub is connected to the worker.", labels=labels)
    received = CounterMetricFamily("thongsuot_media_received_packets", "Packets that came in.", labels=labels)
    forwarded = CounterMetricFamily("thongsuot_media_forwarded_packets", "Packets sent to receivers.", labels=labels)
    sent = CounterMetricFamily("thongsuot_media_forwarded_bytes", "Bytes sent to receivers.", labels=labels)
    cpu = CounterMetricFamily("thongsuot_media_cpu_seconds", "CPU time of the worker.", labels=labels)
    memory = GaugeMetricFamily("thongsuot_media_resident_memory_bytes", "Memory of the worker.", labels=labels)
    drops = CounterMetricFamily(
        "thongsuot_media_dropped_packets", "Packets dropped, by reason.", labels=[*labels, "reason"]
    )
    for worker in snapshot.workers:
        name = [worker.name]
        up.add_metric(name, 1.0 if worker.connected else 0.0)
        if (told := worker.statistics) is not None:
            received.add_metric(name, told.packets_received)
            forwarded.add_metric(name, told.packets_forwarded)
            sent.add_metric(name, told.bytes_forwarded)
            cpu.add_metric(name, told.cpu_seconds)
            memory.add_metric(name, told.resident_bytes)
            for reason, count in sorted(told.drops.items()):
                drops.add_metric([*name, reason], count)
    yield from (up, received, forwarded, sent, cpu, memory, drops)
