"""Which of the accepted series the hub reads itself: those of lines for their minutes, of nodes for the board."""

from __future__ import annotations

from dataclasses import dataclass

from agent.wire import families
from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector.ingest.identity import NodeIdentity


@dataclass(frozen=True, slots=True)
class LineWatch:
    """One figure of a line's windows. `field` as in collector.quality.windows."""

    line: str
    field: str


@dataclass(frozen=True, slots=True)
class NodeWatch:
    """One reading of a node: the family and its labels without site and node."""

    family: str
    labels: tuple[tuple[str, str], ...]


Watch = LineWatch | NodeWatch

LINE_FIELDS = {
    families.LINE_SENT: "sent",
    families.LINE_RECEIVED: "received",
    families.LINE_UNMEASURED: "unmeasured",
    families.LINE_LATE: "late",
    families.LINE_DUPLICATE: "duplicate",
    families.LINE_REORDERED: "reordered",
    families.LINE_SKIPPED: "skipped",
    families.LINE_LATE_SENDS: "late_sends",
    families.LINE_JITTER: "jitter",
    families.LINE_LOSS_BURSTS: "loss_bursts",
}
_DIRECTION_FIELDS = {"up": "lost_up", "down": "lost_down", "unknown": "lost_unknown"}
_RTT_FIELDS = {0.0: "rtt_min", 0.5: "rtt_p50", 0.95: "rtt_p95", 1.0: "rtt_max"}
_IPDV_FIELDS = {0.95: "ipdv_p95"}
_BUCKET_FIELDS = {
    **{bound: f"rtt_le_{index}" for index, bound in enumerate(RTT_BUCKETS_SECONDS)},
    float("inf"): f"rtt_le_{len(RTT_BUCKETS_SECONDS)}",
}

NODE_FAMILIES = frozenset({
    "thongsuot_agent_info",
    "thongsuot_agent_queue_samples",
    "thongsuot_boot_time_seconds",
    "thongsuot_cpu_count",
    "thongsuot_cpu_seconds_total",
    "thongsuot_filesystem_available_bytes",
    "thongsuot_filesystem_size_bytes",
    "thongsuot_load_average",
    "thongsuot_memory_available_bytes",
    "thongsuot_memory_size_bytes",
    "thongsuot_network_receive_bytes_total",
    "thongsuot_network_transmit_bytes_total",
    "thongsuot_network_up",
    "thongsuot_swap_size_bytes",
    "thongsuot_swap_used_bytes",
})  # fmt: skip


def watch(labels: dict[str, str], identity: NodeIdentity) -> Watch | None:
    """What the hub makes of a series with these stamped labels; None when it only passes it on."""
    name = labels["__name__"]
    if name in NODE_FAMILIES:
        own = (pair for pair in labels.items() if pair[0] not in ("__name__", "site", "node"))
        return NodeWatch(name, tuple(sorted(own)))
    line = labels.get("line")
    if line is None or line not in identity.measures:
        return None
    field = _line_field(name, labels)
    return None if field is None else LineWatch(line, field)


def _line_field(name: str, labels: dict[str, str]) -> str | None:
    match name:
        case families.LINE_LOST:
            return _DIRECTION_FIELDS.get(labels.get("direction", ""))
        case families.LINE_RTT:
            return _RTT_FIELDS.get(_number(labels.get("quantile")))
        case families.LINE_IPDV:
            return _IPDV_FIELDS.get(_number(labels.get("quantile")))
        case families.LINE_RTT_BUCKET:
            return _BUCKET_FIELDS.get(_number(labels.get("le")))
        case _:
            return LINE_FIELDS.get(name)


def _number(text: str | None) -> float:
    try:
        return float(text) if text is not None else float("nan")
    except ValueError:
        return float("nan")
