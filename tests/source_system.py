"""A source system that deletes what it is told to delete: every row of the landing files with a due key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from bigtrust import due

Key = dict[str, str]  # the values of a key, as text, by column

# A purchase takes its lines along.
FOLLOWERS = {"purchases": "purchase_lines"}


def due_keys(vault: Path) -> list[tuple[str, Key]]:
    """What the vault says is due: landing table and key."""
    keys = []
    with duckdb.connect(str(vault), read_only=True) as connection:
        for table, columns in due.KEYS.items():
            rows = connection.execute(due.keys_sql(table)).fetchall()
            keys += [(table, dict(zip(columns, row[: len(columns)], strict=True))) for row in rows]
    return keys


def delete(landing: Path, keys: Iterable[tuple[str, Key]]) -> int:
    """Delete rows from landing files, given (landing table, key); returns how many are gone.

    A consent is deleted with all other consents of its customer.
    """
    by_table: dict[str, list[Key]] = {}
    for table, key in keys:
        key = {"customer_id": key["customer_id"]} if table == "consents" else key
        by_table.setdefault(table, []).append(key)
        if table in FOLLOWERS:
            by_table.setdefault(FOLLOWERS[table], []).append(key)
    return sum(_delete(file, table, rows) for table, rows in by_table.items() for file in files(landing, table))


def files(landing: Path, table: str) -> list[Path]:
    """The files of a landing table."""
    return [path for path in sorted(landing.rglob("*.*")) if table in (path.stem, path.parent.name)]


def _delete(file: Path, table: str, keys: list[Key]) -> int:
    is_parquet = file.suffix == ".parquet"
    reader = f"read_parquet('{file}')" if is_parquet else f"read_csv('{file}', all_varchar = true, header = true)"
    with duckdb.connect() as connection:
        connection.execute(f"create table landed as from {reader}")
        (before,) = connection.execute("select count(*) from landed").fetchall()[0]
        for columns in {tuple(key) for key in keys}:
            some = [list(key.values()) for key in keys if tuple(key) == columns]
            connection.execute(f"create or replace table due ({', '.join(f'{name} varchar' for name in columns)})")
            connection.executemany(f"insert into due values ({', '.join('?' * len(columns))})", some)
            same = " and ".join(f"trim(landed.{name}::varchar) = due.{name}" for name in columns)
            connection.execute(f"delete from landed where exists (select 1 from due where {same})")
        (after,) = connection.execute("select count(*) from landed").fetchall()[0]
        options = "format parquet" if is_parquet else "format csv, header true"
        connection.execute(f"copy landed to '{file}' ({options})")
    return int(before - after)
