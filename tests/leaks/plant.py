"""Put leaks into a copy of the project, with everything declared that the house asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from leaks.relations import KEPT, PERSON, Leak
from warehouse import replace_in

PSEUDONYM = {"treatment": "pseudonym", "issued_in": "person_pseudonyms"}


def let_travel(project: Path) -> None:
    """Let what should stay in staging travel on to the kept models."""
    for file, (before, names, line) in KEPT.items():
        replace_in(project / file, before, before + "".join(line.format(name=name) for name in names))


def plant(project: Path, leaks: Sequence[Leak]) -> None:
    """A model, a contract and a suite for each leak."""
    let_travel(project)
    for leak in leaks:
        types = ({PERSON: "uuid"} if leak.is_of_persons else {}) | leak.columns
        declare(project, leak.relation, leak.sql, types)


def declare(
    project: Path,
    relation: str,
    sql: str,
    columns: Mapping[str, str],
    *,
    publication: str = "analytics",
    schema: str = "protected",
    description: str = "Segments.",
    metas: Mapping[str, Mapping[str, Any]] | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    has_suite: bool = True,
) -> Path:
    """Write a model with its YAML, and its suite, which asks for exactly its columns and for what `rules` say.

    `columns` gives the type of each; `metas` the meta of some, beside the pseudonym of the person. Returns the YAML.
    """
    folder = project / "models" / ("marts" if schema == "marts" else "protected") / publication
    model = f"{publication}__{relation}" if schema == "marts" else f"protected_{publication}__{relation}"
    (folder / f"{model}.sql").write_text(sql + "\n", encoding="utf-8")
    metas = {PERSON: PSEUDONYM, **(metas or {})}
    declared = {
        "name": model,
        "description": description,
        "config": {"meta": {"needs": ["customers"]}},
        "columns": [
            {"name": name, "data_type": data_type, "description": "A column.", "quote": not name.isidentifier()}
            | ({"config": {"meta": dict(metas[name])}} if name in metas else {})
            for name, data_type in columns.items()
        ],
    }
    properties = folder / f"_{model}.yml"
    properties.write_text(yaml.safe_dump({"version": 2, "models": [declared]}, sort_keys=False), encoding="utf-8")
    if has_suite:
        number = len([*(project / "expectations").rglob("zoo_*.yml")])
        exactly = {
            "expect_table_columns_to_match_ordered_list": {"column_list": list(columns)},
            "code": f"ZOO-{number:03}",
            "because": "What is not listed does not exist.",
        }
        suite = {
            "relation": f"{publication}.{schema}.{relation}",
            "needs": ["customers"],
            "expectations": [exactly, *rules],
        }
        path = project / "expectations" / publication / schema / f"{relation}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(suite, sort_keys=False), encoding="utf-8")
    return properties
