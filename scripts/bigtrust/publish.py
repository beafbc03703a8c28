"""Publishing: a checked candidate becomes a publication, whole or not at all.

The candidate is copied into a fresh file (deleted rows do not survive in its free blocks), in a storage version that
DuckDB 1.5 reads, synced, and renamed over the old publication. A `kill -9` at any moment leaves the old or the new
one. The old publication is not kept: it holds what people asked to forget.
"""

import os
import secrets
from pathlib import Path

import duckdb

from bigtrust.errors import BigTrustError, ConfigurationError
from bigtrust.files import sync_folder

STORAGE_VERSION = "v1.0.0"  # read by DuckDB 1.0 and newer


def publish(candidate: Path, published: Path) -> None:
    """Copy the DuckDB file `candidate` and put the copy in the place of `published`.

    Raises ConfigurationError if the folder cannot be written or is full; the old publication is then untouched.
    """
    try:
        published.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(published)
        unfinished = published.with_name(f".{published.name}.{secrets.token_hex(4)}")
        try:
            copy(candidate, unfinished)
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            unfinished.replace(published)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(published.parent)
    except (OSError, duckdb.IOException) as error:
        reason = error.strerror if isinstance(error, OSError) else "the database cannot write its file"
        raise ConfigurationError(
            f"Publication {published} cannot be written ({reason}). Free the disk or correct the folder's owner and "
            "mode; the old publication is untouched."
        ) from None


def copy(source: Path, target: Path) -> None:
    """Copy all schemas, tables, views and comments of a DuckDB file into a new file, and compare the row counts."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"attach {_text(source)} as source (read_only)")
        connection.execute(f"attach {_text(target)} as target (storage_version '{STORAGE_VERSION}')")
        connection.execute("copy from database source to target")
        different = connection.execute(
            """
            select count(*)
            from (select * from duckdb_tables() where database_name = 'source') as source
            full join (select * from duckdb_tables() where database_name = 'target') as target
                using (schema_name, table_name)
            where source.estimated_size is distinct from target.estimated_size
            """
        ).fetchone()
        connection.execute("detach target")
    if different is None or different[0]:
        raise BigTrustError(f"Publication {target.name}: the copy differs from the candidate. Run again.")


def remove_unfinished(published: Path) -> None:
    """Remove what a killed run left beside a publication."""
    for leftover in published.parent.glob(f".{published.name}.*"):
        leftover.unlink(missing_ok=True)


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
