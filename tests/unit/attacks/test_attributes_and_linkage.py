"""Who is alike, who is linked, and whether rightly: on files whose figures are known by hand."""

import uuid
from collections.abc import Iterator

import duckdb
import pytest

from bigtrust.attacks import attributes, linkage
from bigtrust.attacks.attributes import Alike
from bigtrust.attacks.linkage import Links

ONE, OTHER = "one.marts.persons", "other.marts.persons"
COLUMNS = ["region", "language"]


def person(number: int) -> uuid.UUID:
    """A pseudonym."""
    return uuid.UUID(int=number)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two publications in memory, without persons yet."""
    with duckdb.connect() as connection:
        for name in ("one", "other"):
            connection.execute(f"attach ':memory:' as {name}")
            connection.execute(f"create schema {name}.marts")
            connection.execute(
                f"create table {name}.marts.persons (person_pseudonym uuid, region varchar, language varchar)"
            )
            connection.execute(f"create table {name}.marts.notes (note varchar, reference uuid, other uuid)")
        connection.execute("create table truth (one uuid, other uuid)")
        yield connection


def fill(connection: duckdb.DuckDBPyConnection, relation: str, *rows: tuple[int, str, str | None]) -> None:
    """Insert persons."""
    for number, *values in rows:
        connection.execute(f"insert into {relation} values (?, ?, ?)", [person(number), *values])


def test_who_is_like_nobody_is_unique_also_by_what_is_missing(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, ONE, (1, "r", "fr"), (2, "r", "fr"), (3, "r", None))
    columns = attributes.attributes(connection, ONE)
    assert columns == ['"region"', '"language"']
    assert attributes.alike(connection, ONE, columns) == Alike(persons=3, unique=1, smallest=1)
    found = attributes.measure(connection, ONE)
    assert found.figure == "33.3 % of 3 persons; the smallest group is 1"
    assert found.meaning.startswith("Like nobody else in all that the file says of them: 1 person.")


def test_a_file_without_persons_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    assert attributes.measure(connection, ONE).figure == "nobody"
    assert linkage.links(connection, ONE, OTHER, COLUMNS) == Links(persons=0, linked=0, median=0)


def test_a_person_who_is_like_exactly_one_other_is_linked_and_the_maps_judge(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, ONE, (1, "r", "fr"), (2, "s", "fr"), (3, "s", None), (4, "t", "fr"))
    fill(connection, OTHER, (11, "r", "fr"), (12, "s", "fr"), (13, "s", "fr"), (99, "s", None))
    connection.execute("insert into truth values (?, ?), (?, ?)", [*map(person, (1, 11, 2, 12))])
    # 1 is linked to 11, rightly; 2 is like 12 and 13; 3 is linked to 99, wrongly; 4 is like nobody
    found = linkage.links(connection, ONE, OTHER, COLUMNS, "truth")
    assert found == Links(persons=4, linked=2, median=1, right=1, guessed=1.5)
    assert linkage.links(connection, ONE, OTHER, COLUMNS) == Links(persons=4, linked=2, median=1)


def test_what_the_maps_say_is_kept_apart_from_what_the_attacker_finds(connection: duckdb.DuckDBPyConnection) -> None:
    without = linkage._linked(Links(4, 2, 1), "other", COLUMNS)
    judged = linkage._linked(Links(4, 2, 1, right=1, guessed=1.5), "other", COLUMNS)
    assert without.figure == judged.figure
    assert "cannot be judged" in without.meaning
    assert "Judged by the vault: 1 of these links are right." in judged.meaning


def test_no_pseudonym_is_shared_by_files_that_hold_many(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, ONE, (1, "r", "fr"), (2, "r", "fr"))
    fill(connection, OTHER, (3, "r", "fr"), (4, "r", "fr"))
    assert linkage.shared_pseudonyms(connection, "one", "other") == 0


@pytest.mark.parametrize("column", ["reference", "other"])
def test_a_shared_pseudonym_is_found_in_any_column(connection: duckdb.DuckDBPyConnection, column: str) -> None:
    fill(connection, ONE, (1, "r", "fr"), (2, "r", "fr"))
    fill(connection, OTHER, (3, "r", "fr"))
    connection.execute(f"insert into other.marts.notes ({column}) values (?), (null)", [person(2)])
    connection.execute("insert into one.marts.notes (reference) values (null)")
    assert linkage.shared_pseudonyms(connection, "one", "other") == 1
