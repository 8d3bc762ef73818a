"""Alerts about the on-call bridge: that it cannot reach people, or that nobody answers. They carry the hub's site."""
# ruff: noqa: E501 - a table of texts: one alert reads best with each pair of sentences on one line

from __future__ import annotations

from exporters.rules.rule import ADMINISTRATOR, Alert, Example, Group, Severity, Text

_BOARD = Text(
    "Mở trang Trực kỹ thuật trên bảng giám sát: kênh gửi, lỗi gần nhất.",
    "Open the on-call page of the board: the channels and what they said last.",
)
_LOG = Text("Xem nhật ký hub.log trong thư mục log/.", "Read hub.log in the folder log/.")


def _alert(
    name: str,
    expr: str,
    hold: str,
    severity: Severity,
    summary: Text,
    meaning: Text,
    causes: Text,
    steps: tuple[Text, ...],
    fires: Example,
    quiet: Example,
) -> Alert:
    return Alert(name, expr, hold, severity, "hub", summary, meaning, causes, steps, ADMINISTRATOR, fires, quiet)


GROUP = Group(
    "oncall",
    "15s",
    alerts=(
        _alert(
            "OncallNoChannelWorks", "max(thongsuot_oncall_channels) > 0 and max(thongsuot_oncall_working_channels) == 0", "5m", "critical",
            Text("Không kênh nào gửi được cảnh báo", "No channel carries alerts"),
            Text("Lần gửi gần nhất của mọi kênh đều hỏng: không ai được báo về sự cố.", "The last message of every channel failed: nobody is told of any trouble."),
            Text("Trung tâm mất Internet, mật khẩu thư đổi, tài khoản SMS hết tiền.", "The hub has no Internet, the mail password changed, the SMS account is empty."),
            (_BOARD, Text("Thử: Gửi thử trên trang ấy.", "Try: send a test from that page."), Text("Trong lúc chờ: cử người xem bảng giám sát.", "Meanwhile have somebody watch the board.")),
            Example({"thongsuot_oncall_channels": "2x40", "thongsuot_oncall_working_channels": "0x40"}),
            Example({"thongsuot_oncall_channels": "2x40", "thongsuot_oncall_working_channels": "1x40"}),
        ),
        _alert(
            "OncallChannelFailing", "min by (channel) (thongsuot_oncall_channel_working) == 0", "10m", "warning",
            Text("Kênh gửi {{ $labels.channel }} không gửi được", "Channel {{ $labels.channel }} does not carry alerts"),
            Text("Lần gửi gần nhất qua kênh này hỏng; người được báo qua kênh kế tiếp của họ.", "The channel's last message failed; people are told by their next channel."),
            Text("Máy chủ thư hoặc SMS không trả lời, khóa hết hạn, modem rút ra.", "The mail or SMS server does not answer, a key has expired, the modem is unplugged."),
            (_BOARD, _LOG),
            Example({'thongsuot_oncall_channel_working{channel="sms"}': "0x40"}, labels={"channel": "sms"}),
            Example({'thongsuot_oncall_channel_working{channel="sms"}': "1x10 0x5 1x30"}),
        ),
        _alert(
            "OncallDeliveryLate", "max(thongsuot_oncall_delivery_delay_seconds) > 300", "5m", "warning",
            Text("Tin cảnh báo chờ gửi đã {{ $value | humanizeDuration }}", "A message has been waiting for {{ $value | humanizeDuration }}"),
            Text("Tin phải gửi mà chưa gửi được quá 5 phút.", "A message that is due has not left for more than 5 minutes."),
            Text("Kênh chậm hoặc hết hạn mức mỗi phút, cơ sở dữ liệu không ghi được.", "A slow channel, its quota per minute, a database that cannot be written."),
            (_BOARD, _LOG),
            Example({"thongsuot_oncall_delivery_delay_seconds": "400x40"}), Example({"thongsuot_oncall_delivery_delay_seconds": "20x40"}),
        ),
        _alert(
            "OncallUntaken", "max(thongsuot_oncall_untaken_troubles) > 0", "0s", "critical",
            Text("{{ $value }} sự cố đã báo hết mọi người mà chưa ai tiếp nhận", "{{ $value }} troubles were told to everybody and taken by nobody"),
            Text("Đã báo lần lượt mọi cấp trong lịch trực, không ai bấm tiếp nhận.", "All layers of the rota were told one after the other; nobody has taken it."),
            Text("Không ai đọc tin, điện thoại tắt, địa chỉ liên hệ sai.", "Nobody reads messages, telephones are off, contacts are wrong."),
            (Text("Gọi điện cho kỹ thuật viên trực.", "Telephone the technician on duty."), Text("Tiếp nhận thay trên trang Trực kỹ thuật.", "Take it yourself on the on-call page."), Text("Sửa liên hệ và lịch trực.", "Mend contacts and the rota.")),
            Example({"thongsuot_oncall_untaken_troubles": "1x40"}), Example({"thongsuot_oncall_untaken_troubles": "0x40"}),
        ),
        _alert(
            "OncallNobody", "max(thongsuot_oncall_untold_troubles) > 0", "10m", "warning",
            Text("{{ $value }} sự cố không báo được cho ai: chưa có lịch trực", "{{ $value }} troubles are told to nobody: there is no rota"),
            Text("Sự cố được giữ lại và hiện trên bảng, nhưng không ai được báo.", "Troubles are kept and shown on the board, but nobody is told."),
            Text("Chưa lập lịch trực, lịch đã hết, người trực chưa có địa chỉ liên hệ.", "No rota was made, it has ended, or the people on it have no contacts."),
            (Text("Lập lịch trực và liên hệ trên trang Trực kỹ thuật.", "Make a rota and contacts on the on-call page."),),
            Example({"thongsuot_oncall_untold_troubles": "2x40"}), Example({"thongsuot_oncall_untold_troubles": "0x40"}),
        ),
    ),
)  # fmt: skip
