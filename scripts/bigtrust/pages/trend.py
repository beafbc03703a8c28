"""The last runs as a chart."""

from collections.abc import Sequence
from typing import Any

import altair
from markupsafe import Markup

from bigtrust import charts
from bigtrust.records import PUBLISHED, REFUSED, STOPPED, Record

_OUTCOMES = {PUBLISHED: "var(--good)", REFUSED: "var(--bad)", STOPPED: "var(--ink)"}
_SHAPES = {PUBLISHED: "circle", REFUSED: "cross", STOPPED: "square"}
_WIDTH, _HEIGHT = 860, 72  # pixels, of a panel


def examined(record: Record) -> int:
    """How much the checks of a run examined, together."""
    return sum(check["examined"] for check in record.checks)


def chart(records: Sequence[Record], title: str, description: str) -> Markup:
    """Return the chart of runs (in their order) as SVG, which screen readers read as its title and description.

    Three panels have the runs as their axis: the outcome by place and shape, checks that failed, how much was examined.
    """
    rows = [
        {
            "run": record.run,
            "outcome": record.verdict if record.verdict in _OUTCOMES else STOPPED,
            "failed": record.count("failed"),
            "examined": examined(record),
        }
        for record in records
    ]
    most = max(record.count("failed") for record in records)
    base = altair.Chart(altair.InlineData(values=rows))
    panel = {"width": _WIDTH, "height": _HEIGHT}
    no_axis = altair.X("run:O", axis=None)
    place = altair.Y("outcome:N", title=None, scale=altair.Scale(domain=list(_OUTCOMES)))
    outcome = base.mark_point(size=70, filled=True, opacity=1).encode(
        x=no_axis, y=place, color=_by_outcome(altair.Color, _OUTCOMES), shape=_by_outcome(altair.Shape, _SHAPES)
    )
    whole = altair.Axis(format="d", tickCount=min(most, 3) or 1, tickMinStep=1)
    failed = base.mark_bar(color="var(--bad)").encode(
        x=no_axis, y=altair.Y("failed:Q", title=None, axis=whole, scale=altair.Scale(domainMax=max(most, 1)))
    )
    amount = base.mark_bar(color="var(--accent)").encode(
        x=altair.X("run:O", title="Run", axis=altair.Axis(labelAngle=0, labelOverlap=True)),
        y=altair.Y(
            "examined:Q",
            title=None,
            axis=altair.Axis(format="~s", labelExpr="datum.value ? datum.label : '0'", tickCount=3),
        ),
    )
    panels = {"Outcome": outcome, "Checks that failed": failed, "Rows, values and names examined": amount}
    drawn = altair.vconcat(*(drawing.properties(title=name, **panel) for name, drawing in panels.items()), spacing=14)
    configuration = {
        "axisY": altair.AxisConfig(minExtent=64, maxExtent=64),
        "axis": charts.axis(12),
        "title": altair.TitleConfig(color=charts.INK, anchor="start", fontSize=13, fontWeight=600),
    }
    return charts.svg(drawn, "trend", title, description, configuration)


def _by_outcome(channel: Any, values: dict[str, str]) -> Any:
    scale = altair.Scale(domain=list(values), range=list(values.values()))
    return channel("outcome:N", legend=None, scale=scale)
