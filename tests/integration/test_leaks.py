"""Marts broken on purpose: contract and column list edited to match, so that only the check meant for it can refuse."""

from pathlib import Path

import pytest

from warehouse import Warehouse, let_k_be_1, replace_in, show_areas_as_countries

ATTRIBUTES = "models/vault/persons/customer_attributes.sql"
PROTECTED = "models/protected/analytics/protected_analytics__customers.sql"
MART = "models/marts/analytics/analytics__customers.sql"
KEPT = "models/vault/kept/kept_customers.sql"
COLUMN = "customer_since_month"


def leak_columns(warehouse: Warehouse, columns: dict[str, tuple[str, str]]) -> Path:
    """Add columns (name: expression, type) to protected.customers and marts.customers, wherever they are declared."""
    project = warehouse.own_project()
    month = '{{ month(local_date("kept_customers.created_at")) }} as customer_since_month,'
    expressions = "".join(f"\n        {expression} as {name}," for name, (expression, _) in columns.items())
    replace_in(project / ATTRIBUTES, month, month + expressions)
    keep_names_and_addresses(project)
    names = ", ".join(columns)
    quoted = ", ".join(f'"{name}"' for name in columns)
    replace_in(project / PROTECTED, ", customer_since_month, visible", f", customer_since_month, {names}, visible")
    replace_in(project / PROTECTED, 'others=["person_pseudonym"', f'others=["person_pseudonym", {quoted}')
    replace_in(project / MART, ", customer_since_month\n", f", customer_since_month, {names}\n")
    declared = [
        f'      - {{name: {name}, data_type: "{data_type}", description: "Segment."}}\n'
        for name, (_, data_type) in columns.items()
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
    return project


def keep_names_and_addresses(project: Path) -> None:
    """Let what should stay in staging travel on: publications that honour erasure can read nothing before."""
    more = "".join(f"    stg_customers.{name},\n" for name in ("email", "phone", "last_name"))
    replace_in(project / KEPT, "    stg_customers.country,\n", f"    stg_customers.country,\n{more}")


LEAKS = {  # column: expression, type, the checks that name it
    "address_in_lower_case": ("lower(kept_customers.email)", "varchar", {"FLW-01", "RAW-01", "PAT-01"}),
    "telephone_as_a_number": (
        "try_cast(right(regexp_replace(kept_customers.phone, '[^0-9]', '', 'g'), 9) as bigint)",
        "bigint",
        {"FLW-01", "RAW-01"},
    ),
    "address_in_base64": ("to_base64(encode(kept_customers.email))", "varchar", {"FLW-01", "RAW-01"}),
    "address_backwards": ("reverse(kept_customers.email)", "varchar", {"FLW-01", "RAW-01", "PAT-01"}),
    "hash_of_an_address": ("sha256(lower(kept_customers.email))", "varchar", {"FLW-01", "PSE-02"}),
    "hash_of_what_is_signed": (
        "left(sha256('person:' || kept_customers.customer_id), 32)::uuid",
        "uuid",
        {"FLW-01", "PSE-02"},
    ),
    "name_in_a_text": ("'segment B, ' || kept_customers.last_name || ', loyal'", "varchar", {"FLW-01", "RAW-01"}),
}


@pytest.mark.parametrize("is_hash", [False, True], ids=["values", "hashes"])  # a reason names five columns at most
def test_a_leaking_mart_is_refused_and_each_leak_is_named_by_the_checks_meant_for_it(
    warehouse: Warehouse, is_hash: bool
) -> None:
    leaks = {name: leak for name, leak in LEAKS.items() if name.startswith("hash") == is_hash}
    before = warehouse.digests()
    leak_columns(warehouse, {name: (expression, data_type) for name, (expression, data_type, _) in leaks.items()})

    result = warehouse.bigtrust("run")

    assert result.exit_code == 1, result.output
    assert "nothing was published" in result.stderr
    assert warehouse.digests() == before
    failed = warehouse.query(
        "governance",
        "select code, relation, concat_ws(' ', column_name, reason) from marts.check_results "
        "where run = 2 and verdict = 'failed'",
    )
    # where values are few, the bytes of the file show them, too
    failed = [row for row in failed if row[:2] != ("ART-01", "candidate analytics")]
    assert {code for code, _, _ in failed} == set().union(*(codes for _, _, codes in leaks.values()))
    assert {relation for _, relation, _ in failed} == {"analytics.protected.customers", "analytics.marts.customers"}
    for relation in ("analytics.protected.customers", "analytics.marts.customers"):
        named = {
            name: {code for code, where, reason in failed if where == relation and name in reason} for name in leaks
        }
        assert named == {name: codes for name, (_, _, codes) in leaks.items()}
    assert warehouse.query("governance", "select verdict, exit_code from marts.runs where run = 2") == [("refused", 1)]


def test_leaks_in_finance_and_marketing_are_refused(warehouse: Warehouse) -> None:
    """A customer number for a store, and an e-mail address for a language."""
    before = warehouse.digests()
    project = warehouse.own_project()
    finance = project / "models/protected/finance/protected_finance__daily_totals.sql"
    marketing = project / "models/vault/persons/audience_attributes.sql"
    replace_in(
        finance,
        'purchased_on, store_id, channel\n            from {{ ref("scope_purchases") }}',
        'purchased_on, customer_id as store_id, channel\n            from {{ ref("scope_purchases") }}',
    )
    keep_names_and_addresses(project)
    let_k_be_1(project)
    replace_in(marketing, '{{ language("kept_customers.language") }}', "lower(kept_customers.email)")

    result = warehouse.bigtrust("run")

    assert result.exit_code == 1, result.output
    assert warehouse.digests() == before
    refused = warehouse.query(
        "governance",
        "select distinct publication, code from marts.check_results where run = 2 and verdict = 'failed' order by all",
    )
    assert refused == [
        ("finance", "ART-01"),
        ("finance", "FLW-01"),
        ("finance", "RAW-01"),
        ("governance", "FLW-01"),  # it counts the rows of finance
        ("marketing", "ART-01"),
        ("marketing", "CUS-06"),
        ("marketing", "FLW-01"),
        ("marketing", "FLW-06"),
        ("marketing", "PAT-01"),
        ("marketing", "RAW-01"),
    ]


def test_a_person_of_whom_no_other_is_alike_is_refused(warehouse: Warehouse) -> None:
    """A model that selects what the vault knows, without the treatment."""
    before = warehouse.digests()
    project = warehouse.own_project()
    (project / PROTECTED).write_text("select * from {{ ref('customer_attributes') }}", encoding="utf-8")
    result = warehouse.bigtrust("run")
    assert result.exit_code == 1, result.output
    assert warehouse.digests() == before
    refused = warehouse.query(
        "governance",
        "select code, relation, examined, violations > examined / 2 from marts.check_results"
        " where run = 2 and verdict = 'failed' order by all",
    )
    ((persons,),) = warehouse.query("analytics", "select count(*) from marts.customers")
    assert refused == [
        ("KAN-01", "analytics.marts.customers", persons, True),
        ("KAN-01", "analytics.protected.customers", persons, True),
    ]


def test_a_publication_that_honours_erasure_cannot_read_what_is_not_kept(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    replace_in(project / ATTRIBUTES, 'ref("kept_customers")', 'ref("stg_customers")')
    result = warehouse.bigtrust("run")
    assert result.exit_code == 2, result.output
    assert "Publication analytics honours erasure" in result.stderr
    assert "protected_analytics__customers depends on stg_customers" in result.stderr


def test_a_table_that_no_model_declares_is_refused(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    replace_in(
        project / "dbt_project.yml",
        "on-run-start:\n",
        'on-run-end:\n  - "create or replace table analytics.main.copy as select 1 as x"\n\non-run-start:\n',
    )
    result = warehouse.bigtrust("run")
    assert result.exit_code == 1, result.output
    assert "OBJ-01 on analytics" in result.stderr
    assert warehouse.query(
        "governance", "select code, reason from marts.check_results where run = 2 and verdict = 'failed' order by all"
    ) == [
        ("FLW-05", "dbt_project.yml a run hook is none of the guards (require_…)"),
        ("OBJ-01", "no model declares: 1 relation in the schema main"),
    ]


def test_deleting_a_line_of_a_suite_lets_its_leak_pass_that_suite(warehouse: Warehouse) -> None:
    """Great Expectations decides, and nothing else decides before it: the area is a treatment, but no country."""
    project = warehouse.own_project()
    show_areas_as_countries(project)
    refusal = warehouse.bigtrust("run")
    assert refusal.exit_code == 1, refusal.output
    assert "CUS-05 on analytics.marts.customers" in refusal.stderr

    for schema in ("protected", "marts"):
        suite = project / "expectations" / "analytics" / schema / "customers.yml"
        text = suite.read_text(encoding="utf-8")
        start = text.index("  - expect_column_values_to_match_regex: {column: country")
        end = text.index("  - expect_column_values_to_match_regex: {column: language")
        suite.write_text(text[:start] + text[end:], encoding="utf-8")
    assert warehouse.bigtrust("run").exit_code == 0


def test_governance_is_not_replaced_by_a_leaking_one(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    landing_rows = project / "models" / "governance" / "governance__rejected_rows.sql"
    replace_in(
        landing_rows,
        "select landing_table, reason,",
        "select landing_table, (select min(lower(email)) from {{ ref('stg_customers') }}) as reason,",
    )
    replace_in(landing_rows, "group by landing_table, reason", "group by landing_table")
    result = warehouse.bigtrust("run")
    assert result.exit_code == 1, result.output
    assert "governance.marts.rejected_rows" in result.stderr
    assert warehouse.query("governance", "select count(*) from marts.rejected_rows where reason like '%@%'") == [(0,)]
    assert warehouse.query("governance", "select run, verdict from marts.runs order by run") == [
        (1, "published"),
        (2, "refused"),
    ]


REGIONS = "models/protected/insights/protected_insights__sales_by_region_month.sql"
CATEGORIES = "models/protected/insights/protected_insights__sales_by_category_month.sql"
SMALL_CELLS = {
    "cells of fewer than k persons": (
        REGIONS,
        {
            'where persons >= {{ setting("k") }} and not {{ is_of_one_person("most_of_one_person", "turnover") }}': "",
            "where too_few.sold_month is null or large.place > 1": "",
        },
        {"CEL-01", "CEL-03"},  # some of them are of one person
    ),
    "cells of k purchases and not persons": (
        REGIONS,
        {"count(distinct person_pseudonym) as persons": "sum(purchase_count) as persons"},
        {"CEL-01"},
    ),
    "what is left out can be computed": (
        REGIONS,
        {
            'sum(persons) < {{ setting("k") }}': "false",
            'persons >= {{ setting("k") }}': "region <> 'Corse'",
        },
        {"CEL-01", "CEL-02"},
    ),
    "categories of fewer than k persons": (
        CATEGORIES,
        {'count(person_pseudonym) < {{ setting("k") }}': "false"},
        {"CEL-01", "CEL-02"},  # what one person makes is left out still, with another cell of few
    ),
}


@pytest.mark.parametrize("leak", SMALL_CELLS)
def test_an_aggregate_of_few_persons_is_refused(warehouse: Warehouse, leak: str) -> None:
    model, edits, codes = SMALL_CELLS[leak]
    before = warehouse.digests()
    project = warehouse.own_project()
    for old, new in edits.items():
        replace_in(project / model, old, new)

    result = warehouse.bigtrust("run")

    assert result.exit_code == 1, result.output
    assert warehouse.digests() == before
    refused = warehouse.query(
        "governance", "select distinct code, publication from marts.check_results where run = 2 and verdict = 'failed'"
    )
    assert {code for code, _ in refused} == codes
    assert {publication for _, publication in refused} == {"insights"}
