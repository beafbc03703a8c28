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
    """The path as a SQL string for DuckDB's readers, which take `*`, `?` and `[` for patterns: it matches itself only."""
    return text(re.sub(r"([*?\[])", r"[\1]", str(path)))
