"""One site: its lines, the machines that measure, its power, what hangs on it, its alerts."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import (
    CAUSES,
    JITTER,
    LEVEL,
    LIMITS,
    LOSS,
    RTT,
    STATES,
    UP,
    YES_IS_BAD,
)  # fmt: skip
from exporters.dashboards.model import (
    RED,
    YELLOW,
    Annotation,
    Board,
    Choice,
    Column,
    Link,
    Query,
    Row,
    graph,
    stat,
    table,
    timeline,
)  # fmt: skip

HERE = 'site="$site"'
OUTAGES = Annotation(
    "Gián đoạn",
    f"max by (site, line, cause) (thongsuot_line_cause_info{{{HERE}}}) "
    f"and on (site, line) thongsuot_line_outage_open{{{HERE}}} == 1",
    "{{line}}",
    "{{cause}}",
)

BOARD = Board(
    uid="site",
    title="Một địa điểm",
    about="One site: lines, machines, power, devices, findings, alerts.",
    choices=(Choice.SITE,),
    annotations=(OUTAGES,),
    rows=(
        Row(
            "Hiện tại",
            (
                stat(
                    "Nguồn số liệu", "Whether any machine of the site is heard.", "short",
                    f"max(thongsuot_node_up{{{HERE}}})", names=UP,
                ),
                stat(
                    "Đường truyền xấu nhất", "The worst state among the site's lines.", "short",
                    f"max({LEVEL}{{{HERE}}})", names=STATES,
                ),
                stat(
                    "Khả dụng 24 giờ", "Share of the last 24 hours with service, of the worst line.", "percentunit",
                    f"1 - max(site_line:thongsuot_line_outage:ratio_1d{{{HERE}}})",
                ),
                stat(
                    "Điểm cầu đang họp", "Bridge points of the site that are in a meeting now.", "short",
                    f"sum(thongsuot_room_participants{{{HERE}}}) or vector(0)",
                ),
                stat(
                    "Dấu hiệu an ninh 24 giờ", "Security findings of the last 24 hours, those for information left out.",
                    "short", f'sum(thongsuot_site_security_findings{{{HERE}, severity!="info"}}) or vector(0)',
                    limits=((1, YELLOW), (5, RED)),
                ),
                stat(
                    "Cảnh báo đang mở", "Alerts of the site that fire.", "short",
                    f'count(ALERTS{{{HERE}, alertstate="firing"}}) or vector(0)', limits=((1, RED),),
                ),
            ),
        ),
        Row(
            "Đường truyền",
            (
                timeline(
                    "Trạng thái", "State of each line of the site; outages are marked with their cause.",
                    Query(f"max by (line) ({LEVEL}{{{HERE}}})", "{{line}}"), STATES, height=6,
                ),
                graph(
                    "Mất gói", "Loss by direction, from the nodes' windows (up is drawn first).", "percentunit",
                    *(
                        Query(
                            f'sum by (line) (sum_over_time(thongsuot_line_lost_packets{{{HERE}, '
                            f'direction="{direction}"}}[$__interval])) '
                            f"/ sum by (line) (sum_over_time(thongsuot_line_sent_packets{{{HERE}}}[$__interval]))",
                            f"{{{{line}}}} {word}",
                        )
                        for direction, word in (("up", "lên"), ("down", "xuống"))
                    ),
                    limits=LOSS,
                ),
                graph(
                    "Độ trễ khứ hồi", "Median and 95th percentile of the round trip.", "s",
                    *(
                        Query(
                            f'max by (line) (avg_over_time(thongsuot_line_rtt_seconds{{{HERE}, '
                            f'quantile="{quantile}"}}[$__interval]))', f"{{{{line}}}} {word}",
                        )
                        for quantile, word in (("0.5", "trung vị"), ("0.95", "P95"))
                    ),
                    limits=RTT,
                ),
                graph(
                    "MOS", "Listening quality by ITU-T G.107, G.711 with concealment.", "short",
                    Query(f"max by (line) (thongsuot_line_mos{{{HERE}}})", "{{line}}"), minimum=1, maximum=4.5,
                ),
                graph(
                    "Biến thiên trễ", "Interarrival jitter of RFC 3550.", "s",
                    Query(
                        f"max by (line) (avg_over_time(thongsuot_line_jitter_seconds{{{HERE}}}[$__interval]))",
                        "{{line}}",
                    ),
                    limits=JITTER,
                ),
                table(
                    "Các đường truyền", "Lines, their provider and state; a line leads to its own graphs.",
                    (
                        Column("site", "Mã"), Column("line", "Đường truyền", link=Link.LINE),
                        Column("provider", "Nhà mạng"), Column("Value #A", "Trạng thái", names=STATES),
                        Column("cause", "Nguyên nhân", names=CAUSES),
                    ),
                    f"max by (site, line) ({LEVEL}{{{HERE}}}) * on (site, line) group_left (provider) "
                    f"max by (site, line, provider) (thongsuot_line_info{{{HERE}}})",
                    f"max by (site, line, cause) (thongsuot_line_cause_info{{{HERE}}})",
                    sort="Trạng thái", width=12,
                ),
                graph(
                    "Mất gói tới cổng mạng, chặng đầu, trung tâm",
                    "Echoes lost on the way: shows where the fault lies.", "percentunit",
                    Query(
                        f"1 - sum by (node, target) (sum_over_time(thongsuot_icmp_received_packets{{{HERE}}}[$__interval])) "
                        f"/ sum by (node, target) (sum_over_time(thongsuot_icmp_sent_packets{{{HERE}}}[$__interval]))",
                        "{{node}} {{target}}",
                    ),
                    limits=((LIMITS.loss_weak, YELLOW),), maximum=1,
                ),
            ),
        ),
        Row(
            "Máy, nguồn điện, thiết bị",
            (
                timeline(
                    "Máy giám sát", "Which machines of the site are heard.",
                    Query(f"max by (node) (thongsuot_node_up{{{HERE}}})", "{{node}}"), UP, width=12, height=6,
                ),
                timeline(
                    "Thiết bị mạng", "Which devices of the site answer SNMP.",
                    Query(f"max by (device) (thongsuot_device_up{{{HERE}}})", "{{device}}"), UP, width=12, height=6,
                ),
                graph(
                    "Bộ xử lý", "Share of processor time in use.", "percentunit",
                    Query(
                        f'1 - sum by (node) (rate(thongsuot_cpu_seconds_total{{{HERE}, mode="idle"}}[$__rate_interval])) '
                        f"/ sum by (node) (rate(thongsuot_cpu_seconds_total{{{HERE}}}[$__rate_interval]))", "{{node}}",
                    ),
                    maximum=1, width=8,
                ),
                timeline(
                    "Chạy bằng ắc quy", "Whether a UPS of the site carries the load.",
                    Query(f"max by (ups) (thongsuot_ups_on_battery{{{HERE}}})", "{{ups}}"), YES_IS_BAD, width=8,
                ),
                graph(
                    "Dung lượng ắc quy", "Charge of the UPS's battery.", "percentunit",
                    Query(f"max by (ups) (thongsuot_ups_charge_ratio{{{HERE}}})", "{{ups}}"), maximum=1, width=8,
                ),
                table(
                    "Cảnh báo đang mở", "Alerts of the site; the name leads to the runbook.",
                    (
                        Column("alertname", "Cảnh báo", link=Link.RUNBOOK), Column("line", "Đường truyền"),
                        Column("severity", "Mức độ"),
                    ),
                    f'max by (alertname, line, node, severity) (ALERTS{{{HERE}, alertstate="firing"}})', height=6,
                ),
            ),
        ),
    ),
)  # fmt: skip
