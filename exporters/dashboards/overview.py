"""The whole tree: how many lines are in which state, which sites are in trouble, which provider or area."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import (
    ANY_IS_BAD,
    CAUSES,
    LEVEL,
    LIMITS,
    LOAD,
    LOSS,
    RTT,
    SITE_CODE,
    SITE_NAME,
    STATES,
    TREE,
    UNIT,
    here,
    named,
    number,
    total,
)  # fmt: skip
from exporters.dashboards.model import (
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Board,
    Column,
    Limit,
    Link,
    Query,
    Row,
    graph,
    stat,
    table,
    timeline,
)  # fmt: skip

_MOS: tuple[Limit, ...] = ((0, RED), (LIMITS.mos_bad, ORANGE), (LIMITS.mos_weak, GREEN))
_AVAILABLE = here("1 - max by (site, line) (site_line:thongsuot_line_outage:ratio_1d)")


def _lines(state: str) -> str:
    return total(f'thongsuot_line_state{{state="{state}"}}')


BOARD = Board(
    uid="overview",
    title="Toàn cảnh mạng lưới",
    about="The tree of units: which lines are bad, since when, whose fault it is.",
    choices=TREE,
    rows=(
        Row(
            "Hiện tại",
            (
                stat("Địa điểm", "Sites of the directory.", "short", number("max by (site) (thongsuot_site_info)"), width=3),
                stat("Bình thường", "Lines in good state.", "short", _lines("good"), width=3),
                stat("Cần chú ý", "Lines that are weak.", "short", _lines("weak"), width=3, limits=((1, YELLOW),)),
                stat("Nghiêm trọng", "Lines that are bad.", "short", _lines("bad"), width=3, limits=((1, ORANGE),)),
                stat("Mất kết nối", "Lines that are down.", "short", _lines("down"), width=3, limits=ANY_IS_BAD),
                stat(
                    "Không có dữ liệu", "Lines of which nothing is heard, those never measured among them.", "short",
                    _lines("no_data"), width=3, limits=((1, YELLOW),),
                ),
                stat(
                    "Máy giám sát im lặng", "Nodes that are not heard.", "short",
                    total("1 - thongsuot_node_up"), width=3, limits=ANY_IS_BAD,
                ),
                stat(
                    "Cảnh báo đang mở", "Alerts that fire, the watchdog left out.", "short",
                    'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)', width=3,
                    limits=ANY_IS_BAD,
                ),
            ),
        ),
        Row(
            "Các đường truyền",
            (
                table(
                    "Đường truyền theo mức độ sự cố",
                    "All lines, the worst first: state and its age, cause, loss, round trip, MOS, load against the contract.",
                    (
                        SITE_CODE, SITE_NAME, UNIT, Column("line", "Đường truyền", link=Link.LINE),
                        Column("provider", "Nhà mạng"),
                        Column("Value #A", "Trạng thái", names=STATES), Column("Value #B", "Đã kéo dài", unit="s"),
                        Column("cause", "Nguyên nhân", names=CAUSES),
                        Column("Value #D", "Mất gói lên", unit="percentunit", limits=LOSS),
                        Column("Value #E", "Mất gói xuống", unit="percentunit", limits=LOSS),
                        Column("Value #F", "Độ trễ", unit="s", limits=RTT),
                        Column("Value #G", "MOS", limits=_MOS),
                        Column("Value #H", "Tải so với hợp đồng", unit="percentunit", limits=LOAD),
                    ),
                    named(
                        f"max by (site, line) ({LEVEL}) * on (site, line) group_left (provider) "
                        "max by (site, line, provider) (thongsuot_line_info)"
                    ),
                    here("time() - max by (site, line) (thongsuot_line_state_since_timestamp_seconds)"),
                    here("max by (site, line, cause) (thongsuot_line_cause_info)"),
                    here('max by (site, line) (thongsuot_line_loss_ratio{direction="up"})'),
                    here('max by (site, line) (thongsuot_line_loss_ratio{direction="down"})'),
                    here(
                        'max by (site, line) (avg_over_time(thongsuot_line_rtt_seconds{quantile="0.5"}[5m]))'
                    ),
                    here("max by (site, line) (thongsuot_line_mos)"),
                    here("max by (site, line) (site_line:thongsuot_line_load:ratio_5m)"),
                    sort="Trạng thái", height=14,
                ),
                timeline(
                    "Diễn biến trạng thái", "State of each line over time.",
                    Query(here(f"max by (site, line) ({LEVEL})"), "{{site}} · {{line}}"), STATES, height=14,
                ),
                graph(
                    "Số đường truyền theo trạng thái", "Lines by state over time.", "short",
                    *(
                        Query(_lines(state), str(word))
                        for state, (word, _) in zip(
                            ("weak", "bad", "down", "no_data"), list(STATES.values())[1:], strict=True
                        )
                    ),
                    stacked=True,
                ),
                graph(
                    "Mất kết nối theo nguyên nhân", "Lines that are down or silent, by whose fault it is.", "short",
                    Query(
                        "count by (cause) ("
                        + here("max by (site, line, cause) (thongsuot_line_cause_info)")
                        + ")", "{{cause}}"
                    ),
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Nhà mạng và khu vực",
            (
                graph(
                    "Địa điểm mất kết nối theo nhà mạng",
                    "Share of a provider's sites that are lost: over one half is the provider's fault.", "percentunit",
                    Query(
                        "(provider:thongsuot_sites_lost:count or 0 * provider:thongsuot_sites:count) "
                        "/ provider:thongsuot_sites:count", "{{provider}}",
                    ),
                    limits=((0.5, RED),), maximum=1,
                ),
                graph(
                    "Địa điểm mất kết nối theo khu vực", "Share of an area's sites that are lost.", "percentunit",
                    Query(
                        "(area:thongsuot_sites_lost:count or 0 * area:thongsuot_sites:count) "
                        "/ area:thongsuot_sites:count", "{{area}}",
                    ),
                    limits=((0.5, RED),), maximum=1,
                ),
                graph(
                    "Độ khả dụng 24 giờ qua", "Share of the last 24 hours in which lines gave service, the ten worst.",
                    "percentunit",
                    Query(
                        f"bottomk(10, {_AVAILABLE})",
                        "{{site}} · {{line}}",
                    ),
                    minimum=None, maximum=1,
                ),
                table(
                    "Cảnh báo đang mở", "Alerts that fire now; the name leads to the runbook.",
                    (
                        Column("alertname", "Cảnh báo", link=Link.RUNBOOK), Column("site", "Địa điểm", link=Link.SITE),
                        Column("line", "Đường truyền"), Column("severity", "Mức độ"),
                    ),
                    'max by (alertname, site, line, provider, severity) (ALERTS{alertstate="firing"})', width=12,
                    height=8,
                ),
            ),
        ),
    ),
)  # fmt: skip
