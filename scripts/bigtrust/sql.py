"""Writing names and paths into SQL text."""

import re
from pathlib import Path


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
