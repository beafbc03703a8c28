"""Attributes: whoever knows all that a file says of a person, how many rows fit?

*The attacker has* the publication, and knows the person's decade of birth, region and so on, as a neighbour would.
*Judged* by counting the persons who are alike in all attributes; that a value is missing is a value, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from bigtrust import sql
from bigtrust.attacks.measures import Measure, counted, share

PSEUDONYM = "person_pseudonym"
# Of each publication that says something of persons, the relation with one row per person.
PERSONS = {"analytics": "analytics.marts.customers", "marketing": "marketing.marts.audience_members"}


@dataclass(frozen=True)
class Alike:
    """Persons, those of them who are like nobody else, and how many are alike at least."""

    persons: int
    unique: int
    smallest: int


def attributes(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """The columns of a relation of persons but the pseudonym, quoted."""
    description = connection.execute(f"from {relation} limit 0").description or []
    return [sql.identifier(column[0]) for column in description if column[0] != PSEUDONYM]


def named(columns: Iterable[str]) -> str:
    """Columns in words."""
    return ", ".join(column.strip('"').replace("_", " ") for column in columns)


def alike(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> Alike:
    """Count the persons who are alike."""
    ((persons, unique, smallest),) = connection.execute(
        f"""
        select
            cast(coalesce(sum(persons), 0) as bigint),
            count(*) filter (where persons = 1),
            coalesce(min(persons), 0)
        from (select count(distinct {PSEUDONYM}) as persons from {relation} group by {", ".join(columns)})
        """
    ).fetchall()
    return Alike(persons, unique, smallest)


def measure(connection: duckdb.DuckDBPyConnection, relation: str) -> Measure:
    """Measure a relation with one row per person."""
    columns = attributes(connection, relation)
    name = f"Singled out by attributes: {named(columns)}"
    found = alike(connection, relation, columns)
    if not found.persons:
        return Measure(name, "nobody", "The file holds no person.")
    persons = counted(found.persons, "person")
    figure = f"{share(found.unique, found.persons)} of {persons}; the smallest group is {found.smallest:,}"
    if found.unique:
        meaning = (
            f"Like nobody else in all that the file says of them: {counted(found.unique, 'person')}. Who knows that "
            "much finds their row."
        )
    else:
        meaning = (
            f"Who knows all of it about somebody finds a group of at least {found.smallest:,} persons, not the one. "
            "What all of a group have in common is learned all the same."
        )
    return Measure(name, figure, meaning)
