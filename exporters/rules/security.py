"""Alerts about what the nodes' security signals find: one for each kind of finding that is not for information only.

They stand on what reached the hub in the last 24 hours, so that a finding of a site that was cut off is told as well.
"""
# ruff: noqa: E501 - a table of texts: one alert reads best with each pair of sentences on one line

from __future__ import annotations

from exporters.rules.rule import ADMINISTRATOR, TECHNICIAN, Alert, Example, Group, Severity, Text

_NODE = {"site": "xa-a", "node": "n-1"}
FINDING = "finding"
_BOARD = Text(
    "Xem chi tiết ở trang địa điểm trên bảng giám sát, mục Sự kiện.",
    "Read the details on the site's page of the board, under events.",
)
_EXPLAINED = Text(
    "Có người giải thích được (cài đặt, thay máy): ghi lại và đóng. Không ai nhận: coi là xâm nhập.",
    "Somebody explains it (an installation, a new machine): note it and close. Nobody does: treat it as an intrusion.",
)


def _alert(name: str, finding: str, severity: Severity, what: Text, causes: Text, step: Text, call: Text) -> Alert:
    """`finding`: as the agent's signal names it; what it found for information (by a package update) does not count."""
    series = f'thongsuot_site_security_findings{{{_labels(finding)},severity="{severity}"}}'
    return Alert(
        name=name,
        expr=f'max by (site, node, finding) (thongsuot_site_security_findings{{finding="{finding}", severity!="info"}}) > 0',
        hold="0s",
        severity=severity,
        scope="security",
        summary=Text(
            f"{what.vi} ở {{{{ $labels.site }}}} (máy {{{{ $labels.node }}}}), {{{{ $value }}}} lần trong 24 giờ",
            f"{what.en} at {{{{ $labels.site }}}} (machine {{{{ $labels.node }}}}), {{{{ $value }}}} times within 24 hours",
        ),
        meaning=Text(f"Điểm giám sát báo: {what.vi.lower()}. Cảnh báo giữ 24 giờ kể từ khi trung tâm nhận được.", f"The node says: {what.en.lower()}. The alert stays for 24 hours after the hub was told."),
        causes=causes,
        steps=(_BOARD, step, _EXPLAINED),
        call=call,
        fires=Example({series: "2x40"}, labels={**_NODE, FINDING: finding}),
        quiet=Example({f'thongsuot_site_security_findings{{{_labels(finding)},severity="info"}}': "2x40"}),
    )  # fmt: skip


def _labels(finding: str) -> str:
    return f'site="xa-a",node="n-1",finding="{finding}"'


WITHOUT_ALERT = {
    "new_mac": "telephones and guests come and go: always for information, shown on the board and the dashboard"
}
"""Findings that no alert tells of: why."""

