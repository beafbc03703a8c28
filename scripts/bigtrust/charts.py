"""What all charts share: static SVG in the colours of their page, with no script, font or address in it."""

import re
from collections.abc import Mapping
from typing import Any

import altair
import vl_convert
from markupsafe import Markup, escape

INK, LINE = "var(--ink)", "var(--line)"


def svg(chart: Any, name: str, title: str, description: str, configuration: Mapping[str, Any]) -> Markup:
    """Return a chart as SVG, which screen readers read as its title and description.

    `name` makes the ids of both its own; `configuration` is Altair's, beside what all charts have.
    """
    configured = chart.configure(
        **{
            "aria": False,
            "background": "transparent",
            "font": "system-ui, sans-serif",
            "padding": 4,
            "view": altair.ViewConfig(stroke=None),
            **configuration,
        }
    )
    return _accessible(vl_convert.vegalite_to_svg(configured.to_dict()), name, title, description)


def axis(size: int) -> altair.AxisConfig:
    """Axes in the colours of the page; `size` of labels in pixels."""
    return altair.AxisConfig(
        labelColor=INK, titleColor=INK, tickColor=LINE, domainColor=LINE, gridColor=LINE, labelFontSize=size
    )


def _accessible(drawn: str, name: str, title: str, description: str) -> Markup:
    start = re.match(r"<svg [^>]*?width=\"(?P<width>[\d.]+)\" height=\"(?P<height>[\d.]+)\"[^>]*>", drawn)
    if start is None:
        raise ValueError("vl-convert gave something else than an SVG element")
    size = f'viewBox="0 0 {start["width"]} {start["height"]}" width="{start["width"]}" height="{start["height"]}"'
    opening = f'<svg {size} role="img" aria-labelledby="{name}-title {name}-description">'
    words = (
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-description">{escape(description)}</desc>'
    )
    marks = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", drawn[start.end() :])  # a picture is read as a whole
    return Markup(opening + words + marks)  # noqa: S704  # drawn from numbers and names of this project
