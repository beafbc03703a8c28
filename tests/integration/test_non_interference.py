"""`bigtrust check --non-interference`: what is published does not depend on who the people are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from bigtrust import lock, metamorphic, non_interference
from warehouse import Warehouse, replace_in

pytestmark = pytest.mark.xdist_group("non_interference")  # the leaking builds are made once

ANALYTICS, INSIGHTS = (
    "models/protected/analytics/protected_analytics__",
    "models/protected/insights/protected_insights__",
)
DECLARED = {
    "analytics": "models/protected/analytics/_analytics__protected.yml",
    "insights": "models/protected/insights/_insights__protected.yml",
}
CUSTOMERS, ATTRIBUTES = f"{ANALYTICS}customers.sql", "models/vault/persons/customer_attributes.sql"
VISIBLE = '            {{\n                visible_until(\n                    "customers",'


@dataclass(frozen=True)
class Leak:
    """A column that is added to a protected relation, and what flows into it."""

    relation: str
    column: str
    data_type: str
    cause: str
    edits: tuple[tuple[str, str, str], ...]  # file, text, and what takes its place


def of_a_customer(column: str, data_type: str, cause: str, expression: str) -> Leak:
    """A leak into analytics.protected.customers."""
    edits = (
        (ATTRIBUTES, VISIBLE, f"            {expression} as {column},\n{VISIBLE}"),
        (CUSTOMERS, "select person_pseudonym,", f"select person_pseudonym, {column},"),
        (CUSTOMERS, 'others=["person_pseudonym",', f'others=["person_pseudonym", "{column}",'),
    )
    return Leak("analytics.customers", column, data_type, cause, edits)


LEAKS = [
    of_a_customer(
        "address_in_base64",
        "varchar",
        "customers.email (direct identifier)",
        "to_base64(encode(landed.email))",
    ),
    of_a_customer(
        "unkeyed_hash",
        "varchar",
        "customer_id of customers, consents, purchases, web_events, support_tickets, marketing_messages, "
        "erasure_requests, legal_holds (direct identifier)",
        "md5(kept_customers.customer_id)",
    ),
    of_a_customer("length_of_name", "bigint", "customers.last_name (direct identifier)", "length(landed.last_name)"),
    of_a_customer(
        "order_of_numbers",
        "bigint",
        "customer_id of customers, consents, purchases, web_events, support_tickets, marketing_messages, "
        "erasure_requests, legal_holds (direct identifier)",
        "row_number() over (order by kept_customers.customer_id)",
    ),
    of_a_customer(
        "birth_year",
        "bigint",
        "customers.birth_date (quasi-identifier)",
        "extract(year from kept_customers.birth_date)",
    ),
    Leak(
        "analytics.products",
        "first_letter",
        "varchar",
        "customers.first_name (direct identifier)",
        (
            (
                f"{ANALYTICS}products.sql",
                "cast(list_price as decimal(18, 2)) as list_price",
                """cast(list_price as decimal(18, 2)) as list_price,
            (
                select left(min(customers.first_name), 1)
                from {{ ref("kept_purchase_lines") }} as lines
                inner join {{ ref("stg_customers") }} as customers on lines.customer_id = customers.customer_id
                where lines.product_id = stg_products.product_id
            ) as first_letter""",
            ),
        ),
    ),
    Leak(
        "insights.sales_by_region_month",
        "counted_by_name",
        "bigint",
        "customers.last_name (direct identifier)",
        (
            (
                f"{INSIGHTS}sales_by_region_month.sql",
                "            count(distinct person_pseudonym) as persons,",
                """            count(distinct person_pseudonym) as persons,
            count(distinct person_pseudonym) filter (
                where person_pseudonym in (
                    select maps.person_pseudonym
                    from {{ ref("person_pseudonyms") }} as maps
                    inner join {{ ref("stg_customers") }} as customers on maps.customer_id = customers.customer_id
                    where left(customers.last_name, 1) in ('B', 'D', 'L', 'M')
                )
            ) as counted_by_name,""",
            ),
            (
                f"{INSIGHTS}sales_by_region_month.sql",
                "            visible_until,\n            row_number()",
                "            counted_by_name,\n            visible_until,\n            row_number()",
            ),
            (
                f"{INSIGHTS}sales_by_region_month.sql",
                "large.net_amount, large.visible_until",
                "large.net_amount, large.counted_by_name, large.visible_until",
            ),
        ),
    ),
    Leak(
        "analytics.returns",
        "hour_of_purchase",
        "bigint",
        "purchases.purchased_at (quasi-identifier)",
        (
            (
                f"{ANALYTICS}returns.sql",
                "            kept_returns.returned_on,\n            kept_returns.quantity,",
                """            kept_returns.returned_on,
            (
                select extract(hour from purchased_at)
                from {{ ref("kept_purchases") }} as purchases
                where purchases.purchase_number = kept_returns.purchase_number
            ) as hour_of_purchase,
            kept_returns.quantity,""",
            ),
        ),
    ),
    Leak(
        "analytics.touchpoints",
        "what_was_written",
        "varchar",
        "support_tickets.message (free text)",
        (
            (
                f"{ANALYTICS}touchpoints.sql",
                "            contacts.outcome,",
                """            contacts.outcome,
            (
                select min(right(message, 1))
                from {{ ref("stg_support_tickets") }} as tickets
                where tickets.customer_id = contacts.customer_id
            ) as what_was_written,""",
            ),
        ),
    ),
]


def leak(project: Path) -> None:
    """Put all leaks into a project, and declare their columns."""
    with_landed = "        inner join person_pseudonyms on kept_customers.customer_id = person_pseudonyms.customer_id\n"
    landed = '{{ ref("stg_customers") }} as landed on kept_customers.customer_id = landed.customer_id\n'
    replace_in(project / "dbt_project.yml", "{relation: true, columns: true}", "{}")  # comments take time
    replace_in(project / ATTRIBUTES, with_landed, f"{with_landed}        left join {landed}")
    for one in LEAKS:
        for file, old, new in one.edits:
            replace_in(project / file, old, new)
        publication, _, relation = one.relation.partition(".")
        path = project / DECLARED[publication]
        before, model, after = path.read_text(encoding="utf-8").partition(
            f"name: protected_{publication}__{relation}\n"
        )
        line = f'      - {{name: {one.column}, data_type: "{one.data_type}", description: "None."}}\n'
        path.write_text(before + model + after.replace("columns:\n", f"columns:\n{line}", 1), encoding="utf-8")


@pytest.fixture(scope="module")
def refusal(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the check says of a project with all leaks: by column, what flows into it."""
    warehouse = published.copy(tmp_path_factory.mktemp("leaking"))
    leak(warehouse.own_project())
    with patch.object(non_interference.secrets, "token_hex", lambda _: "the same choices each time"):
        result = warehouse.bigtrust("check", "--non-interference", "--sample", "60")
    assert result.exit_code == 1, result.output
    assert _left_behind(warehouse) == []
    found = re.findall(r"MET-02 failed on (\S+): differs in [\d,]+ rows; what flows into it: (.*)", result.output)
    assert len(found) == result.output.count("MET-02")
    return dict(found)


