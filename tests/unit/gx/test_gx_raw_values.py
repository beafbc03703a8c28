"""The raw values that are searched for, and those that are not and are counted."""

import duckdb
import pytest
from gx_shop import PRODUCT_COLUMNS, RAW_COLUMNS, Shop

from bigtrust.checks import COLUMN_NAMES, TABLE_NAMES
from bigtrust.gx.engine import QueryFailed, opened
from bigtrust.gx.raw_values import RAW_VALUES, RawColumn, RawValueCount, build_raw_values, look_for_raw_values
from bigtrust.gx.suites import Rule, Suite


def test_what_is_too_short_or_product_data_is_counted_and_not_searched_for(shop: Shop) -> None:
    with opened({}, shop.vault) as (_, connection):
        summary = build_raw_values(connection, RAW_COLUMNS, PRODUCT_COLUMNS)
    customers = "vault.staging.base_customers"
    assert summary.columns == (
        RawValueCount(f"{customers}.customer_id", "customer number", searched=1, too_short=3, left_out=0),
        RawValueCount(f"{customers}.email", "email", searched=2, too_short=1, left_out=0),
        RawValueCount(f"{customers}.phone", "phone", searched=3, too_short=1, left_out=0),
        RawValueCount(f"{customers}.full_name", "full name", searched=2, too_short=1, left_out=1),
    )
    assert (summary.searched, summary.too_short) == (8, 6)


def test_a_surname_that_is_part_of_a_table_name_is_left_out(shop: Shop) -> None:
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("create table staging.register_requests as select 1 as request_id")
        connection.execute("create table staging.names as select unnest(['Register', 'Registers']) as last_name")
    with opened({}, shop.vault) as (_, connection):
        summary = build_raw_values(connection, [RawColumn("vault.staging.names", "last_name", "name")], [TABLE_NAMES])
    assert summary.columns == (RawValueCount("vault.staging.names.last_name", "name", 1, 0, left_out=1),)


def test_a_message_that_is_part_of_the_name_of_a_column_is_left_out(shop: Shop) -> None:
    """A name that only a publication has is no reason: it may be the leak."""
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("create table staging.sold as select 1 as quantity_sold")
        connection.execute("create table staging.texts as select unnest(['Quantity', 'Jean Dupont']) as message")
    shop.publish("create table marts.mart as select 1 as jean_dupont")
    with opened(shop.publications, shop.vault) as (_, connection):
        summary = build_raw_values(connection, [RawColumn("vault.staging.texts", "message", "text")], [COLUMN_NAMES])
    assert summary.columns == (RawValueCount("vault.staging.texts.message", "text", 1, 0, left_out=1),)


def test_phones_are_kept_as_their_last_nine_digits_and_numbers_without_leading_zeros(shop: Shop) -> None:
    with opened({}, shop.vault) as (_, connection):
        connection.execute("create table numbers as select unnest(['0000123456789', '00001234567', '4970100001']) as n")
        build_raw_values(connection, [*RAW_COLUMNS[2:3], RawColumn("memory.main.numbers", "n", "number")])
        values = connection.execute(f"select normalised from {RAW_VALUES} order by all").fetchall()
    assert [value for (value,) in values] == [
        "00001234567",  # 7 digits without the zeros: too short, so they stay
        "123456789",
        "145678901",
        "4970100001",
        "612345678",
        "798765432",
    ]


def test_a_column_that_cannot_be_read_stops_and_quotes_no_value(shop: Shop) -> None:
    columns = [RawColumn("vault.staging.base_customers", "broken", expression="cast(email as integer)")]
    with opened({}, shop.vault) as (_, connection), pytest.raises(QueryFailed) as failure:
        build_raw_values(connection, columns)
    assert "ConversionException" in str(failure.value)
    assert "@" not in str(failure.value)


def test_what_shares_its_beginning_is_searched_for_by_its_end(shop: Shop) -> None:
    """Of many published values that begin alike, each meets the raw value that it is, and not all of them."""
    numbered = "'CUSTOMER-NUMBER-' || lpad(number::varchar, 6, '0')"
    column = RawColumn("vault.staging.cards", "card", "card")
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute(f"create table staging.cards as select {numbered} as card from range(2000) as n (number)")
    shop.publish(
        f"create table marts.mart as select 'lost: ' || lower({numbered}) as note from range(2000) as n (number)"
    )
    with opened(shop.publications, shop.vault) as (_, connection):
        build_raw_values(connection, [column])
        look_for_raw_values(connection, "select note as text from analytics.marts.mart")
        found = "select (select count(distinct anchor) from anchors), count(*), count(distinct normalised) from found"
        assert connection.execute(found).fetchall() == [(2000, 2000, 2000)]
    suite = Suite("analytics.marts.mart", (Rule("TST-01", "expect_table_to_hold_no_raw_value", {}, "A test."),))
    (result,) = shop.judge([suite], raw_columns=[column]).results
    assert result.violations == 2000


def test_columns_of_one_name_are_counted_each_and_keep_their_class(shop: Shop) -> None:
    """What landed in two tables is searched for once, and reported as what it is in each."""
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("""
            create table staging.base_visits as
            select unnest(['jean.dupont@example.com', 'JEAN.DUPONT@example.com', 'new.visitor@example.com'])
                as email""")
    columns = [RAW_COLUMNS[1], RawColumn("vault.staging.base_visits", "email", "visitor")]
    with opened({}, shop.vault) as (_, connection):
        counted = build_raw_values(connection, columns).columns
        kept = connection.execute(f"select count(*) from {RAW_VALUES}").fetchone()
    assert [(count.searched, count.too_short) for count in counted] == [(2, 1), (2, 0)]
    assert kept == (3,)
    shop.publish(
        "create table marts.mart as select unnest(['jean.dupont@example.com', 'new.visitor@example.com']) as x"
    )
    suite = Suite("analytics.marts.mart", (Rule("TST-01", "expect_table_to_hold_no_raw_value", {}, "A test."),))
    (result,) = shop.judge([suite], raw_columns=columns).results
    assert result.violations == 2
    assert result.reason.endswith("(x: email 1, visitor 2)")
