"""Linkage: whoever has two publications, how many persons of one can be put together with their rows in the other?

*The attacker has* both publications, and no name. Pseudonyms of two domains have nothing in common, so what is left is
to compare the attributes that both hold: a person of one who is like exactly one person of the other is linked.

*Judged*, and not by anything that the attacker has: the maps of the vault say which two pseudonyms are one person. They
tell how often the right person is among those who are alike, and how often a guess among them would be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from bigtrust.attacks import publications
from bigtrust.attacks.attributes import PERSONS, PSEUDONYM, attributes, named
from bigtrust.attacks.measures import Measure, counted, share

# Of each domain, the map of the vault.
MAPS = {
    "analytics": "restricted.person_pseudonyms",
    "marketing": "restricted.marketing_person_pseudonyms",
    "service": "restricted.service_person_pseudonyms",
}


@dataclass(frozen=True)
class Links:
    """Persons of one publication, and those of them who are like exactly one person of the other; how many are alike
    in the middle (median of those who are like anybody).

    `right` are the links to one person that are right, and `guessed` is how many would be put together rightly if one
    guessed among those who are alike (None: nobody can tell, the vault has no maps)."""

    persons: int
    linked: int
    median: float
    right: int | None = None
    guessed: float | None = None


def shared_pseudonyms(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> int:
    """Count the pseudonyms (values of type UUID, in whatever column) that both publications hold."""
    ((shared,),) = connection.execute(
        f"select count(*) from (({_uuids(connection, one)}) intersect ({_uuids(connection, other)})) where value is "
        "not null"
    ).fetchall()
    return int(shared)


def _uuids(connection: duckdb.DuckDBPyConnection, publication: str) -> str:
    found = [
        f"select {column} as value from {relation}"
        for relation, column in publications.columns(connection, publication, "UUID")
    ]
    return " union ".join(["select cast(null as uuid) as value", *found])


def links(
    connection: duckdb.DuckDBPyConnection, one: str, other: str, columns: Sequence[str], truth: str | None = None
) -> Links:
    """Link each person of a relation to those of another who have the same attributes.

    `truth` is a relation that judges: pairs of pseudonyms `one` and `other` of the same person.
    """
    same = " and ".join(f"persons.{column} is not distinct from others.{column}" for column in columns)
    ((persons, linked, median),) = connection.execute(
        f"""
        with others as (select {", ".join(columns)}, count(*) as alike from {other} group by all)
        select count(*), count(*) filter (where alike = 1), coalesce(median(alike), 0)
        from {one} as persons
        left join others on {same}
        """
    ).fetchall()
    if truth is None:
        return Links(persons, linked, median)
    ((right, guessed),) = connection.execute(
        f"""
        with groups as (select {", ".join(columns)}, count(*) as alike from {other} group by all)
        select count(*) filter (where groups.alike = 1), coalesce(sum(1 / groups.alike), 0)
        from {one} as persons
        inner join {truth} as truth on persons.{PSEUDONYM} = truth.one
        inner join {other} as others on truth.other = others.{PSEUDONYM} and {same}
        inner join groups on {same.replace("persons.", "groups.")}
        """
    ).fetchall()
    return Links(persons, linked, median, right, guessed)


def write_truth(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> str | None:
    """Read from the vault (`vault`) which pseudonyms of two publications are one person.

    Returns the relation, or None if the vault keeps no maps.
    """
    try:
        connection.execute(
            f"""
            create or replace temp table truth as
            select one.{PSEUDONYM} as one, other.{PSEUDONYM} as other
            from vault.{MAPS[one]} as one
            inner join vault.{MAPS[other]} as other on one.customer_id = other.customer_id
            """
        )
    except duckdb.CatalogException:
        return None
    return "truth"


def measures(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> list[Measure]:
    """Measure how persons of `one` are linked to `other`: by pseudonym, and by attributes where both have some."""
    shared = _shared(shared_pseudonyms(connection, one, other), other)
    if not {one, other} <= PERSONS.keys():
        return [shared]
    columns = [
        column for column in attributes(connection, PERSONS[one]) if column in attributes(connection, PERSONS[other])
    ]
    truth = write_truth(connection, one, other)
    found = links(connection, PERSONS[one], PERSONS[other], columns, truth)
    return [shared, _linked(found, other, columns)]


def _shared(shared: int, other: str) -> Measure:
    meaning = (
        f"In both files: {counted(shared, 'pseudonym')}. Who has both puts these persons together at once. Rotate the "
        "keys, and find the model that issues them in the wrong domain."
        if shared
        else "No pseudonym is in both files: having both does not put a single person together by pseudonym."
    )
    return Measure(f"Linked to {other} by pseudonym", counted(shared, "shared pseudonym"), meaning)


def _linked(found: Links, other: str, columns: Sequence[str]) -> Measure:
    name = f"Linked to {other} by {named(columns)}"
    if not found.persons:
        return Measure(name, "nobody", "The file holds no person.")
    figure = (
        f"{share(found.linked, found.persons)} of {counted(found.persons, 'person')} are like exactly one person "
        f"there; half are like {found.median:,.0f} or fewer"
    )
    meaning = (
        f"Who has both files links {counted(found.linked, 'person')} to one person of {other}."
        if found.linked
        else f"Who has both files links nobody to one person of {other}: everybody is like several there, or like none."
    )
    if found.right is None or found.guessed is None:
        return Measure(name, figure, f"{meaning} Whether links are right cannot be judged: the vault has no maps.")
    rightly = f"{found.right:,} of these links are right. " if found.linked else ""
    guess = share(round(found.guessed), found.persons)
    return Measure(
        name,
        figure,
        f"{meaning} Judged by the vault: {rightly}Guessing among those who are alike puts {guess} of them together "
        "rightly.",
    )
