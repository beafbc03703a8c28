"""Figures claim neither more nor less than was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigtrust.attacks.measures import counted, interval, share, with_interval


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 3, "0 %"),
        (2, 3, "66.7 %"),
        (3, 3, "100 %"),
        (9_999, 10_000, "over 99.9 %"),
        (1, 10_000, "under 0.1 %"),
        (0, 0, "0 %"),
    ],
)
def test_a_share_is_all_or_nothing_only_if_it_is_so(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


def test_the_interval_is_the_one_of_the_book() -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion (1998), table I: 81 of 263, and 0 of 20."""
    assert interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert with_interval(81, 263) == "30.8 % (25.5 to 36.6 %)"


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_the_share_lies_in_its_interval(part: int, more: int) -> None:
    whole = part + more
    low, high = interval(part, whole)
    assert 0 <= low <= part / whole <= high <= 1


def test_one_is_not_in_the_plural() -> None:
    assert [counted(number, "person") for number in (0, 1, 2000)] == ["0 persons", "1 person", "2,000 persons"]
