"""Alerts about lines. Limits are those of the line-quality profile."""
# ruff: noqa: E501 - a table of texts: one alert reads best with each pair of sentences on one line

from __future__ import annotations

from collector.quality.profile import shipped
from exporters.rules.rule import PROVIDER, TECHNICIAN, Alert, Example, Group, Text

LIMITS = shipped().limits
ERROR_BUDGET = round(1 - LIMITS.availability, 6)
_LINE = {"site": "xa-a", "line": "xa-a-1"}
_OF_VNPT = {**_LINE, "provider": "VNPT"}
_LOAD = 'site_line:thongsuot_line_load:ratio_5m{site="xa-a",line="xa-a-1",direction="up"}'
DAY_OF_SAMPLES = 288
"""Of five minutes: with fewer a percentile of seven days says nothing (the reports hold the same)."""
_OUTAGE = 'thongsuot_line_outage_open{site="xa-a",line="xa-a-1"}'
_INFO = {'thongsuot_line_info{site="xa-a",line="xa-a-1",provider="VNPT"}': "1x400"}


def _with_provider(expr: str) -> str:
    return f"({expr}) * on (site, line) group_left (provider) max by (site, line, provider) (thongsuot_line_info)"


def _state(state: str) -> str:
    return f'thongsuot_line_state{{site="xa-a",line="xa-a-1",state="{state}"}}'


def _burn(rate: float, long: str, short: str) -> str:
    limit = f"{rate * ERROR_BUDGET:.6g}"
    return (
        f"(site_line:thongsuot_line_outage:ratio_{long} > {limit} "
        f"and site_line:thongsuot_line_outage:ratio_{short} > {limit})"
    )


def _loss(name: str, direction: str, vi: str, en: str) -> Alert:
    series = f'thongsuot_line_loss_ratio{{site="xa-a",line="xa-a-1",direction="{direction}"}}'
    return Alert(
        name=name,
        expr=_with_provider(
            f'max by (site, line) (thongsuot_line_loss_ratio{{direction="{direction}"}}) > {LIMITS.loss_weak}'
        ),
        hold="10m",
        severity="warning",
        scope="site",
        summary=Text(
            f"Đường truyền {{{{ $labels.line }}}} mất {{{{ $value | humanizePercentage }}}} gói {vi}",
            f"Line {{{{ $labels.line }}}} loses {{{{ $value | humanizePercentage }}}} of packets {en}",
        ),
        meaning=Text(
            f"Trong 10 phút, tỷ lệ mất gói {vi} luôn vượt {LIMITS.loss_weak:.0%}. Họp trực tuyến sẽ vỡ tiếng, giật hình.",
            f"For 10 minutes more than {LIMITS.loss_weak:.0%} of packets {en} were lost: speech and picture break up.",
        ),
        causes=Text(
            "Đường truyền bị nghẽn theo chiều này, cáp quang suy hao, Wi-Fi yếu, hoặc lỗi phía nhà mạng.",
            "The line is congested in this direction, the fibre is weak, Wi-Fi is poor, or the provider has a fault.",
        ),
        steps=(
            Text("Mở trang địa điểm, xem gateway có mất gói không.", "Open the site's page: is the gateway lossy too?"),
            Text("Tắt tải lên/tải xuống lớn, đo lại.", "Stop large transfers and look again."),
            Text("Nếu gateway tốt: báo nhà mạng kèm số liệu theo chiều.", "Gateway good: report to the provider, with the direction."),
        ),
        call=PROVIDER,
        fires=Example({series: "0.08x40", **_INFO}, labels=_OF_VNPT),
        quiet=Example({series: "0.01x40", **_INFO}),
    )  # fmt: skip


