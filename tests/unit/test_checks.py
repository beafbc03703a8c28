"""What a candidate may hold beside the rows of its relations: nothing. And what the checks know to be absent."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from bigtrust import contract
from bigtrust.checks import _discreet, _not_made, _objects, _unavailable, load, require_passed
from bigtrust.errors import CheckFailed, ConfigurationError
from bigtrust.gx.suites import Rule, Suite
from bigtrust.registry import CHECKS
from bigtrust.settings import PROJECT
from bigtrust.verdicts import CheckResult, of_project
from warehouse import Warehouse

CANARY = "canari_secret_example_com"
DECLARED = {"analytics.protected.customers", "analytics.marts.customers"}


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    path = tmp_path / "analytics.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema protected")
        connection.execute("create table protected.customers (region varchar not null)")
        connection.execute("create view marts.customers as select region from protected.customers")
    return path


def test_declared_relations_may_be_there(candidate: Path) -> None:
    result = _objects("analytics", candidate, DECLARED)
    assert (result.code, result.relation, result.verdict) == ("OBJ-01", "analytics", "passed")
    assert (result.examined, result.violations) == (2, 0)


def test_a_file_without_anything_is_no_proof(tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    duckdb.connect(str(path)).close()
    result = _objects("analytics", path, DECLARED)
    assert (result.verdict, result.reason) == ("failed", "examined nothing")


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("relation", f"create table marts.{CANARY} (x integer)"),
        ("relation", "create table main.customers (x integer)"),
        ("relation", f"create view protected.{CANARY} as select 1 as x"),
        ("schema", f"create schema {CANARY}"),
        ("macro", f"create macro marts.who() as '{CANARY}'"),
        ("macro", f"create macro marts.whoever() as table select '{CANARY}' as x"),
        ("type", f"create type protected.names as enum ('{CANARY}')"),
        ("sequence", f"create sequence protected.{CANARY}"),
        ("index", f"create index {CANARY} on protected.customers (region)"),
        ("column default", f"alter table protected.customers alter region set default '{CANARY}'"),
    ],
)
def test_anything_else_in_the_file_is_refused_and_not_named(candidate: Path, kind: str, sql: str) -> None:
    with duckdb.connect(str(candidate)) as connection:
        connection.execute(sql)
    result = _objects("analytics", candidate, DECLARED)
    assert (result.verdict, result.violations) == ("failed", 1)
    assert result.reason.startswith(f"no model declares: 1 {kind} ")
    assert CANARY not in str(result)


def test_a_check_constraint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema protected")
        connection.execute(f"create table protected.customers (region varchar check (region <> '{CANARY}'))")
    result = _objects("analytics", path, DECLARED)
    assert result.reason == "no model declares: 1 constraint in the schema protected"


# --- what is no proof


def test_a_run_without_any_verdict_publishes_nothing() -> None:
    with pytest.raises(CheckFailed, match="No check was made"):
        require_passed([], "")


def test_a_manifest_of_another_version_of_dbt_is_not_read(tmp_path: Path) -> None:
    settings = Warehouse(tmp_path).settings
    settings.dbt_target.mkdir(parents=True)
    text = '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v11.json"}, "nodes": {}}'
    (settings.dbt_target / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is of another version of dbt than the one installed here"):
        load(settings)


# --- what there is nothing of


def test_of_what_there_is_nothing_the_reason_is_known_when_working_tables_are_gone(tmp_path: Path) -> None:
    settings = Warehouse(tmp_path).settings
    settings.warehouse.mkdir()
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute("create schema landing; create schema restricted; create schema policy")
        connection.execute("create table policy.recipients as select 'mail' as recipient")
        for name, table in contract.load(PROJECT).items():
            columns = ", ".join(f"'x' as {column}" for column in table.column_names)
            connection.execute(f"create table landing.{name} as select {columns}")
        connection.execute("delete from landing.consents; update landing.customers set birth_date = null")
        connection.execute("create table restricted.landing_set_aside as select 'rejected' as status")
        connection.execute(
            """
            create table restricted.what_there_is as
            from (
                values
                    ('opt_ins.birth_decade', false), ('opt_ins', false), ('consents', false), ('returns', false),
                    ('cells', false), ('cells.category_id', false), ('cells.region', false),
                    ('customers', true), ('requests', true), ('categories', true),
                    ('customers.birth_decade', false), ('customers.customer_since_month', false),
                    ('customers.k_persons', false), ('opt_ins.k_persons', false)
            ) as what_there_is(what, is_there)
            """
        )
    unavailable = _unavailable(settings)
    assert {name: reason for name, reason in unavailable.items() if not name.startswith("consents.")} == {
        "consents": "landing table consents is absent or empty",
        "customers.birth_date": "landing column customers.birth_date is absent or empty",
        "returns": "nothing of returns is left after what was forgotten",
        "cells": "fewer than k persons bought anything, so no aggregate describes k of them",
        "cells.category_id": "in no month k persons bought in each of two categories, so none need be shown",
        "cells.region": "in no month k persons of each of two regions bought anything, so none need be shown",
        "opt_ins": "landing table consents is absent or empty",
        "opt_ins.birth_decade": "landing column customers.birth_date is absent or empty",
        "opt_ins.k_persons": "fewer than k persons agree to marketing, so nothing is shown of anybody",
        "customers.birth_decade": "landing column customers.birth_date is absent or empty",
        "customers.customer_since_month": (
            "no two combinations with a month are of k persons each, so none need be shown"
        ),
        "customers.k_persons": "fewer than k persons were in contact lately, so nothing is shown of anybody",
        "runs": "no earlier run is recorded",
        "checks": "no earlier run has recorded checks",
        "disclosures": "no addresses were given out",
        "exceptions": "the policy has no exception",
        "reviews": "no review is recorded",
    }


def test_a_check_that_was_made_on_nothing_has_failed_and_so_has_one_without_registration() -> None:
    def result(code: str) -> CheckResult:
        return of_project(code, "static", "analytics", 1, 0, "passed")

    every = {check.code for check in CHECKS if check.kind in ("static", "data", "artefact")}
    suite = Suite("analytics.marts.customers", (Rule("CUS-01", "expect_table_to_hold_rows", {}, "x"),), file=Path("x"))
    made = [result(code) for code in sorted(every | {"ROW-02", "CUS-01"})]
    assert list(_not_made(made, [suite])) == []

    found = list(_not_made([it for it in made if it.code != "KAN-01"], [suite]))
    assert [(it.code, it.verdict, it.reason) for it in found] == [("KAN-01", "failed", "it was not made on anything")]
    found = list(_not_made([*made, result("XXX-01")], [suite]))
    assert [(it.code, it.blocks, it.reason) for it in found] == [
        ("XXX-01", True, "no check of this code is registered")
    ]


def test_a_reason_is_withheld_where_a_page_holds_a_value() -> None:
    judged = replace(
        of_project("CUS-05", "baseline", "analytics.marts.customers", 1, 1, "failed", CANARY), suite="written"
    )
    static = of_project("EXC-01", "static", "the policy", 1, 1, "failed", "has expired")
    clean = of_project("ART-01", "artefact", "Data Docs", 1, 0, "passed")
    assert list(_discreet([judged, static], [clean])) == [judged, static]
    quoting = replace(clean, verdict="failed")
    withheld, same = _discreet([judged, static], [quoting])
    assert (CANARY in withheld.reason, withheld.blocks, same) == (False, True, static)
    other = replace(quoting, relation="dbt logs")
    assert list(_discreet([judged], [other])) == [judged]
