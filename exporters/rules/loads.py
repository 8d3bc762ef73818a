"""Recorded load of lines by five minutes, as the reports have it: of the machine that measures the line, and no other.

A group of its own: its step is the step of the samples that the 95th percentile is taken of.
"""

# ruff: noqa: E501 - a table of rules

from __future__ import annotations

from exporters.rules.rule import Example, Group, Recording

_DIRECTIONS = (("down", "receive"), ("up", "transmit"))
_LABELS = {"site": "xa-a", "line": "xa-a-1", "direction": "up"}
_SENT = 'thongsuot_line_sent_packets{site="xa-a",line="xa-a-1",node="n-1"}'
_BYTES = 'thongsuot_network_transmit_bytes_total{site="xa-a",node="n-1",interface="eth0"}'
_CONTRACT = 'thongsuot_line_contract_bits_per_second{site="xa-a",line="xa-a-1",direction="up"}'

_MEASURES_ONE = (
    "(max by (site, line, node) (thongsuot_line_sent_packets) and on (site, node) "
    "count by (site, node) (max by (site, line, node) (thongsuot_line_sent_packets)) == 1)"
)


def _load(direction: str, way: str) -> str:
    bits = f"8 * sum by (site, node) (rate(thongsuot_network_{way}_bytes_total[5m]))"
    one = f"max by (site, line) ({bits} * on (site, node) group_right () ({_MEASURES_ONE} * 0 + 1))"
    return f'label_replace({one}, "direction", "{direction}", "", "")'


GROUP = Group(
    "loads",
    "5m",
    recordings=(
        Recording(
            name="site_line:thongsuot_line_load:bits_per_second_5m",
            expr=" or ".join(_load(direction, way) for direction, way in _DIRECTIONS),
            summary="Traffic of the machine that measures the line, mean of 5 minutes, where it measures no other line.",
            example=Example({_BYTES: "0+6000000x30", _SENT: "100x30"}, at="20m", labels=_LABELS),
            value=800_000.0,
            absent=Example(
                {_BYTES: "0+6000000x30", _SENT: "100x30", _SENT.replace("xa-a-1", "xa-a-2"): "100x30"}, at="20m"
            ),
        ),
        Recording(
            name="site_line:thongsuot_line_load:ratio_5m",
            expr=(
                "site_line:thongsuot_line_load:bits_per_second_5m / on (site, line, direction) "
                "(max by (site, line, direction) (thongsuot_line_contract_bits_per_second) > 0)"
            ),
            summary="The same as a share of the speed that the contract promises.",
            example=Example(
                {_BYTES: "0+6000000x30", _SENT: "100x30", _CONTRACT: "8000000x30"}, at="20m", labels=_LABELS
            ),
            value=0.1,
        ),
    ),
)
