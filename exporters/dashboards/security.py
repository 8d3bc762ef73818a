"""What the nodes' security signals found, which of them work, and how much noise each makes."""
# ruff: noqa: E501 - a table of panels: one query reads best on one line

from __future__ import annotations

from exporters.dashboards.expressions import PLACES, SITE_CODE, SITE_NAME, UNIT, UP, YES_IS_BAD, here, named, total
from exporters.dashboards.model import (
    ORANGE,
    RED,
    YELLOW,
    Board,
    Column,
    Names,
    Query,
    Row,
    graph,
    stat,
    table,
    timeline,
)

WHERE = 'site=~"$site"'
FINDINGS: Names = {
    "new_port": ("Cổng dịch vụ mới", YELLOW), "new_administrator": ("Quản trị viên mới", RED),
    "gateway_mac": ("Địa chỉ MAC của cổng mạng đổi", RED), "new_mac": ("Máy lạ trong mạng", "blue"),
    "file_changed": ("Tệp hệ thống đổi", YELLOW), "usb_storage": ("Cắm USB lưu trữ", YELLOW),
    "failed_logins": ("Đăng nhập sai nhiều lần", YELLOW),
    "login_after_failures": ("Đăng nhập được sau nhiều lần sai", RED),
    "updates_pending": ("Bản vá chờ quá lâu", YELLOW), "reboot_needed": ("Chờ khởi động lại quá lâu", YELLOW),
    "certificate_ends": ("Chứng chỉ sắp hết hạn", ORANGE),
}  # fmt: skip
"""What the agents' signals may find, in words."""


def _found(severity: str) -> str:
    return total(f'thongsuot_site_security_findings{{{WHERE}, severity="{severity}"}}')


BOARD = Board(
    uid="security",
    title="An toàn thông tin",
    about="Security signals of the nodes: findings, whether the signals work, noise.",
    choices=PLACES,
    since="now-7d",
    rows=(
        Row(
            "24 giờ qua",
            (
                stat(
                    "Nghiêm trọng", "Critical findings that reached the hub in the last 24 hours.", "short",
                    f"{_found('critical')} or vector(0)",
                    limits=((1, RED),),
                ),
                stat(
                    "Cần chú ý", "Findings of warning severity in the last 24 hours.", "short",
                    f"{_found('warning')} or vector(0)",
                    limits=((1, YELLOW),),
                ),
                stat(
                    "Tín hiệu không đọc được", "Security signals that cannot be read.", "short",
                    total(f"1 - thongsuot_security_signal_success{{{WHERE}}}"), limits=((1, YELLOW),),
                ),
                stat(
                    "Đăng nhập sai 24 giờ", "Failed logins within a day.", "short",
                    total(f'increase(thongsuot_login_attempts_total{{{WHERE}, result="failure"}}[1d])'),
                ),
                stat(
                    "Máy chờ khởi động lại", "Machines that ask for a restart after an update.", "short",
                    total(f"max by (site, node) (thongsuot_reboot_required{{{WHERE}}})"),
                    limits=((1, YELLOW),),
                ),
                stat(
                    "Bản vá bảo mật đang chờ", "Security updates that wait, on all machines.", "short",
                    total(f"max by (site, node) (thongsuot_security_updates_pending{{{WHERE}}})"),
                    limits=((1, YELLOW),),
                ),
                table(
                    "Dấu hiệu trong 24 giờ", "Findings by site and machine, the most first; the board has their words.",
                    (
                        SITE_CODE, SITE_NAME, UNIT, Column("node", "Máy"),
                        Column("finding", "Dấu hiệu", names=FINDINGS), Column("severity", "Mức độ"),
                        Column("Value", "Số lần"),
                    ),
                    named(f"max by (site, node, finding, severity) (thongsuot_site_security_findings{{{WHERE}}})"),
                    sort="Số lần",
                ),
            ),
        ),
        Row(
            "Diễn biến",
            (
                graph(
                    "Dấu hiệu theo thời gian", "Findings of 24 hours, by kind.", "short",
                    Query(
                        "sum by (finding) (" + here(
                            f"sum by (site, finding) (thongsuot_site_security_findings{{{WHERE}}})"
                        ) + ")", "{{finding}}",
                    ),
                    stacked=True,
                ),
                graph(
                    "Dấu hiệu tại máy", "What the agents' signals have found since they started.", "short",
                    Query(
                        here(f"sum by (site, finding) (increase(thongsuot_security_findings_total{{{WHERE}}}[1d]))"),
                        "{{site}} {{finding}}",
                    ),
                ),
                graph(
                    "Đăng nhập", "Logins tried a second, by result.", "short",
                    Query(
                        here(f"sum by (site, result) (rate(thongsuot_login_attempts_total{{{WHERE}}}[$__rate_interval]))"),
                        "{{site}} {{result}}",
                    ),
                ),
                graph(
                    "Máy trong mạng nội bộ", "Machines of the LAN that each node has spoken to.", "short",
                    Query(here(f"max by (site, node) (thongsuot_lan_neighbours{{{WHERE}}})"), "{{site}} {{node}}"),
                ),
                timeline(
                    "Tín hiệu hoạt động", "Whether each security signal can be read.",
                    Query(
                        here(f"min by (site, signal) (thongsuot_security_signal_success{{{WHERE}}})"),
                        "{{site}} {{signal}}",
                    ), UP, width=12,
                ),
                timeline(
                    "Phân giải tên khác nhau", "Whether resolvers disagree on a name (a hijacked DNS).",
                    Query(
                        here(f"1 - min by (site, name) (thongsuot_dns_answers_agree{{{WHERE}}})"), "{{site}} {{name}}"
                    ), YES_IS_BAD, width=12,
                ),
                graph(
                    "Bản cập nhật đang chờ", "Packages of which a newer version waits; those for security beside it.",
                    "short",
                    Query(here(f"max by (site, node) (thongsuot_updates_pending{{{WHERE}}})"), "{{site}} {{node}}"),
                    Query(
                        here(f"max by (site, node) (thongsuot_security_updates_pending{{{WHERE}}})"),
                        "{{site}} {{node}} bảo mật",
                    ),
                ),
                graph(
                    "Chứng chỉ của agent còn lại", "Time until the authority that the agent trusts ends.", "s",
                    Query(
                        here(
                            "min by (site, node) (thongsuot_own_certificate_not_after_timestamp_seconds"
                            f"{{{WHERE}}}) - time()"
                        ), "{{site}} {{node}}",
                    ),
                    minimum=None,
                ),
            ),
        ),
        Row(
            "Độ ồn",
            (
                graph(
                    "Vượt hạn mức tháng", "Findings beyond the month's budget of their signal: counted, not sent.",
                    "short",
                    Query(
                        here(f"sum by (site, signal) (increase(thongsuot_security_suppressed_total{{{WHERE}}}[1d]))"),
                        "{{site}} {{signal}}",
                    ),
                ),
                table(
                    "Cảnh báo theo luật trong 30 ngày",
                    "How long each rule fired within 30 days, by site: the noise of a rule.",
                    (
                        Column("alertname", "Cảnh báo"), SITE_CODE,
                        Column("Value", "Đã báo trong", unit="s"),
                    ),
                    # Groups of alerts are evaluated every 15 s.
                    'topk(50, 15 * sum by (alertname, site) (count_over_time(ALERTS{alertstate="firing"}[30d])))',
                    width=12, sort="Đã báo trong",
                ),
            ),
        ),
    ),
)  # fmt: skip
