"""Dashboards as Grafana's JSON, by grafana-foundation-sdk. Needed to build the files, not to run the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap as heatmaps
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, heatmap
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from exporters.dashboards.model import GREEN, Annotation, Board, Choice, Column, Kind, Limit, Link, Names, Panel

TAG = "thong-suot"
PREFIX = "thongsuot"
DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
TIMELINE_PAGE = 25
LINE_WIDTH, FILL, BAND_FILL = 1, 8, 22
_ALL = ".*"

AnyPanel = timeseries.Panel | stat.Panel | table.Panel | statetimeline.Panel | heatmaps.Panel


def render(board: Board) -> str:
    """The text of the dashboard's file."""
    made = (
        builders.Dashboard(board.title)
        .uid(f"{PREFIX}-{board.uid}")
        .description(board.about)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .time(board.since, "now")
        .refresh("1m")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .variables(list(_variables(board)))
    )
    for link in _links():
        made = made.link(link)
    for annotation in board.annotations:
        made = made.annotation(_annotation(annotation))
    for row in board.rows:
        made = made.with_row(builders.Row(row.title))
        for panel in row.panels:
            made = made.with_panel(_panel(panel))
    document = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    for held, annotation in zip(document.get("annotations", {}).get("list", ()), board.annotations, strict=True):
        # The SDK's annotations are those of no data source in particular.
        held |= {"titleFormat": annotation.title, "textFormat": annotation.text, "step": "60s"}
    for number, panel in enumerate(document["panels"], 1):
        panel["id"] = number
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _variables(board: Board) -> Iterator[builders.DatasourceVariable | builders.QueryVariable]:
    yield builders.DatasourceVariable("datasource").label("Nguồn số liệu").type("prometheus")
    yield _query("hub", "Trung tâm", "label_values(thongsuot_hub_info, url)").hide(models.VariableHide.HIDE_VARIABLE)
    for choice in board.choices:
        yield _CHOICES[choice]()


def _query(name: str, label: str, query: str) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": f"variable-{name}", "qryType": 5})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    )


def _several(variable: builders.QueryVariable) -> builders.QueryVariable:
    chosen = models.VariableOption(selected=True, text="All", value="$__all")
    return variable.multi(True).include_all(True).all_value(_ALL).current(chosen)


def _area() -> builders.QueryVariable:
    return _several(_query("area", "Khu vực", "label_values(thongsuot_site_info, area)"))


def _unit() -> builders.QueryVariable:
    return _several(_query("unit", "Đơn vị", 'label_values(thongsuot_site_info{area=~"$area"}, unit)'))


def _site(board_has_units: bool = False) -> builders.QueryVariable:
    within = '{area=~"$area", unit=~"$unit"}' if board_has_units else ""
    found = _query("site", "Địa điểm", f"query_result(thongsuot_site_info{within})")
    # Labels come in order of their names.
    return found.regex('/name="(?<text>[^"]+)".*site="(?<value>[^"]+)"/')


def _line() -> builders.QueryVariable:
    return _query("line", "Đường truyền", 'label_values(thongsuot_line_info{site=~"$site"}, line)')


_CHOICES = {
    Choice.AREA: _area,
    Choice.UNIT: _unit,
    Choice.SITE: _site,
    Choice.SITES: lambda: _several(_site(board_has_units=True)),
    Choice.LINE: _line,
}


def _links() -> Iterator[builders.DashboardLink]:
    yield (
        builders.DashboardLink("Bảng đồ thị")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    for title, path in (("Bảng giám sát", "/"), ("Hướng dẫn xử lý", "/huong-dan")):
        yield (
            builders.DashboardLink(title)
            .type(models.DashboardLinkType.LINK)
            .url(f"${{hub}}{path}")
            .icon("external link")
            .target_blank(True)
        )


def _annotation(annotation: Annotation) -> builders.AnnotationQuery:
    return (
        builders.AnnotationQuery()
        .name(annotation.name)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("red")
        .expr(annotation.expr)
    )


def _panel(panel: Panel) -> AnyPanel:
    made = _KINDS[panel.kind](panel)
    made = (
        made.title(panel.title)
        .description(panel.about)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(panel.height)
    )
    for query in _targets(panel):
        made = made.with_target(query)
    if panel.limits:
        made = made.thresholds(_thresholds(panel.limits))
    if panel.names:
        made = made.mappings([_mapping(panel.names)])
    if panel.minimum is not None:
        made = made.min(panel.minimum)
    if panel.maximum is not None:
        made = made.max(panel.maximum)
    return made


def _targets(panel: Panel) -> Iterator[prometheus.Dataquery]:
    for number, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expr).ref_id(chr(ord("A") + number))
        if query.legend:
            target = target.legend_format(query.legend)
        match panel.kind:
            case Kind.TABLE:
                target = target.instant().format(PromQueryFormat.TABLE)
            case Kind.STAT:
                target = target.instant()
            case Kind.HEATMAP:
                target = target.range().format(PromQueryFormat.HEATMAP)
            case _:
                target = target.range()
        yield target


