"""Recording rules: what several alerts and panels ask again and again. Live samples only, nothing backfilled."""

# ruff: noqa: E501 - a table of rules

from __future__ import annotations

from typing import get_args

from collector.snapshot import State
from exporters.rules.rule import Example, Group, Recording

BURN_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""The windows of the multi-window burn rates (Google SRE workbook, chapter 5), over 30 days."""


_LINE = {"site": "xa-a", "line": "xa-a-1"}
_OUTAGE = 'thongsuot_line_outage_open{site="xa-a",line="xa-a-1"}'
_CAUSE = 'thongsuot_line_cause_info{site="xa-a",line="xa-a-1",cause="agent"}'


def _outage_share(window: str) -> Recording:
    return Recording(
        name=f"site_line:thongsuot_line_outage:ratio_{window}",
        expr=f"avg_over_time(site_line:thongsuot_line_outage:bool[{window}])",
        summary=f"Share of the last {window} in which the line gave no service, of the time that counts.",
        example=Example({_OUTAGE: "0x9 1x9"}, at="4m", labels=_LINE),
        value=0.0,
        absent=Example({_OUTAGE: "1x20", _CAUSE: "1x20"}, at="4m"),
    )


_TWO_SITES = {
    'thongsuot_site_info{site="xa-a",name="Xã A",unit="A",area="Vĩnh Tường"}': "1x30",
    'thongsuot_site_info{site="xa-b",name="Xã B",unit="B",area="Vĩnh Tường"}': "1x30",
    'thongsuot_line_info{site="xa-a",line="xa-a-1",provider="VNPT"}': "1x30",
    'thongsuot_line_info{site="xa-b",line="xa-b-1",provider="VNPT"}': "1x30",
    'thongsuot_line_info{site="xa-b",line="xa-b-2",provider="Viettel"}': "1x30",
    'thongsuot_node_up{site="xa-a",node="n-1"}': "1x30",
    'thongsuot_node_up{site="xa-b",node="n-2"}': "0x30",
}

GROUP = Group(
    "recordings",
    "30s",
    recordings=(
        Recording(
            name="site:thongsuot_node_up:max",
            expr="max by (site) (thongsuot_node_up)",
            summary="1 while at least one node of the site is heard.",
            example=Example(_TWO_SITES, at="5m", labels={"site": "xa-a"}),
            value=1.0,
        ),
        Recording(
            name="site:thongsuot_line_provider:info",
            expr=(
                'max by (site, provider) (thongsuot_line_info{provider!=""}) and on (site) '
                '(count by (site) (count by (site, provider) (thongsuot_line_info{provider!=""})) == 1)'
            ),
            summary="1 for the provider of a site all of whose lines are of one provider.",
            example=Example(_TWO_SITES, at="5m", labels={"site": "xa-a", "provider": "VNPT"}),
            value=1.0,
        ),
        Recording(
            name="provider:thongsuot_sites:count",
            expr='count by (provider) (count by (site, provider) (thongsuot_line_info{provider!=""}))',
            summary="Sites with a line of the provider.",
            example=Example(_TWO_SITES, at="5m", labels={"provider": "VNPT"}),
            value=2.0,
        ),
        Recording(
            name="provider:thongsuot_sites_lost:count",
            # What is not known counts only where the site is silent: without a reflector no line is known.
            expr=(
                "count by (provider) (count by (site, provider) ("
                '(max by (site, line) (thongsuot_line_state{state="down"}) == 1 '
                'or max by (site, line) (thongsuot_line_state{state="no_data"}) == 1 '
                "and on (site) max by (site) (thongsuot_node_up) == 0) "
                "* on (site, line) group_left (provider) "
                'max by (site, line, provider) (thongsuot_line_info{provider!=""})))'
            ),
            summary="Sites with a line of the provider that is down, or that are silent.",
            example=Example(
                _TWO_SITES
                | {
                    'thongsuot_line_state{site="xa-a",line="xa-a-1",state="no_data"}': "1x30",
                    'thongsuot_line_state{site="xa-b",line="xa-b-1",state="no_data"}': "1x30",
                },
                at="5m",
                labels={"provider": "VNPT"},
            ),
            value=1.0,
        ),
        Recording(
            name="area:thongsuot_sites:count",
            expr='count by (area) (max by (site, area) (thongsuot_site_info{area!=""}))',
            summary="Sites of the area (the unit above a site's own).",
            example=Example(_TWO_SITES, at="5m", labels={"area": "Vĩnh Tường"}),
            value=2.0,
        ),
        Recording(
            name="area:thongsuot_sites_lost:count",
            # A site whose lines are all down is lost though its node is heard over another way.
            expr=(
                "count by (area) ((max by (site) (thongsuot_node_up) == 0 "
                'or min by (site) (max by (site, line) (thongsuot_line_state{state="down"})) == 1) '
                '* on (site) group_left (area) max by (site, area) (thongsuot_site_info{area!=""}))'
            ),
            summary="Sites of the area that are silent, or all of whose lines are down.",
            example=Example(_TWO_SITES, at="5m", labels={"area": "Vĩnh Tường"}),
            value=1.0,
        ),
        Recording(
            name="site_line:thongsuot_line_state:level",
            expr="sum by (site, line) ("
            + " or ".join(
                f'{level} * max by (site, line, state) (thongsuot_line_state{{state="{state}"}})'
                for level, state in enumerate(get_args(State))
            )
            + ")",
            summary="State of the line as a number: 0 good, 1 weak, 2 bad, 3 down, 4 no data.",
            example=Example(
                {
                    f'thongsuot_line_state{{site="xa-a",line="xa-a-1",state="{state}"}}': f"{state == 'down':d}x20"
                    for state in get_args(State)
                },
                at="5m",
                labels=_LINE,
            ),
            value=3.0,
        ),
        Recording(
            name="site_line:thongsuot_line_outage:bool",
            # A PC that is switched off, and the hub's own absence, are no outage of the line.
            expr=(
                "max by (site, line) (thongsuot_line_outage_open) unless on (site, line) "
                '(max by (site, line) (thongsuot_line_cause_info{cause=~"agent|hub"}) == 1)'
            ),
            summary="1 while the line gives no service (down or silent); absent while that is the node's or the hub's fault.",
            example=Example({_OUTAGE: "1x20"}, at="5m", labels=_LINE),
            value=1.0,
            absent=Example({_OUTAGE: "1x20", _CAUSE: "1x20"}, at="5m"),
        ),
        *(_outage_share(window) for window in BURN_WINDOWS),
    ),
)
