"""The checks of a run: which suites there are, what they look for, and what they need to apply."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from dbt.artifacts.schemas.manifest import WritableManifest

from bigtrust import (
    artefacts,
    check_exceptions,
    contract,
    data_tests,
    disclosures,
    lineage,
    metamorphic,
    purposes,
    records,
    reviews,
)
from bigtrust.check_exceptions import CheckException
from bigtrust.errors import CheckFailed, ConfigurationError
from bigtrust.gx.baseline import baseline_suites
from bigtrust.gx.raw_values import RawColumn
from bigtrust.gx.sentences import written_checks
from bigtrust.gx.suites import SCHEMAS, Suite, load_suites, require_suites
from bigtrust.gx.validate import Report, validate
from bigtrust.registry import CHECKS
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import EXAMINED_NOTHING, CheckResult, Verdict, of_project

__all__ = ["CheckResult", "Prepared", "Report", "load", "require_passed", "run"]

OBJECTS = "OBJ-01"
FILES = frozenset(check.code for check in CHECKS if check.kind == "artefact")
FLOWS = frozenset(check.code for check in CHECKS if check.code.startswith("FLW-"))
_WHEN = {
    "static": "it stops a run before any data moves.",
    "build": "dbt makes it while a run builds (bigtrust run).",
    "metamorphic": "it builds again with other data (bigtrust check --help).",
    "artefact": "it is made on what a run leaves (bigtrust run).",
    "data": "no relation has it.",
}

# Great Expectations talks of renderers; what matters is in its results.
_chatter = logging.getLogger("great_expectations")
_chatter.addHandler(logging.NullHandler())
_chatter.propagate = False

# What governance's own relations need: rows that only exist when something happened.
_HAPPENINGS = ("rejects", "runs", "checks", "exceptions", "reviews", "disclosures", "recipients")
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
    "cells.category_id": "in no month k persons bought in each of two categories, so none need be shown",
    "cells.region": "in no month k persons of each of two regions bought anything, so none need be shown",
    "cells.measure": "in no month k persons asked, brought back or received anything",
    "cells.segment": "no campaign reached k persons in each of two segments, so none need be shown",
    "opt_ins": "nobody who was in contact lately agrees to marketing",
    "opt_ins.birth_decade": "no two decades of birth with the same bands are of k persons each, so none need be shown",
    "opt_ins.k_persons": "fewer than k persons agree to marketing, so nothing is shown of anybody",
    "customers.birth_decade": "no two decades of birth are of k persons each, so none need be shown",
    "customers.customer_since_month": "no two combinations with a month are of k persons each, so none need be shown",
    "customers.k_persons": "fewer than k persons were in contact lately, so nothing is shown of anybody",
    "pauses": "nobody whom marketing may see is to be left in peace for now",
    "cool_downs": "nobody whom marketing may see bought lately what one seldom buys",
    "offers": "landing names no product category, or nobody agrees to marketing",
    "journeys": "nobody with a number visited, bought, asked or received anything lately",
    "offer_categories": "landing names no product category",
    "guarantees": "nobody with a number bought anything whose guarantee still lasts",
    "service_contacts": "nobody with a number asked after-sales anything within the window",
    "service_contacts.satisfaction": "nobody said how satisfied they were",
    "requests": "nobody has asked to forget anything",
    "categories": "neither landing nor the policy names a product category",
}
# What they may lack, which is then the reason to tell.
_FOR_LACK_OF = {
    "customers.birth_decade": "customers.birth_date",
    "customers.customer_since_month": "customers.created_at",
    "opt_ins": "consents",
    "opt_ins.birth_decade": "customers.birth_date",
}
_WITHHELD = "withheld: a page of the checks holds a raw value or the secret, and shows the reason"
_SEARCHED_CLASSES = ("direct_identifier", "free_text")
_PRODUCT_DATA = (
    ("products", "product_id"),
    ("products", "name"),
    ("product_categories", "category_id"),
    ("product_categories", "name"),
)
TABLE_NAMES = RawColumn("system.information_schema.tables", "table_name")  # somebody is called Register
# and somebody's whole message was: quantity
COLUMN_NAMES = RawColumn(
    "system.information_schema.columns",
    "column_name",
    expression="case when table_catalog = 'vault' then column_name end",
)


@dataclass(frozen=True)
class Prepared:
    """What a run checks: the suites, the exceptions of the policy, the verdicts of checks that are made already, and
    dbt's manifest."""

    suites: list[Suite]
    made: list[CheckResult]
    exceptions: list[CheckException]
    manifest: dict[str, Any]


