"""What a dashboard is: plain values, Vietnamese titles with English descriptions. Knows no Grafana library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "#8e8e8e"
Limit = tuple[float, str]
"""From this value on that colour."""
Names = Mapping[int | str, tuple[str, str]]
"""Value or label → its word and colour."""


class Kind(StrEnum):
    GRAPH = "timeseries"
    STAT = "stat"
    TABLE = "table"
    TIMELINE = "state-timeline"
    HEATMAP = "heatmap"
    """Of cumulative buckets by `le`."""


class Link(StrEnum):
    """Where a cell leads: the column's own value names it."""

    SITE = "site"
    LINE = "line"
    RUNBOOK = "runbook"


@dataclass(frozen=True, slots=True)
class Query:
    """`legend`: as Grafana writes it, {{label}} for a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """Of a table. `name`: a label, or "Value #A" of the first query and so on."""

    name: str
    title: str
    unit: str = ""
    names: Names = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    link: Link | None = None
    width: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """`about`: what it shows, in English. `limits`: green below the first; `names`: words for values."""

    kind: Kind
    title: str
    about: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    limits: tuple[Limit, ...] = ()
    names: Names = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    stacked: bool = False
    columns: tuple[Column, ...] = ()
    sort: str = ""
    """Title of the column that a table is sorted by, the greatest first."""
    bands: tuple[tuple[str, str], ...] = ()
    """Legends of two curves each, the upper and the lower, with the room between them filled."""


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


class Choice(StrEnum):
    """The variables that a dashboard may have besides the data source and the hub's address."""

    AREA = "area"
    UNIT = "unit"
    SITE = "site"
    SITES = "sites"
    """The variable `site`, of which several or all may be chosen."""
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks on the time axis wherever the expression is 1; `title`, `text` name labels as legends do."""

    name: str
    expr: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Board:
    """`uid`: what other dashboards link to; also the name of its file."""

    uid: str
    title: str
    about: str
    rows: tuple[Row, ...]
    choices: tuple[Choice, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    since: str = "now-6h"

    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)


def graph(
    title: str, about: str, unit: str, *queries: Query, width: int = 12, height: int = 8,
    limits: tuple[Limit, ...] = (), minimum: float | None = 0.0, maximum: float | None = None, stacked: bool = False,
    bands: tuple[tuple[str, str], ...] = (),
) -> Panel:  # fmt: skip
    return Panel(
        Kind.GRAPH, title, about, unit, queries, width, height, limits, minimum=minimum, maximum=maximum,
        stacked=stacked, bands=bands,
    )  # fmt: skip


def stat(
    title: str, about: str, unit: str, expr: str, *, width: int = 4, limits: tuple[Limit, ...] = (),
    names: Names | None = None, legend: str = "", height: int = 4,
) -> Panel:  # fmt: skip
    return Panel(Kind.STAT, title, about, unit, (Query(expr, legend),), width, height, limits, names or {})


def timeline(
    title: str, about: str, query: Query, names: Names, *, width: int = 24, height: int = 8
) -> Panel:  # fmt: skip
    return Panel(Kind.TIMELINE, title, about, "short", (query,), width, height, names=names)


def table(
    title: str, about: str, columns: tuple[Column, ...], *exprs: str, width: int = 24, height: int = 10,
    sort: str = "",
) -> Panel:  # fmt: skip
    return Panel(
        Kind.TABLE, title, about, "short", tuple(map(Query, exprs)), width, height, columns=columns, sort=sort
    )


def heatmap(title: str, about: str, unit: str, expr: str, *, width: int = 24, height: int = 9) -> Panel:
    return Panel(Kind.HEATMAP, title, about, unit, (Query(expr, "{{le}}"),), width, height)
