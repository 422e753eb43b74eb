"""What the dashboards have in common: their frame, and a few kinds of panels.

Every panel has a title, a sentence of description and a unit. A limit is drawn where an alert fires.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as queries

from components.monitoring.dashboards.model import TITLES, Dashboard, Facts, uid

SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
HERE: Final = 'namespace="$namespace"'
"""The condition by which every query keeps to one stack."""

COLUMNS: Final = 24
HEIGHT: Final = 8
STAT_HEIGHT: Final = 4
GREEN, RED = "green", "red"

Panel = stat.Panel | timeseries.Panel | table.Panel | bargauge.Panel


def share(part: str, whole: str) -> str:
    """The percentage of two expressions; nothing where the whole is nothing."""
    return f"100 * ({part}) / ({whole} > 0)"


def or_zero(expression: str) -> str:
    """An expression that is 0 where it has no series, as a counter of what has not happened yet has none."""
    return f"({expression} or vector(0))"


def _steps(limit: float | None, *, below: bool) -> dashboard.ThresholdsConfig:
    first, then = (RED, GREEN) if below else (GREEN, RED)
    steps = [model.Threshold(value=None, color=GREEN if limit is None else first)]
    if limit is not None:
        steps.append(model.Threshold(value=float(limit), color=then))
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _query(expression: str, legend: str = "", *, ref: int = 0) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expression).legend_format(legend or "__auto").ref_id(chr(ord("A") + ref))


def number(
    title: str,
    description: str,
    expression: str,
    *,
    unit: str,
    limit: float | None = None,
    below: bool = False,
    decimals: int | None = None,
) -> stat.Panel:
    """One number, red from `limit` on (`below`: up to it)."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_query(expression).instant())
        .unit(unit)
        .thresholds(_steps(limit, below=below))
        .color_mode(shapes.BigValueColorMode.VALUE)
        .graph_mode(shapes.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .height(STAT_HEIGHT)
    )
    return panel if decimals is None else panel.decimals(decimals)


def lines(
    title: str,
    description: str,
    expressions: Mapping[str, str],
    *,
    unit: str,
    limit: float | None = None,
    below: bool = False,
    most: float | None = None,
    stacked: bool = False,
) -> timeseries.Panel:
    """Lines over time, by legend; a red line at `limit`."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .thresholds(_steps(limit, below=below))
        .fill_opacity(30 if stacked else 5)
        .line_width(1)
        .show_points(shapes.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(shapes.LegendDisplayMode.TABLE)
            .placement(shapes.LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
            .calcs(["mean", "max"])
        )
        .tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
        .height(HEIGHT)
    )
    for number_of, (legend, expression) in enumerate(expressions.items()):
        panel = panel.with_target(_query(expression, legend, ref=number_of))
    if limit is not None:
        style = common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(style)
    if most is not None:
        panel = panel.max(most)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL))
    return panel


def bars(
    title: str, description: str, expression: str, legend: str, *, unit: str, most: float | None = None
) -> bargauge.Panel:
    """The present values beside each other, the largest first."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_query(f"sort_desc({expression})", legend).instant())
        .unit(unit)
        .min(0)
        .thresholds(_steps(None, below=False))
        .orientation(shapes.VizOrientation.HORIZONTAL)
        .display_mode(shapes.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .height(HEIGHT)
    )
    return panel if most is None else panel.max(most)


def rows(title: str, description: str, expression: str, columns: Mapping[str, str], *, unit: str) -> table.Panel:
    """A table of the present series: `columns` gives labels their headings, and `Value` its own."""
    tidy = model.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": {"Time": True},
            "indexByName": {name: position for position, name in enumerate(columns)},
            "renameByName": dict(columns),
        },
    )
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_query(expression).instant().format(queries.PromQueryFormat.TABLE))
        .with_transformation(tidy)
        .unit(unit)
        .filterable(filterable=True)
        .height(HEIGHT)
    )


def frame(which: Dashboard, facts: Facts, description: str) -> dashboard.Dashboard:
    """An empty dashboard with the variables `datasource` and `namespace`, and links to the others and the runbook."""
    namespace = facts.namespace
    return (
        dashboard.Dashboard(f"{TITLES[which]} ({namespace})")
        .uid(uid(which, namespace))
        .description(description)
        .tags(["flagsmith", namespace])
        .timezone("browser")
        .readonly()
        .refresh("1m")
        .time("now-6h", "now")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(choice("namespace", "Namespace", "flagsmith_build_info", current=namespace))
        .link(
            dashboard.DashboardLink("Flagsmith")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags(["flagsmith", namespace])
            .keep_time(keep_time=True)
        )
        .link(
            dashboard.DashboardLink("Runbook")
            .type(model.DashboardLinkType.LINK)
            .icon("doc")
            .tooltip("What to do when an alert fires")
            .url(facts.runbook_url)
            .target_blank(target_blank=True)
        )
    )


def choice(
    name: str, label: str, series: str, *, current: str | None = None, several: bool = False
) -> dashboard.QueryVariable:
    """A variable with the values of the label `name` of some series; with `several`, all of them at first."""
    variable = (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": f"label_values({series}, {name})", "refId": name})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )
    if current is not None:
        variable = variable.current(model.VariableOption(selected=True, text=current, value=current))
    if several:
        everything = model.VariableOption(selected=True, text="All", value="$__all")
        variable = variable.multi(multi=True).include_all(include_all=True).all_value(".*").current(everything)
    return variable


def add_row(board: dashboard.Dashboard, title: str, panels: Sequence[Panel]) -> dashboard.Dashboard:
    """A row of panels: the numbers in one line, the others beneath in twos, or in threes where that leaves no gap."""
    board = board.with_row(dashboard.Row(title))
    numbers = [panel for panel in panels if isinstance(panel, stat.Panel)]
    others = [panel for panel in panels if not isinstance(panel, stat.Panel)]
    for one in numbers:
        board = board.with_panel(one.span(COLUMNS // len(numbers)))
    beside = 3 if len(others) % 2 else 2
    for other in others:
        board = board.with_panel(other.span(COLUMNS // min(len(others), beside)))
    return board
