"""From the manifest and the compiled SQL to findings, verdicts and the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from bigtrust import lineage
from bigtrust.errors import ConfigurationError
from bigtrust.verdicts import CheckResult

TREATMENTS = """
    select left(sha256('k' || the_identifier), 32) as analytics_person_pseudonym, left(the_text, 2) as postal_area
    from (values (null, null)) as stand_ins(the_text, the_identifier)
"""


def meta(**values: Any) -> dict[str, Any]:
    """The config of a node or column with this meta."""
    return {"config": {"meta": values}}


DECLARED = {"person": meta(treatment="pseudonym"), "area": meta(treatment="postal_area")}


class Project:
    """A dbt project of a landing table, its staging model, a protected table and a mart, as dbt's manifest has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        classes = {"customer_id": "direct_identifier", "email": "direct_identifier", "postal_code": "quasi_identifier"}
        self.manifest: dict[str, Any] = {
            "metadata": {"project_name": "shop"},
            "macros": {},
            "nodes": {},
            "sources": {
                "source.shop.landing.customers": {
                    "source_name": "landing",
                    "name": "customers",
                    "identifier": "customers",
                    "database": "vault",
                    "schema": "landing",
                    "columns": {
                        name: {"name": name, **meta(identifier_class=identifier_class)}
                        for name, identifier_class in classes.items()
                    },
                }
            },
        }
        self.model("treatments", "vault", "vault.restricted", TREATMENTS, [])
        for name, turns, into in (
            ("analytics_person_pseudonym", "direct_identifier", "pseudonym"),
            ("postal_area", "quasi_identifier", "generalised"),
        ):
            self.node("treatments")["columns"][name] = {"name": name, **meta(turns=[turns], into=into)}
        self.model("stg_customers", "staging", "vault.staging", "select * from vault.landing.customers", [])
        self.declare(**classes, file_number="position", row_number="position", is_new="attribute")
        self.protected("left(sha256('k' || customer_id), 32) as person, left(postal_code, 2) as area")
        self.model(
            "customers", "marts", "analytics.marts", "select * from analytics.protected.customers", ["protected"]
        )

    def model(self, name: str, folder: str, schema: str, sql: str, reads: list[str], alias: str | None = None) -> None:
        """Add a model, or replace it."""
        path = self.folder / "shop" / "models" / folder / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql, encoding="utf-8")
        database, schema = schema.split(".")
        self.manifest["nodes"][f"model.shop.{name}"] = {
            "unique_id": f"model.shop.{name}",
            "resource_type": "model",
            "name": name,
            "alias": alias or name,
            "database": database,
            "schema": schema,
            "package_name": "shop",
            "original_file_path": f"models/{folder}/{name}.sql",
            "fqn": ["shop", folder, name, name],
            "columns": dict(DECLARED) if folder in ("protected", "marts") else {},
            "config": {"materialized": "table"},
            "depends_on": {"nodes": [f"model.shop.{other}" for other in reads]},
        }

    def protected(self, columns: str, more: str = "") -> None:
        """Let the protected table select these columns."""
        sql = f"select {columns} from vault.staging.stg_customers {more}"
        self.model("protected", "protected", "analytics.protected", sql, ["stg_customers"], alias="customers")

    def node(self, name: str) -> dict[str, Any]:
        """The node of a model."""
        return self.manifest["nodes"][f"model.shop.{name}"]

    def declare(self, **classes: str) -> None:
        """Declare the classes of the columns of staging."""
        self.node("stg_customers")["columns"] = {
            name: {"name": name, **meta(identifier_class=identifier_class)}
            for name, identifier_class in classes.items()
        }

    def analyse(self) -> lineage.Lineage:
        """The lineage."""
        return lineage.analyse(self.manifest, self.folder, ("analytics",))

    def verdicts(self) -> dict[tuple[str, str], CheckResult]:
        """The verdicts, by code and relation."""
        return {(r.code, r.relation): r for r in lineage.judge(self.analyse(), self.manifest)}

    def failed(self) -> set[str]:
        """The codes that failed."""
        return {result.code for result in self.verdicts().values() if result.verdict == "failed"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.manifest["nodes"]["operation"] = {
        "unique_id": "operation",
        "resource_type": "operation",
        "name": "start",
        "raw_code": "{{ require_secret() }}",
        "config": {},
    }
    return project


def test_a_project_that_leaks_nothing_passes_and_says_how_much_was_examined(project: Project) -> None:
    verdicts = project.verdicts()
    assert {result.verdict for result in verdicts.values()} == {"passed"}
    assert {key: result.examined for key, result in verdicts.items()} == {
        ("FLW-01", "analytics.marts.customers"): 2,
        ("FLW-02", "analytics.marts.customers"): 2,
        ("FLW-01", "analytics.protected.customers"): 2,
        ("FLW-02", "analytics.protected.customers"): 2,
        ("FLW-03", "models"): 4,
        ("FLW-04", "staging"): 6,
        ("FLW-05", "hooks"): 1,
        ("FLW-06", "analytics.marts.customers"): 2,
        ("FLW-06", "analytics.protected.customers"): 2,
    }


def test_an_identifier_fails_in_the_table_and_in_the_mart(project: Project) -> None:
    project.protected("reverse(email) as area")
    verdicts = project.verdicts()
    for relation in ("analytics.marts.customers", "analytics.protected.customers"):
        assert verdicts["FLW-01", relation].verdict == "failed"
        assert verdicts["FLW-01", relation].reason == "area derives from customers.email (direct identifier)"


def test_a_filter_on_an_identifier_fails(project: Project) -> None:
    project.protected("left(postal_code, 2) as area", "where email < 'm'")
    reason = project.verdicts()["FLW-01", "analytics.marts.customers"].reason
    assert reason == "which rows there are derives from customers.email (direct identifier)"


def test_a_quasi_identifier_without_a_treatment_fails(project: Project) -> None:
    project.protected("left(postal_code, 3) as area")
    verdict = project.verdicts()["FLW-02", "analytics.marts.customers"]
    assert verdict.reason == "area derives without a treatment from customers.postal_code (quasi identifier)"
    assert project.failed() == {"FLW-02", "FLW-06"}  # it is not what it is declared to be, either


@pytest.mark.parametrize(
    ("column", "treatment", "reason"),
    [
        ("area", None, "area says something of a person (postal_area), and does not say which treatment"),
        ("area", "month", "area says treatment: month, and nothing that is treated so flows in"),
        ("area", "pseudonym", "area says treatment: pseudonym, and none flows into it"),
        ("area", "haircut", "area says a treatment that is none of"),
        ("person", None, "person holds a pseudonym, and does not say treatment: pseudonym"),
        ("person", "month", "person holds a pseudonym, and does not say treatment: pseudonym"),
    ],
)
def test_a_column_that_is_declared_to_be_something_else_fails(
    project: Project, column: str, treatment: str | None, reason: str
) -> None:
    """What the YAML does not say is counted by no check: deleting a treatment would switch k-anonymity off."""
    project.node("customers")["columns"][column] = meta(treatment=treatment) if treatment else {}
    assert project.failed() == {"FLW-06"}
    verdicts = project.verdicts()
    assert verdicts["FLW-06", "analytics.marts.customers"].reason.startswith(reason)
    assert verdicts["FLW-06", "analytics.protected.customers"].verdict == "passed"


def test_what_is_generalised_without_a_person_beside_it_is_nothing_of_a_person(project: Project) -> None:
    project.protected("left(postal_code, 2) as area")
    project.node("customers")["columns"] = {}
    assert project.failed() == set()


def test_the_pseudonym_of_another_publication_fails(project: Project) -> None:
    for name in ("protected", "customers"):
        project.node(name)["database"] = "marketing"
    project.model("customers", "marts", "marketing.marts", "select * from marketing.protected.customers", ["protected"])
    found = lineage.analyse(project.manifest, project.folder, ("marketing",)).findings
    assert {(finding.code, finding.column, finding.reason) for finding in found} == {
        ("FLW-06", "person", "holds a pseudonym that is issued elsewhere (analytics_person_pseudonym)")
    }


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select my_function(email) as area from vault.staging.stg_customers", "the function my_function"),
        ("select email from somewhere.quite.different", "somewhere.quite.different"),
        ("select nothing from vault.staging.stg_customers", "its SQL is not understood"),
        ("select 1 as a; select 2 as b", "it is not one query"),
        ("selec 'jean.martin@example.org'", "cannot be followed"),
        ("copy vault.staging.stg_customers to 'out.csv'", "the construct Copy|not understood"),
    ],
)
def test_what_cannot_be_followed_fails_and_is_named_without_quoting_it(project: Project, sql: str, what: str) -> None:
    project.model("protected", "protected", "analytics.protected", sql, ["stg_customers"], alias="customers")
    verdicts = project.verdicts()
    assert project.failed() == {"FLW-01", "FLW-02", "FLW-03", "FLW-06"}
    reason = verdicts["FLW-03", "models"].reason
    assert any(part in reason for part in what.split("|"))
    assert "martin" not in reason
    assert verdicts["FLW-01", "analytics.marts.customers"].reason == "cannot be followed: see FLW-03"
    assert verdicts["FLW-03", "models"].violations == 1  # the mart that reads it is not told again