def load(settings: Settings) -> Prepared:
    """Make the static checks; return them with the baseline suite and the written suite of every published relation.

    Raises ConfigurationError for a suite or an exception that cannot be used, and for what stops a run before any data
    moves: a landing column without identifier class, a relation without a written suite or an enforced contract, a
    data test that is switched off, a publication that does not do what its purpose says.
    """
    manifest = _manifest(settings)
    tables = contract.load(settings.project)
    contracts = _require_contracts(manifest)
    data_tests.require_in_force(manifest)
    kept = purposes.require_kept(manifest, purposes.load(settings.project))
    pseudonyms = purposes.require_own_pseudonyms(manifest)
    baseline = baseline_suites(manifest)
    relations = {suite.relation for suite in baseline}
    folder = settings.project / "expectations"
    landing = {
        *tables,
        *_HAPPENINGS,
        *_WHY_NOTHING,
        *(f"{name}.{column}" for name, table in tables.items() for column in table.column_names),
    }
    written = load_suites(folder, relations=relations, landing=landing, expectations=folder)
    require_suites(relations, written, folder)
    suited = Counter(suite.publication for suite in written)
    suites = [*baseline, *written]
    static = [
        _passed("CLS-01", "", "landing", sum(len(table.columns) for table in tables.values())),
        *(_passed("CON-01", name, name, examined) for name, examined in contracts.items()),
        *(_passed("SUI-01", name, name, examined) for name, examined in suited.items()),
        *(_passed("ERA-01", name, name, examined) for name, examined in kept.items()),
        *(_passed("PSE-03", name, name, examined) for name, examined in pseudonyms.items()),
        *metamorphic.standing(settings),
    ]
    day = check_exceptions.today()
    exceptions = check_exceptions.load(
        settings.project, [*CHECKS, *written_checks(written)], _judged(suites, static), day
    )
    static.append(check_exceptions.expiry(exceptions, day))
    made, _ = check_exceptions.apply(static, exceptions, day)
    return Prepared(suites, made, exceptions, manifest)


def run(
    settings: Settings,
    prepared: Prepared,
    progress: Callable[[str, int, int], None],
    *,
    only: Collection[str] = (),
) -> Report:
    """Judge all candidates by the suites, write Data Docs, and search what the run has left.

    The report begins with what is made already.

    With `only`, no check of another code is made, and no page is written; raises ConfigurationError if one of these
    codes is not for candidates.
    """
    if only:
        _require_judged(prepared, only)
    progress("Great Expectations", 0, 1)
    report = _judge(settings, prepared, PUBLICATIONS, None if only else settings.data_docs, only)
    progress("Great Expectations", 1, 1)
    if only and not FILES & set(only):
        return report
    progress("files of the run", 0, 1)
    left = artefacts.check(settings, _raw_columns(prepared.manifest), _product_columns())
    progress("files of the run", 1, 1)
    results = (*_discreet(report.results, left), *(result for result in left if not only or result.code in only))
    return replace(report, results=results if only else (*results, *_not_made(results, prepared.suites)))


def _discreet(results: Iterable[CheckResult], left: Iterable[CheckResult]) -> Iterator[CheckResult]:
    """The results as they may be recorded: the pages show all reasons, so if a page holds a value, a reason may."""
    is_quoting = any(it.relation == artefacts.PAGES and it.verdict == "failed" for it in left)
    for result in results:
        is_of_pages = is_quoting and result.suite in ("baseline", "written") and result.reason
        yield replace(result, reason=_WITHHELD) if is_of_pages else result


