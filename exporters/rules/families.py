"""Which metric families the rules stand on, and why some of them, or some without a rule, are as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exporters.rules.rule import Alert, Recording

_NAME = re.compile(r"(?<![\w:])thongsuot_[a-z0-9_]+(?![\w:])|(?<![\w:])up(?=\{)")
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
    "thongsuot_forward_failed_requests_total": "a receiver that has failed at least once",
    "thongsuot_forward_oldest_timestamp_seconds": "samples that wait at the moment of the scrape",
    "thongsuot_ingest_refused_samples_total": "a node that has sent what the hub refuses",
    "thongsuot_filesystem_errors_total": "a filesystem of ext4",
}
"""Families that a rule asks for and that not every running system shows: what it takes to see them."""


def families_of(rules: Iterable[Alert | Recording]) -> set[str]:
    """The families that the expressions name; recorded series are none."""
    return {_HISTOGRAM.sub("", name) for rule in rules for name in _NAME.findall(rule.expr)}
