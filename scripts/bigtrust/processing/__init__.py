"""The record of processing activities (GDPR art. 30) and the data inventory, for governance teams.

Both are made from what drives the SQL: the policy tables, dbt's manifest, the lineage of the last run. They hold names,
codes, periods and sentences of the policy; never a value from the data.
"""

from collections.abc import Sequence
from pathlib import Path

from bigtrust import lock
from bigtrust.errors import ConfigurationError
from bigtrust.files import private_folder, write_together
from bigtrust.processing import page, versions
from bigtrust.processing.metadata import read
from bigtrust.processing.record import Record, make, versioned
from bigtrust.processing.tables import csv_text
from bigtrust.processing.versions import Version
from bigtrust.settings import Settings

CHANGES = ("table", "row", "change", "column", "before", "after")


def folder(settings: Settings) -> Path:
    """Where it is written if no other folder is named."""
    return settings.summary.parent / "processing"


def write(settings: Settings, output: Path | None = None) -> Record:
    """Write pages and CSV files (mode 0600), and what they said before, into a folder; returns what they say.

    A version is what was in force. The policy of the project, while no run has published it, is compared with the last
    version and becomes none. Raises ConfigurationError if the last run did not publish, something of it or a policy
    table cannot be read, or the folder is another one's or cannot be written; LockedError while a run is under way.
    """
    place = (output or folder(settings)).resolve()
    settings.require_elsewhere(place, own=folder(settings))
    with lock.exclusive(settings.warehouse):
        metadata = read(settings)
        tables = make(metadata)
        known = versions.read(place)
        record, kept = versioned(metadata, tables, known)
        try:
            private_folder(place)
            write_together({place / name: content for name, content in _files(record, kept).items()}, mode=0o600)
        except OSError as error:
            raise ConfigurationError(
                f"--output {place} cannot be written ({error.strerror}). Name a folder, free the disk, or correct the "
                "folder's owner and mode."
            ) from None
    return record


def _files(record: Record, kept: Sequence[Version]) -> dict[str, str]:
    files = {f"{name}.csv": csv_text(table.columns, table.rows) for name, table in record.tables.items()}
    changes = [
        {
            "table": difference.table,
            "row": ".".join(difference.key),
            "change": difference.change,
            "column": difference.column,
            "before": difference.before,
            "after": difference.after,
        }
        for difference in record.differences
    ]
    files["changes.csv"] = csv_text(CHANGES, changes)
    files["index.html"] = page.record(record)
    files["inventory.html"] = page.inventory(record)
    if kept:
        files[versions.FILE] = versions.as_text(kept)  # last: whoever is killed before has the same differences again
    return files