def _not_made(results: Collection[CheckResult], suites: Iterable[Suite]) -> Iterator[CheckResult]:
    """A failed result for each check of the registry that was made on nothing, and for each code that has no check.

    What dbt makes is looked at before (`data_tests.require_in_force`); what builds again is not part of a run.
    """
    made = {result.code for result in results}
    expected = {check.code for check in CHECKS if check.kind in ("static", "data", "artefact")}
    known = {check.code for check in CHECKS} | {rule.code for suite in suites for rule in suite.rules if suite.file}
    for code in sorted(expected - made):
        yield of_project(code, "static", "the project", 0, 0, "failed", "it was not made on anything")
    for code in sorted(made - known):
        yield of_project(code, "static", "the project", 0, 0, "failed", "no check of this code is registered")


def is_proven(settings: Settings, prepared: Prepared, publication: str) -> bool:
    """Judge the candidate of one publication alone; a check that cannot be made is no proof."""
    try:
        report = _judge(settings, replace(prepared, made=[]), (publication,), None)
        left = artefacts.check(settings, _raw_columns(prepared.manifest), _product_columns(), (publication,))
        return replace(report, results=(*report.results, *left)).passed
    except Exception:
        return False


def require_passed(results: Collection[CheckResult], where: str) -> None:
    """Raise CheckFailed, which names what failed and ends with `where` to see more, if a result blocks publication.

    That no check was made is no proof either.
    """
    if not results:
        raise CheckFailed("No check was made, so nothing was published. Run `bigtrust check --list`.")
    failed = sorted({f"{result.code} on {result.relation}" for result in results if result.blocks})
    if failed:
        shown = ", ".join(failed[:5]) + (f" and {len(failed) - 5} more" if len(failed) > 5 else "")
        raise CheckFailed(f"Checks failed, nothing was published: {shown}. {where}")


def _judge(
    settings: Settings,
    prepared: Prepared,
    publications: tuple[str, ...],
    data_docs: Path | None,
    only: Collection[str] = (),
) -> Report:
    candidates = {name: settings.candidates / f"{name}.duckdb" for name in publications}
    suites = [suite for suite in prepared.suites if suite.publication in publications]
    declared = {suite.relation for suite in suites}
    also = list(prepared.made)
    if not only or FLOWS & set(only):
        also += [result for result in _flows(settings, prepared.manifest) if result.publication in ("", *publications)]
    if not only or OBJECTS in only:
        also += [_objects(name, path, declared) for name, path in candidates.items()]
    if only:
        also = [result for result in also if result.code in only]
        suites = [replace(suite, rules=tuple(rule for rule in suite.rules if rule.code in only)) for suite in suites]
    return validate(
        candidates,
        settings.vault,
        suites,
        today=_today(settings),
        k=_k(settings),
        raw_columns=_raw_columns(prepared.manifest),
        product_columns=_product_columns(),
        unavailable=_unavailable(settings, prepared.exceptions),
        data_docs=data_docs,
        expectations=settings.project / "expectations",
        also=also,
        exceptions=prepared.exceptions,
    )


def _require_judged(prepared: Prepared, codes: Iterable[str]) -> None:
    """Raise ConfigurationError that says when a check is made which is not one of the candidates."""
    judged = {OBJECTS, *FLOWS, *FILES, *(result.code for result in prepared.made)}
    judged -= metamorphic.COMMANDS.keys()  # a run only repeats what they said
    judged.update(rule.code for suite in prepared.suites for rule in suite.rules)
    kinds = {check.code: check.kind for check in CHECKS}
    for code in codes:
        if code not in judged:
            raise ConfigurationError(f"{code} is no check of the candidates: {_WHEN[kinds[code]]}")


def _judged(suites: Collection[Suite], static: Iterable[CheckResult]) -> dict[str, set[str]]:
    """By code, the objects that a check is made on, as an exception may name them."""
    judged: dict[str, set[str]] = {code: {suite.relation for suite in suites} for code in FLOWS}
    for suite in suites:
        for rule in suite.rules:
            objects = check_exceptions.objects(suite.relation, rule.arguments.get("column"))
            judged.setdefault(rule.code, set()).update(objects)
    for result in static:
        judged.setdefault(result.code, set()).update(check_exceptions.objects(result.relation, result.column))
    return judged


def _passed(code: str, publication: str, relation: str, examined: int) -> CheckResult:
    """The result of a static check that would have stopped the run."""
    verdict: Verdict = "passed" if examined else "failed"
    return of_project(
        code, "static", relation, examined, 0, verdict, "" if examined else EXAMINED_NOTHING, publication=publication
    )


