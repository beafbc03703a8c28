"""KAN-01: one case that passes, ones that fail, and ones with too few persons to examine. k is 3."""

import duckdb
import pytest
from gx_shop import Shop

from bigtrust.gx.suites import Rule, Suite
from bigtrust.verdicts import CheckResult

CANARY = "Canaryland"
REASON = "fewer than k persons were in contact lately, so nothing is shown of anybody"


def verdict(shop: Shop, rows: str, *, are_few: bool = False) -> CheckResult:
    """The verdict on persons (number, region, decade), with a needed thing that is unavailable if they are few."""
    values = f"(values {rows}) as persons(number, region, decade)"
    pseudonym = "md5(number::varchar)::uuid as person_pseudonym"
    shop.publish(f"create or replace table marts.mart as select {pseudonym}, region, decade from {values}")
    arguments = {"columns": ["region", "decade"]}
    rule = Rule("KAN-01", "expect_table_to_be_k_anonymous", arguments, "A test.", ("customers.k_persons",))
    unavailable = {"customers.k_persons": REASON} if are_few else {}
    (result,) = shop.judge([Suite("analytics.marts.mart", (rule,))], unavailable=unavailable).results
    return result


def test_passes_if_k_persons_have_each_combination(shop: Shop) -> None:
    rows = "(1, 'Corse', 1980), (2, 'Corse', 1980), (3, 'Corse', 1980), (4, 'Corse', null), (5, 'Corse', null)"
    result = verdict(shop, f"{rows}, (6, 'Corse', null)")
    assert (result.verdict, result.examined, result.violations) == ("passed", 6, 0)


@pytest.mark.parametrize(
    ("rows", "violations"),
    [
        (f"(4, '{CANARY}', 1980)", 1),
        (f"(4, 'Corse', 1980), (5, '{CANARY}', 1990), (6, '{CANARY}', 1990)", 2),
        ("(4, 'Corse', null)", 1),
        ("(4, null, null), (5, null, null)", 2),
        # rows are not persons
        (f"(4, '{CANARY}', 1990), (4, '{CANARY}', 1990), (4, '{CANARY}', 1990)", 1),
    ],
)
def test_fails_if_fewer_have_one(shop: Shop, rows: str, violations: int) -> None:
    result = verdict(shop, f"(1, 'Corse', 1980), (2, 'Corse', 1980), (3, 'Corse', 1980), {rows}")
    assert (result.verdict, result.violations) == ("failed", violations)
    assert "combinations: 1 of fewer than 3 persons" in result.reason
    assert CANARY not in str(result)


def test_is_not_applicable_to_fewer_than_k_persons_who_give_up_everything(shop: Shop) -> None:
    result = verdict(shop, "(1, 'unknown', null::integer), (2, 'unknown', null)", are_few=True)
    assert (result.verdict, result.examined, result.reason) == ("not applicable", 0, REASON)


def test_fails_if_fewer_than_k_persons_show_anything(shop: Shop) -> None:
    result = verdict(shop, f"(1, '{CANARY}', 1980), (2, '{CANARY}', 1980)", are_few=True)
    assert (result.verdict, result.violations) == ("failed", 2)
    assert CANARY not in str(result)


def test_fails_if_it_examined_nothing_although_there_are_persons_enough(shop: Shop) -> None:
    for rows in ("(1, 'unknown', null::integer)", "(null, 'Corse', 1980)"):
        result = verdict(shop, rows)
        assert (result.verdict, result.reason) == ("failed", "examined nothing")


def test_fails_if_a_column_is_not_there(shop: Shop) -> None:
    verdict(shop, "(1, 'Corse', 1980)")
    with duckdb.connect(str(shop.publications["analytics"])) as connection:
        connection.execute("alter table marts.mart drop column person_pseudonym")
    rule = Rule("KAN-01", "expect_table_to_be_k_anonymous", {"columns": ["region"]}, "A test.")
    (result,) = shop.judge([Suite("analytics.marts.mart", (rule,))]).results
    assert (result.verdict, result.violations) == ("failed", 0)
    assert "could not be evaluated (BinderException" in result.reason
