"""Recording rules: what several alerts and panels ask again and again. Live samples only, nothing backfilled."""

from __future__ import annotations

from exporters.rules.rule import Example, Group, Recording

BURN_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""The windows of the multi-window burn rates (Google SRE workbook, chapter 5), over 30 days."""


def _down_share(window: str) -> Recording:
    return Recording(
        name=f"site_line:thongsuot_line_down:ratio_{window}",
        expr=f'avg by (site, line) (avg_over_time(thongsuot_line_state{{state="down"}}[{window}]))',
        summary=f"Share of the last {window} in which the line was down, of the time in which the hub looked.",
        example=Example(
            {'thongsuot_line_state{site="xa-a",line="xa-a-1",state="down"}': "0x9 1x9"},
            at="4m",
            labels={"site": "xa-a", "line": "xa-a-1"},
        ),
        value=0.0,
        absent=Example({'thongsuot_line_state{site="xa-a",line="xa-a-1",state="good"}': "1x20"}, at="4m"),
    )


_TWO_SITES = {
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
        *(_down_share(window) for window in BURN_WINDOWS),
    ),
)