def test_a_model_whose_compiled_sql_is_missing_fails(project: Project) -> None:
    (project.folder / "shop" / "models" / "marts" / "customers.sql").unlink()
    assert "its compiled SQL is missing" in project.verdicts()["FLW-03", "models"].reason


def test_staging_must_not_declare_less_than_flows_in(project: Project) -> None:
    declared = {"postal_code": "attribute", "file_number": "position", "row_number": "position", "is_new": "attribute"}
    project.declare(customer_id="direct_identifier", email="attribute", **declared)
    verdict = project.verdicts()["FLW-04", "staging"]
    assert verdict.violations == 2
    assert "email is declared attribute, but is customers.email (direct identifier)" in verdict.reason


def test_what_staging_declares_more_strictly_counts(project: Project) -> None:
    declared = {"file_number": "position", "row_number": "position", "is_new": "attribute"}
    project.declare(customer_id="direct_identifier", email="direct_identifier", postal_code="free_text", **declared)
    assert "customers.postal_code (free text)" in project.verdicts()["FLW-01", "analytics.marts.customers"].reason


@pytest.mark.parametrize(
    "hook",
    [
        "insert into analytics.protected.customers select email from vault.staging.stg_customers",
        "{{ my_macro() }}",
        "{{ delete_rebuilt('person') }}; copy analytics.protected.customers to 'out.csv'",
    ],
)
def test_a_hook_that_is_no_delete_fails(project: Project, hook: str) -> None:
    project.node("protected")["config"]["pre-hook"] = [{"sql": hook}]
    assert project.failed() == {"FLW-05"}


