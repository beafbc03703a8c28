"""The checks of a run: which suites there are, what they look for, and what they need to apply."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import artefacts, contract, purposes, records
from bigtrust.errors import CheckFailed, ConfigurationError
from bigtrust.gx.baseline import baseline_suites
from bigtrust.gx.raw_values import RawColumn
from bigtrust.gx.suites import SCHEMAS, Suite, load_suites, require_suites
from bigtrust.gx.validate import Report, validate
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import CheckResult

__all__ = ["CheckResult", "Report", "load", "run"]

# Great Expectations talks of renderers; what matters is in its results.
_chatter = logging.getLogger("great_expectations")
_chatter.addHandler(logging.NullHandler())
_chatter.propagate = False

# What governance's own relations need: rows that only exist when something happened.
_HAPPENINGS = ("rejects", "requests", "categories", "runs", "checks", "cells", "opt_ins", "opt_ins.birth_date")
# Everything that a DuckDB file can hold beside the rows of its relations: names and texts that could carry a value.
CATALOGUE = """
    select 'relation' as kind, schema_name, table_name from duckdb_tables() where not internal
    union all
    select 'relation', schema_name, view_name from duckdb_views() where not internal
    union all
    select 'schema', schema_name, null
    from duckdb_schemas()
    where database_name = current_database() and schema_name not in ('main', 'marts', 'protected')
        and schema_name not in ('information_schema', 'pg_catalog')
    union all
    select 'macro', schema_name, function_name
    from duckdb_functions() where database_name = current_database() and not internal
    union all
    select 'type', schema_name, type_name
    from duckdb_types() where database_name = current_database() and not internal
    union all
    select 'sequence', schema_name, sequence_name from duckdb_sequences() where database_name = current_database()
    union all
    select 'index', schema_name, index_name from duckdb_indexes() where database_name = current_database()
    union all
    select 'column default', schema_name, table_name
    from duckdb_columns() where not internal and column_default is not null and column_default <> 'NULL'
    union all
    select 'constraint', schema_name, table_name
    from duckdb_constraints() where database_name = current_database() and constraint_type <> 'NOT NULL'
    order by all
"""
# Why there may be nothing of what the model what_there_is looks for, beside landing tables.
_WHY_NOTHING = {
    "cells": "fewer than k persons bought anything, so no aggregate describes k of them",
    "opt_ins": "nobody who was in contact lately agrees to marketing",
    "opt_ins.birth_date": "of nobody who agrees to marketing the decade of birth is known",
    "requests": "nobody has asked to forget anything",
    "categories": "neither landing nor the policy names a product category",
}
_SEARCHED_CLASSES = ("direct_identifier", "free_text")
_PRODUCT_DATA = (
    ("products", "product_id"),
    ("products", "name"),
    ("product_categories", "category_id"),
    ("product_categories", "name"),
)
TABLE_NAMES = RawColumn("system.information_schema.tables", "table_name")  # somebody is called Register


def load(settings: Settings) -> list[Suite]:
    """Return the baseline suite and the written suite of every relation of every publication.

    Raises ConfigurationError for a suite that cannot be used, for a relation without a written suite or an enforced
    contract, and for a publication that does not do what its purpose says.
    """
    manifest = _manifest(settings)
    _require_contracts(manifest)
    purposes.require_kept(manifest, purposes.load(settings.project))
    purposes.require_own_pseudonyms(manifest)
    baseline = baseline_suites(manifest)
    relations = {suite.relation for suite in baseline}
    folder = settings.project / "expectations"
    tables = contract.load(settings.project)
    landing = {
        *tables,
        *_HAPPENINGS,
        *(f"{name}.{column}" for name, table in tables.items() for column in table.column_names),
    }
    written = load_suites(folder, relations=relations, landing=landing, expectations=folder)
    require_suites(relations, written, folder)
    return [*baseline, *written]


def run(settings: Settings, suites: list[Suite], progress: Callable[[str, int, int], None]) -> Report:
    """Judge all candidates by the suites, write Data Docs, and search what the run has left.

    Raises CheckFailed if a candidate holds a relation that no model declares: what is not listed does not exist.
    """
    progress("Great Expectations", 0, 1)
    report = _judge(settings, suites, PUBLICATIONS, settings.data_docs)
    progress("Great Expectations", 1, 1)
    progress("files of the run", 0, 1)
    left = artefacts.check(settings, _raw_columns(_manifest(settings)), _product_columns())
    progress("files of the run", 1, 1)
    return replace(report, results=(*report.results, *left))


def is_proven(settings: Settings, suites: list[Suite], publication: str) -> bool:
    """Judge the candidate of one publication alone; a check that cannot be made is no proof."""
    try:
        report = _judge(settings, suites, (publication,), None)
        left = artefacts.check(settings, _raw_columns(_manifest(settings)), _product_columns(), (publication,))
        return replace(report, results=(*report.results, *left)).passed
    except Exception:
        return False


def _judge(settings: Settings, suites: list[Suite], publications: tuple[str, ...], data_docs: Path | None) -> Report:
    candidates = {name: settings.candidates / f"{name}.duckdb" for name in publications}
    suites = [suite for suite in suites if suite.publication in publications]
    declared = {suite.relation for suite in suites}
    for name, path in candidates.items():
        _require_declared(name, path, declared)
    return validate(
        candidates,
        settings.vault,
        suites,
        today=_today(settings),
        raw_columns=_raw_columns(_manifest(settings)),
        product_columns=_product_columns(),
        unavailable=_unavailable(settings),
        data_docs=data_docs,
        expectations=settings.project / "expectations",
    )


def _today(settings: Settings) -> date:
    return settings.as_of or datetime.now(UTC).date()


def _manifest(settings: Settings) -> dict[str, Any]:
    path = settings.dbt_target / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError(f"dbt's manifest {path} cannot be read. Run `bigtrust run` again.") from None
    return manifest


def _require_contracts(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["database"] not in PUBLICATIONS:
            continue
        if not node["config"].get("contract", {}).get("enforced"):
            raise ConfigurationError(
                f"Model {node['name']} goes into a publication without an enforced contract. Remove what switches its "
                "contract off."
            )


def _require_declared(publication: str, path: Path, declared: set[str]) -> None:
    """What is in the file and no check examines: other relations, and everything that is no relation."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(CATALOGUE).fetchall()
    for kind, schema, name in found:
        if kind != "relation" or schema not in SCHEMAS or f"{publication}.{schema}.{name}" not in declared:
            where = f"in the schema {schema}" if schema in (*SCHEMAS, "main") else "outside of marts and protected"
            raise CheckFailed(
                f"Candidate {publication} holds a {kind} that no model declares, {where}, so no check examined it. "
                "Remove whatever creates it."
            )


