"""The raw values of a landing folder, read without the project's own code, and where they turn up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ahocorasick_rs
import duckdb
import yaml

from bigtrust.settings import PROJECT

SHORTEST = 8


def identifiers_and_free_text(landing: Path) -> set[str]:
    """The distinct values, as delivered, of every column whose class is direct_identifier or free_text.

    Of a web address only the query is free text. Values that also occur in product or category data are left out.
    """
    contract = yaml.safe_load((PROJECT / "models" / "staging" / "_landing__sources.yml").read_text(encoding="utf-8"))
    values: set[str] = set()
    with duckdb.connect() as connection:
        for table in contract["sources"][0]["tables"]:
            source = _reader(landing, table["name"])
            if source is None:
                continue
            for column in table["columns"]:
                if column["config"]["meta"]["identifier_class"] in ("direct_identifier", "free_text"):
                    name = column["name"] if column["name"] != "url" else "regexp_extract(url, '[?#](.*)$', 1)"
                    rows = connection.execute(f"select distinct trim({name}::varchar) from {source}").fetchall()
                    values |= {value for (value,) in rows if value and len(value) >= SHORTEST}
        names = connection.execute(
            f"select first_name || ' ' || last_name from {_reader(landing, 'customers')}"
        ).fetchall()
        values |= {name for (name,) in names if name and len(name) >= SHORTEST}
        products = "\n".join(
            value
            for table in ("products", "product_categories")
            for row in connection.execute(f"from {_reader(landing, table)}").fetchall()
            for value in map(str, row)
        )
    return {value for value in values if value not in products}


class Search:
    """Finds raw values in bytes: as delivered, and in lower case."""

    def __init__(self, values: set[str]) -> None:
        self.patterns = sorted({form.encode() for value in values for form in (value, value.lower())})
        self._automaton = ahocorasick_rs.BytesAhoCorasick(self.patterns)

    def finds(self, content: bytes) -> int:
        """How many occurrences of raw values there are."""
        return len(self._automaton.find_matches_as_indexes(content))

    def files_that_leak(self, *roots: Path) -> Iterator[tuple[Path, int]]:
        """The files under some folders that hold raw values, with the number of occurrences."""
        for root in roots:
            for path in [root] if root.is_file() else sorted(root.rglob("*")):
                if path.is_file() and (found := self.finds(path.read_bytes())):
                    yield path, found


def _reader(landing: Path, table: str) -> str | None:
    folder = landing / table
    for suffix, reader in ((".parquet", "read_parquet"), (".csv", "read_csv")):
        if (landing / f"{table}{suffix}").exists():
            options = ", all_varchar = true, header = true" if suffix == ".csv" else ""
            return f"{reader}('{landing / table}{suffix}'{options})"
        if folder.is_dir() and list(folder.glob(f"*{suffix}")):
            return f"{reader}('{folder}/*{suffix}', union_by_name = true)"
    return None
