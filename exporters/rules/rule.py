"""What a rule is: plain values, with the samples that show it at work. Renders nothing, knows no catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning", "none"]
Scope = Literal["site", "security", "provider", "area", "upstream", "hub"]
"""What an alert is about: inhibition, the board's rights and who is woken go by it. `site` stands behind a site."""


@dataclass(frozen=True, slots=True)
class Text:
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Example:
    """Series as promtool writes them, one value a minute from 0 on; `at`: when the rule is looked at.

    `labels`: those that the alert carries then, besides alertname, severity and scope.
    """

    series: Mapping[str, str]
    at: str = "20m"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """`hold`: how long the expression must be true (`for`). Texts of `summary` are Prometheus templates.

    `fires` and `quiet` are what promtool tests the rule with.
    """

    name: str
    expr: str
    hold: str
    severity: Severity
    scope: Scope
    summary: Text
    meaning: Text
    causes: Text
    steps: tuple[Text, ...]
    call: Text
    fires: Example
    quiet: Example | None
    """None: it always fires."""


@dataclass(frozen=True, slots=True)
class Recording:
    """`name` by Prometheus' practice: level:metric:operations."""

    name: str
    expr: str
    summary: str
    example: Example
    value: float
    """What `example` gives at its time, for the series of its labels."""
    absent: Example | None = None
    """Samples that give nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    interval: str
    alerts: tuple[Alert, ...] = ()
    recordings: tuple[Recording, ...] = ()


TECHNICIAN = Text("Kỹ thuật viên phụ trách địa điểm.", "The technician of the site.")
PROVIDER = Text(
    "Kỹ thuật viên phụ trách; sau đó tổng đài nhà mạng, nêu số hợp đồng trong danh mục.",
    "The technician of the site; then the provider's hotline, with the contract number of the directory.",
)
OFFICE = Text(
    "Người ở địa điểm (văn phòng xã) và kỹ thuật viên phụ trách.",
    "Somebody at the site's office, and its technician.",
)
ADMINISTRATOR = Text("Quản trị viên trung tâm điều hành.", "The administrator of the operations centre.")
