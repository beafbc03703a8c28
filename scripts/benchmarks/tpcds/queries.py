"""What the view of a mart costs a reader: the same queries on the view and on a plain table of the same rows."""

import time
from pathlib import Path
from statistics import median

import duckdb

QUERIES = {
    "net amount and persons by category and month": """
        select category_id, date_trunc('month', purchased_on) as sold_month, sum(net_amount),
            count(distinct person_pseudonym)
        from {lines} group by all""",
    "the hundred best customers": """
        select person_pseudonym, sum(net_amount) as net_amount
        from {lines} group by all order by net_amount desc limit 100""",
    "lines returned, by channel": """
        select channel, count(*) filter (returned_quantity > 0), count(*) from {lines} group by all""",
}


def ratios(publication: Path, work: Path, runs: int) -> dict[str, float]:
    """Median seconds on the view by median seconds on the table, for each query. `work` is a database to be made."""
    work.unlink(missing_ok=True)
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"attach '{publication}' as analytics (read_only)")
        connection.execute("create table lines as from analytics.marts.purchase_lines")
        connection.execute("checkpoint")
        found = {
            name: _ratio(
                connection, query.format(lines="analytics.marts.purchase_lines"), query.format(lines="lines"), runs
            )
            for name, query in QUERIES.items()
        }
    work.unlink()
    return found


def _ratio(connection: duckdb.DuckDBPyConnection, on_view: str, on_table: str, runs: int) -> float:
    _seconds(connection, on_view), _seconds(connection, on_table)  # the first reads the file
    pairs = [(_seconds(connection, on_view), _seconds(connection, on_table)) for _ in range(runs)]
    return median(view for view, _ in pairs) / median(table for _, table in pairs)


def _seconds(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    started = time.monotonic()
    connection.execute(query).fetchall()
    return time.monotonic() - started
