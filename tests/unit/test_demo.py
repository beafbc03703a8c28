"""The demo's landing files: believable, messy where real data is messy, the same for the same arguments."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from bigtrust.demo import write_demo
from bigtrust.demo.draws import spread
from bigtrust.errors import ConfigurationError

UNTIL = date(2025, 6, 30)
CONTRACT = Path(__file__).parents[2] / "models" / "staging" / "_landing__sources.yml"
TABLES = {
    table["name"]: table
    for table in yaml.safe_load(CONTRACT.read_text())["sources"][0]["tables"]
    if not table["config"]["meta"].get("register")  # the register is no delivery
}
TIMES = (
    "created_at", "updated_at", "recorded_at", "purchased_at", "returned_at", "occurred_at", "opened_at", "closed_at",
    "sent_at", "clicked_at", "requested_at", "withdrawn_at", "held_from", "held_until",
)  # fmt: skip


def files_of(folder: Path, table: str) -> list[Path]:
    return sorted([*folder.glob(f"{table}.*"), *folder.glob(f"{table}/*")])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """Every table as a view of texts, with the name of the file that a row came in."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'Europe/Paris'")
    for table in TABLES:
        paths = [str(path) for path in files_of(folder, table)]
        reader = (
            f"read_csv({paths}, all_varchar = true, header = true, delim = ',', quote = '\"', filename = true)"
            if paths[0].endswith(".csv")
            else f"read_parquet({paths}, filename = true)"
        )
        connection.execute(f"create view {table} as select columns(*)::varchar from {reader}")
    return connection


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("landing")
    return folder, write_demo(folder, customers=300, until=UNTIL)


@pytest.fixture(scope="module")
def landing(demo: tuple[Path, dict[str, int]]) -> duckdb.DuckDBPyConnection:
    return opened(demo[0])


def number(landing: duckdb.DuckDBPyConnection, query: str) -> float:
    row = landing.execute(query).fetchone()
    assert row is not None
    return float(row[0])


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write_demo(tmp_path / folder, customers=100, seed=7, until=UNTIL)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_invents_other_people_and_products(tmp_path: Path) -> None:
    people = []
    for seed in (7, -8):
        write_demo(tmp_path / str(seed), customers=20, seed=seed, until=UNTIL)
        landing = opened(tmp_path / str(seed))
        people.append(landing.execute("select first_name, last_name, email, phone from customers").fetchall())
        people[-1] += landing.execute("select product_id, list_price, null, null from products").fetchall()
    assert len(set(people[0]) & set(people[1])) < 5


def test_every_table_of_the_contract_comes_with_its_columns_and_no_other(
    demo: tuple[Path, dict[str, int]], landing: duckdb.DuckDBPyConnection
) -> None:
    folder, rows = demo
    assert list(rows) == list(TABLES)
    for table, contract in TABLES.items():
        for path in files_of(folder, table):
            columns = [name for name, *_ in landing.execute(f"describe from '{path}'").fetchall()]
            assert columns == [column["name"] for column in contract["columns"]], path.name
        assert rows[table] == number(landing, f"select count(*) from {table}") > 0


def test_deliveries_come_in_both_formats_and_in_several_files(demo: tuple[Path, dict[str, int]]) -> None:
    folder, _ = demo
    names = {table: [path.name for path in files_of(folder, table)] for table in TABLES}
    assert names["customers"] == ["initial.parquet", "updates-1.parquet", "updates-2.parquet"]
    years = [f"{year}.parquet" for year in range(2022, 2026)]
    assert names["purchases"] == names["purchase_lines"] == [*years, "late.parquet"]
    csv = {table for table, files in names.items() if files[0].endswith(".csv")}
    assert csv == {"consents", "product_categories", "products", "support_tickets"}


