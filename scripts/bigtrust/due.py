"""The keys that the source systems should now delete: written where only their owner reads.

The vault knows where the rows lie in the delivery; their keys are read from there.
"""

import csv
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import lock, records, sql, states
from bigtrust.errors import ConfigurationError
from bigtrust.files import digest, private_folder, sync_folder
from bigtrust.settings import Settings

# What identifies a row of a landing table. Of a purchase that is due, the lines go too, without being listed.
KEYS = {
    "customers": ("customer_id",),
    "consents": ("customer_id", "purpose", "recorded_at", "channel", "granted"),
    "purchases": ("purchase_id",),
    "purchase_lines": ("purchase_id", "line_number"),
    "returns": ("return_id",),
    "web_events": ("event_id",),
    "support_tickets": ("ticket_id",),
    "marketing_messages": ("message_id",),
}
# Files in which something is due. A position is true for the very bytes that the run has read.
_FILES = """
    select distinct landing_table, file_name, digest
    from restricted.landing_due left join landing.files using (landing_table, file_number)
"""


def export(settings: Settings, folder: Path) -> dict[str, int]:
    """Write one CSV file per landing table (mode 0600) with the keys that are due; returns how many each holds.

    Every file is written anew, also when nothing of its table is due, so that no older list stays behind.
    Raises ConfigurationError if `folder` is one that others read, if the last run did not publish or was made for
    another day, or if landing has changed since; LockedError while a run is under way.
    """
    folder = folder.resolve()
    settings.require_elsewhere(folder, "Keys")
    with lock.exclusive(settings.warehouse):
        _require_current(settings)
        try:
            with _vault(settings) as connection:
                _require_as_read(settings, connection)
                return _write(connection, private_folder(folder))
        except OSError as error:
            raise ConfigurationError(
                f"--output {folder} cannot be written ({error.strerror}). Free the disk, or correct the folder's owner "
                "and mode."
            ) from None


def _write(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    counts = dict.fromkeys(KEYS, 0)
    with _files(folder) as writers:
        for table, writer in writers.items():
            cursor = connection.execute(keys_sql(table))
            while rows := cursor.fetchmany(10_000):
                writer.writerows(rows)
                counts[table] += len(rows)
    return counts


def keys_sql(table: str) -> str:
    """SQL for the vault: the key of each row of a landing table that is due, as text, its reason, and since when."""
    columns = ", ".join(f"cast(landed.{name} as varchar) as {name}" for name in KEYS[table])
    return f"""
        select {columns}, due.reason, due.due_since
        from restricted.landing_due as due
        inner join staging.base_{table} as landed
            on due.file_number = landed.file_number and due.row_number = landed.row_number
        where due.landing_table = '{table}'
        order by all
    """


def _require_current(settings: Settings) -> None:
    """What is due is worked out from the landing files with the requests and the policy of the last run."""
    last = records.latest(settings.runs)
    if last is None or not settings.vault.exists():
        raise ConfigurationError("Nothing has been built yet. Run `bigtrust run` first.")
    if last.verdict != records.PUBLISHED:
        raise ConfigurationError(
            f"The last run ({last.run}) did not publish. Repair what stopped it and run `bigtrust run`: keys are only "
            "given out from a run that passed its checks."
        )
    if last.as_of:
        raise ConfigurationError(
            f"The last run ({last.run}) was made for another day (--as-of). Run `bigtrust run` without it first."
        )
    started = datetime.fromisoformat(f"{last.started_at}+00:00").timestamp()
    places = [settings.landing, *settings.landing.rglob("*")]
    if not settings.landing.exists() or max(path.stat().st_mtime for path in places) > started:
        raise _changed(settings)
    if states.withdrawn_since(settings.register):
        raise ConfigurationError(
            "A request was withdrawn since the last run. Run `bigtrust run` first: it may concern what is due."
        )


def _require_as_read(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Times of files can be set; their bytes tell."""
    for table, name, known in connection.execute(_FILES).fetchall():
        paths = (settings.landing / table / name, settings.landing / name)
        if not any(path.is_file() and digest(path) == known for path in paths):
            raise _changed(settings)


def _changed(settings: Settings) -> ConfigurationError:
    return ConfigurationError(
        f"The landing folder {settings.landing} has changed since the last run. Run `bigtrust run` first: a legal "
        "hold or a withdrawn request may have arrived."
    )


def _vault(settings: Settings) -> duckdb.DuckDBPyConnection:
    limits = sql.limits(settings.warehouse / "temporary")
    return duckdb.connect(str(settings.vault), read_only=True, config=limits)


@contextmanager
def _files(folder: Path) -> Iterator[dict[str, Any]]:
    """A CSV writer per landing table; the files take their names only when all are complete."""
    unfinished = {name: folder / f".{name}.csv.{secrets.token_hex(4)}" for name in KEYS}
    opened = {}
    try:
        for name, path in unfinished.items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            opened[name] = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        writers = {name: csv.writer(file) for name, file in opened.items()}
        for name, writer in writers.items():
            writer.writerow([*KEYS[name], "reason", "due_since"])
        yield writers
        for name, file in opened.items():
            file.flush()
            os.fsync(file.fileno())
            unfinished[name].replace(folder / f"{name}.csv")
        sync_folder(folder)
    finally:
        for file in opened.values():
            file.close()
        for path in unfinished.values():
            path.unlink(missing_ok=True)