@pytest.mark.parametrize("one", LEAKS, ids=lambda one: one.column)
def test_a_leak_is_named_with_the_landing_column_that_flows_into_it(one: Leak, refusal: dict[str, str]) -> None:
    publication, _, relation = one.relation.partition(".")
    assert refusal[f"{publication}.protected.{relation}.{one.column}"] == one.cause


def test_nothing_but_the_leaks_is_named(refusal: dict[str, str]) -> None:
    assert {name.rpartition(".")[2] for name in refusal} == {one.column for one in LEAKS}


def test_nothing_flows_from_who_the_people_are(warehouse: Warehouse) -> None:
    before = warehouse.digests()
    result = warehouse.bigtrust("check", "--non-interference", "--sample", "1000")
    assert result.exit_code == 0, result.output
    assert "no columns differ" in result.output
    assert re.search(r"[\d,]{5,} direct identifiers, [\d,]{3,} free texts, [\d,]{5,} quasi-identifiers", result.output)
    assert "of this sample only" in result.output
    assert warehouse.digests() == before
    assert _left_behind(warehouse) == []
    standing = [result for result in metamorphic.standing(warehouse.settings) if result.code == "MET-02"]
    assert {result.verdict for result in standing} == {"passed"}
    assert sum(result.examined for result in standing) > 1000


def test_where_nobody_is_there_is_nothing_to_exchange(warehouse: Warehouse) -> None:
    with duckdb.connect() as connection:
        for table in ("customers", "purchases", "consents", "web_events", "support_tickets", "marketing_messages"):
            for path in sorted(warehouse.landing.rglob(f"{table}*")):
                files = sorted(path.iterdir()) if path.is_dir() else [path]
                for file in files:
                    reader = f"read_csv('{file}', all_varchar = true)" if file.suffix == ".csv" else f"'{file}'"
                    connection.execute(f"create or replace table nobody as from {reader} limit 0")
                    form = "format csv, header" if file.suffix == ".csv" else "format parquet"
                    connection.execute(f"copy nobody to '{file}' ({form})")
    result = warehouse.bigtrust("check", "--non-interference")
    assert result.exit_code == 0, result.output
    assert "not applicable, landing holds no customer and no purchase" in result.output


def test_bad_input_is_one_clear_line(warehouse: Warehouse) -> None:
    with lock.exclusive(warehouse.settings.warehouse):
        result = warehouse.bigtrust("check", "--non-interference")
        assert (result.exit_code, "holds the lock" in result.stderr) == (4, True)
    result = warehouse.bigtrust("check", "--non-interference", "--as-if-never")
    assert (result.exit_code, "Say one thing" in result.stderr) == (2, True)
    result = warehouse.bigtrust("check", "--non-interference", "--landing", str(warehouse.root / "nowhere"))
    assert (result.exit_code, "does not exist" in result.stderr) == (3, True)
    warehouse.settings.secret_file.unlink()
    result = warehouse.bigtrust("check", "--non-interference")
    assert (result.exit_code, "secret" in result.stderr) == (2, True)
    assert _left_behind(warehouse) == []


def _left_behind(warehouse: Warehouse) -> list[Path]:
    return [*(warehouse.root / "warehouse").glob("non_interference-*")]
