"""The way of samples through the hub: what ingest took and refused, what the receivers have still to get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from collector.snapshot import IngestCounters, JudgingCounters
from exporters.remote_write.forwarder import ForwardStatus


def ingest_families(ingest: IngestCounters) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "thongsuot_ingest_requests", "Remote-write requests answered, by HTTP status.", labels=["status"]
    )
    for status, count in sorted(ingest.requests.items()):
        requests.add_metric([str(status)], count)
    yield requests
    yield CounterMetricFamily("thongsuot_ingest_samples", "Samples kept.", value=ingest.samples)
    yield CounterMetricFamily("thongsuot_ingest_bytes", "Bytes received, compressed.", value=ingest.bytes)
    refused = CounterMetricFamily(
        "thongsuot_ingest_refused_samples", "Samples refused, by reason.", labels=["reason"]
    )
    for reason, count in sorted(ingest.refused_samples.items()):
        refused.add_metric([reason], count)
    yield refused
    yield CounterMetricFamily(
        "thongsuot_ingest_minute_conflicts",
        "Window readings that could not be counted into a line's minute.",
        value=ingest.minute_conflicts,
    )


def judging_families(judging: JudgingCounters, failures: Mapping[str, int]) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "thongsuot_judging_spans", "Spans of minutes judged (of one line, within one hour).", value=judging.hours
    )
    yield CounterMetricFamily("thongsuot_judging_verdicts", "Causes looked for.", value=judging.verdicts)
    yield GaugeMetricFamily(
        "thongsuot_judging_waiting_spans", "Spans of minutes still to be judged.", value=judging.waiting
    )
    yield CounterMetricFamily("thongsuot_node_events", "Events of nodes applied.", value=judging.events_applied)
    yield CounterMetricFamily(
        "thongsuot_node_events_refused_requests", "Requests with events that were refused.",
        value=judging.events_refused,
    )  # fmt: skip
    failed = CounterMetricFamily(
        "thongsuot_collector_failures", "Periodic work of the collector that failed, by name.", labels=["work"]
    )
    for work, count in sorted(failures.items()):
        failed.add_metric([work], count)
    yield failed


def forward_families(receivers: Sequence[ForwardStatus]) -> Iterator[Metric]:
    labels = ["receiver"]
    sent = CounterMetricFamily("thongsuot_forward_samples", "Samples that the receiver took.", labels=labels)
    dropped = CounterMetricFamily(
        "thongsuot_forward_dropped_samples", "Samples dropped because the queue was full or too old.", labels=labels
    )
    buried = CounterMetricFamily(
        "thongsuot_forward_dead_letter_samples", "Samples that the receiver refused for good.", labels=labels
    )
    failed = CounterMetricFamily(
        "thongsuot_forward_failed_requests", "Requests that failed, by reason.", labels=[*labels, "reason"]
    )
    waiting = GaugeMetricFamily("thongsuot_forward_queue_samples", "Samples waiting on disk.", labels=labels)
    oldest = GaugeMetricFamily(
        "thongsuot_forward_oldest_timestamp_seconds", "When the oldest waiting payload came in.", labels=labels
    )
    success = GaugeMetricFamily(
        "thongsuot_forward_last_success_timestamp_seconds", "When the receiver last took something.", labels=labels
    )
    for status in receivers:
        name = [status.receiver]
        sent.add_metric(name, status.sent_samples)
        dropped.add_metric(name, status.dropped_samples)
        buried.add_metric(name, status.dead_letter_samples)
        waiting.add_metric(name, status.backlog.samples)
        if status.backlog.oldest is not None:
            oldest.add_metric(name, status.backlog.oldest)
        success.add_metric(name, status.last_success)
        for reason, count in sorted(status.failed_requests.items()):
            failed.add_metric([*name, reason], count)
    yield from (sent, dropped, buried, failed, waiting, oldest, success)
