"""The on-call bridge: what is open and who is told, whether messages leave, how fast somebody takes a trouble."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.model import GREEN, RED, YELLOW, Board, Names, Query, Row, graph, stat, timeline

WORKS: Names = {1: ("Gửi được", GREEN), 0: ("Không gửi được", RED)}
_STATES = {"waiting": "đang chờ", "notified": "đã báo", "acknowledged": "có người nhận", "suppressed": "đang bảo trì"}

BOARD = Board(
    uid="oncall",
    title="Trực kỹ thuật",
    about="Troubles that are open, people on the rota, messages by channel, time until somebody takes a trouble.",
    since="now-7d",
    rows=(
        Row(
            "Hiện tại",
            (
                stat("Sự cố đang mở", "Open alert groups.", "short", "sum(thongsuot_oncall_troubles) or vector(0)", limits=((1, YELLOW),)),
                stat("Chưa ai nhận, lâu nhất", "How long ago people were first told of what nobody has taken.", "s", "max(thongsuot_oncall_unacknowledged_seconds)", limits=((600, YELLOW), (1800, RED))),
                stat("Đã báo hết mà không ai nhận", "Troubles that everybody was told of.", "short", "max(thongsuot_oncall_untaken_troubles)", limits=((1, RED),)),
                stat("Không báo được cho ai", "Troubles that wait because nobody is on the rota.", "short", "max(thongsuot_oncall_untold_troubles)", limits=((1, RED),)),
                stat("Người trong lịch trực", "People on the rota now.", "short", "max(thongsuot_oncall_people)"),
                stat("Kênh gửi được", "Of the channels, those whose last message left.", "short", "max(thongsuot_oncall_working_channels)"),
            ),
        ),
        Row(
            "Sự cố",
            (
                graph(
                    "Sự cố đang mở theo trạng thái", "Open alert groups by what has become of them.", "short",
                    *(Query(f'sum(thongsuot_oncall_troubles{{state="{state}"}}) or vector(0)', word) for state, word in _STATES.items()),
                    stacked=True,
                ),
                graph(
                    "Cảnh báo đến trong 24 giờ", "Alerts that began within the last day, by rule: the noise of each.", "short",
                    Query("sum by (rule) (increase(thongsuot_oncall_alerts_total[1d])) > 0", "{{rule}}"),
                ),
                graph(
                    "Thời gian đến khi có người nhận", "Share of troubles taken within that time.", "s",
                    Query("histogram_quantile(0.5, sum by (le) (increase(thongsuot_oncall_acknowledge_seconds_bucket[7d])))", "trung vị 7 ngày"),
                    Query("histogram_quantile(0.9, sum by (le) (increase(thongsuot_oncall_acknowledge_seconds_bucket[7d])))", "p90 7 ngày"),
                    limits=((600, YELLOW),),
                ),
                graph(
                    "Không báo hoặc báo sau", "Troubles that were held back, by reason.", "short",
                    Query("sum by (reason) (increase(thongsuot_oncall_suppressed_total[1d]))", "{{reason}}"),
                ),
            ),
        ),
        Row(
            "Tin nhắn",
            (
                timeline(
                    "Kênh gửi", "Whether the last message of each channel left.",
                    Query("max by (channel) (thongsuot_oncall_channel_working)", "{{channel}}"), WORKS, height=5,
                ),
                graph(
                    "Tin đã thử gửi trong 24 giờ", "Messages by channel and outcome within the last day.", "short",
                    Query("sum by (channel, outcome) (increase(thongsuot_oncall_deliveries_total[1d]))", "{{channel}} {{outcome}}"),
                ),
                graph(
                    "Tin đang chờ", "Messages on their way, and how long the oldest is due.", "short",
                    Query("max(thongsuot_oncall_waiting_deliveries)", "tin"), Query("max(thongsuot_oncall_delivery_delay_seconds)", "chậm nhất (giây)"),
                ),
            ),
        ),
    ),
)  # fmt: skip
