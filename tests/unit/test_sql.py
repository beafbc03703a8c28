"""Rows come with the names of their columns."""

import duckdb

from bigtrust import sql


def test_rows_have_names_and_take_parameters() -> None:
    with duckdb.connect() as connection:
        assert sql.rows(connection, "select 1 as a, 'x' as b union all select 2, null order by a") == [
            {"a": 1, "b": "x"},
            {"a": 2, "b": None},
        ]
        assert sql.rows(connection, "select ? as c", ["it's"]) == [{"c": "it's"}]
        assert sql.rows(connection, "select 1 as a where false") == []
