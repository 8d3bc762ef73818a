"""Which metric families the rules stand on, and why some of them, or some without a rule, are as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exporters.rules.rule import Alert, Recording

_NAME = re.compile(r"(?<![\w:])thongsuot_[a-z0-9_]+(?![\w:])|(?<![\w:])up(?=\{)")
_NO_HISTOGRAM = frozenset({"thongsuot_cpu_count"})
_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")

NEEDS: dict[str, str] = {
    "thongsuot_temperature_celsius": "a machine whose system shows its temperature sensors",
    "thongsuot_ups_on_battery": "a UPS or a battery",
    "thongsuot_ups_battery_low": "a UPS or a battery",
    "thongsuot_ups_replace_battery": "a UPS behind NUT",
    "thongsuot_throughput_contract_ratio": "contract speeds in the directory and hours for tests in hub.toml",
    "thongsuot_tls_certificate_not_after_timestamp_seconds": "a hub that serves the LAN with TLS",
    "thongsuot_tls_certificate_verified": "a hub that serves the LAN with TLS",
    "thongsuot_hub_certificate_not_after_timestamp_seconds": "a hub that serves the LAN with TLS",
    "thongsuot_dns_answers_agree": "a hub that nodes reach by name",
    "thongsuot_oncall_channel_working": "a channel in channels.toml",
    "thongsuot_forward_failed_requests_total": "a receiver that has failed at least once",
    "thongsuot_forward_oldest_timestamp_seconds": "samples that wait at the moment of the scrape",
    "thongsuot_ingest_refused_samples_total": "a node that has sent what the hub refuses",
    "thongsuot_writer_last_write_timestamp_seconds": "a program of others that writes samples for a site",
    "thongsuot_filesystem_errors_total": "a filesystem of ext4",
    "thongsuot_ups_runtime_seconds": "a UPS or a battery",
    "thongsuot_ups_charge_ratio": "a UPS or a battery",
    "thongsuot_device_up": "gear of the directory, and its SNMP access in secrets/snmp.toml",
    "thongsuot_device_restarts_total": "the same",
    "thongsuot_interface_oper_status": "the same",
    "thongsuot_interface_admin_status": "the same",
    "thongsuot_interface_receive_errors_total": "the same",
    "thongsuot_interface_transmit_errors_total": "the same",
    "thongsuot_interface_receive_drops_total": "the same",
    "thongsuot_interface_transmit_drops_total": "the same",
    "thongsuot_line_cause_info": "a line that is not good",
    "thongsuot_line_contract_bits_per_second": "contract speeds in the directory",
    "thongsuot_site_security_findings": "a finding of the last 24 hours",
}
"""Families that a rule asks for and that not every running system shows: what it takes to see them."""

_SHOWN = "shown on the board or in a report; no value of it is a trouble by itself"
_ANOTHER = "the rules stand on what is derived from it"
_EVENTS = "the node tells the hub of it as an event; the figure is for counting them"

WITHOUT_RULE: dict[str, str] = {
    "thongsuot_agent_": _SHOWN,
    "thongsuot_backup_size_bytes": _SHOWN,
    "thongsuot_boot_": _SHOWN,
    "thongsuot_collector_failures_total": "each is logged and tried again; what lasts shows in other families",
    "thongsuot_cpu_": _SHOWN,
    "thongsuot_device_": _SHOWN,
    "thongsuot_disk_": _SHOWN,
    "thongsuot_dns_answers": _ANOTHER,
    "thongsuot_fan_speed_rpm": "a fan that stops shows as temperature",
    "thongsuot_forward_": _SHOWN,
    "thongsuot_http_response_status": "thongsuot_probe_success says whether it was the right one",
    "thongsuot_hub_": _SHOWN,
    "thongsuot_icmp_": "evidence of whose fault it is; the hub derives the cause from it",
    "thongsuot_ingest_": _SHOWN,
    "thongsuot_interface_": _SHOWN,
    "thongsuot_judging_": _SHOWN,
    "thongsuot_lan_neighbours": _EVENTS,
    "thongsuot_line_": _ANOTHER,
    "thongsuot_lldp_": _SHOWN,
    "thongsuot_load_average": _SHOWN,
    "thongsuot_login_attempts_total": _EVENTS,
    "thongsuot_media_": _SHOWN,
    "thongsuot_network_": _SHOWN,
    "thongsuot_node_": _SHOWN,
    "thongsuot_oncall_": _SHOWN,
    "thongsuot_own_certificate_not_after_timestamp_seconds": _EVENTS,
    "thongsuot_path_": "evidence of whose fault it is",
    "thongsuot_probe_": _SHOWN,
    "thongsuot_process": _EVENTS,
    "thongsuot_reboot_required": _EVENTS,
    "thongsuot_recording_": _SHOWN,
    "thongsuot_reflector_": _SHOWN,
    "thongsuot_room": _SHOWN,
    "thongsuot_security_": _EVENTS,
    "thongsuot_signaling_": _SHOWN,
    "thongsuot_swap_": _SHOWN,
    "thongsuot_tcp_": _SHOWN,
    "thongsuot_throughput_": _ANOTHER,
    "thongsuot_traps_total": "a trap makes the agent poll; nothing pages on a trap alone",
    "thongsuot_updates_": _EVENTS,
    "thongsuot_ups_": _SHOWN,
}
"""Families without a rule, by the beginning of the name: why."""


def families_of(rules: Iterable[Alert | Recording]) -> set[str]:
    """The families that the expressions name; recorded series are none."""
    return {name for rule in rules for name in families_in(rule.expr)}


def families_in(expr: str) -> set[str]:
    """Of one expression."""
    return {name if name in _NO_HISTOGRAM else _HISTOGRAM.sub("", name) for name in _NAME.findall(expr)}
