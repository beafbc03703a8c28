"""What is held, why, how long and who receives it: from dbt's manifest, the lineage and the publication governance.

Nothing is repeated by hand but the words: which details there are says the landing contract, where they go the lineage,
why and how long the policy by which the last run worked.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from bigtrust.errors import ConfigurationError
from bigtrust.lineage.declared import PSEUDONYM
from bigtrust.settings import Settings
from bigtrust.site.words import both
from bigtrust.sql import rows

# Categories of data, as customers think of them, and the landing tables in which they are delivered.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "customers": ("customers",),
    "consents": ("consents",),
    "purchases": ("purchases", "purchase_lines"),
    "returns": ("returns",),
    "web_events": ("web_events",),
    "support_tickets": ("support_tickets",),
    "marketing_messages": ("marketing_messages",),
    "requests": ("erasure_requests", "register_requests"),
    "legal_holds": ("legal_holds",),
    "catalogue": ("products", "product_categories"),
}
# From what identifies by itself to what says nothing of anybody: of two tables, the stricter class counts.
CLASSES = ("direct_identifier", "free_text", "quasi_identifier", "attribute", "key")
_ENDS = ("visible_until", "returned_until")  # days on which a row expires: no detail that anybody is shown
_COUNTS = "governance"  # counts and verdicts: what it holds is said of it as a whole

Row = dict[str, Any]


def purposes(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The purposes in force, with who reads their publication and on which legal basis."""
    query = "select purpose, publication, audience, legal_basis, honours_erasure, description from marts.purposes"
    return [
        row
        | {
            "audience": both(lambda words, row=row: words.text(f"audiences.{row['audience']}")),
            "legal_basis": both(lambda words, row=row: words.policy(row["legal_basis"])),
            "description": both(lambda words, row=row: words.policy(row["description"])),
        }
        for row in rows(connection, f"{query} order by purpose")
    ]


