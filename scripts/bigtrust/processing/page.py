"""The pages of the record and of the inventory: in the visual language of the summary page, without scripts."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from bigtrust import html, pages
from bigtrust.processing.measures import verdicts
from bigtrust.processing.record import Record
from bigtrust.processing.tables import Row, Table, text
from bigtrust.processing.versions import ADDED

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
        classes=_by_class(landing.rows),
    )


def _by_class(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """By identifier class, how many landing columns there are, and how many of them go nowhere."""
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        every, nowhere = counts.get(text(row["identifier_class"]), (0, 0))
        counts[text(row["identifier_class"])] = (every + 1, nowhere + (row["is_published"] == "no"))
    return counts


def _page(template: str, made: Record, **more: Any) -> str:
    added = {(found.table, found.key) for found in made.differences if found.change == ADDED}
    before = {(found.table, found.key, found.column): found.before for found in made.differences if found.column}

    def was(table: Table, row: Row, column: str) -> str | None:
        """What a cell said before, if that was something else."""
        return before.get((table.name, table.key_of(row), column))

    def is_new(table: Table, row: Row) -> bool:
        return (table.name, table.key_of(row)) in added

    content: Mapping[str, Any] = {"record": made, "words": WORDS, "was": was, "is_new": is_new, **more}
    filters = {"name": _name, "cell": text, "minute": pages.minute, "word": pages.word}
    return html.page(pages.FOLDER, template, content, filters)


def _name(identifier: str) -> str:
    """An identifier in words: `partner_sharing` is Partner sharing."""
    words = identifier.replace("_", " ")
    return words[:1].upper() + words[1:]