MESS = {
    "exact duplicates": "from purchase_lines group by all having count(*) > 1",
    "duplicate customers": "from customers group by all having count(*) > 1",
    "duplicate consents": "from consents group by all having count(*) > 1",
    "duplicate requests": "from erasure_requests group by all having count(*) > 1",
    "corrected quantity": """
        from purchase_lines as first join purchase_lines as later using (purchase_id, line_number)
        where first.quantity = later.quantity || '0' and later.filename > first.filename
    """,
    "corrected customer": """
        from purchases as first join purchases as later using (purchase_id)
        where first.customer_id is null and later.customer_id is not null and later.filename > first.filename
    """,
    "versions of a customer": "from customers group by customer_id having count(distinct updated_at) > 1",
    "customer without number": "from customers where customer_id is null",
    "purchase without number": "from purchases where purchase_id is null",
    "line without number": "from purchase_lines where line_number is null",
    "day that is none": "from purchases where purchased_at = '31/02/2024'",
    "date in words": "from purchases where purchased_at = 'hier'",
    "date of zeroes": "from purchases where purchased_at = '0000-00-00'",
    "year 9999": "from purchases where purchased_at like '9999%'",
    "unreadable birth date": "from customers where birth_date = '31/02/1980'",
    "unreadable event": "from web_events where occurred_at = 'hier'",
    "decimal comma": "from purchase_lines where regexp_full_match(unit_price, '\\d+,\\d\\d')",
    "thousands": "from purchase_lines where regexp_full_match(unit_price, '\\d \\d{3},\\d\\d')",
    "amount in words": "from purchase_lines where unit_price = 'gratuit'",
    "accents": "from customers where first_name != strip_accents(first_name)",
    "apostrophes": "from customers where last_name like '%''%'",
    "hyphens": "from customers where last_name like '%-%'",
    "emoji": "from customers where first_name like '%🌸'",
    "spaces around e-mail": "from customers where email != trim(email)",
    "upper-case e-mail": "from customers where email != lower(email)",
    "shared e-mail": """
        from customers where email is not null
        group by lower(trim(email)) having count(distinct customer_id) > 1
    """,
    "phone with spaces": "from customers where regexp_full_match(phone, '0\\d( \\d\\d){4}')",
    "phone with dots": "from customers where regexp_full_match(phone, '0\\d(\\.\\d\\d){4}')",
    "international phone": "from customers where regexp_full_match(phone, '\\+33\\d{9}')",
    "phone with 0033": "from customers where phone like '0033%'",
    "line without purchase": """
        from purchase_lines anti join purchases using (purchase_id) where purchase_id is not null
    """,
    "late purchase": "from purchases where filename like '%late%' and left(purchased_at, 4) < '2025'",
    "late line": "from purchase_lines where filename like '%late%'",
    "unknown customer": "from purchases anti join customers using (customer_id) where customer_id is not null",
    "line break in a message": "from support_tickets where message like '%' || chr(10) || '%'",
    "quotes in a message": "from support_tickets where message like '%\"%'",
    "quotes in a product": "from products where name like '%\"%, %'",
    "e-mail in an address": "from web_events where url like '%40%.example%'",
    "bare e-mail in an address": "from web_events where url like '%@%.example%'",
    "phone in an address": "from web_events where url like '%tel=0%'",
    "name in an address": "from web_events where url like '%nom=%'",
    "IPv4": "from web_events where ip_address like '198.1%'",
    "IPv6": "from web_events where ip_address like '2001:db8:%'",
    "visitor not signed in": "from web_events where customer_id is null",
    "time in UTC": "from web_events where occurred_at like '%T%Z'",
    "summer time": "from marketing_messages where sent_at like '%+02:00'",
    "time without a zone": "from purchases where regexp_full_match(purchased_at, '[-0-9]{10} [0-9:]{8}')",
    "full card number": "from purchases where regexp_full_match(payment_reference, '\\d{16}')",
    "masked card number": "from purchases where payment_reference like '497010******%'",
    "account number": "from purchases where payment_reference like 'FR%'",
}  # fmt: skip


@pytest.mark.parametrize("query", MESS.values(), ids=MESS.keys())
def test_real_data_is_messy(landing: duckdb.DuckDBPyConnection, query: str) -> None:
    assert number(landing, f"select count(*) from (select 1 {query})") > 0


def test_most_of_the_data_is_clean(landing: duckdb.DuckDBPyConnection) -> None:
    for table, column in (
        ("purchases", "try_cast(purchased_at as timestamp)"),
        ("purchase_lines", "try_cast(unit_price as decimal(10, 2))"),
        ("web_events", "try_cast(occurred_at as timestamp)"),
    ):
        assert number(landing, f"select avg(({column} is not null)::integer) from {table}") > 0.98


def test_what_people_asked_for_can_always_be_read(landing: duckdb.DuckDBPyConnection) -> None:
    unreadable = """
        select count(*) from consents
        where customer_id is null or purpose is null or granted not in ('true', 'false') or granted is null
            or try_cast(recorded_at as timestamp) is null
    """
    assert number(landing, unreadable) == 0
    unreadable = """
        select count(*) from erasure_requests
        where request_id is null or customer_id is null or try_cast(requested_at as timestamp) is null
            or try_cast(withdrawn_at as timestamp) < try_cast(requested_at as timestamp)
            or case scope
                when 'purchase_line' then purchase_id is null or try_cast(line_number as integer) is null
                when 'purchase' then purchase_id is null
                when 'category' then category_id is null
                when 'person' then false
                else true
            end
    """
    assert number(landing, unreadable) == 0


