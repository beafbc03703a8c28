"""Where two builds differ, and which landing columns that comes from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from bigtrust import compared
from bigtrust.compared import Place
from bigtrust.non_interference import Difference, Report, causes
from bigtrust.settings import Settings

COLUMNS = [f"column_{number:02}" for number in range(34)]
PLACES = [Place("analytics", "protected.customers", f"leak_{number}") for number in range(6)]
MANIFEST = {
    "nodes": {
        "model.big_trust.protected_analytics__customers": {
            "resource_type": "model",
            "database": "analytics",
            "schema": "protected",
            "alias": "customers",
            "columns": {
                "person_pseudonym": {
                    "config": {"meta": {"treatment": "pseudonym", "issued_in": "person_pseudonyms"}},
                },
                "region": {"config": {"meta": {}}},
            },
        }
    }
}
ONE, TWO, OTHER = UUID(int=1), UUID(int=2), UUID(int=9)
Rows = list[tuple[UUID | None, str]]


class Shop:
    """Leaks that show whenever one of their columns is exchanged, and how often somebody looked."""

    def __init__(self, flows: dict[Place, set[str]]) -> None:
        self.flows, self.builds = flows, 0

    def differ(self, columns: Collection[str], builds: int) -> set[Place]:
        self.builds += 1
        assert self.builds <= builds
        return {place for place, sources in self.flows.items() if sources & set(columns)}


@given(st.integers(1, len(COLUMNS)), st.data())
def test_the_one_column_of_each_leak_is_found_in_a_few_builds(size: int, data: st.DataObject) -> None:
    columns = COLUMNS[:size]
    shop = Shop({place: {data.draw(st.sampled_from(columns))} for place in PLACES})
    assert causes(columns, PLACES, shop.differ) == {place: sorted(flow) for place, flow in shop.flows.items()}
    assert shop.builds <= 7


@given(st.sets(st.sampled_from(COLUMNS), min_size=2, max_size=2), st.sampled_from(COLUMNS))
def test_two_columns_of_one_leak_are_among_those_that_are_named(two: set[str], one: str) -> None:
    shop = Shop({PLACES[0]: two, PLACES[1]: {one}})
    found = causes(COLUMNS, PLACES[:2], shop.differ)
    assert two <= set(found[PLACES[0]])
    assert found[PLACES[1]] == [one]
    assert shop.builds <= 7 + 6


def test_what_no_column_makes_alone_is_not_blamed_on_one() -> None:
    def differ(columns: Collection[str], builds: int) -> list[Place]:
        return PLACES[:1] if {COLUMNS[0], COLUMNS[1], COLUMNS[2]} <= set(columns) else []

    assert causes(COLUMNS[:4], PLACES[:1], differ) == {PLACES[0]: []}
    assert "no landing column makes it alone" in str(Difference(PLACES[0], 3))


def built(folder: Path, pseudonyms: dict[UUID, str], rows: Rows, comment: str = "Where.") -> Settings:
    """A vault with a map, and a candidate with one relation."""
    settings = replace(Settings.load({}), warehouse=folder)
    settings.candidates.mkdir(parents=True)
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute("create schema restricted")
        connection.execute("create table restricted.person_pseudonyms (customer_id varchar, person_pseudonym uuid)")
        for pseudonym, number in pseudonyms.items():
            connection.execute("insert into restricted.person_pseudonyms values (?, ?)", [number, pseudonym])
    with duckdb.connect(str(settings.candidates / "analytics.duckdb")) as connection:
        connection.execute("create schema protected")
        connection.execute("create table protected.customers (person_pseudonym uuid, region varchar)")
        connection.execute(f"comment on column protected.customers.region is '{comment}'")
        for row in rows:
            connection.execute("insert into protected.customers values (?, ?)", [*row])
    return settings


def differing(folder: Path, first: Settings, second: Settings, renamed: dict[str, str]) -> dict[str, int]:
    with duckdb.connect() as connection:
        connection.execute("create table renaming as from (values ('a', 'x'), ('b', 'y')) as renaming(value, other)")
        one = compared.read(connection, "one", first, MANIFEST, ["analytics"], {})
        two = compared.read(connection, "two", second, MANIFEST, ["analytics"], renamed)
        return {place.part: rows for place, rows in compared.differences(connection, one, two).items()}


RENAMED = {"customer_id": "renaming"}
FIRST: Rows = [(ONE, "Corse"), (TWO, "Bretagne"), (None, "unknown")]


def test_pseudonyms_are_translated_and_the_order_of_rows_says_nothing(tmp_path: Path) -> None:
    first = built(tmp_path / "1", {ONE: "a", TWO: "b"}, FIRST)
    second = built(tmp_path / "2", {OTHER: "x", ONE: "y"}, [(None, "unknown"), (ONE, "Bretagne"), (OTHER, "Corse")])
    assert differing(tmp_path, first, second, RENAMED) == {}


def test_who_stands_beside_another_value_is_a_difference_of_that_column(tmp_path: Path) -> None:
    first = built(tmp_path / "1", {ONE: "a", TWO: "b"}, FIRST)
    second = built(tmp_path / "2", {OTHER: "x", ONE: "y"}, [(None, "unknown"), (ONE, "Corse"), (OTHER, "Bretagne")])
    assert differing(tmp_path, first, second, RENAMED) == {"region": 4}


def test_a_pseudonym_that_no_map_issued_is_a_difference_even_from_itself(tmp_path: Path) -> None:
    first = built(tmp_path / "1", {ONE: "a"}, FIRST)
    second = built(tmp_path / "2", {ONE: "a"}, FIRST)
    assert differing(tmp_path, first, second, {}) == {"person_pseudonym": 2}


def test_a_row_more_is_a_difference_of_every_column(tmp_path: Path) -> None:
    first = built(tmp_path / "1", {ONE: "a", TWO: "b"}, FIRST)
    second = built(tmp_path / "2", {ONE: "a", TWO: "b"}, [*FIRST, (ONE, "Corse")])
    assert differing(tmp_path, first, second, {}) == {compared.EVERY_COLUMN: 1}


def test_a_comment_is_compared_too(tmp_path: Path) -> None:
    first = built(tmp_path / "1", {ONE: "a", TWO: "b"}, FIRST)
    second = built(tmp_path / "2", {ONE: "a", TWO: "b"}, FIRST, "Not of Dupont.")
    assert differing(tmp_path, first, second, {}) == {"region": 0}


def test_the_verdict_counts_rows_and_is_no_pass_where_nothing_was_exchanged() -> None:
    rows = {("analytics", "protected.customers"): 7, ("finance", "marts.about"): 2}
    passed = Report(3, {"direct_identifier": 12}, rows, (), 3)
    assert (passed.verdict, [result.verdict for result in passed.results]) == ("passed", ["passed", "passed"])
    failed = replace(passed, differences=(Difference(PLACES[0], 4), Difference(PLACES[1], 0)))
    assert failed.verdict == "failed"
    assert [(result.violations, result.examined, result.verdict) for result in failed.results] == [
        (4, 7, "failed"),
        (0, 2, "passed"),
    ]
    blind = replace(passed, exchanged={"direct_identifier": 0, "free_text": 3})
    assert {blind.verdict, *(result.verdict for result in blind.results)} == {"failed"}
    nobody = Report(0, {}, {}, (), 0)
    assert [result.verdict for result in nobody.results] == ["not applicable"]