def _raw_columns(manifest: dict[str, Any]) -> list[RawColumn]:
    """Every column of staging that holds direct identifiers or free text, with the rows that were set aside."""
    columns = [
        RawColumn(f"vault.staging.base_{node['name'].removeprefix('stg_')}", column["name"], identifier_class)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith("stg_")
        for column in node["columns"].values()
        if (identifier_class := column["config"]["meta"].get("identifier_class")) in _SEARCHED_CLASSES
    ]
    name = RawColumn("vault.staging.base_customers", "full_name", "direct_identifier", "first_name || ' ' || last_name")
    return [*columns, name]


def _product_columns() -> list[RawColumn]:
    """What a raw value may be part of."""
    return [*(RawColumn(f"vault.staging.base_{table}", column) for table, column in _PRODUCT_DATA), TABLE_NAMES]


def _unavailable(settings: Settings) -> dict[str, str]:
    """What was not delivered or did not happen, with the reason to show: landing tables, `table.column`, happenings."""
    unavailable = {}
    with duckdb.connect(str(settings.vault), read_only=True) as connection:

        def count(query: str) -> Any:
            return connection.execute(query).fetchall()[0]

        for name, table in contract.load(settings.project).items():
            columns = table.column_names
            rows, *filled = count(f"select count(*), {', '.join(f'count({c})' for c in columns)} from landing.{name}")
            if not rows:
                unavailable[name] = f"landing table {name} is absent or empty"
            for column, values in zip(columns, filled, strict=True):
                if not values:
                    unavailable[f"{name}.{column}"] = f"landing column {name}.{column} is absent or empty"
        nothing = "select what from restricted.what_there_is where not is_there"
        for (name,) in connection.execute(nothing).fetchall():
            # if all of a landing table was forgotten, an empty relation is what was promised
            reason = f"nothing of {name} is left after what was forgotten"
            unavailable.setdefault(name, _WHY_NOTHING.get(name, reason))
        if "opt_ins" in unavailable:
            unavailable["opt_ins"] = unavailable.get("consents", unavailable["opt_ins"])
        if not count("select count(*) from restricted.landing_set_aside where status = 'rejected'")[0]:
            unavailable["rejects"] = "no row was rejected"
    if not records.latest(settings.runs):
        unavailable["runs"] = "no earlier run is recorded"
    if not any(record.checks for record in records.newest_first(settings.runs)):
        unavailable["checks"] = "no earlier run has recorded checks"
    return unavailable
