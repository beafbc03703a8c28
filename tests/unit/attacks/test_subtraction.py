"""What subtraction shows of erased purchases, and how few stand behind a total: on files with figures known by hand."""

from collections.abc import Iterator

import duckdb
import pytest

from bigtrust.attacks import cells, differences, erased
from bigtrust.attacks.cells import Cells
from bigtrust.attacks.differences import Difference, Months
from bigtrust.attacks.erased import Totals

TABLES = {
    "analytics.marts.purchases": "purchased_on date, channel text, line_count int, net_amount int",
    "analytics.marts.purchase_lines": (
        "purchase_pseudonym text, purchased_on date, category_id text, quantity int, net_amount int"
    ),
    "finance.marts.daily_totals": (
        "sold_on date, store_id text, channel text, purchase_count int, line_count int, net_amount int"
    ),
    "insights.marts.sales_by_category_month": (
        "sold_month date, category_id text, purchase_count int, quantity int, net_amount int"
    ),
    "governance.marts.erasure_status": "scope text, state text, requests int",
    "vault.restricted.sales_by_purchase": "sold_month date, net_amount int",
    "forgotten": ("purchase_id text, purchased_on date, category_id text, store_id text, channel text, is_landed bool"),
}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A shop of three days. On the 1st, A is forgotten, alone; on the 2nd, B and C; on the 3rd, nothing."""
    with duckdb.connect() as connection:
        for name in sorted({table.split(".")[0] for table in TABLES} - {"forgotten"}):
            connection.execute(f"attach ':memory:' as {name}")
        for table, columns in TABLES.items():
            if table.count(".") == 2:
                connection.execute(f"create schema if not exists {table.rpartition('.')[0]}")
            connection.execute(f"create table {table} ({columns})")
        connection.execute(
            """
            insert into finance.marts.daily_totals values
                ('2025-12-31', 's', 'web', 1, 1, 5), -- before analytics begins
                ('2026-01-01', 's', 'web', 1, 1, 10),
                ('2026-01-01', 't', 'web', 1, 1, 20),
                ('2026-01-02', 's', 'web', 3, 3, 60),
                ('2026-02-03', 's', 'web', 1, 1, 7)
            """
        )
        connection.execute(
            """
            insert into analytics.marts.purchases values
                ('2026-01-01', 'web', 1, 20), ('2026-01-02', 'web', 1, 30), ('2026-02-03', 'web', 1, 7)
            """
        )
        connection.execute(
            """
            insert into analytics.marts.purchase_lines values
                ('p', '2026-01-01', 'x', 1, 20), ('q', '2026-01-02', 'x', 1, 30), ('r', '2026-02-03', 'x', 1, 7)
            """
        )
        connection.execute(
            """
            insert into insights.marts.sales_by_category_month values
                ('2026-01-01', 'x', 2, 2, 50), ('2026-02-01', 'x', 1, 1, 7)
            """
        )
        connection.execute(
            """
            insert into forgotten values
                ('A', '2026-01-01', 'x', 's', 'web', true),
                ('B', '2026-01-02', 'x', 's', 'web', true),
                ('C', '2026-01-02', 'y', 's', 'web', true),
                ('gone', '2026-01-02', 'x', 's', 'web', false)
            """
        )
        yield connection


def test_whoever_has_finance_and_analytics_sees_every_day_and_reads_off_who_is_alone(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = differences.finance_and_analytics(connection)
    assert found == Difference(cells=3, differing=2, purchases=3, betrayed=3, alone=1)
    said = differences.with_analytics(found)
    assert said.figure == "100 % of 3 forgotten purchases; the amount of 33.3 %"
    assert "the policy lets no audience have both" in said.meaning


def test_insights_that_forget_as_analytics_do_betray_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    # January is not complete in analytics, as far as the file says
    assert differences.insights_and_analytics(connection) == Difference(1, 0, 0, 0, 0)
    connection.execute("insert into analytics.marts.purchase_lines values ('o', '2025-12-31', 'x', 1, 1)")
    connection.execute("insert into analytics.marts.purchases values ('2025-12-31', 'web', 1, 1)")
    found = differences.insights_and_analytics(connection)
    assert found == Difference(cells=2, differing=0, purchases=2, betrayed=0, alone=0)
    connection.execute("update insights.marts.sales_by_category_month set net_amount = 60 where purchase_count = 2")
    found = differences.insights_and_analytics(connection)
    assert found == Difference(cells=2, differing=1, purchases=2, betrayed=2, alone=0)


def test_an_old_copy_betrays_who_is_alone_in_a_cell(connection: duckdb.DuckDBPyConnection) -> None:
    assert differences.old_copy_of_insights(connection) == Difference(2, 2, 2, 2, 0)
    connection.execute("insert into insights.marts.sales_by_category_month values ('2026-01-01', 'y', 1, 1, 1)")
    found = differences.old_copy_of_insights(connection)
    assert found == Difference(cells=3, differing=3, purchases=3, betrayed=3, alone=1)
    assert differences.against_a_copy(found).figure == "the amount of 33.3 % of 3 forgotten purchases"


def test_accounting_reads_off_a_month_in_which_one_purchase_is_all_that_is_missing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("insert into vault.restricted.sales_by_purchase values ('2026-01-01', 50), ('2026-02-01', 7)")
    assert differences.finance_and_insights(connection) == Months(months=2, differing=1, one_purchase=0)
    connection.execute("delete from forgotten where purchase_id <> 'A'")
    found = differences.finance_and_insights(connection)
    assert found == Months(months=2, differing=1, one_purchase=1)
    assert "In 1 month all of the difference is one forgotten purchase" in differences.with_insights(found).meaning
    # what few people bought is left out, too, and hides the one
    connection.execute("update vault.restricted.sales_by_purchase set net_amount = 51 where net_amount = 50")
    assert differences.finance_and_insights(connection).one_purchase == 0


def test_finance_counts_what_is_forgotten_and_a_total_may_be_all_of_it(connection: duckdb.DuckDBPyConnection) -> None:
    assert erased.totals_of_finance(connection) == Totals(purchases=3, counted=3, alone=1)
    assert cells.purchases_of_finance(connection) == Cells(cells=5, small=4, smallest=1)
    assert cells.finance(Cells(5, 4, 1)).figure == "80.0 % of 5 totals by day, store and channel"


def test_where_there_is_nothing_every_measure_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        connection.execute(f"delete from {table}")
    said = [
        differences.with_analytics(differences.finance_and_analytics(connection)),
        differences.against_a_copy(differences.old_copy_of_insights(connection)),
        erased.said_of_finance(erased.totals_of_finance(connection)),
        cells.finance(cells.purchases_of_finance(connection)),
        cells.governance(cells.requests_of_governance(connection, 5), 5),
    ]
    assert [measure.figure for measure in said] == [*["not applicable"] * 3, "no total", "no request"]


def test_small_counts_of_requests_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "insert into governance.marts.erasure_status values ('person', 'effective', 7), ('person', 'pending', 1)"
    )
    found = cells.requests_of_governance(connection, 5)
    assert found == Cells(cells=2, small=1, smallest=1)
    assert cells.governance(found, 5).figure == "50.0 % of 2 counts are below 5; the smallest is 1"