def test_requests_to_forget_come_in_every_form(landing: duckdb.DuckDBPyConnection) -> None:
    asked = landing.execute("select distinct scope, channel from erasure_requests").fetchall()
    assert {scope for scope, _ in asked} == {"purchase_line", "purchase", "category", "person"}
    assert {channel for _, channel in asked} == {"till", "web", "support"}
    pending = "select count(*) from erasure_requests anti join purchases using (purchase_id) where scope = 'purchase'"
    assert number(landing, pending) >= 1
    refused = """
        select count(*) from erasure_requests join purchases using (purchase_id)
        where erasure_requests.customer_id != purchases.customer_id
    """
    assert number(landing, refused) >= 1
    assert number(landing, "select count(withdrawn_at) from erasure_requests") >= 1
    share = "select count(distinct erasure_requests.customer_id) / 300 from erasure_requests"
    assert 0.015 < number(landing, share) < 0.06


def test_forgetting_is_asked_at_the_till_for_what_is_bought_once_in_years(
    landing: duckdb.DuckDBPyConnection,
) -> None:
    lasting = """
        select min(longest) from (
            select max(replacement_cycle_months::integer) as longest
            from erasure_requests
            join purchase_lines using (purchase_id)
            join products using (product_id)
            join product_categories on product_categories.category_id = products.category_id
            where channel = 'till'
            group by request_id
        )
    """
    assert number(landing, lasting) >= 60


def test_nothing_happens_after_the_last_day(landing: duckdb.DuckDBPyConnection) -> None:
    for table, contract in TABLES.items():
        for column in (column["name"] for column in contract["columns"] if column["name"] in TIMES):
            latest = f"""
                select coalesce(max(try_cast({column} as timestamptz)), '-infinity') <= '{UNTIL} 23:59:59'::timestamptz
                from {table} where {column} not like '9999%'
            """
            assert number(landing, latest) == 1, f"{table}.{column}"


def test_sales_follow_the_seasons_the_week_and_the_hours(landing: duckdb.DuckDBPyConnection) -> None:
    landing.execute("""
        create or replace temp view sales as
        select channel, customer_id, try_cast(purchased_at as timestamptz) as sold_at from purchases
        where purchased_at not like '9999%' and filename not like '%late%'
    """)

    def sales(condition: str) -> float:
        return number(landing, f"select count(*) from sales where {condition}")

    assert sales("month(sold_at) = 12") > 1.5 * sales("month(sold_at) = 2")
    assert sales("month(sold_at) = 1") > sales("month(sold_at) = 2")
    store = "channel = 'store' and "
    assert sales(store + "dayofweek(sold_at) = 6") > 1.5 * sales(store + "dayofweek(sold_at) = 2")
    assert sales(store + "(month(sold_at), day(sold_at)) = (12, 25)") == 0
    assert sales(store + "hour(sold_at) not between 9 and 19") < 0.01 * sales(store + "true")
    web = "channel = 'web' and "
    assert sales(web + "hour(sold_at) between 19 and 22") > 0.3 * sales(web + "true")
    assert 0.08 < sales("customer_id is null") / sales("true") < 0.16
    assert {channel for (channel,) in landing.execute("select distinct channel from sales").fetchall()} == {
        "store", "web", "phone", "catalogue",
    }  # fmt: skip


def test_a_few_customers_buy_much(landing: duckdb.DuckDBPyConnection) -> None:
    tail = """
        select quantile_cont(purchases, 0.95) / quantile_cont(purchases, 0.5)
        from (select count(*) as purchases from purchases where customer_id is not null group by customer_id)
    """
    assert number(landing, tail) > 3


@pytest.mark.parametrize(
    ("child", "parent", "key"),
    [
        ("products", "product_categories", "category_id"),
        ("purchases", "customers", "customer_id"),
        ("purchase_lines", "purchases", "purchase_id"),
        ("purchase_lines", "products", "product_id"),
        ("returns", "purchase_lines", "purchase_id, line_number"),
        ("web_events", "customers", "customer_id"),
        ("web_events", "products", "product_id"),
        ("web_events", "product_categories", "category_id"),
        ("web_events", "purchases", "purchase_id"),
        ("support_tickets", "purchases", "purchase_id"),
        ("marketing_messages", "customers", "customer_id"),
        ("marketing_messages", "product_categories", "category_id"),
        ("consents", "customers", "customer_id"),
        ("erasure_requests", "customers", "customer_id"),
        ("legal_holds", "customers", "customer_id"),
    ],
)
def test_keys_lead_somewhere(landing: duckdb.DuckDBPyConnection, child: str, parent: str, key: str) -> None:
    first = key.split(",")[0]
    named = number(landing, f"select count(*) from {child} where {first} is not null")
    found = number(landing, f"select count(*) from {child} semi join {parent} using ({key})")
    assert found > 0.98 * named > 0


