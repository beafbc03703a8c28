"""Leaks that are in no row: comments, definitions, types; pseudonyms that nobody issued; marts without their filter."""

import duckdb
from gx_shop import CANARY, UNAVAILABLE, Shop

from bigtrust.gx.suites import Rule, Suite
from bigtrust.verdicts import CheckResult

RAW = "expect_table_to_hold_no_raw_value"
PATTERN = "expect_table_to_hold_no_personal_pattern"
PSEUDONYMS = "expect_column_values_to_be_pseudonyms"
VISIBLE = "expect_mart_to_show_what_is_visible"


def verdict(shop: Shop, expectation: str, **arguments: object) -> CheckResult:
    suite = Suite("analytics.marts.customers", (Rule("TST-01", expectation, arguments, "A test."),))
    (result,) = shop.judge([suite], unavailable=UNAVAILABLE).results
    return result


def test_a_raw_value_in_a_column_comment_is_found(shop: Shop) -> None:
    shop.publish("create table marts.customers as select 'FR' as country")
    assert verdict(shop, RAW).verdict == "passed"
    shop.publish(f"comment on column marts.customers.country is 'as with {CANARY}'")
    result = verdict(shop, RAW)
    assert (result.verdict, result.violations) == ("failed", 1)
    assert CANARY not in result.reason


def test_a_personal_pattern_in_the_definition_of_a_view_is_found(shop: Shop) -> None:
    shop.publish("create view marts.customers as select 'FR' as country where 'neighbour@example.org' <> ''")
    result = verdict(shop, PATTERN, pattern="email")
    assert (result.verdict, result.violations) == ("failed", 1)
    assert "neighbour" not in result.reason


def test_the_labels_of_a_type_are_in_no_reason(shop: Shop) -> None:
    shop.publish(f"create table marts.customers as select '{CANARY}'::enum ('{CANARY}') as p, {{'a': 'x'::blob}} as s")
    for expectation, arguments in ((PSEUDONYMS, {"column": "p"}), (RAW, {}), (PATTERN, {"pattern": "email"})):
        result = verdict(shop, expectation, **arguments)
        assert result.verdict == "failed"
        assert CANARY not in result.reason


def test_a_pseudonym_that_the_vault_has_not_issued_is_found(shop: Shop) -> None:
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("create schema restricted")
        connection.execute("create table restricted.persons as select '1' as customer_id, uuid() as p")
        issued = connection.execute("select p from restricted.persons").fetchall()[0][0]
    shop.publish(f"create table marts.customers as select '{issued}'::uuid as p")
    assert verdict(shop, PSEUDONYMS, column="p", issued_in="persons").verdict == "passed"
    shop.publish("insert into marts.customers select md5('1')::uuid")
    result = verdict(shop, PSEUDONYMS, column="p", issued_in="persons")
    assert (result.verdict, result.violations) == ("failed", 1)


def test_a_mart_shows_what_is_visible_no_more_and_no_fewer(shop: Shop) -> None:
    shop.publish(
        "create table protected.customers as "
        "select * from (values (1, date '2026-03-01'), (2, date '2026-03-02'), (3, date '2026-04-01')) as t (x, until)"
    )
    views = {
        "where until > date '2026-03-01'": "passed",
        "": "failed",
        "where until > date '2026-03-02'": "failed",
    }
    for condition, expected in views.items():
        shop.publish(f"create or replace view marts.customers as select x from protected.customers {condition}")
        result = verdict(shop, VISIBLE, protected="customers", until="until")
        assert (result.verdict, result.examined) == (expected, 3), condition
    assert verdict(shop, VISIBLE, protected="customers").violations == 2


def test_a_mart_without_its_filter_is_found_before_anything_has_expired(shop: Shop) -> None:
    shop.publish("create table protected.customers as select 1 as x, date '2026-04-01' as until")
    shop.publish("create view marts.customers as select x from protected.customers")
    result = verdict(shop, VISIBLE, protected="customers", until="until")
    assert (result.verdict, result.violations) == ("failed", 1)
    assert "would be shown on the day on which they expire" in result.reason
    shop.publish("drop view marts.customers; create table marts.customers as select x from protected.customers")
    assert verdict(shop, VISIBLE, protected="customers", until="until").verdict == "failed"
    shop.publish("drop table marts.customers")
    shop.publish("create view marts.customers as select c.x from protected.customers c where until > date '2026-03-01'")
    assert verdict(shop, VISIBLE, protected="customers", until="until").verdict == "passed"


def test_a_check_applies_if_anything_that_it_needs_is_there(shop: Shop) -> None:
    shop.publish("create table marts.customers (country varchar)")
    for needs, expected in ((("returns",), "not applicable"), (("returns", "customers"), "failed")):
        rule = Rule("TST-01", "expect_table_to_hold_rows", {}, "A test.", needs)
        (result,) = shop.judge([Suite("analytics.marts.customers", (rule,))], unavailable=UNAVAILABLE).results
        assert result.verdict == expected
