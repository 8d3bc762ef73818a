"""Meetings: rooms, bridge points by site, signaling, and what the media workers forward and drop."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import LOSS, RTT, UP
from exporters.dashboards.model import RED, YELLOW, Board, Query, Row, graph, stat, timeline


def _rate(family: str, by: str = "worker") -> str:
    return f"sum by ({by}) (rate({family}[$__rate_interval]))"


BOARD = Board(
    uid="rooms",
    title="Phòng họp",
    about="Meetings with somebody in them, bridge points by site, media workers.",
    rows=(
        Row(
            "Hiện tại",
            (
                stat("Phòng đang họp", "Meetings with somebody in them.", "short", "max(thongsuot_rooms)", width=6),
                stat(
                    "Điểm cầu", "Bridge points in meetings.", "short",
                    "sum(thongsuot_room_participants) or vector(0)", width=6,
                ),
                stat(
                    "Tiến trình media", "Media workers that the hub is connected to.", "short",
                    "sum(thongsuot_media_worker_up)", width=6,
                ),
                stat(
                    "Sự kiện không ghi được 24 giờ", "Events of meetings that could not be written within a day.",
                    "short", "sum(increase(thongsuot_meeting_events_lost_total[1d]))", width=6, limits=((1, RED),),
                ),
            ),
        ),
        Row(
            "Tham gia",
            (
                graph(
                    "Điểm cầu theo địa điểm", "Bridge points by site; khac: guests of no known site.", "short",
                    Query("max by (site) (thongsuot_room_participants)", "{{site}}"), stacked=True,
                ),
                graph("Phòng họp", "Meetings with somebody in them.", "short", Query("max(thongsuot_rooms)", "phòng")),
                graph(
                    "Kết nối báo hiệu", "Open signaling WebSockets.", "short",
                    Query("max(thongsuot_signaling_connections)", "kết nối"),
                ),
                graph(
                    "Báo hiệu bị từ chối", "Signaling refused or faulty a second, by reason.", "short",
                    Query(_rate("thongsuot_signaling_drops_total", "reason"), "{{reason}}"), limits=((1, YELLOW),),
                ),
            ),
        ),
        Row(
            "Chất lượng theo địa điểm",
            (
                graph(
                    "Điểm nghe", "How well each site hears (E-model, ITU-T G.107).", "none",
                    Query('min by (site) (thongsuot_room_score{kind="sound"})', "{{site}}"), maximum=5,
                ),
                graph(
                    "Điểm nhìn", "How well each site sees, 1 to 5.", "none",
                    Query('min by (site) (thongsuot_room_score{kind="picture"})', "{{site}}"), maximum=5,
                ),
                graph(
                    "Mất gói của cuộc họp", "Share of media packets lost before repair, by direction.", "percentunit",
                    Query("max by (site, direction) (thongsuot_room_loss_ratio)", "{{site}} {{direction}}"), limits=LOSS,
                ),
                graph(
                    "Độ trễ tới trung tâm", "Round trip between worker and site, by RTCP.", "s",
                    Query("max by (site) (thongsuot_room_rtt_seconds)", "{{site}}"), limits=RTT,
                ),
                graph(
                    "Băng thông của cuộc họp", "Media of each site, by direction.", "bps",
                    Query("sum by (site, direction) (thongsuot_room_bits_per_second)", "{{site}} {{direction}}"),
                ),
                graph(
                    "Đường đi của hình và tiếng", "Bridge points by transport: direct, or relayed over UDP, TCP, TLS.", "short",
                    Query("sum by (transport) (thongsuot_room_transports)", "{{transport}}"), stacked=True,
                ),
                graph(
                    "Hình bị đứng", "Freezes of pictures that pages told, a minute.", "short",
                    Query("60 * sum by (site) (rate(thongsuot_room_freezes_total[$__rate_interval]))", "{{site}}"),
                ),
                graph(
                    "Gói xin gửi lại", "Media packets asked for again a second, by direction.", "pps",
                    Query("sum by (site, direction) (rate(thongsuot_room_nack_packets_total[$__rate_interval]))", "{{site}} {{direction}}"),
                ),
            ),
        ),
        Row(
            "Tiến trình media",
            (
                timeline(
                    "Kết nối với trung tâm", "Whether the hub is connected to each worker.",
                    Query("max by (worker) (thongsuot_media_worker_up)", "{{worker}}"), UP, height=5,
                ),
                graph(
                    "Gói nhận và chuyển", "Packets received and forwarded a second.", "pps",
                    Query(_rate("thongsuot_media_received_packets_total"), "{{worker}} nhận"),
                    Query(_rate("thongsuot_media_forwarded_packets_total"), "{{worker}} chuyển"),
                ),
                graph(
                    "Băng thông gửi", "Traffic sent to receivers.", "bps",
                    Query("8 * " + _rate("thongsuot_media_forwarded_bytes_total"), "{{worker}}"),
                ),
                graph(
                    "Gói bị bỏ", "Packets dropped a second, by reason.", "pps",
                    Query(_rate("thongsuot_media_dropped_packets_total", "worker, reason"), "{{worker}} {{reason}}"),
                    limits=((1, YELLOW),),
                ),
                graph(
                    "Bộ xử lý", "Share of one core that each worker uses.", "percentunit",
                    Query(_rate("thongsuot_media_cpu_seconds_total"), "{{worker}}"), maximum=1, limits=((0.8, RED),),
                ),
                graph(
                    "Bộ nhớ", "Memory of each worker.", "bytes",
                    Query("max by (worker) (thongsuot_media_resident_memory_bytes)", "{{worker}}"), width=24,
                ),
            ),
        ),
    ),
)  # fmt: skip
