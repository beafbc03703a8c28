"""Marts broken on purpose: contract and column list edited to match, so that only the check meant for it can refuse.

A run takes long, so a project has several leaks, each in relations of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from warehouse import Warehouse, replace_in, show_areas_as_countries

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leaking marts")]

ATTRIBUTES = "models/vault/persons/customer_attributes.sql"
PROTECTED = "models/protected/analytics/protected_analytics__customers.sql"
MART = "models/marts/analytics/analytics__customers.sql"
KEPT = "models/vault/kept/kept_customers.sql"
FINANCE = "models/protected/finance/protected_finance__daily_totals.sql"
MARKETING = "models/vault/persons/audience_attributes.sql"
REGIONS = "models/protected/insights/protected_insights__sales_by_region_month.sql"
CATEGORIES = "models/protected/insights/protected_insights__sales_by_category_month.sql"
REJECTED = "models/governance/governance__rejected_rows.sql"
COLUMN = "customer_since_month"

VALUES = {  # column: expression, type, the checks that name it
    "address_in_lower_case": ("lower(kept_customers.email)", "varchar", {"FLW-01", "RAW-01", "PAT-01"}),
    "telephone_as_a_number": (
        "try_cast(right(regexp_replace(kept_customers.phone, '[^0-9]', '', 'g'), 9) as bigint)",
        "bigint",
        {"FLW-01", "RAW-01"},
    ),
    "address_in_base64": ("to_base64(encode(kept_customers.email))", "varchar", {"FLW-01", "RAW-01"}),
    "address_backwards": ("reverse(kept_customers.email)", "varchar", {"FLW-01", "RAW-01", "PAT-01"}),
    "name_in_a_text": ("'segment B, ' || kept_customers.last_name || ', loyal'", "varchar", {"FLW-01", "RAW-01"}),
}
HASHES = {  # by themselves: a reason names five columns at most
    "hash_of_an_address": ("sha256(lower(kept_customers.email))", "varchar", {"FLW-01", "PSE-02"}),
    "hash_of_what_is_signed": (
        "left(sha256('person:' || kept_customers.customer_id), 32)::uuid",
        "uuid",
        {"FLW-01", "PSE-02"},
    ),
}


def keep_names_and_addresses(project: Path) -> None:
    """Let what should stay in staging travel on: publications that honour erasure can read nothing before."""
    more = "".join(f"    stg_customers.{name},\n" for name in ("email", "phone", "last_name"))
    replace_in(project / KEPT, "    stg_customers.country,\n", f"    stg_customers.country,\n{more}")


def leak_columns(project: Path, columns: dict[str, tuple[str, str, set[str]]]) -> None:
    """Add columns to protected.customers and marts.customers, wherever they are declared."""
    month = '{{ month(local_date("kept_customers.created_at")) }} as customer_since_month,'
    expressions = "".join(f"\n        {expression} as {name}," for name, (expression, _, _) in columns.items())
    replace_in(project / ATTRIBUTES, month, month + expressions)
    keep_names_and_addresses(project)
    names = ", ".join(columns)
    quoted = ", ".join(f'"{name}"' for name in columns)
    replace_in(project / PROTECTED, ", customer_since_month, visible", f", customer_since_month, {names}, visible")
    replace_in(project / PROTECTED, 'others=["person_pseudonym"', f'others=["person_pseudonym", {quoted}')
    replace_in(project / MART, ", customer_since_month\n", f", customer_since_month, {names}\n")
    declared = [
        f'      - {{name: {name}, data_type: "{data_type}", description: "Segment."}}\n'
        for name, (_, data_type, _) in columns.items()
    ]
    for folder, name in (("protected", "analytics__protected"), ("marts", "analytics__marts")):
        path = project / "models" / folder / "analytics" / f"_{name}.yml"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        position = next(number for number, line in enumerate(lines) if COLUMN in line)
        lines[position + 1 : position + 1] = declared
        path.write_text("".join(lines), encoding="utf-8")
    for schema in ("protected", "marts"):
        suite = project / "expectations" / "analytics" / schema / "customers.yml"
        replace_in(suite, f", {COLUMN}", f", {COLUMN}, {names}")


def values_of_customers(project: Path) -> None:
    leak_columns(project, VALUES)


def hashes_of_customers(project: Path) -> None:
    leak_columns(project, HASHES)


def persons_unlike_any_other(project: Path) -> None:
    """A model that selects what the vault knows, without the treatment."""
    (project / PROTECTED).write_text("select * from {{ ref('customer_attributes') }}", encoding="utf-8")


def customers_as_stores(project: Path) -> None:
    replace_in(
        project / FINANCE,
        'purchased_on, store_id, channel\n            from {{ ref("scope_purchases") }}',
        'purchased_on, customer_id as store_id, channel\n            from {{ ref("scope_purchases") }}',
    )


def addresses_as_languages(project: Path) -> None:
    keep_names_and_addresses(project)
    replace_in(project / MARKETING, '{{ language("kept_customers.language") }}', "lower(kept_customers.email)")


def an_address_as_a_reason(project: Path) -> None:
    address = "(select min(lower(email)) from {{ ref('stg_customers') }}) as reason,"
    replace_in(project / REJECTED, "select landing_table, reason,", f"select landing_table, {address}")
    replace_in(project / REJECTED, "group by landing_table, reason", "group by landing_table")


def a_table_that_no_model_declares(project: Path) -> None:
    hook = 'on-run-end:\n  - "create or replace table insights.main.copy as select 1 as x"\n\n'
    replace_in(project / "dbt_project.yml", "on-run-start:\n", f"{hook}on-run-start:\n")


def cells_of_fewer_than_k_persons(project: Path) -> None:
    few = 'where persons >= {{ setting("k") }} and not {{ is_of_one_person("most_of_one_person", "turnover") }}'
    replace_in(project / REGIONS, few, "")
    replace_in(project / REGIONS, "where too_few.sold_month is null or large.place > 1", "")


def cells_of_k_purchases(project: Path) -> None:
    replace_in(project / REGIONS, "count(distinct person_pseudonym) as persons", "sum(purchase_count) as persons")


def what_is_left_out_can_be_computed(project: Path) -> None:
    replace_in(project / REGIONS, 'sum(persons) < {{ setting("k") }}', "false")
    replace_in(project / REGIONS, 'persons >= {{ setting("k") }}', "region <> 'Corse'")


def categories_of_fewer_than_k_persons(project: Path) -> None:
    replace_in(project / CATEGORIES, 'count(person_pseudonym) < {{ setting("k") }}', "false")


@dataclass(frozen=True)
class Broken:
    """A project with leaks, and the checks that fail on each relation of it, but no other."""

    edits: tuple[Callable[[Path], None], ...]
    refused_by: dict[str, set[str]]


def both(publication: str, relation: str, *codes: str) -> dict[str, set[str]]:
    """The same for a protected relation and its mart."""
    return {f"{publication}.{schema}.{relation}": set(codes) for schema in ("protected", "marts")}


PROJECTS = {
    "values": Broken(
        (values_of_customers, customers_as_stores, cells_of_fewer_than_k_persons),
        {
            **both("analytics", "customers", "FLW-01", "RAW-01", "PAT-01"),
            **both("finance", "daily_totals", "FLW-01", "RAW-01"),
            "candidate finance": {"ART-01"},
            "governance.marts.retention_status": {"FLW-01"},  # it counts the rows of finance
            "governance.marts.trust_scorecard": {"FLW-01"},  # and this says which of them are there in time
            **both("insights", "sales_by_region_month", "CEL-01", "CEL-03"),  # some are of one person
        },
    ),
    "hashes": Broken(
        (hashes_of_customers, an_address_as_a_reason, cells_of_k_purchases, a_table_that_no_model_declares),
        {
            **both("analytics", "customers", "FLW-01", "PSE-02"),
            "governance.marts.rejected_rows": {"FLW-01", "RAW-01", "PAT-01", "GRR-03"},
            "candidate governance": {"ART-01"},
            **both("insights", "sales_by_region_month", "CEL-01"),
            "insights": {"OBJ-01"},
            "hooks": {"FLW-05"},
        },
    ),
    "without treatment": Broken(
        (persons_unlike_any_other, what_is_left_out_can_be_computed, categories_of_fewer_than_k_persons),
        {
            **both("analytics", "customers", "KAN-01"),
            **both("insights", "sales_by_region_month", "CEL-01", "CEL-02"),
            # what one person makes is left out still, with another cell of few
            **both("insights", "sales_by_category_month", "CEL-01", "CEL-02"),
        },
    ),
    "k 1": Broken(
        (show_areas_as_countries, addresses_as_languages),
        {
            **both("analytics", "customers", "CUS-05"),
            **both("marketing", "audience_members", "FLW-01", "RAW-01", "PAT-01", "CUS-06", "FLW-06"),
            "candidate marketing": {"ART-01"},
            # what is said of whom the relation shows
            **both("marketing", "campaign_results", "FLW-01"),
            "marketing.marts.offer_eligibility": {"FLW-01"},
            "marketing.protected.offer_cool_downs": {"FLW-01"},
            "marketing.protected.offer_pauses": {"FLW-01"},
            "governance.marts.retention_status": {"FLW-01"},
            "governance.marts.trust_scorecard": {"FLW-01"},
        },
    ),
}


@pytest.fixture(scope="module")
def refused(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Warehouse]:
    """The warehouse of each broken project, after a run that must not publish."""
    warehouses = {}
    for name, broken in PROJECTS.items():
        warehouse = published.copy(tmp_path_factory.mktemp("leaking") / "warehouse")
        project, before = warehouse.own_project(), warehouse.digests()
        for edit in broken.edits:
            edit(project)
        result = warehouse.bigtrust("run")
        assert result.exit_code == 1, result.output
        assert "nothing was published" in result.stderr
        assert warehouse.digests() == before
        warehouses[name] = warehouse
    return warehouses


@pytest.mark.parametrize("name", PROJECTS)
def test_a_leak_is_refused_by_the_checks_meant_for_it_and_by_no_other(refused: dict[str, Warehouse], name: str) -> None:
    failed = refused[name].query(
        "governance",
        "select relation, list(distinct code) from marts.check_results where run = 2 and verdict = 'failed' "
        "and (code, relation) <> ('ART-01', 'candidate analytics') group by relation",
    )  # where values are few, the bytes of the file show them, too
    assert {relation: set(codes) for relation, codes in failed} == PROJECTS[name].refused_by


@pytest.mark.parametrize(("name", "leaks"), [("values", VALUES), ("hashes", HASHES)], ids=["values", "hashes"])
def test_each_column_that_leaks_is_named_by_the_checks_meant_for_it(
    refused: dict[str, Warehouse], name: str, leaks: dict[str, tuple[str, str, set[str]]]
) -> None:
    for schema in ("protected", "marts"):
        failed = refused[name].query(
            "governance",
            "select code, concat_ws(' ', column_name, reason) from marts.check_results "
            "where run = 2 and verdict = 'failed' and relation = ?",
            f"analytics.{schema}.customers",
        )
        named = {column: {code for code, reason in failed if column in reason} for column in leaks}
        assert named == {column: codes for column, (_, _, codes) in leaks.items()}


def test_of_whom_no_other_is_alike_everybody_is_counted(refused: dict[str, Warehouse]) -> None:
    warehouse = refused["without treatment"]
    ((persons,),) = warehouse.query("analytics", "select count(*) from marts.customers")
    assert warehouse.query(
        "governance",
        "select relation, examined, violations > examined / 2 from marts.check_results "
        "where run = 2 and code = 'KAN-01' and verdict = 'failed' order by all",
    ) == [("analytics.marts.customers", persons, True), ("analytics.protected.customers", persons, True)]


def test_a_hook_and_the_table_it_makes_are_named(refused: dict[str, Warehouse]) -> None:
    assert refused["hashes"].query(
        "governance",
        "select code, reason from marts.check_results where run = 2 and code in ('FLW-05', 'OBJ-01') "
        "and verdict = 'failed' order by all",
    ) == [
        ("FLW-05", "dbt_project.yml a run hook is none of the guards (require_…)"),
        ("OBJ-01", "no model declares: 1 relation in the schema main"),
    ]


def test_governance_is_not_replaced_by_a_leaking_one(refused: dict[str, Warehouse]) -> None:
    warehouse = refused["hashes"]
    assert warehouse.query("governance", "select count(*) from marts.rejected_rows where reason like '%@%'") == [(0,)]
    assert warehouse.query("governance", "select run, verdict, exit_code from marts.runs order by run") == [
        (1, "published", 0),
        (2, "refused", 1),
    ]


def test_deleting_a_line_of_a_suite_lets_its_leak_pass_that_suite(refused: dict[str, Warehouse]) -> None:
    """Great Expectations decides, and nothing else decides before it: the area is a treatment, but no country."""
    warehouse = refused["k 1"]
    analytics = ("check", "--only", "CUS-05")
    assert warehouse.bigtrust(*analytics).exit_code == 1
    for schema in ("protected", "marts"):
        suite = warehouse.project / "expectations" / "analytics" / schema / "customers.yml"
        text = suite.read_text(encoding="utf-8")
        start = text.index("  - expect_column_values_to_match_regex: {column: country")
        end = text.index("  - expect_column_values_to_match_regex: {column: language")
        suite.write_text(text[:start] + text[end:], encoding="utf-8")
    result = warehouse.bigtrust(*analytics)
    assert result.exit_code == 0, result.output
    assert "2 passed, 0 failed" in result.output  # those of marketing are left


def test_a_publication_that_honours_erasure_cannot_read_what_is_not_kept(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    replace_in(project / ATTRIBUTES, 'ref("kept_customers")', 'ref("stg_customers")')
    result = warehouse.bigtrust("run")
    assert result.exit_code == 2, result.output
    assert "Publication analytics honours erasure" in result.stderr
    assert "protected_analytics__customers depends on stg_customers" in result.stderr
