"""Lines and nodes as the hub judges them, by its own arrival times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from collector.snapshot import CollectorSnapshot, LineState, State

OUTAGES = ("down", "no_data")


def families(snapshot: CollectorSnapshot) -> Iterator[Metric]:
    yield from _nodes(snapshot)
    yield from _lines(snapshot)


def _nodes(snapshot: CollectorSnapshot) -> Iterator[Metric]:
    up = GaugeMetricFamily("thongsuot_node_up", "1 while the node is heard, by arrival.", labels=["site", "node"])
    arrival = GaugeMetricFamily(
        "thongsuot_node_last_arrival_timestamp_seconds",
        "When something last came from the node, by the hub's clock.",
        labels=["site", "node"],
    )
    offset = GaugeMetricFamily(
        "thongsuot_node_clock_offset_seconds",
        "What is taken off the node's times because its clock is wrong; 0 within 2 s.",
        labels=["site", "node"],
    )
    for site in snapshot.sites:
        for node in site.nodes:
            labels = [site.site, node.node]
            up.add_metric(labels, 1.0 if node.state == "good" else 0.0)
            offset.add_metric(labels, node.clock_offset_seconds)
            if node.last_arrival is not None:
                arrival.add_metric(labels, node.last_arrival)
    yield from (up, arrival, offset)


def _lines(snapshot: CollectorSnapshot) -> Iterator[Metric]:
    labels = ["site", "line"]
    state = GaugeMetricFamily(
        "thongsuot_line_state", "1 for the state that the line is in.", labels=[*labels, "state"]
    )
    mos = GaugeMetricFamily(
        "thongsuot_line_mos", "Listening quality of the last minute, ITU-T G.107, G.711 with PLC.", labels=labels
    )
    rating = GaugeMetricFamily(
        "thongsuot_line_r_factor", "Transmission rating R of the last minute, ITU-T G.107.", labels=labels
    )
    loss = GaugeMetricFamily(
        "thongsuot_line_loss_ratio",
        "Share of the last minute's probe packets lost, by direction as far as it is known.",
        labels=[*labels, "direction"],
    )
    newest = GaugeMetricFamily(
        "thongsuot_line_last_window_timestamp_seconds", "End of the newest window measured.", labels=labels
    )
    cause = GaugeMetricFamily(
        "thongsuot_line_cause_info",
        "1 for whose fault it is that the line is not good; none while it is not known.",
        labels=[*labels, "cause"],
    )
    since = GaugeMetricFamily(
        "thongsuot_line_state_since_timestamp_seconds", "Since when the line is in its state.", labels=labels
    )
    outage = GaugeMetricFamily(
        "thongsuot_line_outage_open", "1 while an outage of the line (down or silent) is not over.", labels=labels
    )
    for site in snapshot.sites:
        for line in site.lines:
            where = [site.site, line.line]
            for one in get_args(State):
                state.add_metric([*where, one], 1.0 if line.state == one else 0.0)
            if line.cause is not None:
                cause.add_metric([*where, line.cause], 1.0)
            if line.since is not None:
                since.add_metric(where, line.since)
            # A line that nobody measures has none: silence begins with a last measurement.
            outage.add_metric(where, 1.0 if line.since is not None and line.state in OUTAGES else 0.0)
            for direction, value in _losses(line):
                loss.add_metric([*where, direction], value)
            for family, reading in ((mos, line.mos), (rating, line.r), (newest, line.window_end)):
                if reading is not None:
                    family.add_metric(where, reading)
    yield from (state, cause, since, outage, mos, rating, loss, newest)


def _losses(line: LineState) -> Iterator[tuple[str, float]]:
    ratios = (("up", line.loss_up_ratio), ("down", line.loss_down_ratio), ("unknown", line.loss_unknown_ratio))
    yield from ((direction, value) for direction, value in ratios if value is not None)
