"""The hub itself: what it takes in and refuses, its queues, its event loop, its judging, its backups."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import UP
from exporters.dashboards.model import RED, YELLOW, Board, Query, Row, graph, stat, timeline

JOB = 'job="thongsuot"'


def _rate(family: str, by: str) -> str:
    return f"sum by ({by}) (rate({family}[$__rate_interval]))"


def _loop_delay(quantile: float) -> str:
    buckets = _rate("thongsuot_hub_event_loop_delay_seconds_bucket", "le")
    return f"histogram_quantile({quantile}, {buckets})"


BOARD = Board(
    uid="hub",
    title="Trung tâm",
    about="The hub itself: ingest, queues, event loop, judging, backups, reflector.",
    rows=(
        Row(
            "Hiện tại",
            (
                stat("Prometheus đọc được", "Whether Prometheus can read the hub.", "short", f"max(up{{{JOB}}})", names=UP),
                stat(
                    "Đã chạy", "Time since the hub started.", "s", "time() - max(thongsuot_hub_start_time_seconds)",
                ),
                stat(
                    "Chứng chỉ còn lại", "Time until the hub's TLS certificate ends.", "s",
                    "min(thongsuot_hub_certificate_not_after_timestamp_seconds) - time()",
                    limits=((0, RED), (14 * 86400, "green")),
                ),
                stat(
                    "Sao lưu gần nhất", "Age of the last backup; more than 50 years: there was none.", "s",
                    "time() - max(thongsuot_backup_last_success_timestamp_seconds)",
                    limits=((2 * 86400, RED),),
                ),
                stat(
                    "Sao lưu đã thử khôi phục", "Age of the last backup that was proved by a restore; more than 50 years: there was none.", "s",
                    "time() - max(thongsuot_backup_last_verified_timestamp_seconds)",
                    limits=((8 * 86400, RED),),
                ),
                stat("Kích thước sao lưu", "Size of the last backup.", "bytes", "max(thongsuot_backup_size_bytes)"),
            ),
        ),
        Row(
            "Nhận số liệu",
            (
                graph(
                    "Mẫu nhận mỗi giây", "Samples kept a second.", "short",
                    Query("sum(rate(thongsuot_ingest_samples_total[$__rate_interval]))", "mẫu"),
                ),
                graph(
                    "Dung lượng nhận", "Bytes received a second, compressed.", "Bps",
                    Query("sum(rate(thongsuot_ingest_bytes_total[$__rate_interval]))", "byte"),
                ),
                graph(
                    "Yêu cầu theo mã trả lời", "Remote-write requests a second, by HTTP status.", "reqps",
                    Query(_rate("thongsuot_ingest_requests_total", "status"), "{{status}}"), stacked=True,
                ),
                graph(
                    "Mẫu bị từ chối", "Samples refused a second, by reason.", "short",
                    Query(_rate("thongsuot_ingest_refused_samples_total", "reason"), "{{reason}}"), limits=((1, YELLOW),),
                ),
                graph(
                    "Sự kiện", "Events of nodes applied, and requests with events refused, a second.", "short",
                    Query("sum(rate(thongsuot_node_events_total[$__rate_interval]))", "nhận"),
                    Query("sum(rate(thongsuot_node_events_refused_requests_total[$__rate_interval]))", "từ chối"),
                ),
                graph(
                    "Số đo mâu thuẫn", "Window readings that could not be counted into a line's minute.", "short",
                    Query("sum(rate(thongsuot_ingest_minute_conflicts_total[$__rate_interval]))", "mâu thuẫn"),
                ),
            ),
        ),
        Row(
            "Chuyển số liệu đi",
            (
                graph(
                    "Mẫu đã gửi", "Samples that each receiver took a second.", "short",
                    Query(_rate("thongsuot_forward_samples_total", "receiver"), "{{receiver}}"),
                ),
                graph(
                    "Mẫu chờ gửi", "Samples that wait on disk for each receiver.", "short",
                    Query("max by (receiver) (thongsuot_forward_queue_samples)", "{{receiver}}"),
                ),
                graph(
                    "Chờ lâu nhất", "Age of the oldest waiting payload, 0 while nothing waits.", "s",
                    Query(
                        "time() - min by (receiver) (thongsuot_forward_oldest_timestamp_seconds) "
                        "or 0 * max by (receiver) (thongsuot_forward_queue_samples)", "{{receiver}}",
                    ),
                    limits=((600, RED),),
                ),
                graph(
                    "Lần gửi gần nhất", "Age of the last payload that each receiver took.", "s",
                    Query(
                        "time() - max by (receiver) (thongsuot_forward_last_success_timestamp_seconds > 0)",
                        "{{receiver}}",
                    ),
                ),
                graph(
                    "Mẫu đã mất", "Samples dropped, or refused by the receiver for good, a second.", "short",
                    Query(_rate("thongsuot_forward_dropped_samples_total", "receiver"), "{{receiver}} bỏ"),
                    Query(_rate("thongsuot_forward_dead_letter_samples_total", "receiver"), "{{receiver}} bị từ chối"),
                    limits=((0.001, RED),),
                ),
                graph(
                    "Yêu cầu thất bại", "Requests to receivers that failed a second, by reason.", "reqps",
                    Query(
                        _rate("thongsuot_forward_failed_requests_total", "receiver, reason"), "{{receiver}} {{reason}}"
                    ),
                ),
            ),
        ),
        Row(
            "Tiến trình",
            (
                graph(
                    "Trễ của vòng sự kiện", "How late the hub's event loop ran what was due.", "s",
                    Query(_loop_delay(0.5), "trung vị"), Query(_loop_delay(0.99), "P99"), limits=((0.5, RED),),
                ),
                graph(
                    "Thời gian đọc /metrics", "What writing one scrape takes.", "s",
                    Query("max(thongsuot_hub_scrape_duration_seconds)", "một lần đọc"), limits=((5, RED),),
                ),
                graph(
                    "Lượt đọc /metrics", "Scrapes a second.", "reqps",
                    Query("sum(rate(thongsuot_hub_scrapes_total[$__rate_interval]))", "lượt"),
                ),
                graph(
                    "Bộ xử lý của trung tâm", "Share of one core that the hub's process uses.", "percentunit",
                    Query(f"max(rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval]))", "trung tâm"),
                ),
                graph(
                    "Bộ nhớ của trung tâm", "Resident memory of the hub's process.", "bytes",
                    Query(f"max(process_resident_memory_bytes{{{JOB}}})", "trung tâm"),
                ),
                graph(
                    "Tệp đang mở", "Open files of the hub's process, as a share of what it may open.", "percentunit",
                    Query(f"max(process_open_fds{{{JOB}}}) / max(process_max_fds{{{JOB}}})", "tệp"), maximum=1,
                ),
                graph(
                    "Phút chờ phán đoán", "Spans of minutes still to be judged.", "short",
                    Query("max(thongsuot_judging_waiting_spans)", "chờ"),
                ),
                graph(
                    "Phán đoán", "Spans of minutes judged, and causes looked for, a second.", "short",
                    Query("sum(rate(thongsuot_judging_spans_total[$__rate_interval]))", "đoạn"),
                    Query("sum(rate(thongsuot_judging_verdicts_total[$__rate_interval]))", "nguyên nhân"),
                ),
                graph(
                    "Việc định kỳ thất bại", "Periodic work of the hub that failed, within an hour.", "short",
                    Query("sum by (work) (increase(thongsuot_collector_failures_total[1h]))", "{{work}}"),
                ),
                graph(
                    "Sao lưu thiếu nơi thứ hai", "Second places that the last backup did not reach.", "short",
                    Query("max(thongsuot_backup_failed_places)", "nơi"), limits=((1, RED),),
                ),
            ),
        ),
        Row(
            "Máy phản hồi STAMP",
            (
                timeline(
                    "Hoạt động", "Whether the reflector tells of itself.",
                    Query("max(thongsuot_reflector_up)", "reflector"), UP, width=8, height=6,
                ),
                graph(
                    "Phiên đo", "STAMP test sessions.", "short", Query("max(thongsuot_reflector_sessions)", "phiên"),
                    width=8, height=6,
                ),
                graph(
                    "Gói", "Packets received, answered and dropped a second.", "pps",
                    Query("sum(rate(thongsuot_reflector_received_packets_total[$__rate_interval]))", "nhận"),
                    Query("sum(rate(thongsuot_reflector_answered_packets_total[$__rate_interval]))", "trả lời"),
                    Query(_rate("thongsuot_reflector_dropped_packets_total", "reason"), "bỏ: {{reason}}"),
                    width=8, height=6,
                ),
            ),
        ),
    ),
)  # fmt: skip
