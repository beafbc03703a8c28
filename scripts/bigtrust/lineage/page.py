"""The lineage as people read it: where each landing column goes, as JSON and as a page."""

import json
from pathlib import Path
from typing import Any

from bigtrust import html
from bigtrust.files import private_folder
from bigtrust.lineage.project import Lineage
from bigtrust.lineage.taint import CLASSES


def write(folder: Path, lineage: Lineage) -> None:
    """Write `lineage.json` and `lineage.html` into a folder that only its owner may read. They hold names only."""
    private_folder(folder)
    described = describe(lineage)
    (folder / "lineage.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    text = html.page(Path(__file__).parent, "page.j2", described)
    (folder / "lineage.html").write_text(text, encoding="utf-8")


def describe(lineage: Lineage) -> dict[str, Any]:
    """`columns`: each landing column with its class and where it goes; `publications`: each published column with what
    it derives from. A destination says what the column still is there, and which treatments it went through."""
    goes_to: dict[str, list[dict[str, Any]]] = {column: [] for column in lineage.landing}
    publications: dict[str, dict[str, Any]] = {}
    for name in lineage.published:
        relation = lineage.relations.get(name)
        if relation is None:
            continue
        derived = publications.setdefault(name, {})
        for column, taint in relation.columns.items():
            flows = sorted(taint.flows)
            derived[column] = [
                {"from": flow.column, "as": _words(flow.identifier_class), "by": list(flow.treatments)}
                for flow in flows
            ]
            for flow in flows:
                there = {"relation": name, "column": column, "as": _words(flow.identifier_class)}
                goes_to.setdefault(flow.column, []).append({**there, "by": list(flow.treatments)})
    return {
        "columns": [
            {"column": column, "class": _words(identifier_class), "goes_to": goes_to[column]}
            for column, identifier_class in sorted(lineage.landing.items(), key=_by_class)
        ],
        "publications": publications,
        "findings": [
            {"code": finding.code, "relation": finding.relation, "column": finding.column, "reason": finding.reason}
            for finding in lineage.findings
        ],
    }


def _by_class(column: tuple[str, str]) -> tuple[int, str]:
    name, identifier_class = column
    return CLASSES.index(identifier_class), name


def _words(identifier_class: str) -> str:
    return identifier_class.replace("_", " ")