def _graph(panel: Panel) -> AnyPanel:
    made = (
        timeseries.Panel()
        .line_width(LINE_WIDTH)
        .fill_opacity(FILL if not panel.bands else 0)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    )
    if panel.stacked:
        made = made.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    if panel.limits:
        style = common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        made = made.thresholds_style(style)
    for upper, lower in panel.bands:
        below = [
            models.DynamicConfigValue("custom.fillBelowTo", lower),
            models.DynamicConfigValue("custom.fillOpacity", BAND_FILL),
        ]
        made = made.override_by_name(upper, below)
    return made


def _stat(panel: Panel) -> AnyPanel:
    colour = common.BigValueColorMode.BACKGROUND_SOLID if panel.limits else common.BigValueColorMode.VALUE
    return (
        stat.Panel()
        .color_mode(colour if panel.limits or panel.names else common.BigValueColorMode.NONE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )


def _timeline(panel: Panel) -> AnyPanel:
    return (
        statetimeline.Panel()
        .merge_values(True)
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.85)
        .per_page(TIMELINE_PAGE)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
    )


def _heatmap(panel: Panel) -> AnyPanel:
    return (
        heatmaps.Panel()
        .calculate(False)
        .cell_gap(0)
        .color(
            heatmaps.HeatmapColorOptions()
            .mode(heatmap.HeatmapColorMode.SCHEME)
            .scheme("Greys")
            .scale(heatmap.HeatmapColorScale.EXPONENTIAL)
            .exponent(0.4)
            .steps(64)
        )
        .y_axis(heatmaps.YAxisConfig().unit(panel.unit))
        .interval("30s")
    )


def _table(panel: Panel) -> AnyPanel:
    wanted = {column.name: column for column in panel.columns}
    hidden = {"Time": True, **{name: True for name in _uninteresting(panel) if name not in wanted}}
    organized = {
        "excludeByName": hidden,
        "indexByName": {name: index for index, name in enumerate(wanted)},
        "renameByName": {name: column.title for name, column in wanted.items()},
    }
    made = table.Panel().transformations(
        [
            *([models.DataTransformerConfig("merge", options={})] if len(panel.queries) > 1 else []),
            models.DataTransformerConfig("organize", options=organized),
        ]
    )
    for column in panel.columns:
        if properties := list(_cell(column)):
            made = made.override_by_name(column.title, properties)
    if panel.sort:
        made = made.sort_by([common_builders.TableSortByFieldState().display_name(panel.sort).desc(True)])
    return made


def _uninteresting(panel: Panel) -> tuple[str, ...]:
    return (
        "__name__", "job", "instance", "severity", "scope", "alertstate", "node", "site", "area", "line", "Value",
        *(f"Value #{chr(ord('A') + number)}" for number, _ in enumerate(panel.queries)),
    )  # fmt: skip


def _cell(column: Column) -> Iterator[models.DynamicConfigValue]:
    if column.unit:
        yield models.DynamicConfigValue("unit", column.unit)
    if column.width:
        yield models.DynamicConfigValue("custom.width", column.width)
    if column.names:
        yield models.DynamicConfigValue("mappings", [_mapping(column.names)])
    if column.limits:
        yield models.DynamicConfigValue("thresholds", _thresholds(column.limits).build())
    if column.names or column.limits:
        yield models.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})
    if column.link is not None:
        yield models.DynamicConfigValue("links", _CELL_LINKS[column.link])


def _to(title: str, url: str) -> dict[str, Any]:
    return {"title": title, "url": url, "targetBlank": url.startswith("${hub}")}


_VALUE = "${__value.raw}"
_CELL_LINKS: dict[Link, list[dict[str, Any]]] = {
    Link.SITE: [
        _to("Đồ thị của địa điểm", f"/d/{PREFIX}-site?var-site={_VALUE}&${{__url_time_range}}"),
        _to("Trang địa điểm trên bảng giám sát", f"${{hub}}/diem/{_VALUE}"),
    ],
    Link.LINE: [
        _to(
            "Đồ thị của đường truyền",
            f"/d/{PREFIX}-line?var-site=${{__data.fields.Mã}}&var-line={_VALUE}&${{__url_time_range}}",
        )
    ],
    Link.RUNBOOK: [_to("Hướng dẫn xử lý", f"${{hub}}/huong-dan/{_VALUE}")],
}


def _thresholds(limits: tuple[Limit, ...]) -> builders.ThresholdsConfig:
    steps = [models.Threshold(None, GREEN), *(models.Threshold(value, colour) for value, colour in limits)]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _mapping(names: Names) -> models.ValueMap:
    return models.ValueMap(
        {
            str(value): models.ValueMappingResult(text=word, color=colour, index=index)
            for index, (value, (word, colour)) in enumerate(names.items())
        }
    )


_KINDS = {
    Kind.GRAPH: _graph,
    Kind.STAT: _stat,
    Kind.TABLE: _table,
    Kind.TIMELINE: _timeline,
    Kind.HEATMAP: _heatmap,
}
