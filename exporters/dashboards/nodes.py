"""The machines that measure: heard or not, their processor, memory, disks, clock, queue, sensors and probes."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import CLOCK, PLACES, SITE_CODE, UP, here, total
from exporters.dashboards.model import RED, YELLOW, Board, Column, Query, Row, graph, stat, table, timeline

WHERE = 'site=~"$site"'
_LEGEND = "{{site}} {{node}}"


def _gauge(family: str, more: str = "", by: str = "site, node") -> str:
    return here(f"max by ({by}) ({family}{{{WHERE}{more}}})")


def _rate(family: str, more: str = "", by: str = "site, node") -> str:
    return here(f"sum by ({by}) (rate({family}{{{WHERE}{more}}}[$__rate_interval]))")


BOARD = Board(
    uid="nodes",
    title="Máy giám sát",
    about="Nodes: heard, processor, memory, disks, clock, queue on disk, sensors, probes.",
    choices=PLACES,
    rows=(
        Row(
            "Tình trạng",
            (
                stat("Máy giám sát", "Nodes of the directory.", "short", f"count({_gauge('thongsuot_node_up')})"),
                stat(
                    "Im lặng", "Nodes that are not heard.", "short", total(f"1 - thongsuot_node_up{{{WHERE}}}"),
                    limits=((1, RED),),
                ),
                stat(
                    "Lệch giờ lớn nhất", "The greatest error of a node's clock.", "s",
                    f"max(abs({_gauge('thongsuot_node_clock_offset_seconds')}))", limits=CLOCK,
                ),
                stat(
                    "Mẫu chờ gửi", "Samples that wait on the nodes' disks.", "short",
                    f"sum({_gauge('thongsuot_agent_queue_samples')})",
                ),
                stat(
                    "Cảm biến hỏng", "Sensors that cannot be read.", "short",
                    total(f"1 - thongsuot_agent_sensor_success{{{WHERE}}}"), limits=((1, YELLOW),),
                ),
                stat(
                    "Phép thử thất bại", "Probes that do not find what they ask for.", "short",
                    total(f"1 - thongsuot_probe_success{{{WHERE}}}"), limits=((1, YELLOW),),
                ),
                timeline(
                    "Nghe được", "Whether each node is heard, by arrival.", Query(_gauge("thongsuot_node_up"), _LEGEND),
                    UP, height=6,
                ),
                table(
                    "Các máy", "Age of the last arrival, uptime, version, memory and processor of the agent.",
                    (
                        SITE_CODE, Column("node", "Máy"), Column("version", "Phiên bản"),
                        Column("platform", "Hệ điều hành"),
                        Column("Value #B", "Nghe lần cuối", unit="s", limits=((120, YELLOW), (300, RED))),
                        Column("Value #C", "Đã chạy", unit="s"), Column("Value #D", "Bộ nhớ của agent", unit="bytes"),
                        Column("Value #E", "Bộ xử lý của agent", unit="percentunit"),
                    ),
                    here(f"max by (site, node, version, platform) (thongsuot_agent_info{{{WHERE}}})"),
                    here(f"time() - max by (site, node) (thongsuot_node_last_arrival_timestamp_seconds{{{WHERE}}})"),
                    here(f"time() - max by (site, node) (thongsuot_boot_time_seconds{{{WHERE}}})"),
                    _gauge("thongsuot_agent_resident_memory_bytes"),
                    _rate("thongsuot_agent_cpu_seconds_total"),
                ),
            ),
        ),
        Row(
            "Máy",
            (
                graph(
                    "Bộ xử lý", "Share of processor time in use.", "percentunit",
                    Query(
                        here(
                            "1 - sum by (site, node) (rate(thongsuot_cpu_seconds_total"
                            f'{{{WHERE}, mode="idle"}}[$__rate_interval])) / '
                            f"sum by (site, node) (rate(thongsuot_cpu_seconds_total{{{WHERE}}}[$__rate_interval]))"
                        ),
                        _LEGEND,
                    ),
                    maximum=1, limits=((0.9, RED),),
                ),
                graph(
                    "Tải trung bình trên mỗi lõi", "Processes that run or wait over five minutes, by core.", "short",
                    Query(
                        here(
                            f'max by (site, node) (thongsuot_load_average{{{WHERE}, minutes="5"}}) '
                            f"/ max by (site, node) (thongsuot_cpu_count{{{WHERE}}})"
                        ),
                        _LEGEND,
                    ),
                ),
                graph(
                    "Bộ nhớ còn trống", "Share of memory that programs can still get.", "percentunit",
                    Query(
                        here(
                            f"max by (site, node) (thongsuot_memory_available_bytes{{{WHERE}}}) "
                            f"/ max by (site, node) (thongsuot_memory_size_bytes{{{WHERE}}})"
                        ),
                        _LEGEND,
                    ),
                    maximum=1,
                ),
                graph(
                    "Bộ nhớ hoán đổi", "Swap space in use.", "bytes",
                    Query(_gauge("thongsuot_swap_used_bytes"), _LEGEND),
                ),
                graph(
                    "Ổ đĩa còn trống", "Share of each filesystem that is free.", "percentunit",
                    Query(
                        here(
                            f"max by (site, node, mountpoint) (thongsuot_filesystem_available_bytes{{{WHERE}}}) "
                            f"/ max by (site, node, mountpoint) (thongsuot_filesystem_size_bytes{{{WHERE}}})"
                        ),
                        "{{node}} {{mountpoint}}",
                    ),
                    maximum=1,
                ),
                graph(
                    "Ổ đĩa bận", "Share of time in which the disk had something to do.", "percentunit",
                    Query(_rate("thongsuot_disk_busy_seconds_total", by="site, node, device"), "{{node}} {{device}}"),
                    maximum=1,
                ),
                graph(
                    "Đọc và ghi đĩa", "Bytes read from and written to disks.", "Bps",
                    Query(_rate("thongsuot_disk_read_bytes_total"), f"{_LEGEND} đọc"),
                    Query(_rate("thongsuot_disk_written_bytes_total"), f"{_LEGEND} ghi"),
                ),
                graph(
                    "Mạng của máy", "Traffic of the machine's interfaces.", "bps",
                    Query(_rate("thongsuot_network_receive_bytes_total").replace("(sum", "(8 * sum", 1), f"{_LEGEND} vào"),
                    Query(_rate("thongsuot_network_transmit_bytes_total").replace("(sum", "(8 * sum", 1), f"{_LEGEND} ra"),
                ),
                graph(
                    "Gói lỗi và bị bỏ", "Faulty and dropped packets of the machine's interfaces.", "pps",
                    Query(_rate("thongsuot_network_receive_errors_total"), f"{_LEGEND} lỗi vào"),
                    Query(_rate("thongsuot_network_transmit_errors_total"), f"{_LEGEND} lỗi ra"),
                    Query(_rate("thongsuot_network_receive_drops_total"), f"{_LEGEND} bỏ vào"),
                    Query(_rate("thongsuot_network_transmit_drops_total"), f"{_LEGEND} bỏ ra"),
                ),
                graph(
                    "Gửi lại TCP", "Share of TCP segments that were sent again.", "percentunit",
                    Query(
                        here(
                            "sum by (site, node) (rate(thongsuot_tcp_retransmitted_segments_total"
                            f"{{{WHERE}}}[$__rate_interval])) / sum by (site, node) "
                            f"(rate(thongsuot_tcp_sent_segments_total{{{WHERE}}}[$__rate_interval]))"
                        ),
                        _LEGEND,
                    ),
                ),
                graph(
                    "Kết nối TCP", "TCP connections by state.", "short",
                    Query(here(f"sum by (site, state) (thongsuot_tcp_connections{{{WHERE}}})"), "{{site}} {{state}}"),
                ),
                graph(
                    "Nhiệt độ", "Temperature of chips and disks.", "celsius",
                    Query(
                        _gauge("thongsuot_temperature_celsius", by="site, node, chip, place"),
                        "{{node}} {{chip}} {{place}}",
                    ),
                    limits=((85, RED),),
                ),
            ),
        ),
        Row(
            "Agent và phép thử",
            (
                graph(
                    "Mẫu chờ gửi", "Samples on the nodes' disks that the hub has not yet.", "short",
                    Query(_gauge("thongsuot_agent_queue_samples"), _LEGEND),
                    Query(_gauge("thongsuot_agent_queue_events"), f"{_LEGEND} sự kiện"),
                ),
                graph(
                    "Mẫu đã mất", "Samples dropped or refused, per second.", "short",
                    Query(_rate("thongsuot_agent_dropped_samples_total"), f"{_LEGEND} bỏ"),
                    Query(_rate("thongsuot_agent_dead_letter_samples_total"), f"{_LEGEND} bị từ chối"),
                ),
                graph(
                    "Lệch giờ", "What is taken off the node's times because its clock is wrong.", "s",
                    Query(_gauge("thongsuot_node_clock_offset_seconds"), _LEGEND), minimum=None,
                ),
                graph(
                    "Thời gian đọc cảm biến", "How long reading each sensor took.", "s",
                    Query(
                        here(f"max by (site, sensor) (thongsuot_agent_sensor_duration_seconds{{{WHERE}}})"),
                        "{{site}} {{sensor}}",
                    ),
                ),
                timeline(
                    "Kết quả phép thử", "Whether each probe found what it asked for.",
                    Query(
                        _gauge("thongsuot_probe_success", by="site, node, probe, target"),
                        "{{site}} {{probe}} {{target}}",
                    ), UP, width=12,
                ),
                graph(
                    "Thời gian phép thử", "How long probes took, by phase.", "s",
                    Query(
                        _gauge("thongsuot_probe_duration_seconds", by="site, probe, target, phase"),
                        "{{probe}} {{target}} {{phase}}",
                    ),
                ),
                graph(
                    "Đường đi tới trung tâm", "Hops to the target of the path probe.", "short",
                    Query(_gauge("thongsuot_path_hops", by="site, node, target"), "{{site}} {{target}}"),
                ),
                table(
                    "Chứng chỉ của dịch vụ", "Time until the certificates that nodes see end.",
                    (SITE_CODE, Column("target", "Dịch vụ"), Column("Value", "Còn lại", unit="s", limits=((0, RED), (1209600, "green")))),
                    here(
                        f"min by (site, target) (thongsuot_tls_certificate_not_after_timestamp_seconds{{{WHERE}}}) "
                        "- time()"
                    ),
                    width=12, height=8,
                ),
            ),
        ),
    ),
)  # fmt: skip
