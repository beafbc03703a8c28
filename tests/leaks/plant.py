"""Put leaks into a copy of the project, with everything declared that the house asks for."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from leaks.relations import KEPT, PERSON, Leak
from warehouse import replace_in


def let_travel(project: Path) -> None:
    """Let what should stay in staging travel on to the kept models."""
    for file, (before, names, line) in KEPT.items():
        replace_in(project / file, before, before + "".join(line.format(name=name) for name in names))


def plant(project: Path, leaks: Sequence[Leak]) -> None:
    """A model, a contract and a suite for each leak."""
    let_travel(project)
    folder = project / "models" / "protected" / "analytics"
    declared = []
    for number, leak in enumerate(leaks):
        types = ({PERSON: "uuid"} if leak.is_of_persons else {}) | leak.columns
        (folder / f"protected_analytics__{leak.relation}.sql").write_text(leak.sql + "\n", encoding="utf-8")
        declared.append(
            {
                "name": f"protected_analytics__{leak.relation}",
                "description": "Segments.",
                "config": {"meta": {"needs": ["customers"]}},
                "columns": [_column(name, data_type) for name, data_type in types.items()],
            }
        )
        suite = {
            "relation": f"analytics.protected.{leak.relation}",
            "needs": ["customers"],
            "expectations": [
                {
                    "expect_table_columns_to_match_ordered_list": {"column_list": list(types)},
                    "code": f"ZOO-{number:03}",
                    "because": "What is not listed does not exist.",
                }
            ],
        }
        path = project / "expectations" / "analytics" / "protected" / f"{leak.relation}.yml"
        path.write_text(yaml.safe_dump(suite, sort_keys=False), encoding="utf-8")
    text = yaml.safe_dump({"version": 2, "models": declared}, sort_keys=False)
    (folder / "_zoo__protected.yml").write_text(text, encoding="utf-8")


def _column(name: str, data_type: str) -> dict[str, object]:
    column: dict[str, object] = {"name": name, "data_type": data_type, "description": "A column."}
    if name == PERSON:
        column["config"] = {"meta": {"treatment": "pseudonym", "issued_in": "person_pseudonyms"}}
    return column
