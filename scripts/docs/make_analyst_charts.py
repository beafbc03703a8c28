"""Make the charts of docs/analyst-guide.md again, from the guide's own queries and a published warehouse.

Usage: .venv/bin/python scripts/docs/make_analyst_charts.py --published DIR

A question of the guide has a chart if an image follows its query. The query is read from the guide, so that it and the
chart cannot differ; the title of the chart is the question, its description the image's text alternative. DIR holds the
publications, for example `published`. The charts have no script, no font and no address in them.
"""

import re
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import altair
import duckdb
import vl_convert

from bigtrust import sql

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = PROJECT / "docs" / "analyst-guide.md"
INK, LINE, ACCENT, PAPER = "#24292f", "#d0d7de", "#1b5e7d", "#ffffff"
WIDTH, HEIGHT = 640, 280  # pixels, of the area between the axes

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Question:
    """A question of the guide: its query, and the chart that shows the answer, if it has one."""

    heading: str
    publication: str
    sql: str
    picture: str | None
    alternative: str

    def __str__(self) -> str:
        return self.heading


def questions(text: str) -> list[Question]:
    """The questions of the guide, in its order: headings of the third level, each with one query.

    Raises ValueError if a question does not have exactly one query, or no line before it says for which publication.
    """
    return [_question(*match.groups()) for match in re.finditer(r"^### (.+)\n((?:(?!##).*\n)*)", text, re.MULTILINE)]


def _question(heading: str, body: str) -> Question:
    found = re.findall(r"^On (\w+):\n\n```sql\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
    if len(found) != 1 or body.count("```sql") != 1:
        raise ValueError(f'"{heading}" needs one query in the guide, after a line such as "On analytics:".')
    image = re.search(r"^!\[(.+)\]\(images/(.+\.svg)\)$", body, re.MULTILINE)
    ((publication, sql),) = found
    return Question(heading, publication, sql, image[2] if image else None, image[1] if image else "")


def answer(published: Path, question: Question) -> Rows:
    """The rows of a question's query on a published warehouse, as Vega-Lite reads them."""
    with duckdb.connect(str(published / f"{question.publication}.duckdb"), read_only=True) as connection:
        found = sql.rows(connection, question.sql)
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def steps_before_a_purchase(rows: Rows) -> altair.LayerChart:
    """Bars: how often each kind of step comes before a purchase."""
    named = [{**row, "step": row["kind"].replace("_", " ")} for row in rows]
    base = altair.Chart(altair.InlineData(values=named)).encode(
        x=altair.X(
            "percent:Q", title="Shopping days with such a step in the 30 days before (%)", axis=altair.Axis(tickCount=6)
        ),
        y=altair.Y("step:N", title="Step", sort=None),
    )
    label = base.mark_text(align="left", dx=4, color=INK, fontSize=12).encode(
        text=altair.Text("percent:Q", format=".0f")
    )
    return altair.layer(base.mark_bar(color=ACCENT), label)


def bought_again(rows: Rows) -> altair.LayerChart:
    """A line: how many percent of the people have bought again, by the days since."""
    return _over(
        altair.Chart(altair.InlineData(values=rows)).encode(
            x=altair.X(
                "within_days:Q",
                title="Days since a purchase",
                scale=altair.Scale(domain=[0, 360], nice=False),
                axis=altair.Axis(values=list(range(0, 361, 60))),
            ),
            y=altair.Y("percent:Q", title="People who have bought again (%)", scale=altair.Scale(domain=[0, 100])),
        )
    )


def satisfaction(rows: Rows) -> altair.LayerChart:
    """A line by month, with a gap where a month has no cell."""
    return _over(
        altair.Chart(altair.InlineData(values=rows)).encode(
            x=altair.X(
                "happened_month:T",
                title="Month of the question",
                scale=altair.Scale(type="utc"),
                axis=altair.Axis(format="%Y-%m", labelAngle=-45),
            ),
            y=altair.Y(
                "satisfaction:Q",
                title="Mean satisfaction (1 to 5)",
                scale=altair.Scale(domain=[1, 5]),
                axis=altair.Axis(values=[1, 2, 3, 4, 5], format="d"),
            ),
        )
    )


def _over(base: altair.Chart) -> altair.LayerChart:
    line = base.mark_line(color=ACCENT, strokeWidth=2)
    return altair.layer(line, base.mark_point(color=ACCENT, filled=True, size=45, opacity=1))


CHARTS: dict[str, Callable[[Rows], altair.LayerChart]] = {
    "analyst-1.svg": steps_before_a_purchase,
    "analyst-2.svg": bought_again,
    "analyst-3.svg": satisfaction,
}


def picture(question: Question, rows: Rows) -> str:
    """The chart of a question as SVG, which screen readers read as its title and description."""
    drawn = (
        CHARTS[question.picture or ""](rows)
        .properties(width=WIDTH, height=HEIGHT)
        .configure(
            aria=False,
            background=PAPER,
            font="system-ui, sans-serif",
            padding=12,
            axis=altair.AxisConfig(
                labelColor=INK,
                titleColor=INK,
                tickColor=LINE,
                domainColor=LINE,
                gridColor=LINE,
                labelFontSize=12,
                titleFontSize=12,
                titleFontWeight=600,
                titlePadding=10,
            ),
            view=altair.ViewConfig(stroke=None),
        )
    )
    svg = vl_convert.vegalite_to_svg(drawn.to_dict())
    start = re.match(r"<svg [^>]*>", svg)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', start[0]) if start else None
    if start is None or size is None:
        raise ValueError("vl-convert gave something else than an SVG element")
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[1]} {size[2]}" width="{size[1]}" '
        f'height="{size[2]}" role="img" aria-labelledby="title description">'
    )
    title = f'<title id="title">{escape(question.heading)}</title>'
    description = f'<desc id="description">{escape(question.alternative)}</desc>'
    return f"{opening}{title}{description}{svg[start.end() :]}\n"


def main() -> None:
    """Write the pictures, next to the others."""
    parser = ArgumentParser(description="Make the charts of docs/analyst-guide.md again.")
    parser.add_argument("--published", type=Path, required=True, help="folder of the publications")
    published = parser.parse_args().published
    for question in questions(GUIDE.read_text(encoding="utf-8")):
        if question.picture:
            path = GUIDE.parent / "images" / question.picture
            path.write_text(picture(question, answer(published, question)), encoding="utf-8")
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
