"""What the record said before: the last two versions are kept beside it, to show what changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bigtrust.errors import ConfigurationError
from bigtrust.processing.tables import Table, text

FILE = "versions.json"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"

Said = Mapping[str, Sequence[Mapping[str, str]]]  # rows by table


@dataclass(frozen=True)
class Version:
    """What the record said (`said`), under which version of the policy, and after which run it first did."""

    number: int
    policy_version: str
    run: int
    said: Said

    def is_as(self, other: "Version") -> bool:
        """Whether both say the same, in whatever order, under the same version of the policy."""
        return (self.policy_version, _unordered(self.said)) == (other.policy_version, _unordered(other.said))


@dataclass(frozen=True)
class Difference:
    """A row that was added or removed (`column` is empty), or a cell that changed."""

    table: str
    key: tuple[str, ...]
    change: str
    column: str
    before: str
    after: str


def said(tables: Iterable[Table]) -> Said:
    """What tables say, as it is kept."""
    return {table.name: [{name: text(row[name]) for name in table.compared} for row in table.rows] for table in tables}


def differences(before: Said, after: Said, tables: Iterable[Table]) -> list[Difference]:
    """What changed from one version to the next, by table and in the order of its rows, removed ones last.

    A column that only one of them has is not compared: the program is another one, not the facts.
    """
    found = []
    for table in tables:
        old = {table.key_of(row): row for row in before.get(table.name, ())}
        new = {table.key_of(row): row for row in after.get(table.name, ())}
        for key, row in new.items():
            if key not in old:
                found.append(Difference(table.name, key, ADDED, "", "", _whole(table, row)))
                continue
            found += [
                Difference(table.name, key, CHANGED, name, old[key][name], row[name])
                for name in table.compared
                if name in old[key] and old[key][name] != row[name]
            ]
        found += [
            Difference(table.name, key, REMOVED, "", _whole(table, row), "")
            for key, row in old.items()
            if key not in new
        ]
    return found


def read(folder: Path) -> list[Version]:
    """The versions that are kept, the older first. Raises ConfigurationError if the file is damaged."""
    path = folder / FILE
    try:
        if not path.exists():
            return []
        return [Version(**version) for version in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        raise ConfigurationError(
            f"{path} is damaged. Restore it from your backup, or remove it: then this version counts as the first."
        ) from None


def as_text(versions: Iterable[Version]) -> str:
    """The versions as they are kept (JSON)."""
    return json.dumps([asdict(version) for version in versions], ensure_ascii=False, indent=1) + "\n"


def _whole(table: Table, row: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {row[name]}" for name in table.compared if name not in table.key and row.get(name))


def _unordered(rows: Said) -> dict[str, set[frozenset[tuple[str, str]]]]:
    return {name: {frozenset(row.items()) for row in part} for name, part in rows.items()}