def windows(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The retention windows in force: how long, from which event on, by which legal source."""
    query = "select data_category, purpose, period_months, start_event, legal_source from marts.retention_windows"
    return [
        row
        | {
            "period": both(lambda words, row=row: words.period(row["period_months"])),
            "starts": both(lambda words, row=row: words.text(f"start_events.{row['start_event']}")),
            "legal_source": both(lambda words, row=row: words.policy(row["legal_source"])),
        }
        for row in rows(connection, f"{query} order by data_category, purpose")
    ]


def recipients(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Who may receive addresses, for which purpose, on which basis, and which details of a person.

    `transfer_basis` is null unless they leave the European Economic Area.
    """
    columns = "recipient, name, country, purpose, legal_basis, columns, contract_on, transfer_basis"
    query = f"select {columns} from marts.recipients"
    return [
        row
        | {
            "columns": row["columns"].split(" "),
            "contract_on": row["contract_on"].isoformat(),
            "country_name": both(lambda words, row=row: words.country(row["country"])),
            "purpose_name": both(lambda words, row=row: words.text(f"disclosed_for.{row['purpose']}")),
            "legal_basis": both(lambda words, row=row: words.policy(row["legal_basis"])),
            "transfer_basis": both(lambda words, row=row: words.policy(row["transfer_basis"]))
            if row["transfer_basis"]
            else None,
        }
        for row in rows(connection, f"{query} order by recipient, purpose")
    ]


def disclosures(connection: duckdb.DuckDBPyConnection, k: int) -> list[Row]:
    """Addresses given out, by recipient, purpose and month: how many files, and of how many persons.

    Fewer than k persons are not counted out: `persons` is then null, and `fewer_than` says k.
    """
    query = """
        select
            recipient,
            purpose,
            strftime(disclosed_at, '%Y-%m') as month,
            count(*) as files,
            cast(sum(persons) as bigint) as persons
        from marts.disclosures
        group by all
        order by month desc, recipient, purpose
    """
    return [row | _grouped(row["persons"], k) for row in rows(connection, query)]


def categories(
    manifest: Mapping[str, Any],
    lineage: Mapping[str, Any],
    purposes: Iterable[Row],
    windows: Iterable[Row],
    recipients: Iterable[Row],
) -> list[Row]:
    """Each category of data: its details, and for which purposes it is used how long.

    Raises ConfigurationError for a landing table in no category and for a detail that no text describes.
    """
    tables = _landing(manifest)
    unknown = sorted(set(tables) - {table for of_category in CATEGORIES.values() for table in of_category})
    if unknown:
        raise ConfigurationError(
            f"The landing table {unknown[0]} belongs to no category of data of the public site. Add it to CATEGORIES "
            "in scripts/bigtrust/site/held.py, and describe its columns in texts/."
        )
    flows = _flows(lineage, tables)
    totals = _totals_only(manifest)
    order = [row["publication"] for row in purposes]
    purpose_of = {row["publication"]: row["purpose"] for row in purposes}
    found = []
    for name, of_category in CATEGORIES.items():
        details = _details(name, {table: tables[table] for table in of_category if table in tables}, flows, totals)
        for detail in details:  # addresses are all that is ever given out
            receiving = {row["recipient"] for row in recipients if detail["column"] in row["columns"]}
            detail["recipients"] = sorted(receiving) if name == "customers" else []
        periods = {row["purpose"]: row["period_months"] for row in windows if row["data_category"] == name}
        reached = {purpose_of[at["publication"]] for detail in details for at in detail["seen"]} if periods else set()
        used = [purpose_of[at] for at in order if purpose_of[at] in periods.keys() | reached]
        found.append(
            {
                "category": name,
                "tables": list(of_category),
                "name": both(lambda words, name=name: words.text(f"categories.{name}.name")),
                "what": both(lambda words, name=name: words.text(f"categories.{name}.what")),
                "source": both(lambda words, name=name: words.text(f"categories.{name}.source")),
                "kept": None if periods else both(lambda words, name=name: words.text(f"categories.{name}.kept")),
                "why": None if periods else both(lambda words, name=name: words.text(f"categories.{name}.why")),
                "details": details,
                "purposes": [{"purpose": purpose, "period_months": periods.get(purpose)} for purpose in used],
            }
        )
    return found


def read_artefacts(settings: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
    """dbt's manifest and the lineage of the last run. Raises ConfigurationError if there is none yet."""
    return _read(settings.dbt_target / "manifest.json"), _read(settings.lineage / "lineage.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError(
            f"{path} cannot be read. The site says what the last run did, so run first: bigtrust run"
        ) from None
    return content


def _landing(manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The class of each column, by landing table."""
    return {
        source["name"]: {
            column: details["config"]["meta"]["identifier_class"] for column, details in source["columns"].items()
        }
        for source in manifest["sources"].values()
        if source["source_name"] == "landing"
    }


def _flows(lineage: Mapping[str, Any], tables: Mapping[str, Mapping[str, str]]) -> dict[str, list[Row]]:
    """Where each landing column goes. The lineage must know each, with the class that the contract gives it."""
    known = {entry["column"]: entry for entry in lineage["columns"]}
    for table, columns in tables.items():
        for column, identifier_class in columns.items():
            entry = known.get(f"{table}.{column}")
            if entry is None or entry["class"] != identifier_class.replace("_", " "):
                raise ConfigurationError(
                    f"The lineage of the last run does not know {table}.{column} as the landing contract has it. "
                    "Run again: bigtrust run"
                )
    return {column: entry["goes_to"] for column, entry in known.items()}


def _totals_only(manifest: Mapping[str, Any]) -> set[str]:
    """The publications in which no row is of a person: no column of theirs is a pseudonym."""
    published: dict[str, bool] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            treatments = {column["config"]["meta"].get("treatment") for column in node["columns"].values()}
            published[node["database"]] = published.get(node["database"], False) or PSEUDONYM in treatments
    return {name for name, has_persons in published.items() if not has_persons}


def _details(
    category: str,
    tables: Mapping[str, Mapping[str, str]],
    flows: Mapping[str, list[Row]],
    totals: set[str],
) -> list[Row]:
    """The details of a category; a column that several of its tables have is one."""
    columns: dict[str, list[str]] = {}
    for table, of_table in tables.items():
        for column in of_table:
            columns.setdefault(column, []).append(table)
    return [
        {
            "column": column,
            "name": both(lambda words, column=column: words.text(f"details.{category}.{column}")),
            "class": min((tables[table][column] for table in within), key=CLASSES.index),
            "seen": _seen([flow for table in within for flow in flows[f"{table}.{column}"]], totals),
        }
        for column, within in columns.items()
    ]


def _seen(flows: Iterable[Row], totals: set[str]) -> list[Row]:
    """By publication, as what a detail is seen there: the last treatment that it went through."""
    found: dict[str, set[str]] = {}
    for flow in flows:
        publication = flow["relation"].partition(".")[0]
        if publication != _COUNTS and flow["column"] not in _ENDS:
            found.setdefault(publication, set()).add("total" if publication in totals else _treatment(flow["by"]))
    return [{"publication": name, "as": sorted(treatments)} for name, treatments in sorted(found.items())]


def _treatment(applied: list[str]) -> str:
    if not applied:
        return "as_it_is"
    last = applied[-1]
    return last.partition("_")[2] if last.endswith("_pseudonym") else last  # without its domain


def _grouped(persons: int, k: int) -> Row:
    is_few = persons < k
    return {"persons": None if is_few else persons, "fewer_than": k if is_few else None}
