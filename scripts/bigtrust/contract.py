"""The landing contract, read from models/staging/_landing__sources.yml: the one place where it is written."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bigtrust.errors import ConfigurationError

FILE = Path("models/staging/_landing__sources.yml")
IDENTIFIER_CLASSES = ("direct_identifier", "quasi_identifier", "free_text", "attribute", "key")


@dataclass(frozen=True)
class Column:
    """A column that a landing table may have."""

    name: str
    identifier_class: str
    required: bool


@dataclass(frozen=True)
class Table:
    """A landing table. `columns` are in the order of the contract; those of `key` identify a row."""

    name: str
    required: bool
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns that the table may have."""
        return tuple(column.name for column in self.columns)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)


@cache
def load(project: Path) -> dict[str, Table]:
    """Return the landing tables by name. Raises ConfigurationError for a column without a known identifier class."""
    path = project / FILE
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        tables = [table for source in document["sources"] if source["name"] == "landing" for table in source["tables"]]
        return {table["name"]: _table(table) for table in tables if not table["config"]["meta"].get("register")}
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"The landing contract {FILE} cannot be read ({type(error).__name__}). Compare it with the version in git."
        ) from None


def _table(table: dict[str, Any]) -> Table:
    return Table(
        name=table["name"],
        required=bool(table["config"]["meta"]["required"]),
        columns=tuple(_column(table["name"], column) for column in table["columns"]),
        key=tuple(table["config"]["meta"]["key"]),
    )


def _column(table: str, column: dict[str, Any]) -> Column:
    meta = (column.get("config") or {}).get("meta") or {}
    identifier_class = meta.get("identifier_class")
    if identifier_class not in IDENTIFIER_CLASSES:
        raise ConfigurationError(
            f"CLS-01: Column {table}.{column['name']} in {FILE} has no identifier class. "
            f"Give it one of: {', '.join(IDENTIFIER_CLASSES)}."
        )
    return Column(column["name"], identifier_class, bool(meta.get("required", False)))
