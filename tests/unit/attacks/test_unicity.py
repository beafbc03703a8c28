"""Unicity is what its definition says: on files with a figure known by hand, and on any file by counting one by one."""

import hashlib
from collections.abc import Sequence

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigtrust.attacks import unicity
from bigtrust.attacks.unicity import MOST_KNOWN, Resolution, Unicity

Event = tuple[str | None, int, str | None]  # person, day, product
EXACT = Resolution("day and product", "purchase", "events", ("day", "product"))
BY_DAY = Resolution("day", "purchase", "events", ("day",))


def measured(events: Sequence[Event], resolution: Resolution, *, sample: int = 1000, seed: int = 1) -> Unicity:
    """Unicity of a file with these events."""
    with duckdb.connect() as connection:
        connection.execute("create table events (person varchar, day integer, product varchar)")
        for event in events:
            connection.execute("insert into events values (?, ?, ?)", event)
        return unicity.singled_out(connection, resolution, sample=sample, seed=seed, person="person")


def by_hand(events: Sequence[Event], resolution: Resolution, *, sample: int, seed: int) -> Unicity:
    """The definition: draw points of each person, and count who has all of them."""

    def key(point: tuple[int | str | None, ...]) -> list[tuple[bool, int | str]]:
        return [(value is None, 0 if value is None else value) for value in point]

    def place(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    columns = {"day": 1, "product": 2}
    traces: dict[str, set[tuple[int | str | None, ...]]] = {}
    for event in events:
        if event[0] is not None:
            traces.setdefault(event[0], set()).add(tuple(event[columns[name]] for name in resolution.columns))
    ranks = {point: rank for rank, point in enumerate(sorted(set().union(*traces.values()), key=key), start=1)}
    found = []
    for known in range(1, MOST_KNOWN + 1):
        persons = [person for person, points in traces.items() if len(points) >= known]
        chosen = sorted(persons, key=lambda person: place(f"{seed}:{person}"))[:sample]
        alone = 0
        for person in chosen:
            points = sorted(traces[person], key=lambda point: place(f"{seed}:{person}:{ranks[point]}"))[:known]
            alone += sum(other.issuperset(points) for other in traces.values()) == 1
        found.append((len(persons), len(chosen), alone))
    return Unicity(*zip(*found, strict=True))  # type: ignore[arg-type]


def test_two_of_three_persons_are_singled_out_by_one_purchase_if_two_buy_what_nobody_else_does() -> None:
    events: list[Event] = [("a", 1, "x"), ("b", 1, "y"), ("c", 1, "z"), ("d", 1, "z")]
    assert measured(events[:3], EXACT).singled_out == (3, 0, 0, 0)
    assert measured(events, EXACT) == Unicity((4, 0, 0, 0), (4, 0, 0, 0), (2, 0, 0, 0))


def test_persons_who_share_every_purchase_but_no_pair_are_singled_out_by_two() -> None:
    events: list[Event] = [("a", 1, "x"), ("a", 2, "x"), ("b", 2, "x"), ("b", 3, "x"), ("c", 3, "x"), ("c", 1, "x")]
    assert measured(events, EXACT) == Unicity((3, 3, 0, 0), (3, 3, 0, 0), (0, 3, 0, 0))


def test_the_same_purchase_twice_is_one_point_and_an_anonymous_sale_is_nobodys() -> None:
    events: list[Event] = [("a", 1, "x"), ("a", 1, "x"), (None, 1, "x"), (None, 2, "x")]
    assert measured(events, EXACT) == Unicity((1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0))


def test_a_product_that_is_missing_is_a_product_of_its_own() -> None:
    events: list[Event] = [("a", 1, None), ("b", 1, None), ("c", 1, "x")]
    assert measured(events, EXACT).singled_out[0] == 1


def test_the_coarser_the_knowledge_the_fewer_are_singled_out() -> None:
    events: list[Event] = [("a", 1, "x"), ("b", 1, "y"), ("c", 2, "x")]
    assert measured(events, EXACT).singled_out[0] == 3
    assert measured(events, BY_DAY).singled_out[0] == 1


def test_no_file_is_too_empty() -> None:
    found = measured([], EXACT)
    assert found == Unicity((0,) * 4, (0,) * 4, (0,) * 4)
    assert unicity.said(EXACT, found).figure == "nobody"


EVENTS = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c", "d", "e"]), st.integers(1, 4), st.sampled_from(["x", "y", None])),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sampled_from([EXACT, BY_DAY]), st.integers(1, 6), st.integers(0, 99))
def test_it_is_what_counting_one_by_one_gives(
    events: list[Event], resolution: Resolution, sample: int, seed: int
) -> None:
    if any(person is not None for person, _, _ in events):
        assert measured(events, resolution, sample=sample, seed=seed) == by_hand(
            events, resolution, sample=sample, seed=seed
        )


def test_a_sample_is_of_the_size_asked_for_and_the_same_for_the_same_seed() -> None:
    events: list[Event] = [(f"p{number % 50}", number % 7, f"x{number % 11}") for number in range(400)]
    found = measured(events, EXACT, sample=20)
    assert found.persons == (50,) * 4
    assert found.looked_at == (20,) * 4
    assert measured(list(reversed(events)), EXACT, sample=20) == found
    others = {measured(events, EXACT, sample=20, seed=seed).singled_out for seed in range(5)}
    assert len(others) > 1


@pytest.mark.parametrize(
    ("alone", "says"),
    [
        (998, "whoever has it must treat it so"),
        (3, "not nobody: the file is personal data"),
        (0, "at least two persons"),
    ],
)
def test_what_it_means_is_said_for_any_figure(alone: int, says: str) -> None:
    found = Unicity((2000, 1900, 1800, 1500), (1000,) * 4, (alone,) * 4)
    said = unicity.said(EXACT, found)
    assert said.meaning.startswith(f"{alone:,} of 1,000 persons (a random sample of the 1,500 who have so many)")
    assert says in said.meaning
    assert said.figure.count("known") == 4
