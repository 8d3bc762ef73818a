"""Alerts about nodes: the machines at the sites, their power, their clocks, their queues, what they probe."""
# ruff: noqa: E501 - a table of texts: one alert reads best with each pair of sentences on one line

from __future__ import annotations

from exporters.rules.lines import LIMITS
from exporters.rules.rule import ADMINISTRATOR, OFFICE, TECHNICIAN, Alert, Example, Group, Severity, Text

_NODE = {"site": "xa-a", "node": "n-1"}
_AT = 'site="xa-a",node="n-1"'
_NODE_WORDS = Text("{{ $labels.node }} ({{ $labels.site }})", "{{ $labels.node }} ({{ $labels.site }})")


def _node(family: str, more: str = "") -> str:
    return f"{family}{{{_AT}{',' if more else ''}{more}}}"


def _clock(name: str, limit: float, hold: str, severity: Severity, quiet: str) -> Alert:
    return Alert(
        name=name,
        expr=f"max by (site, node) (abs(thongsuot_node_clock_offset_seconds)) > {limit:g}",
        hold=hold,
        severity=severity,
        scope="site",
        summary=Text(
            f"Máy {_NODE_WORDS.vi} lệch giờ {{{{ $value | humanizeDuration }}}}",
            f"The clock of {_NODE_WORDS.en} is wrong by {{{{ $value | humanizeDuration }}}}",
        ),
        meaning=Text(
            f"Đồng hồ máy lệch quá {limit:g} giây. Số liệu đã được hiệu chỉnh, nhưng nhật ký và chứng chỉ trên máy sẽ sai.",
            f"The clock is off by more than {limit:g} s. Samples are corrected, but logs and certificates there go wrong.",
        ),
        causes=Text("Chưa bật đồng bộ NTP, pin CMOS yếu, đặt sai giờ bằng tay.", "No NTP, a flat CMOS battery, a clock set by hand."),
        steps=(
            Text("Bật tự động đặt giờ (NTP).", "Turn on automatic time (NTP)."),
            Text("Lệch lại sau khi tắt máy: thay pin CMOS.", "Wrong again after power-off: replace the CMOS battery."),
        ),
        call=TECHNICIAN,
        fires=Example({_node("thongsuot_node_clock_offset_seconds"): "-90x40"}, labels=_NODE),
        quiet=Example({_node("thongsuot_node_clock_offset_seconds"): f"{quiet}x40"}),
    )  # fmt: skip


_DISK = 'mountpoint="/",device="/dev/sda1",fstype="ext4"'
_DISK_LABELS = {**_NODE, "mountpoint": "/"}
_FREE = _node("thongsuot_filesystem_available_bytes", _DISK)
_SIZE = _node("thongsuot_filesystem_size_bytes", _DISK)

_WRITER = 'thongsuot_writer_last_write_timestamp_seconds{site="xa-a",writer="vmagent"}'

