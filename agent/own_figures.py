"""What the agent says of its own queue, clock and parts, beside what its sensors read."""

from __future__ import annotations

from collections.abc import Mapping

from agent.queue_status import QueueStatus
from agent.samples import Family, Kind, Sample

FAMILIES = (
    Family("thongsuot_agent_queue_samples", Kind.GAUGE, "Samples on this node's disk that the hub has not yet."),
    Family("thongsuot_agent_queue_bytes", Kind.GAUGE, "Bytes of the samples on this node's disk."),
    Family("thongsuot_agent_queue_events", Kind.GAUGE, "Events on this node's disk that the hub has not yet."),
    Family("thongsuot_agent_dropped_samples_total", Kind.COUNTER, "Samples dropped by reason: full, age."),
    Family("thongsuot_agent_dropped_events_total", Kind.COUNTER, "Events not taken because too many waited."),
    Family("thongsuot_agent_dead_letter_samples_total", Kind.COUNTER, "Samples that the hub refused for good."),
    Family("thongsuot_agent_task_failures_total", Kind.COUNTER, "Unexpected failures of a part of the agent."),
    Family("thongsuot_agent_clock_offset_seconds", Kind.GAUGE, "This node's clock less the hub's, as heard last."),
)


def own_samples(status: QueueStatus, failures: Mapping[str, int], clock_ahead: float | None) -> list[Sample]:
    """`clock_ahead`: seconds; None as long as the hub has not said its time."""
    samples = [
        Sample("thongsuot_agent_queue_samples", status.samples),
        Sample("thongsuot_agent_queue_bytes", status.bytes),
        Sample("thongsuot_agent_queue_events", status.events),
        Sample("thongsuot_agent_dead_letter_samples_total", status.dead_letter_samples),
    ]
    samples += [
        Sample("thongsuot_agent_dropped_samples_total", status.dropped.get(reason, 0), (("reason", reason),))
        for reason in sorted({"age", "full", *status.dropped})
    ]
    samples += [
        Sample("thongsuot_agent_dropped_events_total", count, (("severity", severity),))
        for severity, count in sorted(status.dropped_events.items())
    ]
    samples += [
        Sample("thongsuot_agent_task_failures_total", count, (("task", name),)) for name, count in failures.items()
    ]
    if clock_ahead is not None:
        samples.append(Sample("thongsuot_agent_clock_offset_seconds", clock_ahead))
    return samples
