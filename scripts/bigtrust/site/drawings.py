"""The two charts of the site: how long what is kept, and what became of the last runs; each wide, and for a telephone."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair
from markupsafe import Markup

from bigtrust import charts
from bigtrust.site.words import Words

# Width of the bars, size of the letters and most letters of a label, in pixels, by layout.
_LAYOUTS = {"wide": (560, 14, 300), "narrow": (190, 12, 110)}


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
    return charts.svg(drawn, f"timeline-{layout}", title, description, axis=charts.axis(size))


def trend(words: Words, runs: Sequence[Mapping[str, Any]], layout: str) -> Markup:
    """What became of the checks of the last runs (newest first): a bar for each run, in the order of time."""
    width, size, _ = _LAYOUTS[layout]
    kinds = {
        "passed": "var(--accent)",
        "not_applicable": "var(--line)",
        "excepted": "var(--warn)",
        "failed": "var(--bad)",
    }
    names = {kind: words.text(f"checks.{kind}") for kind in kinds}
    rows = [
        {"run": run["run"], "kind": names[kind], "checks": run[kind], "place": place}
        for run in runs[: 30 if layout == "wide" else 12]
        for place, kind in enumerate(kinds)
    ]
    drawn = (
        altair.Chart(altair.InlineData(values=rows), width=width + 100, height=160)
        .mark_bar()
        .encode(
            x=altair.X(
                "run:O",
                title=words.text("charts.trend.axis"),
                axis=altair.Axis(labelAngle=0, labelOverlap=True),
                scale=altair.Scale(paddingInner=0.3),
            ),
            y=altair.Y("sum(checks):Q", title=words.text("charts.trend.checks"), axis=altair.Axis(tickCount=4)),
            color=altair.Color(
                "kind:N",
                title=None,
                scale=altair.Scale(domain=list(names.values()), range=list(kinds.values())),
                legend=altair.Legend(
                    orient="bottom", columns=4 if layout == "wide" else 2, labelFontSize=size, labelColor=charts.INK
                ),
            ),
            order="place:Q",
        )
    )
    title, description = words.text("charts.trend.title"), words.text("charts.trend.description")
    return charts.svg(drawn, f"trend-{layout}", title, description, axis=charts.axis(size))