GROUP = Group(
    "security",
    "15s",
    alerts=(
        _alert(
            "SecurityFailedLogins", "failed_logins", "warning",
            Text("Đăng nhập sai dồn dập", "A burst of failed logins"),
            Text("Dò mật khẩu, hoặc một chương trình giữ mật khẩu cũ.", "Guessing of passwords, or a program with an old one."),
            Text("Xem nguồn ở đâu; ngoài mạng nội bộ thì chặn trên bộ định tuyến.", "See where it comes from; from outside the LAN: block it at the router."), TECHNICIAN,
        ),
        _alert(
            "SecurityLoginAfterFailures", "login_after_failures", "critical",
            Text("Đăng nhập được sau nhiều lần sai", "A login that worked after many failures"),
            Text("Mật khẩu bị dò ra; hoặc người dùng nhớ nhầm rồi đúng.", "A password was guessed; or somebody remembered at last."),
            Text("Gọi chủ tài khoản ngay. Không phải họ: ngắt máy khỏi mạng, đổi mật khẩu.", "Call the account's owner now. Not them: take the machine off the network, change the password."), ADMINISTRATOR,
        ),
        _alert(
            "SecurityNewAdministrator", "new_administrator", "critical",
            Text("Có thêm quản trị viên trên máy", "A new administrator on the machine"),
            Text("Cài đặt, bàn giao, hoặc kẻ xâm nhập giữ quyền.", "An installation, a handover, or an intruder who stays."),
            Text("Hỏi kỹ thuật viên có thêm không; không thì khóa tài khoản đó.", "Ask the technician; if it was not them, lock the account."), ADMINISTRATOR,
        ),
        _alert(
            "SecurityNewPort", "new_port", "warning",
            Text("Máy mở thêm cổng dịch vụ", "The machine listens on a new port"),
            Text("Phần mềm mới cài, điều khiển từ xa, mã độc.", "New software, remote control, malware."),
            Text("Xem chương trình nào mở cổng; không cần thì gỡ.", "See which program opened it; remove it if it is not needed."), TECHNICIAN,
        ),
        _alert(
            "SecurityGatewayChanged", "gateway_mac", "critical",
            Text("Địa chỉ MAC của cổng mạng đổi", "The gateway has another MAC address"),
            Text("Thay bộ định tuyến, hoặc có máy giả làm cổng mạng (ARP spoofing).", "A new router, or a machine that poses as the gateway (ARP spoofing)."),
            Text("Hỏi có thay bộ định tuyến không; không thì tìm máy có MAC đó và rút ra.", "Was the router replaced? If not, find the machine with that MAC and unplug it."), ADMINISTRATOR,
        ),
        _alert(
            "SecurityFileChanged", "file_changed", "warning",
            Text("Tệp hệ thống quan trọng bị đổi", "An important system file was changed"),
            Text("Kỹ thuật viên sửa cấu hình, hoặc kẻ xâm nhập.", "A technician's change, or an intruder."),
            Text("Xem tệp nào và ai sửa; không rõ thì khôi phục bản cũ.", "See which file and who; if unclear, restore the old one."), TECHNICIAN,
        ),
        _alert(
            "SecurityUsbStorage", "usb_storage", "warning",
            Text("Có USB lưu trữ cắm vào máy", "USB storage was plugged in"),
            Text("Người dùng chép tệp; nguy cơ mã độc và lộ dữ liệu.", "Somebody copies files; malware and leaks come this way."),
            Text("Nhắc người dùng; quét mã độc máy đó.", "Remind the user; scan the machine."), TECHNICIAN,
        ),
        _alert(
            "SecurityUpdatesPending", "updates_pending", "warning",
            Text("Bản vá bảo mật chờ quá lâu", "Security updates have waited too long"),
            Text("Tự động cập nhật tắt, máy ít khi bật.", "Automatic updates are off, or the machine is rarely on."),
            Text("Cài bản vá ngoài giờ họp.", "Install them outside meetings."), TECHNICIAN,
        ),
        _alert(
            "SecurityRebootNeeded", "reboot_needed", "warning",
            Text("Máy chờ khởi động lại quá lâu sau cập nhật", "A restart after updates has waited too long"),
            Text("Máy chạy liên tục, không ai khởi động lại.", "The machine runs on and nobody restarts it."),
            Text("Khởi động lại ngoài giờ họp.", "Restart it outside meetings."), TECHNICIAN,
        ),
        _alert(
            "SecurityCertificateEnds", "certificate_ends", "warning",
            Text("Chứng chỉ mà máy tin cậy sắp hết hạn", "The authority that the machine trusts ends soon"),
            Text("Chứng chỉ gốc của trung tâm sắp hết hạn.", "The hub's own authority ends soon."),
            Text("Tạo chứng chỉ gốc mới và cài lại các điểm giám sát trước ngày đó.", "Make a new authority and enrol the nodes again before that day."), ADMINISTRATOR,
        ),
        Alert(
            name="SecuritySignalFailing",
            expr="max by (site, node, signal) (max_over_time(thongsuot_security_signal_success[1h])) == 0",
            hold="1h",
            severity="warning",
            scope="security",
            summary=Text("Tín hiệu an ninh {{ $labels.signal }} của {{ $labels.node }} ({{ $labels.site }}) không đọc được", "Security signal {{ $labels.signal }} of {{ $labels.node }} ({{ $labels.site }}) cannot be read"),
            meaning=Text("Máy này không còn được canh về mặt đó.", "Nobody watches this machine in that respect."),
            causes=Text("Thiếu quyền, nhật ký bị tắt hoặc bị xóa.", "Missing rights, a log that was turned off or removed."),
            steps=(Text("Xem nhật ký thongsuot-agent: có ghi lý do.", "The log of thongsuot-agent gives the reason."),),
            call=TECHNICIAN,
            fires=Example({'thongsuot_security_signal_success{site="xa-a",node="n-1",signal="logins"}': "0x200"}, at="130m", labels={**_NODE, "signal": "logins"}),
            quiet=Example({'thongsuot_security_signal_success{site="xa-a",node="n-1",signal="logins"}': "0x50 1 0x50 1 0x50 1 0x50"}, at="130m"),
        ),
        Alert(
            name="SecurityNoisy",
            expr="max by (site, node, signal) (increase(thongsuot_security_suppressed_total[1d])) > 0",
            hold="0s",
            severity="warning",
            scope="security",
            summary=Text("Tín hiệu an ninh {{ $labels.signal }} của {{ $labels.node }} ({{ $labels.site }}) vượt hạn mức tháng: {{ $value | humanize }} dấu hiệu không được gửi", "Security signal {{ $labels.signal }} of {{ $labels.node }} ({{ $labels.site }}) is beyond its month's budget: {{ $value | humanize }} findings were not sent"),
            meaning=Text("Tín hiệu báo quá nhiều nên phần vượt chỉ được đếm: im lặng từ đây không có nghĩa là yên.", "The signal found so much that the rest is only counted: silence means nothing from here on."),
            causes=Text("Một chương trình thay đổi liên tục, hoặc máy thật sự bị tấn công.", "A program that keeps changing things, or a real attack."),
            steps=(_BOARD, Text("Tìm nguyên nhân lặp lại và sửa tận gốc.", "Find what repeats and mend it at its root.")),
            call=TECHNICIAN,
            fires=Example({'thongsuot_security_suppressed_total{site="xa-a",node="n-1",signal="ports"}': "0x5 7x60"}, at="30m", labels={**_NODE, "signal": "ports"}),
            quiet=Example({'thongsuot_security_suppressed_total{site="xa-a",node="n-1",signal="ports"}': "7x60"}, at="30m"),
        ),
    ),
)  # fmt: skip
