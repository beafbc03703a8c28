"""Data tests of dbt as checks: a code, what they read, and how much that was."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from bigtrust import data_tests
from bigtrust.errors import ConfigurationError
from bigtrust.registry import CHECKS
from bigtrust.settings import PROJECT, PUBLICATIONS, Settings
from bigtrust.verdicts import CheckResult
from warehouse import Warehouse

MAP, SEED, ROWS = "model.big_trust.persons", "seed.big_trust.settings", "model.big_trust.landing_rows"


def node(kind: str, database: str, schema: str, alias: str) -> SimpleNamespace:
    """What dbt's manifest says of a relation."""
    return SimpleNamespace(
        resource_type=kind,
        database=database,
        schema=schema,
        alias=alias,
        relation_name=f'"{database}"."{schema}"."{alias}"',
        original_file_path=f"seeds/policy/{alias}.csv",
    )


MANIFEST = SimpleNamespace(
    nodes={
        MAP: node("model", "vault", "restricted", "persons"),
        SEED: node("seed", "vault", "policy", "settings"),
        ROWS: node("model", "governance", "marts", "landing_rows"),
    }
)


def ended(
    status: str, failures: int = 0, *, at: str = "", reads: tuple[str, ...] = (), code: str = "", **meta: str
) -> Any:
    """What dbt says of a data test that has ended: a generic one (`at`) or a singular one (`reads`)."""
    config = SimpleNamespace(meta={"code": code, **meta} if code else {})
    test = SimpleNamespace(config=config, depends_on=SimpleNamespace(nodes=list(reads)))
    if at:
        test.attached_node = at
    return SimpleNamespace(node=test, status=status, failures=failures)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A vault with two persons and no setting, and a summary of three landing tables."""
    settings = Warehouse(tmp_path).settings
    settings.candidates.mkdir(parents=True)
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute("create schema restricted; create table restricted.persons as from range(2)")
        connection.execute("create schema policy; create table policy.settings (setting varchar)")
    for name in PUBLICATIONS:
        with duckdb.connect(str(settings.candidates / f"{name}.duckdb")) as connection:
            connection.execute("create schema marts; create table marts.landing_rows as from range(3)")
    return settings


def results(settings: Settings, *tests: Any) -> list[CheckResult]:
    return data_tests.results(settings, MANIFEST, tests)


def test_the_tests_of_one_table_are_one_result(settings: Settings) -> None:
    (result,) = results(settings, ended("pass", at=MAP), ended("fail", 2, at=MAP), ended("skipped", at=MAP))
    assert (result.code, result.relation, result.suite) == ("KEY-01", "vault.restricted.persons", "build")
    assert (result.verdict, result.examined, result.violations) == ("failed", 2, 2)
    assert result.blocks


def test_a_test_of_its_own_counts_all_that_it_reads(settings: Settings) -> None:
    (result,) = results(settings, ended("pass", reads=(MAP, ROWS), code="ROW-02"))
    assert (result.code, result.verdict, result.examined) == ("ROW-02", "passed", 5)
    assert result.relation == "vault.restricted.persons, governance.marts.landing_rows"


def test_a_test_that_names_what_it_examines_counts_nothing_else(settings: Settings) -> None:
    test = {"code": "ERA-02", "reads": (MAP, ROWS), "if_empty": "nobody asked"}
    some, none = (f"from vault.restricted.persons where range >= {first}" for first in (1, 2))
    (result,) = results(settings, ended("pass", **test, examines=some))
    assert (result.verdict, result.examined, result.reason) == ("passed", 1, "")
    (result,) = results(settings, ended("pass", **test, examines=none))
    assert (result.verdict, result.examined, result.reason) == ("not applicable", 0, "nobody asked")
    (result,) = results(settings, ended("fail", 3, **test, examines=none))
    assert (result.verdict, result.violations) == ("failed", 3)


def test_a_test_whose_rows_cannot_be_counted_is_named(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="ERA-02: what its data test examines cannot be counted"):
        results(settings, ended("pass", reads=(MAP,), code="ERA-02", examines="from vault.restricted.requests"))


def test_every_check_of_persons_or_requests_names_what_it_examines_and_why_there_may_be_none() -> None:
    named = {"ERA-02", "OPT-01", "OPT-02", "OFR-01", "PSE-04", "REQ-01"}
    texts = {path.name: path.read_text(encoding="utf-8") for path in (PROJECT / "tests" / "dbt").glob("*.sql")}
    of_code = {code: text for code in named for text in texts.values() if f'"code": "{code}"' in text}
    assert of_code.keys() == named
    assert all('"examines": "from ' in text and '"if_empty": "' in text for text in of_code.values())


def test_an_empty_table_of_the_policy_is_not_applicable_and_an_empty_summary_fails(settings: Settings) -> None:
    (result,) = results(settings, ended("pass", at=SEED))
    assert (result.code, result.relation) == ("POL-01", "seeds/policy/settings.csv")
    assert (result.verdict, result.reason) == ("not applicable", "the table holds no row")

    with duckdb.connect(str(settings.candidates / "governance.duckdb")) as connection:
        connection.execute("delete from marts.landing_rows")
    (result,) = results(settings, ended("pass", reads=(ROWS,), code="ROW-02"))
    assert (result.verdict, result.reason, result.blocks) == ("failed", "examined nothing", True)


def test_what_a_stopped_build_did_not_make_counts_as_nothing(settings: Settings) -> None:
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute("drop table restricted.persons")
    (result,) = results(settings, ended("fail", 1, reads=(MAP, ROWS), code="ROW-02"))
    assert (result.verdict, result.examined, result.violations) == ("failed", 3, 1)
    assert results(settings, ended("error", reads=(MAP,), code="ROW-02")) == []


def manifest_with(**changes: object) -> dict[str, Any]:
    """A manifest with a data test of each code that dbt makes; the first of them is changed."""
    default = {"severity": "ERROR", "where": None, "limit": None, "fail_calc": "count(*)"}
    default |= {"warn_if": "!= 0", "error_if": "!= 0", "store_failures": False}
    nodes = {
        code: {"resource_type": "test", "name": f"test_of_{code}", "config": {**default, "meta": {"code": code}}}
        for code in sorted(check.code for check in CHECKS if check.kind == "build")
    }
    nodes["ERA-02"]["config"] = {**default, "meta": {"code": "ERA-02"}, **changes}
    return {"nodes": nodes, "disabled": {}}


def test_data_tests_as_they_are_pass() -> None:
    data_tests.require_in_force(manifest_with())
    data_tests.require_in_force(manifest_with(severity="error", store_failures=None))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("severity", "warn"),
        ("where", "1 = 0"),
        ("limit", 1),
        ("fail_calc", "0"),
        ("error_if", ">1000"),
        ("warn_if", ">1000"),
        ("store_failures", True),
        ("store_failures_as", "view"),
    ],
)
def test_a_data_test_that_is_weakened_or_keeps_rows_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"ERA-02: the data test test_of_ERA-02 .* by its {name}. Remove"):
        data_tests.require_in_force(manifest_with(**{name: value}))


def test_a_data_test_that_is_disabled_or_deleted_is_named() -> None:
    manifest = manifest_with()
    disabled = manifest["nodes"].pop("ERA-02")
    with pytest.raises(ConfigurationError, match="ERA-02: there is no data test of it"):
        data_tests.require_in_force(manifest)
    with pytest.raises(ConfigurationError, match="test_of_ERA-02 is switched off"):
        data_tests.require_in_force({**manifest, "disabled": {"test": [disabled]}})
