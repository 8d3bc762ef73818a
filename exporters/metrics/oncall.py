"""The on-call bridge: what is open, who waits, which channels carry, how fast troubles are taken."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from exporters.oncall.snapshot import ACKNOWLEDGE_BUCKETS_SECONDS, Counters, OncallSnapshot


def families(snapshot: OncallSnapshot, now: float) -> Iterator[Metric]:
    troubles = GaugeMetricFamily(
        "thongsuot_oncall_troubles", "Open alert groups, by what has become of them.", labels=["state", "severity"]
    )
    for (state, severity), count in sorted(snapshot.troubles.items()):
        troubles.add_metric([state, severity], count)
    yield troubles
    yield GaugeMetricFamily(
        "thongsuot_oncall_unacknowledged_seconds",
        "How long ago people were first told of the trouble that waits longest for somebody; 0: none waits.",
        value=_age(snapshot.oldest_unacknowledged, now),
    )
    yield GaugeMetricFamily(
        "thongsuot_oncall_untaken_troubles", "Troubles that everybody was told of and nobody took.",
        value=snapshot.untaken,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "thongsuot_oncall_untold_troubles", "Troubles that wait because nobody is on the rota.",
        value=snapshot.untold,
    )  # fmt: skip
    yield GaugeMetricFamily("thongsuot_oncall_people", "People on the rota now.", value=snapshot.people)
    yield GaugeMetricFamily("thongsuot_oncall_storms", "Areas that speak for many sites now.", value=snapshot.storms)
    yield GaugeMetricFamily(
        "thongsuot_oncall_waiting_deliveries", "Messages on their way.", value=snapshot.waiting_deliveries
    )
    yield GaugeMetricFamily(
        "thongsuot_oncall_delivery_delay_seconds", "How long the oldest message that is due has been due; 0: none.",
        value=_age(snapshot.oldest_delivery, now),
    )  # fmt: skip
    yield from _channels(snapshot)
    yield GaugeMetricFamily(
        "thongsuot_oncall_last_watchdog_timestamp_seconds",
        "When Alertmanager last said that alerting works, or the hub started; Unix time.",
        value=snapshot.last_watchdog,
    )
    yield from _counters(snapshot.counters)


def _channels(snapshot: OncallSnapshot) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "thongsuot_oncall_channels", "Ways to people that are set up.", value=len(snapshot.channels)
    )
    yield GaugeMetricFamily(
        "thongsuot_oncall_working_channels", "Of them, those whose last message left.",
        value=sum(one.works for one in snapshot.channels),
    )  # fmt: skip
    working = GaugeMetricFamily(
        "thongsuot_oncall_channel_working", "1 while the channel's last message left, or none was tried.",
        labels=["channel"],
    )  # fmt: skip
    for one in snapshot.channels:
        working.add_metric([one.name], float(one.works))
    yield working


def _counters(counters: Counters) -> Iterator[Metric]:
    for name, help_text, label, counts in (
        ("alerts", "Alerts that began to fire, by rule.", "rule", counters.received),
        ("suppressed", "What was not told at once, or not at all, by reason.", "reason", counters.suppressed),
        ("failures", "Work of the bridge that failed and was tried again, by name.", "work", counters.failures),
    ):
        family = CounterMetricFamily(f"thongsuot_oncall_{name}", help_text, labels=[label])
        for value, count in sorted(counts.items()):
            family.add_metric([value], count)
        yield family
    deliveries = CounterMetricFamily(
        "thongsuot_oncall_deliveries", "Messages tried, by channel and what came of them.",
        labels=["channel", "outcome"],
    )  # fmt: skip
    for (channel, outcome), count in sorted(counters.deliveries.items()):
        deliveries.add_metric([channel, outcome], count)
    yield deliveries
    yield CounterMetricFamily(
        "thongsuot_oncall_refused_webhooks", "Requests to the webhook that were no notification.",
        value=counters.refused_webhooks,
    )  # fmt: skip
    bounds = [*(f"{bound:g}" for bound in ACKNOWLEDGE_BUCKETS_SECONDS), "+Inf"]
    yield HistogramMetricFamily(
        "thongsuot_oncall_acknowledge_seconds",
        "From telling the first person to somebody's taking the trouble.",
        buckets=list(zip(bounds, accumulate(counters.acknowledged_in), strict=True)),
        sum_value=counters.acknowledged_seconds,
    )


def _age(since: float | None, now: float) -> float:
    return 0.0 if since is None else max(0.0, now - since)
