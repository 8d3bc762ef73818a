"""Routers, switches and batteries of the offices as they answer SNMP, and their interfaces."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import PLACES, SITE_CODE, UP, YES_IS_BAD, here, number, total
from exporters.dashboards.model import RED, YELLOW, Board, Column, Names, Query, Row, graph, stat, table, timeline

WHERE = 'site=~"$site"'
_STATUS: Names = {
    1: ("Hoạt động", "green"), 2: ("Ngắt", "red"), 3: ("Thử nghiệm", "yellow"), 4: ("Chưa rõ", "#8e8e8e"),
    5: ("Chờ", "yellow"), 6: ("Vắng mặt", "#8e8e8e"), 7: ("Lớp dưới ngắt", "red"),
}  # fmt: skip
"""ifOperStatus, RFC 2863."""
_INTERFACE = "site, device, interface"
_POLLS = here(f"thongsuot_device_poll_duration_seconds{{{WHERE}}}")


def _rate(family: str, factor: str = "") -> str:
    return here(f"{factor}max by ({_INTERFACE}) (rate({family}{{{WHERE}}}[$__rate_interval]))")


BOARD = Board(
    uid="devices",
    title="Thiết bị và cổng mạng",
    about="Gear of the offices by SNMP: reachable, load, interfaces, errors, batteries.",
    choices=PLACES,
    rows=(
        Row(
            "Thiết bị",
            (
                stat(
                    "Thiết bị", "Devices that are polled.", "short",
                    number(f"max by (site, device) (thongsuot_device_up{{{WHERE}}})"),
                ),
                stat(
                    "Không trả lời", "Devices that do not answer SNMP.", "short",
                    total(f"1 - max by (site, device) (thongsuot_device_up{{{WHERE}}})"), limits=((1, RED),),
                ),
                stat(
                    "Khởi động lại trong 24 giờ", "Restarts of devices within a day.", "short",
                    total(f"increase(thongsuot_device_restarts_total{{{WHERE}}}[1d])"), limits=((1, YELLOW),),
                ),
                stat(
                    "Bộ đếm nhảy trong 24 giờ", "Jumps of counters within a day, by the device or by hand.", "short",
                    total(f"increase(thongsuot_device_discontinuities_total{{{WHERE}}}[1d])"),
                ),
                stat(
                    "Cổng đang ngắt", "Interfaces that should be up and are not.", "short",
                    total(
                        f"max by ({_INTERFACE}) (thongsuot_interface_admin_status{{{WHERE}}} == bool 1) * "
                        f"max by ({_INTERFACE}) (thongsuot_interface_oper_status{{{WHERE}}} != bool 1)"
                    ),
                    limits=((1, YELLOW),),
                ),
                stat(
                    "Thời gian hỏi dài nhất", "The longest poll of a device.", "s",
                    f"max({_POLLS})",
                ),
                timeline(
                    "Trả lời SNMP", "Whether each device answers.",
                    Query(here(f"max by (site, device) (thongsuot_device_up{{{WHERE}}})"), "{{site}} {{device}}"), UP,
                    width=12,
                ),
                timeline(
                    "Lượt hỏi trọn vẹn", "Whether each poll came to its end without an error.",
                    Query(
                        here(f"min by (site, device) (thongsuot_device_poll_success{{{WHERE}}})"),
                        "{{site}} {{device}}",
                    ), UP, width=12,
                ),
                table(
                    "Các thiết bị", "What each device says it is, how long it has run, how many machines it knows.",
                    (
                        SITE_CODE, Column("device", "Thiết bị"), Column("system_name", "Tên"), Column("description", "Mô tả"),
                        Column("Value #B", "Đã chạy", unit="s"), Column("Value #C", "Máy trong mạng (ARP)"),
                    ),
                    here(f"max by (site, device, system_name, description) (thongsuot_device_info{{{WHERE}}})"),
                    here(f"max by (site, device) (thongsuot_device_uptime_seconds{{{WHERE}}})"),
                    here(f"max by (site, device) (thongsuot_device_neighbours{{{WHERE}}})"),
                    width=12,
                ),
                graph(
                    "Bộ xử lý của thiết bị", "Load of the device's processors.", "percentunit",
                    Query(
                        here(f"avg by (site, device) (thongsuot_device_cpu_ratio{{{WHERE}}})"), "{{site}} {{device}}"
                    ),
                    maximum=1, limits=((0.9, RED),), height=10, width=6,
                ),
                graph(
                    "Bộ nhớ của thiết bị", "Share of memory and storage in use.", "percentunit",
                    Query(
                        here(
                            f"max by (site, device, storage) (thongsuot_device_storage_used_bytes{{{WHERE}}}) / "
                            f"max by (site, device, storage) (thongsuot_device_storage_size_bytes{{{WHERE}}})"
                        ),
                        "{{device}} {{storage}}",
                    ),
                    maximum=1, limits=((0.95, RED),), height=10, width=6,
                ),
                graph(
                    "Cảm biến của thiết bị", "Sensors of devices (ENTITY-SENSOR-MIB), each in its own unit.", "short",
                    Query(
                        here(f"max by (site, device, place, unit) (thongsuot_device_sensor_value{{{WHERE}}})"),
                        "{{device}} {{place}} ({{unit}})",
                    ),
                    minimum=None,
                ),
                table(
                    "Cắm vào cổng nào", "What hangs on each port, by LLDP.",
                    (
                        SITE_CODE, Column("device", "Thiết bị"), Column("port", "Cổng"),
                        Column("neighbour", "Nối với"), Column("neighbour_port", "Cổng bên kia"),
                    ),
                    here(f"max by (site, device, port, neighbour, neighbour_port) (thongsuot_lldp_neighbour_info{{{WHERE}}})"), width=12, height=8,
                ),
            ),
        ),
        Row(
            "Cổng mạng",
            (
                table(
                    "Các cổng", "State, speed and age of the last change of each interface.",
                    (
                        SITE_CODE, Column("device", "Thiết bị"), Column("interface", "Cổng"), Column("role", "Vai trò"),
                        Column("Value #A", "Trạng thái", names=_STATUS), Column("Value #B", "Tốc độ", unit="bps"),
                        Column("Value #C", "Kể từ thay đổi", unit="s"),
                    ),
                    here(f"max by ({_INTERFACE}, role) (thongsuot_interface_oper_status{{{WHERE}}})"),
                    here(f"max by ({_INTERFACE}, role) (thongsuot_interface_speed_bits_per_second{{{WHERE}}})"),
                    here(
                        f"max by ({_INTERFACE}, role) (thongsuot_device_uptime_seconds{{{WHERE}}} "
                        "- on (site, device) group_right () "
                        f"thongsuot_interface_last_change_uptime_seconds{{{WHERE}}})"
                    ),
                ),
                graph(
                    "Lưu lượng vào", "Traffic that interfaces received.", "bps",
                    Query(_rate("thongsuot_interface_receive_bytes_total", "8 * "), "{{device}} {{interface}}"),
                ),
                graph(
                    "Lưu lượng ra", "Traffic that interfaces sent.", "bps",
                    Query(_rate("thongsuot_interface_transmit_bytes_total", "8 * "), "{{device}} {{interface}}"),
                ),
                graph(
                    "Gói lỗi", "Faulty packets a second, received and not sent.", "pps",
                    Query(_rate("thongsuot_interface_receive_errors_total"), "{{device}} {{interface}} vào"),
                    Query(_rate("thongsuot_interface_transmit_errors_total"), "{{device}} {{interface}} ra"),
                    limits=((1, RED),),
                ),
                graph(
                    "Gói bị bỏ", "Packets dropped a second.", "pps",
                    Query(_rate("thongsuot_interface_receive_drops_total"), "{{device}} {{interface}} vào"),
                    Query(_rate("thongsuot_interface_transmit_drops_total"), "{{device}} {{interface}} ra"),
                    limits=((10, RED),),
                ),
                graph(
                    "Bẫy SNMP", "Traps a second, by what became of them.", "short",
                    Query(
                        here(f"sum by (site, outcome) (rate(thongsuot_traps_total{{{WHERE}}}[$__rate_interval]))"),
                        "{{site}} {{outcome}}",
                    ), width=24, height=6,
                ),
            ),
        ),
        Row(
            "Bộ lưu điện",
            (
                timeline(
                    "Chạy bằng ắc quy", "Whether the battery carries the load.",
                    Query(here(f"max by (site, ups) (thongsuot_ups_on_battery{{{WHERE}}})"), "{{site}} {{ups}}"),
                    YES_IS_BAD, width=8, height=6,
                ),
                timeline(
                    "Sắp hết ắc quy", "Whether the battery is about to be empty.",
                    Query(here(f"max by (site, ups) (thongsuot_ups_battery_low{{{WHERE}}})"), "{{site}} {{ups}}"),
                    YES_IS_BAD, width=8, height=6,
                ),
                timeline(
                    "Cần thay ắc quy", "Whether the UPS asks for a new battery.",
                    Query(here(f"max by (site, ups) (thongsuot_ups_replace_battery{{{WHERE}}})"), "{{site}} {{ups}}"),
                    YES_IS_BAD, width=8, height=6,
                ),
                graph(
                    "Dung lượng và tải", "Charge of the battery and load of the UPS.", "percentunit",
                    Query(here(f"max by (site, ups) (thongsuot_ups_charge_ratio{{{WHERE}}})"), "{{ups}} dung lượng"),
                    Query(here(f"max by (site, ups) (thongsuot_ups_load_ratio{{{WHERE}}})"), "{{ups}} tải"),
                    width=8,
                ),
                graph(
                    "Thời gian còn lại", "How long the battery lasts, by its own estimate.", "s",
                    Query(here(f"max by (site, ups) (thongsuot_ups_runtime_seconds{{{WHERE}}})"), "{{site}} {{ups}}"),
                    width=8,
                ),
                graph(
                    "Điện áp lưới", "Voltage of the mains at the UPS.", "volt",
                    Query(here(f"max by (site, ups) (thongsuot_ups_input_volts{{{WHERE}}})"), "{{site}} {{ups}}"),
                    width=8, minimum=None,
                ),
            ),
        ),
    ),
)  # fmt: skip
