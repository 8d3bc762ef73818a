"""What panels need beyond a hub, its own node and a line: said, so that an empty one is no fault."""

from __future__ import annotations

import re

NEEDS: dict[str, str] = {
    "thongsuot_collector_failures_total": "periodic work that has failed",
    "thongsuot_device_": "gear of the directory and its SNMP access",
    "thongsuot_interface_": "gear of the directory and its SNMP access",
    "thongsuot_lldp_": "gear that speaks LLDP",
    "thongsuot_traps_total": "a trap that came",
    "thongsuot_ups_": "a UPS or a battery",
    "thongsuot_temperature_": "a machine that shows its sensors",
    "thongsuot_room_": "somebody in a meeting",
    "thongsuot_signaling_drops_total": "signaling that was refused",
    "thongsuot_media_dropped_packets_total": "a packet that was dropped",
    "thongsuot_oncall_alerts_total": "an alert",
    "thongsuot_oncall_suppressed_total": "a trouble that was held back",
    "thongsuot_oncall_deliveries_total": "a message",
    "thongsuot_oncall_channel_working": "a channel in channels.toml",
    "thongsuot_security_findings_total": "a finding",
    "thongsuot_site_security_findings": "a finding",
    "thongsuot_own_certificate_": "a hub that serves the LAN with TLS",
    "thongsuot_tls_": "a hub that serves the LAN with TLS",
    "thongsuot_hub_certificate_": "a hub that serves the LAN with TLS",
    "thongsuot_dns_answers_agree": "a hub that nodes reach by name",
    "thongsuot_line_cause_info": "a line that is not good",
    "thongsuot_line_state_since_": "a line that has changed its state",
    "thongsuot_line_loaded_latency_seconds": "a test of the line's speed",
    "thongsuot_throughput_": "hours for tests of speed",
    "thongsuot_ingest_refused_samples_total": "samples that were refused",
    "thongsuot_forward_failed_requests_total": "a receiver that has failed",
    "site_line:thongsuot_line_load:": "five minutes between two values",
    "ALERTS": "an alert that fires",
}
"""By the beginning of a name."""

_NAME = re.compile(r"\b(?:[a-z_]+:)?thongsuot_\w+(?::\w+)?|\bALERTS\b")


def needs_of(expr: str) -> set[str]:
    """What the expression needs beyond that, in words."""
    return {
        words for name in _NAME.findall(expr) for prefix, words in NEEDS.items() if name.startswith(prefix)
    }  # fmt: skip