def _flows(settings: Settings, manifest: dict[str, Any]) -> list[CheckResult]:
    """What the lineage of the compiled models says."""
    followed = lineage.analyse(manifest, settings.dbt_target / "compiled", PUBLICATIONS, settings.as_of)
    lineage.write(settings.lineage, followed)
    return lineage.judge(followed, manifest)


def _today(settings: Settings) -> date:
    return settings.as_of or datetime.now(UTC).date()


def _k(settings: Settings) -> int:
    """How many persons must be alike, as the policy said when the vault was built."""
    with duckdb.connect(str(settings.vault), read_only=True) as connection:
        rows = connection.execute("select value from policy.settings where setting = 'k'").fetchall()
    return int(rows[0][0])


def _manifest(settings: Settings) -> dict[str, Any]:
    path = settings.dbt_target / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError(f"dbt's manifest {path} cannot be read. Run `bigtrust run` again.") from None
    _require_this_version(path, manifest)
    return manifest


def _require_this_version(path: Path, manifest: dict[str, Any]) -> None:
    """What another version of dbt calls a model, a column or its class may be somewhere else in its manifest."""
    written = (manifest.get("metadata") or {}).get("dbt_schema_version")
    if written != str(WritableManifest.dbt_schema_version):
        raise ConfigurationError(
            f"dbt's manifest {path} is of another version of dbt than the one installed here. Run `bigtrust run` again."
        )


def _require_contracts(manifest: dict[str, Any]) -> dict[str, int]:
    """CON-01. Gives how many models each publication has."""
    examined = dict.fromkeys(PUBLICATIONS, 0)
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["database"] not in PUBLICATIONS:
            continue
        if not node["config"].get("contract", {}).get("enforced"):
            raise ConfigurationError(
                f"CON-01: Model {node['name']} goes into a publication without an enforced contract. Remove what "
                "switches its contract off."
            )
        examined[node["database"]] += 1
    return examined


def _objects(publication: str, path: Path, declared: Collection[str]) -> CheckResult:
    """OBJ-01: what is in the file is declared. Names nothing that is not: the name could hold a value."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(CATALOGUE).fetchall()
    undeclared = Counter(
        f"{kind} in the schema {schema}" if schema in (*SCHEMAS, "main") else f"{kind} outside of marts and protected"
        for kind, schema, name in found
        if kind != "relation" or schema not in SCHEMAS or f"{publication}.{schema}.{name}" not in declared
    )
    reason = "no model declares: " + ", ".join(f"{count} {what}" for what, count in sorted(undeclared.items()))
    return of_project(
        OBJECTS,
        "baseline",
        publication,
        len(found),
        undeclared.total(),
        "failed" if undeclared or not found else "passed",
        reason if undeclared else "" if found else EXAMINED_NOTHING,
        publication=publication,
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
    product_data = (RawColumn(f"vault.staging.base_{table}", column) for table, column in _PRODUCT_DATA)
    return [*product_data, TABLE_NAMES, COLUMN_NAMES]


def _unavailable(settings: Settings, exceptions: Collection[CheckException] = ()) -> dict[str, str]:
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
        for name in _FOR_LACK_OF.keys() & unavailable.keys():
            unavailable[name] = unavailable.get(_FOR_LACK_OF[name], unavailable[name])
        if not count("select count(*) from policy.recipients")[0]:
            unavailable["recipients"] = "the policy has no recipient"
        if not count("select count(*) from restricted.landing_set_aside where status = 'rejected'")[0]:
            unavailable["rejects"] = "no row was rejected"
    if not records.latest(settings.runs):
        unavailable["runs"] = "no earlier run is recorded"
    if not any(record.checks for record in records.newest_first(settings.runs)):
        unavailable["checks"] = "no earlier run has recorded checks"
    if not exceptions:
        unavailable["exceptions"] = "the policy has no exception"
    if not reviews.read(settings.reviews):
        unavailable["reviews"] = "no review is recorded"
    if not disclosures.read(settings):
        unavailable["disclosures"] = "no addresses were given out"
    return unavailable
