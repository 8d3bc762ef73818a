"""What queries of several dashboards share: the chosen places, states and causes in words, the profile's limits."""

from __future__ import annotations

from collector.quality.profile import shipped
from exporters.dashboards.model import BLUE, GREEN, GREY, ORANGE, RED, YELLOW, Choice, Column, Limit, Link, Names

LIMITS = shipped().limits
LEVEL = "site_line:thongsuot_line_state:level"

STATES: Names = {
    0: ("Bình thường", GREEN), 1: ("Cần chú ý", YELLOW), 2: ("Nghiêm trọng", ORANGE), 3: ("Mất kết nối", RED),
    4: ("Không có dữ liệu", GREY),
}  # fmt: skip
CAUSES: Names = {
    "lan": ("Mạng nội bộ", ORANGE), "router": ("Bộ định tuyến tại điểm", ORANGE), "provider": ("Nhà mạng", RED),
    "upstream": ("Nhà mạng, cả vùng", RED), "hub": ("Máy chủ trung tâm", BLUE), "power": ("Mất điện", YELLOW),
    "agent": ("Máy giám sát", GREY), "none": ("Chưa rõ nguyên nhân", GREY),
}  # fmt: skip
UP: Names = {1: ("Hoạt động", GREEN), 0: ("Mất tín hiệu", RED)}
YES_IS_BAD: Names = {0: ("Không", GREEN), 1: ("Có", RED)}

LOSS: tuple[Limit, ...] = ((LIMITS.loss_weak, YELLOW), (LIMITS.loss_bad, RED))
RTT: tuple[Limit, ...] = ((LIMITS.rtt_weak_seconds, YELLOW), (LIMITS.rtt_bad_seconds, RED))
JITTER: tuple[Limit, ...] = ((LIMITS.jitter_weak_seconds, YELLOW),)
LOAD: tuple[Limit, ...] = ((LIMITS.load_ratio, RED),)
CLOCK: tuple[Limit, ...] = ((LIMITS.clock_drift_weak_seconds, YELLOW), (LIMITS.clock_drift_bad_seconds, RED))
ANY_IS_BAD: tuple[Limit, ...] = ((1, RED),)

TREE = (Choice.AREA, Choice.UNIT)
PLACES = (*TREE, Choice.SITES)

SITE_CODE = Column("site", "Mã", link=Link.SITE, width=150)
SITE_NAME = Column("name", "Địa điểm")
UNIT = Column("unit", "Đơn vị")


def here(expr: str) -> str:
    """Of the chosen units only. `expr` has the label site."""
    return f'({expr}) * on (site) group_left () max by (site) (thongsuot_site_info{{area=~"$area", unit=~"$unit"}})'


def total(expr: str) -> str:
    """Sum over the chosen units."""
    return f"sum({here(expr)})"


def number(expr: str) -> str:
    """How many there are in the chosen units."""
    return f"count({here(expr)})"


def named(expr: str) -> str:
    """As `here`, with the names of site and unit as labels."""
    places = 'max by (site, name, unit) (thongsuot_site_info{area=~"$area", unit=~"$unit"})'
    return f"({expr}) * on (site) group_left (name, unit) {places}"
