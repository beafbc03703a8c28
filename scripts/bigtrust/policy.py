"""The policy tables (seeds/policy/*.csv) of the last publication, kept beside the vault to compare an edit with."""

import csv
import shutil
from pathlib import Path

from bigtrust.errors import ConfigurationError
from bigtrust.settings import Settings

FOLDER = Path("seeds/policy")


def put_aside(settings: Settings) -> None:
    """Copy the policy tables that a run is about to build with."""
    _copy(settings.project / FOLDER, settings.candidates / "policy")


def remember(settings: Settings) -> None:
    """Say that what was put aside, if anything, is now the policy of the last publication."""
    if (settings.candidates / "policy").exists():
        _copy(settings.candidates / "policy", published(settings))


def published(settings: Settings) -> Path:
    """The folder with the policy tables of the last publication; it may not exist yet."""
    return settings.warehouse / "policy"


def edits(before: Path, after: Path) -> list[tuple[str, str, str]]:
    """The rows that two folders of policy tables do not share: the table, '-' or '+', and the row.

    Raises ConfigurationError if a table cannot be read.
    """
    found = []
    for name in sorted({path.name for folder in (before, after) for path in folder.glob("*.csv")}):
        old, new = _rows(before / name), _rows(after / name)
        found += [(Path(name).stem, "-", ",".join(row)) for row in old if row not in new]
        found += [(Path(name).stem, "+", ",".join(row)) for row in new if row not in old]
    return found


def version(settings_table: str) -> str:
    """Return the version that a policy has, from the text of its table settings. Raises ConfigurationError."""
    for row in csv.reader(settings_table.splitlines()):
        if row[:1] == ["policy_version"] and len(row) > 1:
            return row[1]
    raise ConfigurationError(f"{FOLDER}/settings.csv has no policy_version. Add the row.")


def _rows(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    except (UnicodeDecodeError, csv.Error):
        raise ConfigurationError(f"{FOLDER}/{path.name} is no well-formed CSV in UTF-8. Correct it.") from None


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in source.glob("*.csv"):
        shutil.copy(path, target)