GROUP = Group(
    "lines",
    "15s",
    alerts=(
        Alert(
            name="LineDown",
            expr=_with_provider('max by (site, line) (thongsuot_line_state{state="down"}) == 1'),
            hold="2m",
            severity="critical",
            scope="site",
            summary=Text("Đường truyền {{ $labels.line }} mất kết nối", "Line {{ $labels.line }} is down"),
            meaning=Text(
                "Điểm giám sát còn hoạt động (qua đường khác) nhưng không gói nào qua được đường này.",
                "The node is still heard (over another way), yet no packet passes this line.",
            ),
            causes=Text(
                "Đứt cáp quang, modem nhà mạng tắt hoặc treo, nhà mạng gián đoạn.",
                "A cut fibre, the provider's modem off or hung, an outage of the provider.",
            ),
            steps=(
                Text("Xem nguyên nhân hệ thống đã phán đoán trên bảng giám sát.", "Read the cause that the board gives."),
                Text("Nhờ người tại chỗ xem đèn PON/LOS của modem.", "Ask somebody there for the modem's PON/LOS lights."),
                Text("Đèn LOS đỏ: báo nhà mạng ngay; nếu không: tắt bật lại modem.", "LOS red: call the provider; else restart the modem."),
            ),
            call=PROVIDER,
            fires=Example({_state("down"): "0x3 1x40", **_INFO}, labels=_OF_VNPT),
            quiet=Example({_state("down"): "0x17 1 0x10", **_INFO}, at="19m"),
        ),
        Alert(
            name="LineWeak",
            expr=_with_provider('max by (site, line) (thongsuot_line_state{state=~"weak|bad"}) == 1'),
            hold="10m",
            severity="warning",
            scope="site",
            summary=Text("Đường truyền {{ $labels.line }} yếu", "Line {{ $labels.line }} is weak"),
            meaning=Text(
                "Mất gói, độ trễ, biến thiên trễ hoặc MOS vượt ngưỡng trong 10 phút liền.",
                "Loss, latency, jitter or MOS is beyond its limit for 10 minutes in a row.",
            ),
            causes=Text(
                "Đường truyền nghẽn, Wi-Fi yếu, máy tính trong mạng tải nhiều, lỗi phía nhà mạng.",
                "Congestion, poor Wi-Fi, a machine of the office that loads the line, a fault of the provider.",
            ),
            steps=(
                Text("Mở trang địa điểm, xem chỉ số nào vượt ngưỡng.", "Open the site's page: which figure is beyond its limit?"),
                Text("Cắm dây mạng thay Wi-Fi; dừng tải lớn.", "Use a cable instead of Wi-Fi; stop large transfers."),
                Text("Vẫn yếu: báo nhà mạng.", "Still weak: call the provider."),
            ),
            call=PROVIDER,
            fires=Example({_state("weak"): "1x40", **_INFO}, labels=_OF_VNPT),
            quiet=Example({_state("weak"): "1x5 0x40", **_INFO}),
        ),
        Alert(
            name="LineFlapping",
            expr=_with_provider('max by (site, line) (changes(thongsuot_line_state{state="down"}[1h])) >= 6'),
            hold="0s",
            severity="warning",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} chập chờn: đổi trạng thái {{ $value }} lần trong 1 giờ",
                "Line {{ $labels.line }} is flapping: {{ $value }} changes within 1 hour",
            ),
            meaning=Text(
                "Đường truyền mất rồi có lại ít nhất 3 lần trong một giờ.",
                "The line went and came back at least 3 times within an hour.",
            ),
            causes=Text(
                "Đầu nối quang lỏng, nguồn modem yếu, PPPoE bị ngắt liên tục.",
                "A loose fibre plug, a weak power supply of the modem, PPPoE ended again and again.",
            ),
            steps=(
                Text("Kiểm tra đầu nối quang và nguồn modem.", "Check the fibre plug and the modem's power supply."),
                Text("Yêu cầu nhà mạng đo công suất quang.", "Have the provider measure the optical power."),
            ),
            call=PROVIDER,
            fires=Example({_state("down"): "0 0 1 1 0 0 1 1 0 0 1 1 0x20", **_INFO}, labels=_OF_VNPT),
            quiet=Example({_state("down"): "0x5 1x5 0x30", **_INFO}),
        ),
        _loss("LineLossUp", "up", "chiều tải lên", "on the way up"),
        _loss("LineLossDown", "down", "chiều tải xuống", "on the way down"),
        Alert(
            name="LineJitter",
            expr=_with_provider(
                "max by (site, line) (avg_over_time(thongsuot_line_jitter_seconds[10m])) "
                f"> {LIMITS.jitter_weak_seconds}"
            ),
            hold="5m",
            severity="warning",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} biến thiên trễ {{ $value | humanizeDuration }}",
                "Line {{ $labels.line }} has {{ $value | humanizeDuration }} of jitter",
            ),
            meaning=Text(
                f"Biến thiên trễ trung bình 10 phút vượt {LIMITS.jitter_weak_seconds * 1000:.0f} ms: tiếng đứt quãng.",
                f"The mean jitter of 10 minutes is over {LIMITS.jitter_weak_seconds * 1000:.0f} ms: speech stutters.",
            ),
            causes=Text("Hàng đợi ở modem đầy, Wi-Fi nhiễu.", "A full queue in the modem, disturbed Wi-Fi."),
            steps=(
                Text("Dừng tải lớn; dùng dây mạng.", "Stop large transfers; use a cable."),
                Text("Bật quản lý hàng đợi (SQM/QoS) trên bộ định tuyến nếu có.", "Turn on SQM/QoS on the router if it has it."),
            ),
            call=TECHNICIAN,
            fires=Example({'thongsuot_line_jitter_seconds{site="xa-a",line="xa-a-1",node="n-1"}': "0.05x40", **_INFO}, labels=_OF_VNPT),
            quiet=Example({'thongsuot_line_jitter_seconds{site="xa-a",line="xa-a-1",node="n-1"}': "0.004x40", **_INFO}),
        ),
        Alert(
            name="LineLatency",
            expr=_with_provider(
                'max by (site, line) (avg_over_time(thongsuot_line_rtt_seconds{quantile="0.5"}[10m])) '
                f"> {LIMITS.rtt_bad_seconds}"
            ),
            hold="5m",
            severity="warning",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} có độ trễ {{ $value | humanizeDuration }}",
                "Line {{ $labels.line }} has a round-trip time of {{ $value | humanizeDuration }}",
            ),
            meaning=Text(
                f"Độ trễ khứ hồi trung vị vượt {LIMITS.rtt_bad_seconds * 1000:.0f} ms: người họp nói chồng lên nhau.",
                f"The median round trip is over {LIMITS.rtt_bad_seconds * 1000:.0f} ms: people talk over each other.",
            ),
            causes=Text("Đường truyền nghẽn, hoặc nhà mạng đổi tuyến (sự cố cáp biển).", "Congestion, or the provider changed its route."),
            steps=(
                Text("Xem đường đi (traceroute) có đổi không.", "See whether the path has changed."),
                Text("Báo nhà mạng kèm thời điểm bắt đầu.", "Report to the provider with the time it began."),
            ),
            call=PROVIDER,
            fires=Example({'thongsuot_line_rtt_seconds{site="xa-a",line="xa-a-1",node="n-1",quantile="0.5"}': "0.5x40", **_INFO}, labels=_OF_VNPT),
            quiet=Example({'thongsuot_line_rtt_seconds{site="xa-a",line="xa-a-1",node="n-1",quantile="0.5"}': "0.02x40", **_INFO}),
        ),
        Alert(
            name="LineUploadBelowContract",
            expr=_with_provider(
                'max by (site, line) (last_over_time(thongsuot_throughput_contract_ratio{direction="up"}[2d])) '
                f"< {LIMITS.speed_ratio}"
            ),
            hold="0s",
            severity="warning",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} chỉ tải lên được {{ $value | humanizePercentage }} tốc độ hợp đồng",
                "Line {{ $labels.line }} reaches only {{ $value | humanizePercentage }} of its contract's upload",
            ),
            meaning=Text(
                f"Lần đo gần nhất thấp hơn {LIMITS.speed_ratio:.0%} tốc độ hợp đồng (QCVN 34:2019).",
                f"The latest test is below {LIMITS.speed_ratio:.0%} of the contract (QCVN 34:2019).",
            ),
            causes=Text("Nhà mạng cấp sai gói, modem cũ, đường đang có người dùng lúc đo.", "A wrong plan, an old modem, or use of the line during the test."),
            steps=(
                Text("Xem các lần đo khác, loại trừ giờ cao điểm.", "Look at the other tests, outside busy hours."),
                Text("Đối chiếu hợp đồng trong danh mục.", "Compare with the contract in the directory."),
                Text("Yêu cầu nhà mạng đo lại.", "Have the provider measure again."),
            ),
            call=PROVIDER,
            fires=Example({'thongsuot_throughput_contract_ratio{site="xa-a",line="xa-a-1",node="n-1",direction="up"}': "0.5 _x40", **_INFO}, labels=_OF_VNPT),
            quiet=Example({'thongsuot_throughput_contract_ratio{site="xa-a",line="xa-a-1",node="n-1",direction="up"}': "0.95 _x40", **_INFO}),
        ),
        Alert(
            name="LineAvailabilityBurnFast",
            expr=_with_provider(f"{_burn(14.4, '1h', '5m')} or {_burn(6, '6h', '30m')}"),
            hold="2m",
            severity="critical",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} đang dùng nhanh hạn mức gián đoạn của tháng ({{ $value | humanizePercentage }} thời gian gần đây là mất kết nối)",
                "Line {{ $labels.line }} is using up the month's allowance of outage fast (down {{ $value | humanizePercentage }} of the time)",
            ),
            meaning=Text(
                "Nếu tiếp tục như vậy, độ khả dụng 99,5 % của tháng sẽ không đạt trong vài ngày. Chỉ tính số liệu nghe trực tiếp.",
                "At this rate the month's 99.5 % availability is gone within days. Only what was heard live counts.",
            ),
            causes=Text("Đường truyền mất kéo dài hoặc chập chờn.", "A long outage, or many short ones."),
            steps=(
                Text("Xử lý như LineDown hoặc LineFlapping.", "Proceed as for LineDown or LineFlapping."),
                Text("Chuyển địa điểm sang đường dự phòng trước cuộc họp tới.", "Use the backup line before the next meeting."),
            ),
            call=PROVIDER,
            fires=Example({_OUTAGE: "0x30 1x60", **_INFO}, at="70m", labels=_OF_VNPT),
            quiet=Example({_OUTAGE: "0x360 1x1 0x20", **_INFO}, at="375m"),
        ),
        Alert(
            name="LineAvailabilityBurnSlow",
            expr=_with_provider(f"{_burn(3, '1d', '2h')} or {_burn(1, '3d', '6h')}"),
            hold="15m",
            severity="warning",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} mất kết nối {{ $value | humanizePercentage }} thời gian, quá mức 0,5 %",
                "Line {{ $labels.line }} is down {{ $value | humanizePercentage }} of the time, more than 0.5 %",
            ),
            meaning=Text(
                "Nhiều gián đoạn ngắn trong các ngày qua sẽ làm tháng này không đạt 99,5 %.",
                "Many short outages of the last days will miss this month's 99.5 %.",
            ),
            causes=Text("Đầu nối, modem, nguồn điện không ổn định.", "An unstable plug, modem or power supply."),
            steps=(
                Text("Xem danh sách gián đoạn của địa điểm và nguyên nhân.", "Read the site's list of outages and their causes."),
                Text("Lập phiếu yêu cầu nhà mạng khắc phục.", "Open a ticket with the provider."),
            ),
            call=PROVIDER,
            fires=Example({_OUTAGE: "0x200 1x10 0x30", **_INFO}, at="240m", labels=_OF_VNPT),
            quiet=Example({_OUTAGE: "0x396", **_INFO}, at="390m"),
        ),
        Alert(
            name="LineLoadHigh",
            expr=_with_provider(
                "max by (site, line, direction) ("
                f"quantile_over_time(0.95, site_line:thongsuot_line_load:ratio_5m[7d]) > {LIMITS.load_ratio} "
                f"and count_over_time(site_line:thongsuot_line_load:ratio_5m[7d]) >= {DAY_OF_SAMPLES})"
            ),
            hold="0s",
            severity="warning",
            scope="site",
            summary=Text(
                "Đường truyền {{ $labels.line }} quá tải ({{ $labels.direction }}): P95 trong 7 ngày là {{ $value | humanizePercentage }} hợp đồng",
                "Line {{ $labels.line }} is full ({{ $labels.direction }}): P95 of 7 days is {{ $value | humanizePercentage }} of the contract",
            ),
            meaning=Text(
                f"P95 của các mẫu 5 phút trong 7 ngày vượt {LIMITS.load_ratio:.0%} băng thông hợp đồng (Thông tư 06/2026/TT-BKHCN, điều 5.6).",
                f"The 95th percentile of 5-minute samples over 7 days is beyond {LIMITS.load_ratio:.0%} of the contract (Circular 06/2026/TT-BKHCN, art. 5.6).",
            ),
            causes=Text("Nhu cầu tăng, sao lưu hoặc cập nhật chạy ban ngày, gói cước quá nhỏ.", "More use, backups or updates during the day, too small a plan."),
            steps=(
                Text("Xem đồ thị tải của đường truyền: giờ nào, chiều nào.", "Look at the line's load: which hours, which direction?"),
                Text("Dời sao lưu, cập nhật sang đêm; nếu không đủ: nâng gói cước.", "Move backups and updates to the night; if that is not enough, take a larger plan."),
            ),
            call=TECHNICIAN,
            fires=Example({_LOAD: "0.95x400", **_INFO}, at="390m", labels={**_OF_VNPT, "direction": "up"}),
            quiet=Example({_LOAD: "0.5x400", **_INFO}, at="390m"),
        ),
    ),
)  # fmt: skip
