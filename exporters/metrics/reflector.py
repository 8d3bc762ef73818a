"""The STAMP reflector as it tells of itself."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from collector.reflector_status import ReflectorStatus

_DROPPED = "dropped_"


def families(status: ReflectorStatus | None, now: float) -> Iterator[Metric]:
    fresh = status is not None and status.is_fresh(now)
    yield GaugeMetricFamily("thongsuot_reflector_up", "1 while the reflector tells of itself.", value=float(fresh))
    if status is None or not fresh:
        return
    yield GaugeMetricFamily("thongsuot_reflector_sessions", "STAMP test sessions.", value=status.sessions)
    yield CounterMetricFamily(
        "thongsuot_reflector_received_packets", "Packets that came in.", value=status.packets.get("received", 0)
    )
    yield CounterMetricFamily(
        "thongsuot_reflector_answered_packets", "Packets answered.", value=status.packets.get("answered", 0)
    )
    dropped = CounterMetricFamily(
        "thongsuot_reflector_dropped_packets", "Packets dropped, by reason.", labels=["reason"]
    )
    for name, count in sorted(status.packets.items()):
        if name.startswith(_DROPPED):
            dropped.add_metric([name.removeprefix(_DROPPED)], count)
    yield dropped
