"""The two charts of the site: how long what is kept, and what became of the last runs; each also for a telephone."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair
from markupsafe import Markup

from bigtrust import charts
from bigtrust.site.words import Words

# Width of the bars, size of the letters and place for the names of purposes, in pixels, by layout.
_LAYOUTS = {"wide": (560, 14, 110), "narrow": (190, 12, 100)}
# The colour and the shape of each outcome of a run.
_OUTCOMES = {
    "published": ("var(--accent)", "circle"),
    "refused": ("var(--bad)", "cross"),
    "stopped": ("var(--warn)", "square"),
}


def timeline(words: Words, content: Mapping[str, Any], layout: str) -> Markup:
    """How long each category of data is used for each purpose: a bar for each, in years."""
    width, size, label = _LAYOUTS[layout]
    names = {category["category"]: category["name"][words.language] for category in content["categories"]}
    rows = [
        {
            "category": names[window["data_category"]],
            "place": list(names).index(window["data_category"]),
            "purpose": words.text(f"purposes.{window['purpose']}"),
            "years": window["period_months"] / 12,
            "label": window["period"][words.language],
        }
        for window in content["windows"]
    ]
    base = altair.Chart(altair.InlineData(values=rows))
    y = altair.Y(
        "purpose:N", title=None, sort="x", axis=altair.Axis(labelLimit=label, domain=False, ticks=False, labelPadding=8)
    )
    x = altair.X(
        "years:Q",
        title=words.text("charts.timeline.axis"),
        scale=altair.Scale(domain=[0, max(row["years"] for row in rows) * 1.12]),
        axis=altair.Axis(tickMinStep=1, format="d", tickCount=6 if layout == "wide" else 4),
    )
    bars = base.mark_bar(color="var(--accent)", cornerRadiusEnd=4, height=14).encode(x=x, y=y)
    ends = base.mark_text(align="left", dx=6, fontSize=size, color=charts.INK).encode(x=x, y=y, text="label:N")
    drawn = (
        altair.layer(bars, ends)
        .properties(width=width, height=altair.Step(28))
        .facet(
            row=altair.Row(
                "category:N",
                sort=altair.EncodingSortField(field="place", op="min"),
                title=None,
                header=altair.Header(
                    labelOrient="top",
                    labelAnchor="start",
                    labelAngle=0,
                    labelFontSize=size + 1,
                    labelFontWeight=600,
                    labelColor=charts.INK,
                    labelPadding=2,
                ),
            ),
            spacing=16,
        )
        .resolve_scale(y="independent")
    )
    title, description = words.text("charts.timeline.title"), words.text("charts.timeline.description")
    configuration = {"axis": charts.axis(size), "axisY": altair.AxisConfig(minExtent=label, maxExtent=label)}
    return charts.svg(drawn, f"timeline-{layout}", title, description, configuration)


def trend(words: Words, runs: Sequence[Mapping[str, Any]], layout: str) -> Markup:
    """What became of the last runs (given newest first): the outcome by place and shape, checks failed and passed."""
    width, size, _ = _LAYOUTS[layout]
    outcomes = {verdict: words.text(f"checks.verdicts.{verdict}") for verdict in _OUTCOMES}
    rows = [
        {"run": run["run"], "outcome": outcomes[run["verdict"]], "failed": run["failed"], "passed": run["passed"]}
        for run in runs[: 30 if layout == "wide" else 12]
    ]
    colours, shapes = zip(*_OUTCOMES.values(), strict=True)
    base = altair.Chart(altair.InlineData(values=rows), width=width, height=64)
    no_axis = altair.X("run:O", axis=None)
    outcome = base.mark_point(size=80, filled=True, opacity=1).encode(
        x=no_axis,
        y=altair.Y("outcome:N", title=None, scale=altair.Scale(domain=list(outcomes.values()))),
        color=altair.Color("outcome:N", legend=None, scale=_scale(outcomes, colours)),
        shape=altair.Shape("outcome:N", legend=None, scale=_scale(outcomes, shapes)),
    )
    bar = min(24, width // (2 * len(rows)))
    most = max(1, *(row["failed"] for row in rows))
    whole = altair.Axis(format="d", tickCount=min(most, 3), tickMinStep=1)
    failed = base.mark_bar(color="var(--bad)", size=bar).encode(
        x=no_axis, y=altair.Y("failed:Q", title=None, axis=whole, scale=altair.Scale(domainMax=most))
    )
    passed = base.mark_bar(color="var(--accent)", size=bar).encode(
        x=altair.X("run:O", title=words.text("charts.trend.axis"), axis=altair.Axis(labelAngle=0, labelOverlap=True)),
        y=altair.Y("passed:Q", title=None, axis=altair.Axis(tickCount=3, format="d")),
    )
    panels = {"outcome": outcome, "failed": failed, "passed": passed}
    drawn = altair.vconcat(
        *(panel.properties(title=words.text(f"charts.trend.{name}")) for name, panel in panels.items()), spacing=16
    )
    title, description = words.text("charts.trend.title"), words.text("charts.trend.description")
    configuration = {
        "axis": charts.axis(size),
        "axisY": altair.AxisConfig(minExtent=70, maxExtent=70),
        "title": altair.TitleConfig(color=charts.INK, anchor="start", fontSize=size, fontWeight=600),
    }
    return charts.svg(drawn, f"trend-{layout}", title, description, configuration)


def _scale(names: Mapping[str, str], values: Sequence[str]) -> altair.Scale:
    return altair.Scale(domain=list(names.values()), range=list(values))
