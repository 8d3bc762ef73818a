"""One line: latency as smoke, loss by direction, MOS, load against the contract, outages and whose fault they were."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import JITTER, LEVEL, LIMITS, LOAD, LOSS, RTT, STATES
from exporters.dashboards.model import (
    ORANGE,
    RED,
    YELLOW,
    Annotation,
    Board,
    Choice,
    Query,
    Row,
    graph,
    heatmap,
    stat,
    timeline,
)  # fmt: skip

THIS = 'site="$site", line="$line"'


def _windows(family: str, direction: str = "") -> str:
    """Sum over the interval of what nodes counted in windows of ten seconds."""
    more = f', direction="{direction}"' if direction else ""
    return f"sum(sum_over_time(thongsuot_line_{family}{{{THIS}{more}}}[$__interval]))"


def _rtt(quantile: str) -> str:
    function = {"0": "min", "1": "max"}.get(quantile, "avg")
    return (
        f'{function}({function}_over_time(thongsuot_line_rtt_seconds{{{THIS}, quantile="{quantile}"}}[$__interval]))'
    )


BOARD = Board(
    uid="line",
    title="Một đường truyền",
    about="One line: smoke of its latency, loss up and down, MOS, load against the contract, outages with their cause.",
    choices=(Choice.SITE, Choice.LINE),
    annotations=(
        Annotation(
            "Gián đoạn",
            f"max by (line, cause) (thongsuot_line_cause_info{{{THIS}}}) "
            f"and on (line) thongsuot_line_outage_open{{{THIS}}} == 1",
            "Gián đoạn",
            "{{cause}}",
        ),
    ),
    rows=(
        Row(
            "Hiện tại",
            (
                stat("Trạng thái", "State of the line.", "short", f"max({LEVEL}{{{THIS}}})", names=STATES),
                stat(
                    "Mất gói lên", "Share of the last minute's packets lost on the way up.", "percentunit",
                    f'max(thongsuot_line_loss_ratio{{{THIS}, direction="up"}})', limits=LOSS,
                ),
                stat(
                    "Mất gói xuống", "Share of the last minute's packets lost on the way down.", "percentunit",
                    f'max(thongsuot_line_loss_ratio{{{THIS}, direction="down"}})', limits=LOSS,
                ),
                stat(
                    "Độ trễ trung vị", "Median round trip of the last five minutes.", "s",
                    f'avg(avg_over_time(thongsuot_line_rtt_seconds{{{THIS}, quantile="0.5"}}[5m]))', limits=RTT,
                ),
                stat(
                    "MOS", "Listening quality of the last minute, ITU-T G.107, G.711 with concealment.", "short",
                    f"max(thongsuot_line_mos{{{THIS}}})",
                    limits=((0, RED), (LIMITS.mos_bad, ORANGE), (LIMITS.mos_weak, "green")),
                ),
                stat(
                    "Khả dụng 24 giờ", "Share of the last 24 hours with service.", "percentunit",
                    f"1 - max(site_line:thongsuot_line_outage:ratio_1d{{{THIS}}})",
                    limits=((0, RED), (LIMITS.availability, "green")),
                ),
            ),
        ),
        Row(
            "Độ trễ và mất gói",
            (
                timeline(
                    "Diễn biến trạng thái", "State over time; outages are marked with their cause.",
                    Query(f"max by (line) ({LEVEL}{{{THIS}}})", "{{line}}"), STATES, height=4,
                ),
                heatmap(
                    "Độ trễ (khói)", "How the round trips of all probe packets are spread: dark is many.", "s",
                    f"sum by (le) (sum_over_time(thongsuot_line_rtt_packets{{{THIS}}}[$__interval]))",
                ),
                graph(
                    "Dải độ trễ", "Least, median, 95th percentile and greatest round trip.", "s",
                    Query(_rtt("1"), "lớn nhất"), Query(_rtt("0.95"), "P95"), Query(_rtt("0.5"), "trung vị"),
                    Query(_rtt("0"), "nhỏ nhất"), limits=RTT, bands=(("P95", "trung vị"), ("trung vị", "nhỏ nhất")),
                ),
                graph(
                    "Mất gói lên và xuống",
                    "Share of probe packets lost by direction; unknown: no answer after it came yet.", "percentunit",
                    *(
                        Query(
                            f"{_windows('lost_packets', direction)} / {_windows('sent_packets')}",
                            word,
                        )
                        for direction, word in (("up", "lên"), ("down", "xuống"))
                    ),
                    limits=LOSS,
                ),
                graph(
                    "MOS", "Listening quality, ITU-T G.107, G.711 with concealment.", "short",
                    Query(f"max(thongsuot_line_mos{{{THIS}}})", "MOS"), minimum=1, maximum=4.5,
                ),
                graph(
                    "Biến thiên trễ", "Interarrival jitter of RFC 3550, and 95th percentile of IPDV.", "s",
                    Query(f"avg(avg_over_time(thongsuot_line_jitter_seconds{{{THIS}}}[$__interval]))", "jitter"),
                    Query(f"avg(avg_over_time(thongsuot_line_ipdv_seconds{{{THIS}}}[$__interval]))", "IPDV P95"),
                    limits=JITTER,
                ),
                graph(
                    "Đợt mất gói, gói lặp, gói đảo thứ tự", "Runs of losses, duplicates and reordered answers.",
                    "short",
                    Query(_windows("loss_bursts"), "đợt mất"), Query(_windows("duplicate_packets"), "lặp"),
                    Query(_windows("reordered_packets"), "đảo thứ tự"), Query(_windows("late_packets"), "muộn"),
                ),
                graph(
                    "Không tính cho đường truyền", "Packets that the machine could not send, or that cannot be charged.",
                    "short",
                    Query(_windows("skipped_packets"), "máy không gửi được"),
                    Query(_windows("unmeasured_packets"), "không tính"),
                    Query(_windows("late_send_packets"), "gửi trễ"),
                ),
            ),
        ),
        Row(
            "Tải và hợp đồng",
            (
                graph(
                    "Lưu lượng so với hợp đồng",
                    "Traffic of the machine that measures the line (when it measures no other), and the contract's speeds.",
                    "bps",
                    Query(
                        f"max by (direction) (site_line:thongsuot_line_load:bits_per_second_5m{{{THIS}}})",
                        "{{direction}}",
                    ),
                    Query(
                        f"max by (direction) (thongsuot_line_contract_bits_per_second{{{THIS}}})",
                        "hợp đồng {{direction}}",
                    ),
                ),
                graph(
                    "Tải so với hợp đồng", "Load of five minutes by the contract's speed; the rule is P95 over 7 days.",
                    "percentunit",
                    Query(
                        f"max by (direction) (site_line:thongsuot_line_load:ratio_5m{{{THIS}}})", "{{direction}}"
                    ),
                    limits=LOAD,
                ),
                graph(
                    "Tốc độ đo được", "Speed of the nightly bulk transfers by the contract's.", "percentunit",
                    Query(
                        f"max by (direction) (last_over_time(thongsuot_throughput_contract_ratio{{{THIS}}}[1d]))",
                        "{{direction}}",
                    ),
                    limits=((0, RED), (LIMITS.speed_ratio, "green")),
                ),
                graph(
                    "Độ trễ khi tải", "Round trip that load added (p95 busy less p5 idle).", "s",
                    Query(
                        f"max(max_over_time(thongsuot_line_loaded_latency_seconds{{{THIS}}}[$__interval]))", "thêm"
                    ),
                    limits=((0.1, YELLOW), (0.4, RED)),
                ),
            ),
        ),
    ),
)  # fmt: skip