GROUP = Group(
    "nodes",
    "15s",
    alerts=(
        Alert(
            name="NodeSilent",
            expr="(max by (site, node) (thongsuot_node_up) == 0) and on (site) (site:thongsuot_node_up:max == 1)",
            hold="5m",
            severity="warning",
            scope="site",
            summary=Text(f"Mất tín hiệu điểm giám sát {_NODE_WORDS.vi}", f"Node {_NODE_WORDS.en} is not heard"),
            meaning=Text(
                "Điểm giám sát này im lặng quá 5 phút trong khi điểm khác cùng địa điểm vẫn gửi.",
                "This node has been silent for 5 minutes while another one of its site is heard.",
            ),
            causes=Text("Máy tắt, mất mạng nội bộ, hoặc chương trình giám sát bị dừng.", "The machine is off, off the LAN, or its agent was stopped."),
            steps=(
                Text("Hỏi địa điểm máy có bật không.", "Ask the site whether the machine is on."),
                Text("Khởi động lại dịch vụ thongsuot-agent.", "Restart the service thongsuot-agent."),
            ),
            call=OFFICE,
            fires=Example({_node("thongsuot_node_up"): "0x40", 'thongsuot_node_up{site="xa-a",node="n-2"}': "1x40"}, labels=_NODE),
            quiet=Example({_node("thongsuot_node_up"): "0x40"}),
        ),
        Alert(
            name="WriterSilent",
            expr="time() - max by (site, writer) (thongsuot_writer_last_write_timestamp_seconds) > 900",
            hold="5m",
            severity="warning",
            scope="site",
            summary=Text("Nguồn số liệu {{ $labels.writer }} ngừng gửi", "The writer {{ $labels.writer }} has stopped"),
            meaning=Text(
                "Chương trình gửi số liệu này (Prometheus, vmagent, …) đã im lặng quá 15 phút.",
                "This program that writes samples (Prometheus, vmagent, …) has been silent for 15 minutes.",
            ),
            causes=Text("Chương trình dừng, mất mạng, hoặc mã đã bị thu hồi.", "It was stopped, is cut off, or its token was taken back."),
            steps=(
                Text("Xem nhật ký của chương trình đó: hub trả lời mã nào.", "Look at that program's log: what the hub answers."),
                Text("Nếu không dùng nữa, thu hồi mã của nó tại trung tâm.", "When it is no longer used, take its token back at the hub."),
            ),
            call=TECHNICIAN,
            fires=Example({_WRITER: "0x60"}, at="30m", labels={"site": "xa-a", "writer": "vmagent"}),
            quiet=Example({_WRITER: "0+60x60"}, at="30m"),
        ),
        _clock("NodeClockDrift", LIMITS.clock_drift_weak_seconds, "10m", "warning", "1"),
        _clock("NodeClockWrong", LIMITS.clock_drift_bad_seconds, "5m", "critical", "30"),
        Alert(
            name="NodeDiskFilling",
            expr=(
                "max by (site, node, mountpoint) (predict_linear(thongsuot_filesystem_available_bytes[6h], 86400) < 0 "
                "and thongsuot_filesystem_available_bytes / thongsuot_filesystem_size_bytes < 0.4)"
            ),
            hold="30m",
            severity="warning",
            scope="site",
            summary=Text(
                f"Ổ đĩa {{{{ $labels.mountpoint }}}} của {_NODE_WORDS.vi} sẽ đầy trong 24 giờ",
                f"Disk {{{{ $labels.mountpoint }}}} of {_NODE_WORDS.en} will be full within 24 hours",
            ),
            meaning=Text(
                "Theo đà 6 giờ qua, chỗ trống sẽ hết trong một ngày.", "As it went in the last 6 hours, space ends within a day."
            ),
            causes=Text("Nhật ký, bản sao lưu hoặc tệp tải về tăng nhanh.", "Logs, backups or downloads that grow."),
            steps=(
                Text("Tìm thư mục lớn nhất, dọn tệp không cần.", "Find the largest folder, remove what is not needed."),
                Text("Kiểm tra chương trình nào đang ghi liên tục.", "See which program keeps writing."),
            ),
            call=TECHNICIAN,
            fires=Example({_FREE: "30000000000-100000000x400", _SIZE: "100000000000x400"}, at="200m", labels=_DISK_LABELS),
            quiet=Example({_FREE: "30000000000x400", _SIZE: "100000000000x400"}, at="200m"),
        ),
        Alert(
            name="NodeDiskFull",
            expr=(
                "max by (site, node, mountpoint) "
                "(thongsuot_filesystem_available_bytes / thongsuot_filesystem_size_bytes) < 0.05"
            ),
            hold="10m",
            severity="critical",
            scope="site",
            summary=Text(
                f"Ổ đĩa {{{{ $labels.mountpoint }}}} của {_NODE_WORDS.vi} chỉ còn {{{{ $value | humanizePercentage }}}}",
                f"Disk {{{{ $labels.mountpoint }}}} of {_NODE_WORDS.en} has only {{{{ $value | humanizePercentage }}}} left",
            ),
            meaning=Text("Khi đầy, máy có thể treo và số liệu chờ gửi bị bỏ.", "When full, the machine may hang and waiting samples are dropped."),
            causes=Text("Nhật ký, bản sao lưu hoặc tệp tải về quá nhiều.", "Too many logs, backups or downloads."),
            steps=(Text("Dọn ổ đĩa ngay.", "Free space now."), Text("Chuyển dữ liệu sang ổ khác.", "Move files to another disk.")),
            call=TECHNICIAN,
            fires=Example({_FREE: "3000000000x40", _SIZE: "100000000000x40"}, labels=_DISK_LABELS),
            quiet=Example({_FREE: "30000000000x40", _SIZE: "100000000000x40"}),
        ),
        Alert(
            name="NodeInodesFull",
            expr=(
                "max by (site, node, mountpoint) "
                "(thongsuot_filesystem_available_inodes / thongsuot_filesystem_inodes) < 0.05"
            ),
            hold="10m",
            severity="warning",
            scope="site",
            summary=Text(
                f"Ổ đĩa {{{{ $labels.mountpoint }}}} của {_NODE_WORDS.vi} sắp hết số tệp (còn {{{{ $value | humanizePercentage }}}})",
                f"Disk {{{{ $labels.mountpoint }}}} of {_NODE_WORDS.en} is running out of inodes ({{{{ $value | humanizePercentage }}}} left)",
            ),
            meaning=Text("Còn chỗ nhưng không tạo được tệp mới.", "There is space, but no new file can be made."),
            causes=Text("Quá nhiều tệp nhỏ (bộ đệm, thư, phiên).", "Too many small files (caches, mail, sessions)."),
            steps=(Text("Tìm thư mục nhiều tệp nhất và dọn.", "Find the folder with the most files and clear it."),),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_filesystem_available_inodes", _DISK): "10x40", _node("thongsuot_filesystem_inodes", _DISK): "1000x40"}, labels=_DISK_LABELS),
            quiet=Example({_node("thongsuot_filesystem_available_inodes", _DISK): "500x40", _node("thongsuot_filesystem_inodes", _DISK): "1000x40"}),
        ),
        Alert(
            name="NodeFilesystemErrors",
            expr="max by (site, node, device) (increase(thongsuot_filesystem_errors_total[1d])) > 0",
            hold="0s",
            severity="critical",
            scope="site",
            summary=Text(f"Ổ đĩa {{{{ $labels.device }}}} của {_NODE_WORDS.vi} có lỗi", f"Filesystem {{{{ $labels.device }}}} of {_NODE_WORDS.en} found errors"),
            meaning=Text("Hệ thống tệp vừa phát hiện dữ liệu hỏng.", "The filesystem has found damage in itself."),
            causes=Text("Ổ đĩa sắp hỏng, tắt máy đột ngột.", "A dying disk, or a sudden power-off."),
            steps=(
                Text("Sao lưu dữ liệu quan trọng ngay.", "Back up what matters now."),
                Text("Chạy fsck và xem SMART; thay ổ nếu cần.", "Run fsck, read SMART; replace the disk if needed."),
            ),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_filesystem_errors_total", 'device="sda1"'): "0x5 1x40"}, labels={**_NODE, "device": "sda1"}),
            quiet=Example({_node("thongsuot_filesystem_errors_total", 'device="sda1"'): "3x40"}),
        ),
        Alert(
            name="NodeMemoryLow",
            expr="max by (site, node) (thongsuot_memory_available_bytes / thongsuot_memory_size_bytes) < 0.05",
            hold="15m",
            severity="warning",
            scope="site",
            summary=Text(
                f"Máy {_NODE_WORDS.vi} chỉ còn {{{{ $value | humanizePercentage }}}} bộ nhớ",
                f"{_NODE_WORDS.en} has only {{{{ $value | humanizePercentage }}}} of its memory left",
            ),
            meaning=Text("Bộ nhớ còn dưới 5 % trong 15 phút: máy chậm, họp giật.", "Less than 5 % of memory for 15 minutes: the machine crawls."),
            causes=Text("Quá nhiều chương trình hoặc thẻ trình duyệt; rò bộ nhớ.", "Too many programs or browser tabs; a leak."),
            steps=(Text("Đóng chương trình không dùng, khởi động lại máy.", "Close what is not used, restart the machine."),),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_memory_available_bytes"): "100x40", _node("thongsuot_memory_size_bytes"): "8000x40"}, labels=_NODE),
            quiet=Example({_node("thongsuot_memory_available_bytes"): "4000x40", _node("thongsuot_memory_size_bytes"): "8000x40"}),
        ),
        Alert(
            name="NodeHot",
            expr="max by (site, node, chip, place) (thongsuot_temperature_celsius) > 85",
            hold="10m",
            severity="warning",
            scope="site",
            summary=Text(
                f"{{{{ $labels.place }}}} của {_NODE_WORDS.vi} nóng {{{{ $value }}}} °C",
                f"{{{{ $labels.place }}}} of {_NODE_WORDS.en} is at {{{{ $value }}}} °C",
            ),
            meaning=Text("Nhiệt độ trên 85 °C trong 10 phút: máy tự giảm tốc, có thể tắt.", "Over 85 °C for 10 minutes: the machine slows down and may go off."),
            causes=Text("Quạt hỏng, bụi, phòng nóng.", "A dead fan, dust, a hot room."),
            steps=(Text("Kiểm tra quạt, vệ sinh bụi, bật điều hòa.", "Check the fan, remove dust, cool the room."),),
            call=OFFICE,
            fires=Example({_node("thongsuot_temperature_celsius", 'chip="coretemp",place="Package"'): "91x40"}, labels={**_NODE, "chip": "coretemp", "place": "Package"}),
            quiet=Example({_node("thongsuot_temperature_celsius", 'chip="coretemp",place="Package"'): "60x40"}),
        ),
        Alert(
            name="UpsOnBattery",
            expr="max by (site, ups) (thongsuot_ups_on_battery) == 1",
            hold="1m",
            severity="warning",
            scope="site",
            summary=Text("Mất điện ở {{ $labels.site }}: bộ lưu điện {{ $labels.ups }} đang chạy ắc quy", "Power cut at {{ $labels.site }}: UPS {{ $labels.ups }} is on battery"),
            meaning=Text("Điện lưới mất hơn 1 phút; ắc quy đang nuôi thiết bị.", "The mains have been gone for a minute; the battery carries the load."),
            causes=Text("Mất điện khu vực, cầu dao, ổ cắm.", "A power cut, a breaker, a plug."),
            steps=(Text("Hỏi địa điểm; tắt thiết bị không cần.", "Ask the site; turn off what is not needed."), Text("Gọi điện lực nếu cả khu mất điện.", "Call the electricity company if the area is dark.")),
            call=OFFICE,
            fires=Example({_node("thongsuot_ups_on_battery", 'ups="ups1"'): "1x40"}, labels={"site": "xa-a", "ups": "ups1"}),
            quiet=Example({_node("thongsuot_ups_on_battery", 'ups="ups1"'): "0x19 1 0x5"}, at="19m"),
        ),
        Alert(
            name="UpsBatteryLow",
            expr="max by (site, ups) (thongsuot_ups_battery_low) == 1",
            hold="0s",
            severity="critical",
            scope="site",
            summary=Text("Bộ lưu điện {{ $labels.ups }} ở {{ $labels.site }} sắp hết ắc quy", "UPS {{ $labels.ups }} at {{ $labels.site }} is nearly empty"),
            meaning=Text("Thiết bị sẽ tắt trong vài phút.", "What hangs on it goes off within minutes."),
            causes=Text("Mất điện kéo dài hoặc ắc quy già.", "A long power cut or an old battery."),
            steps=(Text("Tắt máy đúng cách; bật máy phát nếu có.", "Shut down properly; start a generator if there is one."),),
            call=OFFICE,
            fires=Example({_node("thongsuot_ups_battery_low", 'ups="ups1"'): "1x40"}, labels={"site": "xa-a", "ups": "ups1"}),
            quiet=Example({_node("thongsuot_ups_battery_low", 'ups="ups1"'): "0x40"}),
        ),
        Alert(
            name="UpsReplaceBattery",
            expr="max by (site, ups) (thongsuot_ups_replace_battery) == 1",
            hold="1h",
            severity="warning",
            scope="site",
            summary=Text("Bộ lưu điện {{ $labels.ups }} ở {{ $labels.site }} cần thay ắc quy", "UPS {{ $labels.ups }} at {{ $labels.site }} asks for a new battery"),
            meaning=Text("Ắc quy không còn giữ điện: lần mất điện sau thiết bị sẽ tắt ngay.", "The battery no longer holds: the next power cut turns everything off."),
            causes=Text("Ắc quy quá 3–5 năm.", "A battery of more than 3 to 5 years."),
            steps=(Text("Đặt mua và thay ắc quy.", "Order and replace the battery."),),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_ups_replace_battery", 'ups="ups1"'): "1x100"}, at="70m", labels={"site": "xa-a", "ups": "ups1"}),
            quiet=Example({_node("thongsuot_ups_replace_battery", 'ups="ups1"'): "0x100"}, at="70m"),
        ),
        Alert(
            name="NodeQueueGrowing",
            expr=(
                "max by (site, node) (thongsuot_agent_queue_samples) > 5000 "
                "and max by (site, node) (deriv(thongsuot_agent_queue_samples[15m])) > 0"
            ),
            hold="10m",
            severity="warning",
            scope="site",
            summary=Text(f"Hàng đợi của {_NODE_WORDS.vi} dài {{{{ $value }}}} mẫu và còn tăng", f"{{{{ $value }}}} samples wait at {_NODE_WORDS.en}, and more each minute"),
            meaning=Text("Điểm giám sát gửi chậm hơn đo: số liệu đến muộn, không mất.", "The node sends slower than it measures: samples come late, none is lost yet."),
            causes=Text("Đường truyền nghẽn chiều lên; trung tâm quá tải.", "The line is congested upwards; the hub is overloaded."),
            steps=(Text("Xem tải chiều lên của đường truyền.", "Look at the line's upward load."), Text("Nhiều điểm cùng bị: xem trung tâm.", "Many nodes at once: look at the hub.")),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_agent_queue_samples"): "6000+500x60"}, at="40m", labels=_NODE),
            quiet=Example({_node("thongsuot_agent_queue_samples"): "60000-500x60"}, at="40m"),
        ),
        Alert(
            name="NodeSamplesLost",
            expr=(
                "sum by (site, node) (increase(thongsuot_agent_dropped_samples_total[1h])) "
                "+ sum by (site, node) (increase(thongsuot_agent_dead_letter_samples_total[1h])) > 0"
            ),
            hold="0s",
            severity="warning",
            scope="site",
            summary=Text(f"{_NODE_WORDS.vi} đã mất {{{{ $value | humanize }}}} mẫu trong 1 giờ", f"{_NODE_WORDS.en} lost {{{{ $value | humanize }}}} samples within 1 hour"),
            meaning=Text("Mẫu bị bỏ vì hàng đợi đầy hoặc quá cũ, hay bị trung tâm từ chối hẳn.", "Samples were dropped (queue full or too old) or refused by the hub for good."),
            causes=Text("Mất kết nối quá lâu; giờ máy sai xa; phiên bản không khớp.", "Cut off for too long; a clock far off; versions that do not fit."),
            steps=(Text("Xem nhật ký thongsuot-agent.", "Read the log of thongsuot-agent."), Text("Kiểm tra giờ máy và ổ đĩa.", "Check its clock and disk.")),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_agent_dropped_samples_total", 'reason="full"'): "0x5 900x40", _node("thongsuot_agent_dead_letter_samples_total"): "0x40"}, labels=_NODE),
            quiet=Example({_node("thongsuot_agent_dropped_samples_total", 'reason="full"'): "900x40", _node("thongsuot_agent_dead_letter_samples_total"): "4x40"}),
        ),
        Alert(
            name="NodeSensorFailing",
            expr="max by (site, node, sensor) (max_over_time(thongsuot_agent_sensor_success[15m])) == 0",
            hold="15m",
            severity="warning",
            scope="site",
            summary=Text(f"Cảm biến {{{{ $labels.sensor }}}} của {_NODE_WORDS.vi} không đọc được", f"Sensor {{{{ $labels.sensor }}}} of {_NODE_WORDS.en} cannot be read"),
            meaning=Text("Một phần số liệu của máy này đang thiếu.", "A part of this machine's figures is missing."),
            causes=Text("Thiếu quyền, thiết bị hỏng hoặc đã rút.", "Missing rights, a device that failed or was removed."),
            steps=(Text("Xem nhật ký thongsuot-agent: có ghi lý do.", "The log of thongsuot-agent gives the reason."),),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_agent_sensor_success", 'sensor="disk"'): "0x60"}, at="40m", labels={**_NODE, "sensor": "disk"}),
            quiet=Example({_node("thongsuot_agent_sensor_success", 'sensor="disk"'): "0 1 0 1 0 1 0 0 0 1 0 0 0 1 0 0 0 1 0 0 0 1 0 0 1 0 0 1 0 0 1 0 0 1 0 0 1 0 0 1"}, at="39m"),
        ),
        Alert(
            name="NodeNetworkErrors",
            expr=(
                "sum by (site, node, interface) (rate(thongsuot_network_receive_errors_total[15m]) "
                "+ rate(thongsuot_network_transmit_errors_total[15m])) > 1"
            ),
            hold="10m",
            severity="warning",
            scope="site",
            summary=Text(f"Cổng mạng {{{{ $labels.interface }}}} của {_NODE_WORDS.vi}: {{{{ $value | humanize }}}} gói lỗi mỗi giây", f"Interface {{{{ $labels.interface }}}} of {_NODE_WORDS.en}: {{{{ $value | humanize }}}} faulty packets a second"),
            meaning=Text("Gói hỏng trên dây mạng nội bộ: đo và họp đều bị ảnh hưởng.", "Packets are damaged on the LAN cable: measurements and meetings both suffer."),
            causes=Text("Dây mạng, đầu bấm hoặc cổng switch hỏng.", "A bad cable, plug or switch port."),
            steps=(Text("Thay dây mạng, đổi cổng switch.", "Replace the cable, use another port."),),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_network_receive_errors_total", 'interface="eth0"'): "0+600x60", _node("thongsuot_network_transmit_errors_total", 'interface="eth0"'): "0x60"}, at="40m", labels={**_NODE, "interface": "eth0"}),
            quiet=Example({_node("thongsuot_network_receive_errors_total", 'interface="eth0"'): "0+6x60", _node("thongsuot_network_transmit_errors_total", 'interface="eth0"'): "0x60"}, at="40m"),
        ),
        Alert(
            name="ProbeFailing",
            expr="max by (site, node, probe, target) (max_over_time(thongsuot_probe_success[10m])) == 0",
            hold="5m",
            severity="warning",
            scope="site",
            summary=Text(f"Phép thử {{{{ $labels.probe }}}} tới {{{{ $labels.target }}}} từ {_NODE_WORDS.vi} thất bại", f"Probe {{{{ $labels.probe }}}} of {{{{ $labels.target }}}} fails at {_NODE_WORDS.en}"),
            meaning=Text("Dịch vụ này không dùng được từ địa điểm, dù đường truyền còn.", "This service cannot be used from the site though the line is there."),
            causes=Text("Tường lửa, DNS, dịch vụ dừng, chứng chỉ sai.", "A firewall, DNS, a stopped service, a wrong certificate."),
            steps=(Text("Thử mở dịch vụ từ máy khác ở địa điểm.", "Try the service from another machine there."), Text("Nhiều địa điểm cùng bị: dịch vụ hỏng.", "Many sites at once: the service is down.")),
            call=TECHNICIAN,
            fires=Example({_node("thongsuot_probe_success", 'probe="http",target="hub"'): "0x40"}, labels={**_NODE, "probe": "http", "target": "hub"}),
            quiet=Example({_node("thongsuot_probe_success", 'probe="http",target="hub"'): "0x15 1x5"}, at="18m"),
        ),
        Alert(
            name="CertificateEnding",
            expr="min by (target) (thongsuot_tls_certificate_not_after_timestamp_seconds) - time() < 14 * 86400",
            hold="1h",
            severity="warning",
            scope="hub",
            summary=Text("Chứng chỉ bảo mật của {{ $labels.target }} còn {{ $value | humanizeDuration }}", "The certificate of {{ $labels.target }} ends in {{ $value | humanizeDuration }}"),
            meaning=Text("Hết hạn thì trình duyệt và điểm giám sát từ chối kết nối.", "Once it ends, browsers and nodes refuse to connect."),
            causes=Text("Chưa gia hạn tự động.", "It was not renewed by itself."),
            steps=(Text("Gia hạn chứng chỉ; của trung tâm: khởi động lại thongsuot.", "Renew it; the hub's own is renewed when thongsuot starts."),),
            call=ADMINISTRATOR,
            fires=Example({_node("thongsuot_tls_certificate_not_after_timestamp_seconds", 'target="hub"'): "604800x100"}, at="90m", labels={"target": "hub"}),
            quiet=Example({_node("thongsuot_tls_certificate_not_after_timestamp_seconds", 'target="hub"'): "8640000x100"}, at="90m"),
        ),
        Alert(
            name="CertificateNotTrusted",
            expr="max by (site, node, target) (last_over_time(thongsuot_tls_certificate_verified[2h])) == 0",
            hold="0s",
            severity="critical",
            scope="site",
            summary=Text(f"Chứng chỉ của {{{{ $labels.target }}}} không đáng tin khi nhìn từ {_NODE_WORDS.vi}", f"The certificate of {{{{ $labels.target }}}} cannot be trusted as seen from {_NODE_WORDS.en}"),
            meaning=Text("Chứng chỉ hết hạn, sai tên, hoặc có kẻ chen giữa.", "It has ended, has another name, or somebody stands between."),
            causes=Text("Chứng chỉ sai; thiết bị mạng chặn và giải mã HTTPS; tấn công.", "A wrong certificate; a box that opens HTTPS; an attack."),
            steps=(Text("So dấu vân tay chứng chỉ với trang quản trị.", "Compare the fingerprint with the hub's own."), Text("Khác nhau: ngắt máy khỏi mạng, báo an toàn thông tin.", "Different: take the machine off the network, tell security.")),
            call=ADMINISTRATOR,
            fires=Example({_node("thongsuot_tls_certificate_verified", 'target="hub"'): "0 _x40"}, labels={**_NODE, "target": "hub"}),
            quiet=Example({_node("thongsuot_tls_certificate_verified", 'target="hub"'): "1 _x40"}),
        ),
        Alert(
            name="DnsAnswersDiffer",
            expr="max by (site, node, name) (max_over_time(thongsuot_dns_answers_agree[10m])) == 0",
            hold="5m",
            severity="critical",
            scope="site",
            summary=Text(f"Tên {{{{ $labels.name }}}} được phân giải khác nhau ở {_NODE_WORDS.vi}", f"Resolvers disagree on {{{{ $labels.name }}}} at {_NODE_WORDS.en}"),
            meaning=Text("Các máy chủ DNS cho địa chỉ khác hẳn nhau: có thể DNS của bộ định tuyến bị chiếm.", "The resolvers give quite different addresses: the router's DNS may be hijacked."),
            causes=Text("DNS bộ định tuyến bị đổi; nhà mạng chuyển hướng; CDN.", "Changed DNS of the router; redirection by the provider; a CDN."),
            steps=(Text("Xem DNS đặt trên bộ định tuyến, so với danh mục.", "Compare the router's DNS settings with the directory."), Text("Bị đổi: đặt lại, đổi mật khẩu bộ định tuyến.", "Changed: set them back, change the router's password.")),
            call=ADMINISTRATOR,
            fires=Example({_node("thongsuot_dns_answers_agree", 'name="hub.example"'): "0x40"}, labels={**_NODE, "name": "hub.example"}),
            quiet=Example({_node("thongsuot_dns_answers_agree", 'name="hub.example"'): "0x15 1x5"}, at="18m"),
        ),
    ),
)  # fmt: skip