def test_a_delete_that_does_more_than_delete_fails(project: Project) -> None:
    project.node("protected")["config"]["pre-hook"] = [{"sql": "{{ delete_old() }}"}]
    macro = {
        "package_name": "shop",
        "name": "delete_old",
        "macro_sql": "{% macro delete_old() %}delete from x{% endmacro %}",
    }
    project.manifest["macros"]["macro.shop.delete_old"] = macro
    assert project.failed() == set()
    macro["macro_sql"] = "{% macro delete_old() %}insert into x select email from y{% endmacro %}"
    assert project.failed() == {"FLW-05"}


def test_a_run_hook_that_is_no_guard_fails(project: Project) -> None:
    project.manifest["nodes"]["operation"]["raw_code"] = "create table analytics.main.copy as select 1"
    assert project.failed() == {"FLW-05"}


@pytest.mark.parametrize(
    ("column", "declared", "message"),
    [
        ("postal_area", None, "does not say what it turns into what"),
        ("postal_area", {"turns": ["quasi"], "into": "generalised"}, "names quasi"),
        (
            "postal_area",
            {"turns": ["quasi_identifier"], "into": "generalised", "of": ["customers.postcode"]},
            "postcode",
        ),
    ],
)
def test_a_treatment_that_is_not_declared_as_it_must_be_stops(
    project: Project, column: str, declared: dict[str, Any] | None, message: str
) -> None:
    columns = project.node("treatments")["columns"]
    columns[column] = {"name": column, **meta(**declared or {})}
    with pytest.raises(ConfigurationError, match=message):
        project.analyse()


