"""Big Trust publishes what a project without privacy makes of landing files without the rows that must go, and of each
person what k have in common."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bigtrust.settings import PROJECT
from k_anonymity import shown
from warehouse import Warehouse

BENCHMARK = PROJECT / "scripts" / "benchmarks" / "tpcds"
sys.path.insert(0, str(BENCHMARK))

import builds  # noqa: E402

GENERATOR = PROJECT / ".venv" / "tpcds" / "bin" / "python"

ATTRIBUTES = ("birth_decade", "region", "country", "language", "customer_since_month")
# The columns of Big Trust's marts, as the plain project has them: with the keys behind the pseudonyms.
PERSON = "cast((select customer_id from persons where person_pseudonym = mart.person_pseudonym) as bigint)"
PURCHASE = "cast((select purchase_id from sales where purchase_pseudonym = mart.purchase_pseudonym) as bigint)"
PRODUCT = "cast(product_id as bigint), cast(category_id as bigint)"
MARTS = {
    "analytics.purchases": f"""
        {PURCHASE}, {PERSON}, channel, purchased_on, line_count, quantity, discount_amount, net_amount""",
    "analytics.purchase_lines": f"""
        {PURCHASE}, {PERSON}, {PRODUCT}, channel, purchased_on, quantity, unit_price, discount_amount, net_amount,
        returned_quantity""",
    "analytics.returns": f"{PURCHASE}, {PERSON}, {PRODUCT}, returned_on, quantity, reason",
    "analytics.products": f"{PRODUCT}, name, list_price",
    "analytics.product_categories": """
        cast(category_id as bigint), name, cast(parent_category_id as bigint), replacement_cycle_months""",
    "insights.sales_by_category_month": """
        sold_month, cast(category_id as bigint), category_name, purchase_count, quantity, net_amount""",
    "insights.sales_by_region_month": "sold_month, region, purchase_count, net_amount",
}
# What the aggregates are made of: month, cell, purchase, customer and amount of each line.
CELLS = {
    "insights.sales_by_category_month": """
        select date_trunc('month', purchased_at) as sold_month, category_id as cell, purchase_id, customer_id,
            abs(quantity * unit_price - coalesce(discount, 0)) as amount
        from lines join purchases using (purchase_id) left join products using (product_id)""",
    "insights.sales_by_region_month": """
        select
            date_trunc('month', purchased_at) as sold_month, coalesce(regions.region, 'unknown') as cell, purchase_id,
            customer_id, abs(quantity * unit_price - coalesce(discount, 0)) as amount
        from lines join purchases using (purchase_id) left join customers using (customer_id) left join regions
            on customers.country = regions.country and left(customers.postal_code, 2) = regions.postal_area
        where customer_id is not null""",
}
# What the plain project has more: cells that describe fewer than 5 persons or are by more than 80 percent of one, and
# where all of these together are so in a month, its smallest other one.
NOT_WRITTEN = """
    with sold as ({sold}),
    paid as (select sold_month, cell, customer_id, sum(amount) as amount from sold group by all),
    counted as (
        select sold_month, cell, {is_small} as is_small
        from paid group by sold_month, cell
    ),
    purchases as (select sold_month, cell, count(distinct purchase_id) as purchases from sold group by all),
    hidden as (
        select paid.sold_month, customer_id, sum(amount) as amount
        from paid join counted on paid.sold_month = counted.sold_month and paid.cell is not distinct from counted.cell
        where is_small group by all
    ),
    exposed as (select sold_month from hidden group by sold_month having {is_small}),
    others as (
        select counted.sold_month, counted.cell, purchases
        from counted join purchases
            on counted.sold_month = purchases.sold_month and counted.cell is not distinct from purchases.cell
        where not is_small
    )
    select sold_month, cell from counted where is_small
    union all
    select sold_month, cell from others semi join exposed using (sold_month)
    qualify row_number() over (partition by sold_month order by purchases, cast(cell as varchar) nulls first) = 1"""
IS_SMALL = """
    count(distinct customer_id) < 5
    or coalesce(max(amount) filter (where customer_id is not null) > 0.8 * sum(amount), false)"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TPC-DS at scale factor 0.01: 4,600 purchases of 1,000 customers in five years."""
    if not GENERATOR.exists():
        pytest.fail(f"{GENERATOR} is missing. Run `make test`, which installs requirements-tpcds.lock there.")
    data = tmp_path_factory.mktemp("tpcds") / "data"
    subprocess.run([GENERATOR, BENCHMARK / "generate.py", "--scale", "0.01", "--output", data], check=True)
    return data


