"""Totals: how few stand behind one of them?

*The attacker has* one publication of totals, and knows that a person is in it, or when and where a purchase was made.
*Judged* for insights by the vault, which knows who the persons behind a cell are; the attacker does not.
"""

from dataclasses import dataclass

import duckdb

from bigtrust.attacks import publications
from bigtrust.attacks.measures import Measure, counted, share


@dataclass(frozen=True)
class Cells:
    """How many cells there are, how many of them are small, and the smallest."""

    cells: int
    small: int
    smallest: int


def persons_behind_insights(connection: duckdb.DuckDBPyConnection, k: int) -> Cells:
    """Count the persons behind each cell of insights; a small one has fewer than k. Needs the vault (`vault`)."""
    return _cells(
        connection,
        f"""
        with
            sales as (select * from vault.restricted.sales_by_purchase where person_pseudonym is not null),
            categories as (
                select
                    sales.sold_month,
                    numbers.category_id,
                    count(distinct sales.person_pseudonym) as persons
                from sales
                inner join vault.restricted.sales_by_line as lines on sales.purchase_number = lines.purchase_number
                left join vault.last_run.category_numbers as numbers on lines.category_number = numbers.category_number
                group by all
            ),
            regions as (
                select
                    sales.sold_month,
                    coalesce(persons.region, 'unknown') as region,
                    count(distinct sales.person_pseudonym) as persons
                from sales
                left join vault.restricted.person_regions as persons
                    on sales.person_pseudonym = persons.person_pseudonym
                group by all
            ),
            cells as (
                select coalesce(categories.persons, 0) as persons
                from insights.marts.sales_by_category_month as cells
                left join categories
                    on cells.sold_month = categories.sold_month
                    and cells.category_id is not distinct from categories.category_id
                union all
                select coalesce(regions.persons, 0)
                from insights.marts.sales_by_region_month as cells
                left join regions on cells.sold_month = regions.sold_month and cells.region = regions.region
            )
        select count(*), count(*) filter (where persons < {k}), coalesce(min(persons), 0) from cells
        """,
    )


def purchases_of_finance(connection: duckdb.DuckDBPyConnection) -> Cells:
    """Count the purchases of each total of finance; a small one is of one purchase."""
    return _cells(
        connection,
        """
        select count(*), count(*) filter (where purchase_count = 1), coalesce(min(purchase_count), 0)
        from finance.marts.daily_totals
        """,
    )


def requests_of_governance(connection: duckdb.DuckDBPyConnection, k: int) -> Cells:
    """Count the erasure requests of each scope and state; a small number is below k."""
    return _cells(
        connection,
        f"""
        select count(*), count(*) filter (where requests < {k}), coalesce(min(requests), 0)
        from governance.marts.erasure_status
        """,
    )


def _cells(connection: duckdb.DuckDBPyConnection, query: str) -> Cells:
    return Cells(*connection.execute(query).fetchall()[0])


def measures(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Measure]]:
    """Measure the publications that hold no person."""
    k = int(publications.facts(connection, "insights")["k"])
    return {
        "insights": [insights(persons_behind_insights(connection, k), k)],
        "finance": [finance(purchases_of_finance(connection))],
        "governance": [governance(requests_of_governance(connection, k), k)],
    }


def insights(found: Cells, k: int) -> Measure:
    """Say how few persons are behind a cell."""
    name = "Persons behind a cell"
    if not found.cells:
        return Measure(name, "no cell", "The file shows no cell, so there is nobody behind one.")
    few = f"{share(found.small, found.cells)} have fewer than {k}"
    figure = f"{found.smallest:,} at least, in {counted(found.cells, 'cell')}; {few}"
    if found.small:
        meaning = (
            f"Of fewer than {k} people: {counted(found.small, 'cell')}. Whoever is one of them learns much of the "
            "others. Nothing of the kind may be published."
        )
    else:
        meaning = (
            f"Every cell describes at least {k} people: a total says nothing of one of them to somebody who does not "
            "know all the others."
        )
    return Measure(name, figure, meaning)


def finance(found: Cells) -> Measure:
    """Say how many totals are one purchase."""
    name = "Totals that are one purchase"
    if not found.cells:
        return Measure(name, "no total", "The file holds no total.")
    return Measure(
        name,
        f"{share(found.small, found.cells)} of {counted(found.cells, 'total')} by day, store and channel",
        (
            f"{found.small:,} totals are the amount of one purchase. Who knows that a person bought in that store on "
            "that day learns what was paid; the file says neither who nor what. Accounts may have no gaps, so small "
            "totals stay, and the file goes to accounting alone."
            if found.small
            else "No total is of one purchase alone: what a person paid cannot be read off."
        ),
    )


def governance(found: Cells, k: int) -> Measure:
    """Say how small the counts of erasure requests are."""
    name = "Counts of erasure requests"
    if not found.cells:
        return Measure(
            name, "no request", "Nobody has asked to forget anything. The other counts are of rows and checks."
        )
    return Measure(
        name,
        f"{share(found.small, found.cells)} of {counted(found.cells, 'count')} are below {k}; the smallest is "
        f"{found.smallest:,}",
        "The file counts requests by scope and state, and says since which day the oldest waits: that somebody asked, "
        "not who, nor for what. Who knows that a person asked on that day learns what became of it. It goes to the "
        "privacy office alone.",
    )