@pytest.mark.parametrize("sql", ["select 1 as one from (values (1)) as stand_ins(the_text)", "select the_text as one"])
def test_a_treatment_must_treat_a_stand_in(project: Project, sql: str) -> None:
    project.model("treatments", "vault", "vault.restricted", sql, [])
    project.node("treatments")["columns"] = {"one": {"name": "one", **meta(turns=[], into=None)}}
    with pytest.raises(ConfigurationError, match=r"must treat exactly one|cannot be read"):
        project.analyse()


def test_where_does_the_e_mail_address_go(project: Project, tmp_path: Path) -> None:
    lineage.write(tmp_path / "lineage", project.analyse())
    described = json.loads((tmp_path / "lineage" / "lineage.json").read_text(encoding="utf-8"))
    goes_to = {column["column"]: column["goes_to"] for column in described["columns"]}
    assert goes_to["customers.email"] == []
    assert {
        "relation": "analytics.marts.customers",
        "column": "area",
        "as": "generalised",
        "by": ["postal_area"],
    } in goes_to["customers.postal_code"]
    page = (tmp_path / "lineage" / "lineage.html").read_text(encoding="utf-8")
    assert "customers.email" in page
    assert "nowhere" in page
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize(
    "code",
    [
        "select '{{ run_query(\"select 1\").rows[0][0] }}' as area",
        "{% do log(ref('stg_customers'), info=true) %} select 1 as area",
        "{%- call statement('x') -%} copy x to 'out.csv' {%- endcall -%} select 1 as area",
        "{% do adapter.execute('copy x to 1') %} select 1 as area",
        "{{ dbt_utils.star(ref('stg_customers')) }}",
    ],
)
def test_jinja_that_asks_logs_or_calls_what_is_not_the_projects_own_fails(project: Project, code: str) -> None:
    project.node("protected")["raw_code"] = code
    assert project.failed() == {"FLW-05"}
    project.node("protected")["raw_code"] = "select {{ my_macro('run_query(1)') }} from {{ ref('x') }} -- log(x)"
    project.manifest["macros"]["macro.shop.my_macro"] = {
        "package_name": "shop",
        "name": "my_macro",
        "macro_sql": "{% macro my_macro(x) %}{% do [].append(x) %}log(2){% endmacro %}",
    }
    assert project.failed() == set()


def test_only_what_reads_the_policy_may_ask_the_database(project: Project) -> None:
    for name, expected in (("setting", set()), ("my_setting", {"FLW-05"})):
        text = f"{{% macro {name}(x) %}}{{{{ run_query(x) }}}}{{% endmacro %}}"
        macro = {"package_name": "shop", "name": name, "macro_sql": text}
        project.manifest["macros"] = {"macro": macro}
        assert project.failed() == expected


def test_a_macro_in_the_place_of_one_of_dbt_fails(project: Project) -> None:
    names = (("generate_schema_name", set()), ("create_table_as", {"FLW-05"}), ("duckdb__create_table_as", {"FLW-05"}))
    for name, expected in names:
        project.manifest["macros"] = {
            package: {
                "package_name": package,
                "name": called,
                "macro_sql": f"{{% macro {called}() %}}x{{% endmacro %}}",
            }
            for package, called in (("shop", name), ("dbt", name.removeprefix("duckdb__")))
        }
        assert project.failed() == expected