@pytest.mark.slow
def test_a_full_build_and_a_nightly_run_publish_what_a_plain_project_makes_of_filtered_files(
    data: Path, tmp_path: Path
) -> None:
    warehouse = Warehouse(tmp_path / "a")
    for files, as_of in (("landing", builds.BEFORE), ("next_day", builds.AFTER)):
        builds.deliver(data / files, warehouse.landing)
        warehouse.run("--as-of", as_of)
        builds.filter_landing(warehouse.landing, as_of, tmp_path / "filtered", "2GB")
        builds.plain(tmp_path / "b", warehouse.landing, tmp_path / "filtered", "2GB")
        _require_equal_marts(tmp_path)


def _require_equal_marts(root: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{root / 'a' / builds.VAULT}' as vault (read_only)")
        for publication, path in builds.PUBLICATIONS.items():
            connection.execute(f"attach '{root / 'a' / path}' as {publication} (read_only)")
        connection.execute(f"attach '{root / 'b' / 'warehouse.duckdb'}' as plain (read_only)")
        connection.execute(f"create view persons as from vault.{builds.PERSONS}")
        connection.execute(f"create view sales as from vault.{builds.PURCHASES}")
        for table in ("purchases", "customers"):
            connection.execute(f"create view {table} as from '{root}/filtered/insights/{table}.parquet'")
        connection.execute(f"create view lines as from '{root}/filtered/insights/purchase_lines.parquet'")
        connection.execute(f"create view products as from '{root}/a/landing/products.parquet'")
        connection.execute(
            f"create view regions as from read_csv('{PROJECT}/seeds/reference/regions.csv', all_varchar = true)"
        )
        _require_equal_persons(connection)
        for mart, columns in MARTS.items():
            published = f"select {columns} from {mart.replace('.', '.marts.')} as mart"
            plain = f"from plain.{mart.split('.')[1]} as mart"
            if mart in CELLS:
                not_written = NOT_WRITTEN.format(sold=CELLS[mart], is_small=IS_SMALL)
                plain += f" anti join ({not_written}) as small on {_same_cell(mart)}"
            rows = connection.execute(f"select count(*) from ({published})").fetchone()
            added = connection.execute(f"select count(*) from ({published} except all {plain})").fetchone()
            missing = connection.execute(f"select count(*) from ({plain} except all {published})").fetchone()
            assert rows != (0,), mart
            assert (added, missing) == ((0,), (0,)), mart


def _require_equal_persons(connection: duckdb.DuckDBPyConnection) -> None:
    """The plain project has all that is known of each person; of that, nobody is shown as one of fewer than 5."""
    columns = ", ".join(ATTRIBUTES)
    plain = connection.execute(f"select customer_id, {columns} from plain.customers").fetchall()
    published = connection.execute(f"select {PERSON}, {columns} from analytics.marts.customers as mart").fetchall()
    known = {customer: values for customer, *values in plain}
    assert len(published) == len(plain) > 0
    assert {customer: tuple(values) for customer, *values in published} == shown(known, ATTRIBUTES, 5)


def _same_cell(mart: str) -> str:
    key = "category_id" if "category" in mart else "region"
    return f"mart.sold_month = small.sold_month and mart.{key} is not distinct from small.cell"
