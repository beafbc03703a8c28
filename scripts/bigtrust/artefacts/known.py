"""Raw values that are no evidence: part of product data, or an ordinary word of the project itself.

Somebody is called Constant, and a reason is "litigation": both are in the project's own texts. So a single word and a
free text that the project's files hold anyway are left out. A number, an address or a whole name is not: whoever
writes one into a model is to be found.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import duckdb

from bigtrust import demo
from bigtrust.artefacts import values
from bigtrust.artefacts.values import Text, Value
from bigtrust.gx.engine import withheld
from bigtrust.gx.raw_values import RawColumn

_PROJECT = ("dbt_project.yml", "models", "macros", "seeds", "expectations", "tests/dbt")
_PACKAGES = ("bigtrust", "dbt.include")  # pages and macros that are copied into what a run writes
_DEMO = Path(demo.__file__).parent  # names of persons, if invented ones
_TEXTS = (".css", ".csv", ".html", ".j2", ".md", ".py", ".sql", ".yml", ".yaml")


def known(
    connection: duckdb.DuckDBPyConnection, found: Collection[Value], products: Sequence[RawColumn], project: Path
) -> set[str]:
    """Which of some raw values are no evidence. Raises QueryFailed if product data cannot be read."""
    if not found:
        return set()
    in_products = values.held([*found], [Text(0, _product_text(connection, products), is_database=True)])
    ordinary = [
        replace(value, form="code" if value.form == "word" else value.form)  # in any case
        for value in found
        if value.form == "word" or value.column.identifier_class == "free_text"
    ]
    in_project = values.held(ordinary, [Text(0, text, False) for text in _own_texts(project)]) if ordinary else set()
    return {value.text for _, value in in_products | in_project}


def _product_text(connection: duckdb.DuckDBPyConnection, products: Sequence[RawColumn]) -> str:
    texts = " union ".join(f"select {column.text} as text from {column.source}" for column in products)
    with withheld():
        rows = connection.execute(f"select text from ({texts}) where text is not null").fetchall() if texts else []
    return "\n".join(text for (text,) in rows)


def _own_texts(project: Path) -> Iterator[str]:
    folders = [project / part for part in _PROJECT]
    for package in _PACKAGES:
        spec = find_spec(package)
        folders += [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            if path.suffix in _TEXTS and _DEMO not in path.parents:
                yield path.read_text(encoding="utf-8", errors="replace")