def test_the_tree_of_categories_has_branches_leaves_and_cycles(landing: duckdb.DuckDBPyConnection) -> None:
    assert number(landing, "select count(*) from product_categories where parent_category_id is null") == 8
    assert number(landing, "select count(distinct category_id) from products") == 35
    cycles = dict(landing.execute("select category_id, replacement_cycle_months from product_categories").fetchall())
    assert (cycles["lave-linge"], cycles["televisions"], cycles["cafe"]) == ("120", "84", None)
    lost = """
        select count(*) from product_categories as child
        anti join product_categories as parent on child.parent_category_id = parent.category_id
        where child.parent_category_id is not null
    """
    assert number(landing, lost) == 0


def test_towns_and_postal_codes_belong_together(landing: duckdb.DuckDBPyConnection) -> None:
    several = """
        select count(*) from (
            select postal_code from customers group by postal_code having count(distinct upper(city)) > 1
        )
    """
    assert number(landing, several) == 0
    assert number(landing, "select count(*) from customers where country != 'FR'") > 0
    assert number(landing, "select count(*) from customers where postal_code like '974%'") > 0


def test_card_and_account_numbers_have_valid_check_digits(landing: duckdb.DuckDBPyConnection) -> None:
    references = landing.execute("""
        select replace(payment_reference, ' ', '') from purchases
        where regexp_matches(payment_reference, '^(FR)?[0-9 ]+$')
    """).fetchall()
    accounts = [text for (text,) in references if text.startswith("FR")]
    cards = [text for (text,) in references if not text.startswith("FR")]
    assert accounts and all(map(iban.is_valid, accounts))
    assert cards and all(map(luhn.is_valid, cards))


def test_names_that_are_searched_for_do_not_occur_in_the_catalogue(landing: duckdb.DuckDBPyConnection) -> None:
    long_names = "unnest([first_name, last_name, street, email])"
    landing.execute(f"create temp table long_names as select distinct {long_names} as name from customers")
    assert number(landing, "select avg((length(last_name) >= 8)::integer) from customers") > 0.15
    overlap = """
        select count(*)
        from long_names, (select name as text from products union all select name from product_categories)
        where length(long_names.name) >= 8 and contains(lower(text), lower(trim(long_names.name)))
    """
    assert number(landing, overlap) == 0


@pytest.mark.parametrize("until", [date(2024, 2, 28), date(2024, 2, 29)])
def test_any_day_can_be_the_last(tmp_path: Path, until: date) -> None:
    rows = write_demo(tmp_path / "landing", customers=20, until=until)
    assert all(rows.values())


@pytest.mark.parametrize(
    ("customers", "until"), [(19, UNTIL), (-1, UNTIL), (20, date(1, 1, 1)), (20, date(9999, 12, 31))]
)
def test_arguments_that_make_no_sense_are_refused(tmp_path: Path, customers: int, until: date) -> None:
    with pytest.raises(ConfigurationError, match=r"--customers|--until"):
        write_demo(tmp_path / "landing", customers=customers, until=until)
    assert not (tmp_path / "landing").exists()


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("mine")
    with pytest.raises(ConfigurationError, match="not empty"):
        write_demo(tmp_path, until=UNTIL)
    with pytest.raises(ConfigurationError, match="is a file"):
        write_demo(tmp_path / "customers.csv", until=UNTIL)
    assert contents(tmp_path) == {"customers.csv": b"mine"}


def test_a_failure_leaves_no_half_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        (tmp_path / "customers.parquet").write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr("bigtrust.demo.write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        write_demo(tmp_path, customers=20, until=UNTIL)
    assert contents(tmp_path) == {}


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50).filter(lambda weights: sum(weights) > 1))
@settings(max_examples=50, deadline=None)
def test_slots_follow_the_weights(weights: list[float]) -> None:
    slots = spread(weights, 1000)
    assert slots == sorted(slots)
    for choice, weight in enumerate(weights):
        assert abs(slots.count(choice) - 1000 * weight / sum(weights)) <= 1 + 1e-6
