"""Publishing: a checked candidate becomes a publication, whole or not at all.

The candidate is copied into a fresh file (deleted rows do not survive in its free blocks), in a storage version that
DuckDB 1.5 reads, synced, and renamed over the old publication. A `kill -9` at any moment leaves the old or the new
one. The old publication is not kept: it holds what people asked to forget.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import sql
from bigtrust.errors import BigTrustError, ConfigurationError
from bigtrust.files import sync_folder

STORAGE_VERSION = "v1.0.0"  # read by DuckDB 1.0 and newer


Announce = Callable[[Mapping[Path, Path]], None]


def publish(candidates: Mapping[Path, Path], announce: Announce | None = None) -> None:
    """Copy DuckDB files, and put the copies in the place of publications: `candidates` by the file to be published.

    `announce` is called when all copies are whole and synced, with the copies by the file to be published; if it
    raises, nothing is put in place. Raises ConfigurationError if a folder cannot be written or is full; what was not
    put in place yet is then as it was.
    """
    copies: dict[Path, Path] = {}
    published = next(iter(candidates))
    try:
        for published, candidate in candidates.items():
            copies[published] = _copied(candidate, published)
        if announce:
            announce(copies)
        for published, unfinished in copies.items():
            _put_in_place(unfinished, published)
    except (OSError, duckdb.IOException, duckdb.TransactionException) as error:
        reason = error.strerror if isinstance(error, OSError) else "the database cannot write its file"
        raise ConfigurationError(
            f"Publication {published} cannot be written ({reason}). Free the disk or correct the folder's owner and "
            "mode; the old publication is untouched."
        ) from None
    finally:
        for published in candidates:
            remove_unfinished(published)


def _copied(candidate: Path, published: Path) -> Path:
    """A copy of the candidate beside the publication, under a hidden name, synced."""
    if not published.parent.exists():
        published.parent.mkdir(parents=True)
        published.parent.chmod(0o755)
    if published.is_symlink():
        raise ConfigurationError(
            f"Publication {published} is a link: what it leads to would stay as it is. Remove the link."
        )
    remove_unfinished(published)
    unfinished = published.with_name(f".{published.name}.{secrets.token_hex(4)}")
    copy(candidate, unfinished)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.chmod(0o644)  # whoever may enter the folder may read: the boundary is the file and its folder
    return unfinished


def _put_in_place(unfinished: Path, published: Path) -> None:
    # a log that a writer left behind would be replayed into the new file, unchecked
    log = published.with_name(published.name + ".wal")
    log.unlink(missing_ok=True)
    unfinished.replace(published)
    log.unlink(missing_ok=True)
    sync_folder(published.parent)


def copy(source: Path, target: Path) -> None:
    """Copy all schemas, tables, views and comments of a DuckDB file into a new file, and compare the row counts.

    Rows are written in the order of their columns, pseudonyms first: where a row lies in the file tells nothing of
    when it came.
    """
    with duckdb.connect(config={"threads": 2, **_memory(source.parent)}) as connection:
        connection.execute(f"attach {sql.text(str(source))} as source (read_only)")
        connection.execute(f"attach {sql.text(str(target))} as target (storage_version '{STORAGE_VERSION}')")
        connection.execute("copy from database source to target (schema)")
        for schema, table in _row_counts(connection, "source"):
            name = f"{sql.identifier(schema)}.{sql.identifier(table)}"
            connection.execute(f"insert into target.{name} from source.{name} order by all")
        is_same = _row_counts(connection, "source") == _row_counts(connection, "target")
        connection.execute("detach target")
    if not is_same:
        raise BigTrustError(f"Publication {target.name}: the copy differs from the candidate. Run again.")


def compact(database: Path) -> None:
    """Write a DuckDB file anew, without the free blocks in which deleted rows survive."""
    fresh = database.with_name(f".{database.name}.{secrets.token_hex(4)}")
    try:
        with duckdb.connect(config={"threads": 2, **_memory(database.parent)}) as connection:
            connection.execute(f"attach {sql.text(str(database))} as source (read_only)")
            connection.execute(f"attach {sql.text(str(fresh))} as target")
            connection.execute("copy from database source to target")
        database.with_name(database.name + ".wal").unlink(missing_ok=True)
        fresh.replace(database)
    finally:
        remove_unfinished(database)


def replace(published: Path, candidate: Path) -> None:
    """Put a copy of a publication in the place of its candidate: the same rows, and no deleted ones."""
    fresh = candidate.with_name(f".{candidate.name}.{secrets.token_hex(4)}")
    try:
        shutil.copyfile(published, fresh)
        candidate.with_name(candidate.name + ".wal").unlink(missing_ok=True)
        fresh.replace(candidate)
    finally:
        remove_unfinished(candidate)


def _memory(folder: Path) -> dict[str, Any]:
    return sql.limits(folder / f".temporary-{secrets.token_hex(4)}")


def remove_unfinished(published: Path) -> None:
    """Remove what a killed or failed run left beside a publication: a file, its write-ahead log."""
    for leftover in published.parent.glob(f".{published.name}.*"):
        leftover.unlink(missing_ok=True)


def _row_counts(connection: duckdb.DuckDBPyConnection, database: str) -> dict[tuple[str, str], int]:
    """Rows per table, counted: DuckDB's own estimate still holds deleted rows."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    return {
        (schema, table): connection.execute(
            f"select count(*) from {database}.{sql.identifier(schema)}.{sql.identifier(table)}"
        ).fetchall()[0][0]
        for schema, table in tables
    }
