"""The ladder (macros/privacy/k_anonymous.sql) on drawn populations: nobody is one of fewer than k, and no more is lost.

What must come out says tests/k_anonymity.py, in plain Python.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigtrust.settings import PROJECT
from k_anonymity import given_up, shown

COLUMNS = ("birth_decade", "region", "country", "language", "customer_since_month")
GIVEN_UP = given_up(COLUMNS)

Combination = tuple[Any, ...]

combinations = st.tuples(
    st.sampled_from([1980, 1980, 1990, None]),
    st.sampled_from(["Bretagne", "Bretagne", "Corse", "unknown"]),
    st.sampled_from(["FR", "FR", "BE", "unknown"]),
    st.sampled_from(["fr", "fr", "nl", "unknown"]),
    st.sampled_from(["2020-05-01", "2020-06-01", None]),
)
populations = st.lists(
    st.tuples(combinations, st.integers(1, 6)).map(lambda drawn: [drawn[0]] * drawn[1]), max_size=12
).map(lambda classes: [person for alike in classes for person in alike])


class Refused(Exception):
    """What dbt's compiler errors are here."""


def rendered(columns: tuple[str, ...], k: int) -> str:
    def refuse(message: str) -> None:
        raise Refused(message)

    macro = (PROJECT / "macros" / "privacy" / "k_anonymous.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment()  # noqa: S701  # SQL, no page
    module: Any = environment.from_string(macro, {"exceptions": {"raise_compiler_error": refuse}}).module
    return str(module.k_anonymous("persons", columns, others=["number"], k=k))


def published(persons: list[Combination], k: int, columns: tuple[str, ...] = COLUMNS) -> dict[int, Combination]:
    """What is published of each person, by the person's place in the list."""
    types = ("integer", "varchar", "varchar", "varchar", "varchar")
    with duckdb.connect() as connection:
        declared = ", ".join(f"{column} {kind}" for column, kind in zip(COLUMNS, types, strict=True))
        connection.execute(f"create table persons (number integer, {declared})")
        if persons:
            numbered = [(number, *person) for number, person in enumerate(persons)]
            connection.executemany("insert into persons values (?, ?, ?, ?, ?, ?)", numbered)
        return {row[0]: row[1:] for row in connection.execute(f"from {rendered(columns, k)}").fetchall()}


@settings(max_examples=150, deadline=None)
@given(populations, st.integers(1, 5))
def test_nobody_is_one_of_fewer_than_k_and_nobody_loses_more_than_that_takes(
    persons: list[Combination], k: int
) -> None:
    rows = published(persons, k)
    assert rows == shown(dict(enumerate(persons)), COLUMNS, k)
    sizes, natural = Counter(rows.values()), Counter(persons)
    if len(persons) < k:
        assert set(rows.values()) <= {GIVEN_UP}
    else:
        assert all(size >= k for size in sizes.values())
    for number, person in enumerate(persons):
        pairs = zip(person, rows[number], GIVEN_UP, strict=True)
        assert all(there in (value, nothing) for value, there, nothing in pairs), "a value became another one"
    changed = {person for number, person in enumerate(persons) if natural[person] >= k and rows[number] != person}
    assert len(changed) <= 1, "a combination of k persons changes only to join those who are left"


@settings(max_examples=40, deadline=None)
@given(populations.flatmap(lambda persons: st.tuples(st.just(persons), st.permutations(range(len(persons))))))
def test_the_order_of_the_rows_decides_nothing(drawn: tuple[list[Combination], list[int]]) -> None:
    persons, order = drawn
    shuffled = published([persons[number] for number in order], 3)
    assert {number: shuffled[place] for place, number in enumerate(order)} == published(persons, 3)


def test_of_columns_that_a_relation_does_not_have_nothing_is_counted() -> None:
    persons = [(1980, "Bretagne", "FR", "fr", f"2020-0{month}-01") for month in range(1, 4)]
    columns = COLUMNS[:4]
    assert set(published(persons, 3, columns).values()) == {(1980, "Bretagne", "FR", "fr")}
    assert set(published(persons, 4, columns).values()) == {GIVEN_UP[:4]}


def test_a_column_without_a_step_stops_the_compilation() -> None:
    with pytest.raises(Refused, match="no step for shoe_size"):
        rendered((*COLUMNS, "shoe_size"), 3)


def test_pseudonyms_stay_with_their_persons() -> None:
    """Other columns come out as they are, also where the smallest class joins those who are left."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table persons as
            select
                md5(number::varchar)::uuid as number, if(number < 3, 1980, 1910) as birth_decade,
                'Bretagne' as region, 'FR' as country, 'fr' as language, date '2020-05-01' as customer_since_month
            from range(4) as numbers(number)
            """
        )
        rows = connection.execute(f"select number, birth_decade from {rendered(COLUMNS, 3)}").fetchall()
        assert {number for number, _ in rows} == {
            number for (number,) in connection.execute("select number from persons").fetchall()
        }
        assert all(isinstance(number, UUID) and decade is None for number, decade in rows)
