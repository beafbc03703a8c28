"""What an attack found, in words: a figure and what it means. Never a value from the data."""

from dataclasses import dataclass
from math import sqrt

_QUANTILE = 1.959964  # of the normal distribution: 95 % lie within as many standard deviations


@dataclass(frozen=True)
class Measure:
    """A line for people: what was tried, what came out of it, and what that means."""

    measure: str
    figure: str
    meaning: str


def share(part: int, whole: int) -> str:
    """A share in per cent, to one decimal; neither all nor nothing is claimed unless it is so."""
    return _percent(part / whole if whole else 0.0, is_none=part == 0, is_all=part == whole)


def with_interval(part: int, whole: int) -> str:
    """A share, with the interval in which it lies for everybody if `whole` is a random sample (95 %).

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    low, high = interval(part, whole)
    return f"{share(part, whole)} ({100 * low:.1f} to {100 * high:.1f} %)"


def interval(part: int, whole: int) -> tuple[float, float]:
    """Wilson's interval of a share (95 %), from 0 to 1."""
    if not whole:
        return 0.0, 1.0
    square = _QUANTILE**2
    centre = (part + square / 2) / (whole + square)
    width = _QUANTILE * sqrt(part * (whole - part) / whole + square / 4) / (whole + square)
    return max(0.0, centre - width), min(1.0, centre + width)


def counted(count: int, word: str) -> str:
    """A number with its word, in the plural unless it is 1."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _percent(value: float, *, is_none: bool, is_all: bool) -> str:
    if is_none:
        return "0 %"
    if is_all:
        return "100 %"
    if value < 0.001:
        return "under 0.1 %"
    if value > 0.999:
        return "over 99.9 %"
    return f"{100 * value:.1f} %"
