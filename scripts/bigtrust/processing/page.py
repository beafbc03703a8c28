"""The pages of the record and of the inventory: in the visual language of the summary page, without scripts."""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from bigtrust import html, pages
from bigtrust.lineage.taint import CLASSES
from bigtrust.processing.measures import verdicts
from bigtrust.processing.record import Record
from bigtrust.processing.tables import Row, Table, text
from bigtrust.processing.versions import ADDED

_JOINT = re.compile(r"(?<=[._])(?=[a-z])")
WORDS = {
    "controller": "Controller",
    "activities": "Activity",
    "recipients": "Recipient",
    "time_limits": "Time limit",
    "measures": "Security measure",
    "landing_columns": "Landing column",
    "published_columns": "Published column",
}


def record(made: Record) -> str:
    """The record of processing activities (HTML)."""
    codes = [code for row in made.tables["measures"].rows for code in row["checks"]]
    return _page("record.j2", made, verdicts=verdicts(list(made.metadata.run.checks), codes))


def inventory(made: Record) -> str:
    """The data inventory (HTML)."""
    landing, published = made.tables["landing_columns"], made.tables["published_columns"]
    sources = {table["name"]: " ".join(table["description"].split()) for table in made.metadata.landed}
    models = {
        (node["database"], node["alias"]): " ".join(node["description"].split())
        for node in sorted(made.metadata.models, key=lambda node: bool(node["schema"] == "marts"))
    }
    purposes = {row["publication"]: row for row in made.metadata.policy["purposes"]}
    by_relation = [
        (publication, [(relation, list(rows)) for relation, rows in groupby(part, lambda row: row["relation"])])
        for publication, part in groupby(published.rows, lambda row: row["publication"])
    ]
    return _page(
        "inventory.j2",
        made,
        landing=[(table, list(rows)) for table, rows in groupby(landing.rows, lambda row: row["table"])],
        published=by_relation,
        sources=sources,
        models=models,
        purposes=purposes,
        classes=_by_class(made.metadata.lineage["columns"], landing.rows),
    )


def _by_class(columns: Iterable[Mapping[str, Any]], rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """By identifier class, how many landing columns there are, how many go nowhere, and what the others become."""
    becomes = {column["column"]: {there["as"] for there in column["goes_to"]} for column in columns}
    found: dict[str, dict[str, Any]] = {}
    for name in CLASSES:
        words = name.replace("_", " ")
        own = [row for row in rows if row["identifier_class"] == words]
        if own:
            arrives = set().union(*(becomes[f"{row['table']}.{row['column']}"] for row in own))
            nowhere = sum(row["is_published"] == "no" for row in own)
            found[words] = {"delivered": len(own), "nowhere": nowhere, "becomes": sorted(arrives)}
    return found


def _page(template: str, made: Record, **more: Any) -> str:
    added = {(found.table, found.key) for found in made.differences if found.change == ADDED}
    before = {(found.table, found.key, found.column): found.before for found in made.differences if found.column}

    def was(table: Table, row: Row, column: str) -> str | None:
        """What a cell said before, if that was something else."""
        return before.get((table.name, table.key_of(row), column))

    def is_new(table: Table, row: Row) -> bool:
        return (table.name, table.key_of(row)) in added

    content: Mapping[str, Any] = {"record": made, "words": WORDS, "was": was, "is_new": is_new, **more}
    filters = {"name": _name, "breakable": _breakable, "cell": text, "minute": pages.minute, "word": pages.word}
    return html.page(pages.FOLDER, template, content, filters)


def _breakable(identifiers: str) -> Markup:
    """A text whose identifiers may be broken behind their dots and underscores."""
    return Markup(_JOINT.sub("<wbr>", str(escape(identifiers))))  # noqa: S704  # escaped before


def _name(identifier: str) -> str:
    """An identifier in words: `partner_sharing` is Partner sharing."""
    words = identifier.replace("_", " ")
    return words[:1].upper() + words[1:]
