"""Writing names and paths into SQL text, what the engine may take while it is asked, and rows with their names."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb


def limits(spilled: Path) -> dict[str, Any]:
    """The configuration of a connection: how much memory it may take, and where it spills what does not fit."""
    return {"memory_limit": os.environ.get("BIGTRUST_MEMORY_LIMIT", "2GB"), "temp_directory": str(spilled)}


def rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query, each by the names of its columns."""
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def text(value: str) -> str:
    """The value as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def file(path: Path) -> str:
    """The path as a SQL string for DuckDB's readers, which take `*`, `?` and `[` for patterns: it matches itself."""
    return text(_escaped(path))


def files(folder: Path, pattern: str) -> str:
    """The files of a folder that match a pattern, as a SQL string for DuckDB's readers."""
    return text(f"{_escaped(folder)}/{pattern}")


def _escaped(path: Path) -> str:
    return re.sub(r"([*?\[])", r"[\1]", str(path))
