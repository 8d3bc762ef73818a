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


@dataclass(frozen=True, slots=True)
class EchoWatch:
    """One figure of the windows of ICMP echoes to a hop: gateway, first_hop, hub."""

    hop: str
    field: str


@dataclass(frozen=True, slots=True)
class PowerWatch:
    """A reading that tells whether power or the router is at fault: `on_battery` or `wan_up`."""

    reading: str


@dataclass(frozen=True, slots=True)
class SpeedWatch:
    """A line's measured speed as a share of its contract; `direction`: down, up."""

    line: str
    direction: str


EvidenceWatch = EchoWatch | PowerWatch
Watch = LineWatch | NodeWatch | EchoWatch | PowerWatch | SpeedWatch

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


HOPS = frozenset({"gateway", "first_hop", "hub"})
ECHO_FIELDS = {families.ICMP_SENT: "sent", families.ICMP_RECEIVED: "received"}
POINT_READINGS = {
    # 1 while a UPS or the machine's own battery carries the load.
    "thongsuot_ups_on_battery": "on_battery",
    # IF-MIB ifOperStatus (1: up) of a device's interface that is labelled role="wan": the router's way out.
    "thongsuot_interface_oper_status": "wan_up",
}


def watch(labels: dict[str, str], identity: NodeIdentity) -> Watch | None:
    """What the hub makes of a series with these stamped labels; None when it only passes it on."""
    name = labels["__name__"]
    if name in NODE_FAMILIES:
        own = (pair for pair in labels.items() if pair[0] not in ("__name__", "site", "node"))
        return NodeWatch(name, tuple(sorted(own)))
    line = labels.get("line")
    if line is None:
        return _evidence(name, labels)
    if line not in identity.measures:
        return None
    if name == families.THROUGHPUT_RATIO:
        direction = labels.get("direction", "")
        return SpeedWatch(line, direction) if direction in ("down", "up") else None
    field = _line_field(name, labels)
    return None if field is None else LineWatch(line, field)


def _evidence(name: str, labels: dict[str, str]) -> Watch | None:
    match name:
        case families.ICMP_SENT | families.ICMP_RECEIVED | families.ICMP_RTT:
            hop = labels.get("target", "")
            field = ECHO_FIELDS.get(name) or _RTT_FIELDS.get(_number(labels.get("quantile")))
            return EchoWatch(hop, field) if hop in HOPS and field is not None else None
        case _:
            reading = POINT_READINGS.get(name)
            if reading is None or (reading == "wan_up" and labels.get("role") != "wan"):
                return None
            return PowerWatch(reading)


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
