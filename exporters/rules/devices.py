"""Alerts about gear of the offices that answers SNMP: routers, switches, batteries."""
# ruff: noqa: E501 - a table of texts: one alert reads best with each pair of sentences on one line

from __future__ import annotations

from exporters.rules.rule import OFFICE, TECHNICIAN, Alert, Example, Group, Text

_DEVICE = {"site": "xa-a", "device": "router-a"}
_AT = 'site="xa-a",node="n-1",device="router-a"'
_PORT = f'{_AT},interface="ether2",role="lan"'
_PORT_LABELS = {**_DEVICE, "interface": "ether2"}
_UPS_OLD_RUNTIME_SECONDS = 600


def _packets(kind: str) -> str:
    rates = (f"rate(thongsuot_interface_{way}_{kind}_total[15m])" for way in ("receive", "transmit"))
    return " + ".join(f"sum by (site, device, interface) ({rate})" for rate in rates)


GROUP = Group(
    "devices",
    "15s",
    alerts=(
        Alert(
            name="DeviceDown",
            expr="max by (site, device) (thongsuot_device_up) == 0",
            hold="5m",
            severity="warning",
            scope="site",
            summary=Text("Thiết bị {{ $labels.device }} ở {{ $labels.site }} không trả lời", "Device {{ $labels.device }} at {{ $labels.site }} does not answer"),
            meaning=Text("Điểm giám sát vẫn hoạt động nhưng thiết bị không trả lời SNMP quá 5 phút.", "The node is heard, but the device has not answered SNMP for 5 minutes."),
            causes=Text("Thiết bị tắt, treo, đổi địa chỉ hoặc đổi cấu hình SNMP.", "It is off, hung, has another address or other SNMP settings."),
            steps=(
                Text("Hỏi địa điểm đèn nguồn của thiết bị.", "Ask the site for the device's power light."),
                Text("Có điện: khởi động lại; vẫn không được: so địa chỉ và SNMP với danh mục.", "Power: restart it; still nothing: compare address and SNMP with the directory."),
            ),
            call=OFFICE,
            fires=Example({f"thongsuot_device_up{{{_AT}}}": "0x40"}, labels=_DEVICE),
            quiet=Example({f"thongsuot_device_up{{{_AT}}}": "1x16 0x20"}),
        ),
        Alert(
            name="DeviceRestarted",
            expr="max by (site, device) (increase(thongsuot_device_restarts_total[1h])) > 1.5",
            hold="0s",
            severity="warning",
            scope="site",
            summary=Text("Thiết bị {{ $labels.device }} ở {{ $labels.site }} khởi động lại nhiều lần", "Device {{ $labels.device }} at {{ $labels.site }} restarts again and again"),
            meaning=Text("Ít nhất 2 lần trong một giờ.", "At least twice within an hour."),
            causes=Text("Nguồn điện chập chờn, quá nóng, lỗi phần mềm thiết bị.", "Unstable power, heat, a fault of its firmware."),
            steps=(Text("Kiểm tra nguồn và nhiệt độ; cắm qua bộ lưu điện.", "Check power and heat; plug it into a UPS."), Text("Vẫn lặp lại: cập nhật phần mềm hoặc thay.", "Again: update its firmware or replace it.")),
            call=TECHNICIAN,
            fires=Example({f"thongsuot_device_restarts_total{{{_AT}}}": "0x5 1x5 2x60"}, at="30m", labels=_DEVICE),
            quiet=Example({f"thongsuot_device_restarts_total{{{_AT}}}": "0x5 1x60"}, at="30m"),
        ),
        Alert(
            name="WanInterfaceDown",
            expr=(
                'max by (site, device, interface) (thongsuot_interface_oper_status{role="wan"} != bool 1) '
                '* max by (site, device, interface) (thongsuot_interface_admin_status{role="wan"} == bool 1) == 1'
            ),
            hold="3m",
            severity="critical",
            scope="site",
            summary=Text("Cổng WAN {{ $labels.interface }} của {{ $labels.device }} ở {{ $labels.site }} đã ngắt", "WAN interface {{ $labels.interface }} of {{ $labels.device }} at {{ $labels.site }} is down"),
            meaning=Text("Bộ định tuyến báo cổng ra Internet ngắt: lỗi ở cáp, modem hoặc nhà mạng.", "The router says that its way out is down: the cable, the modem or the provider."),
            causes=Text("Cáp tuột, modem tắt, PPPoE bị từ chối.", "A loose cable, the modem off, PPPoE refused."),
            steps=(Text("Kiểm tra cáp giữa bộ định tuyến và modem.", "Check the cable between router and modem."), Text("Đèn PON/LOS của modem đỏ: báo nhà mạng.", "The modem's PON/LOS light is red: call the provider.")),
            call=TECHNICIAN,
            fires=Example(
                {f"thongsuot_interface_{kind}_status{{{_PORT.replace('lan', 'wan')}}}": f"{value}x40" for kind, value in (("oper", 2), ("admin", 1))},
                labels=_PORT_LABELS,
            ),
            quiet=Example({f"thongsuot_interface_{kind}_status{{{_PORT.replace('lan', 'wan')}}}": "2x40" for kind in ("oper", "admin")}),
        ),
        Alert(
            name="InterfaceErrors",
            expr=f"{_packets('errors')} > 1",
            hold="10m",
            severity="warning",
            scope="site",
            summary=Text("Cổng {{ $labels.interface }} của {{ $labels.device }} ở {{ $labels.site }}: {{ $value | humanize }} gói lỗi mỗi giây", "Interface {{ $labels.interface }} of {{ $labels.device }} at {{ $labels.site }}: {{ $value | humanize }} faulty packets a second"),
            meaning=Text("Gói hỏng trên cổng này hơn 1 gói mỗi giây.", "More than one damaged packet a second on this port."),
            causes=Text("Dây mạng, đầu bấm, mô-đun quang hoặc cổng hỏng; hai đầu khác chế độ song công.", "A bad cable, plug, optic or port; a duplex mismatch."),
            steps=(Text("Thay dây, đổi cổng; xem hai đầu có cùng tốc độ và song công.", "Replace the cable, use another port; compare speed and duplex of both ends."),),
            call=TECHNICIAN,
            fires=Example({f"thongsuot_interface_receive_errors_total{{{_PORT}}}": "0+600x60", f"thongsuot_interface_transmit_errors_total{{{_PORT}}}": "0x60"}, at="40m", labels=_PORT_LABELS),
            quiet=Example({f"thongsuot_interface_receive_errors_total{{{_PORT}}}": "0+6x60", f"thongsuot_interface_transmit_errors_total{{{_PORT}}}": "0x60"}, at="40m"),
        ),
        Alert(
            name="InterfaceDiscards",
            expr=f"{_packets('drops')} > 10",
            hold="15m",
            severity="warning",
            scope="site",
            summary=Text("Cổng {{ $labels.interface }} của {{ $labels.device }} ở {{ $labels.site }} bỏ {{ $value | humanize }} gói mỗi giây", "Interface {{ $labels.interface }} of {{ $labels.device }} at {{ $labels.site }} drops {{ $value | humanize }} packets a second"),
            meaning=Text("Cổng bỏ hơn 10 gói mỗi giây trong 15 phút: nghẽn.", "More than 10 packets a second dropped for 15 minutes: congestion."),
            causes=Text("Lưu lượng vượt tốc độ cổng, bão quảng bá, hàng đợi quá nhỏ.", "More traffic than the port takes, a broadcast storm, too short a queue."),
            steps=(Text("Xem lưu lượng của cổng; tìm máy gửi nhiều nhất.", "Look at the port's traffic; find who sends most."), Text("Nghi vòng lặp mạng: rút từng dây để tìm.", "A loop? Unplug cables one by one.")),
            call=TECHNICIAN,
            fires=Example({f"thongsuot_interface_receive_drops_total{{{_PORT}}}": "0+1200x60", f"thongsuot_interface_transmit_drops_total{{{_PORT}}}": "0x60"}, at="45m", labels=_PORT_LABELS),
            quiet=Example({f"thongsuot_interface_receive_drops_total{{{_PORT}}}": "0+60x60", f"thongsuot_interface_transmit_drops_total{{{_PORT}}}": "0x60"}, at="45m"),
        ),
        Alert(
            name="UpsBatteryOld",
            # Full and on the mains, and still it would not last: what remains is what the battery can still hold.
            expr=(
                f"max by (site, ups) (thongsuot_ups_runtime_seconds) < {_UPS_OLD_RUNTIME_SECONDS} "
                "and max by (site, ups) (thongsuot_ups_charge_ratio) > 0.95 "
                "and max by (site, ups) (thongsuot_ups_on_battery) == 0"
            ),
            hold="1h",
            severity="warning",
            scope="site",
            summary=Text("Ắc quy của {{ $labels.ups }} ở {{ $labels.site }} đã già: đầy mà chỉ chạy được {{ $value | humanizeDuration }}", "The battery of {{ $labels.ups }} at {{ $labels.site }} is old: full, it lasts {{ $value | humanizeDuration }}"),
            meaning=Text("Ắc quy sạc đầy nhưng ước tính nuôi thiết bị dưới 10 phút.", "Fully charged, it is estimated to last less than 10 minutes."),
            causes=Text("Ắc quy đã dùng nhiều năm, hoặc cắm quá nhiều thiết bị.", "A battery of many years, or too much plugged into it."),
            steps=(Text("Rút bớt thiết bị không cần khỏi bộ lưu điện.", "Unplug what need not hang on it."), Text("Đặt thay ắc quy.", "Order a new battery.")),
            call=TECHNICIAN,
            fires=Example({'thongsuot_ups_runtime_seconds{site="xa-a",node="n-1",ups="ups1"}': "300x100", 'thongsuot_ups_charge_ratio{site="xa-a",node="n-1",ups="ups1"}': "1x100", 'thongsuot_ups_on_battery{site="xa-a",node="n-1",ups="ups1"}': "0x100"}, at="70m", labels={"site": "xa-a", "ups": "ups1"}),
            quiet=Example({'thongsuot_ups_runtime_seconds{site="xa-a",node="n-1",ups="ups1"}': "300x100", 'thongsuot_ups_charge_ratio{site="xa-a",node="n-1",ups="ups1"}': "0.4x100", 'thongsuot_ups_on_battery{site="xa-a",node="n-1",ups="ups1"}': "1x100"}, at="70m"),
        ),
    ),
)  # fmt: skip
