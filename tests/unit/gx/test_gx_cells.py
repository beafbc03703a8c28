"""Cells of an aggregate and what it leaves out: enough persons, too few, and nobody to count."""

import duckdb
import pytest
from gx_shop import UNAVAILABLE, Shop

from bigtrust.gx.suites import Rule, Suite
from bigtrust.verdicts import CheckResult

ENOUGH = "expect_cells_to_describe_enough_persons"
MISSING = "expect_missing_cells_to_describe_enough_persons"
OF_ONE = "expect_cells_not_to_be_of_one_person"
BY_REGION, BY_CATEGORY = ["sold_month", "region"], ["sold_month", "category_id"]

# Of January 2026: persons 1 to 8 of Bretagne, 9 to 12 of Corse, 13 of no region, and an anonymous sale.
# Persons 1 to 6 buy cups, 5 to 12 kettles, 13 and somebody unknown a washing machine. Number 1 buys forty times.
VAULT = """
    create schema restricted; create schema policy; create schema last_run;
    create table policy.settings as select 'k' as setting, '3' as value;
    create table restricted.person_pseudonyms as
    select number::varchar as customer_id, md5(number::varchar)::uuid as person_pseudonym
    from range(1, 14) as persons (number);
    create table restricted.person_regions as
    select person_pseudonym, case when customer_id::integer < 9 then 'Bretagne' else 'Corse' end as region
    from restricted.person_pseudonyms where customer_id <> '13';
    create table restricted.sales_by_purchase as
    select number as purchase_number, md5(number::varchar)::uuid as person_pseudonym, date '2026-01-01' as sold_month
    from range(1, 14) as purchases (number)
    union all select 14, null, date '2026-01-01'
    union all select 100 + number, md5('1')::uuid, date '2026-01-01' from range(40) as purchases (number);
    create table restricted.sales_by_line as
    select purchase_number, 1 as category_number from restricted.sales_by_purchase
    where purchase_number < 7 or purchase_number >= 100
    union all select purchase_number, 2 from restricted.sales_by_purchase where purchase_number between 5 and 12
    union all select purchase_number, 0 from restricted.sales_by_purchase where purchase_number in (13, 14);
    create table last_run.category_numbers as
    select * from (values ('cups', 1), ('kettles', 2)) as numbers (category_id, category_number);
"""
ALL = {
    "region": "select date '2026-01-01' as sold_month, unnest(['Bretagne', 'Corse']) as region",
    "category": "select date '2026-01-01' as sold_month, unnest(['cups', 'kettles']) as category_id",
}


@pytest.fixture
def sales(shop: Shop) -> Shop:
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute(VAULT)
    return shop


def judge(shop: Shop, sql: str, expectation: str, by: list[str], *needs: str) -> CheckResult:
    shop.publish(f"create or replace table marts.sales as {sql}", "insights")
    suite = Suite("insights.marts.sales", (Rule("TST-01", expectation, {"by": by}, "A test.", needs),))
    (result,) = shop.judge([suite], unavailable=UNAVAILABLE).results
    return result


def vault(shop: Shop, sql: str) -> None:
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute(sql)


def test_cells_of_enough_persons_pass(sales: Shop) -> None:
    for name, by in (("region", BY_REGION), ("category", BY_CATEGORY)):
        result = judge(sales, ALL[name], ENOUGH, by)
        assert (result.verdict, result.examined, result.violations) == ("passed", 2, 0)


def test_a_cell_of_few_persons_fails_however_often_they_bought(sales: Shop) -> None:
    vault(sales, "delete from restricted.sales_by_line where purchase_number between 2 and 6")
    result = judge(sales, ALL["category"], ENOUGH, BY_CATEGORY)
    assert (result.verdict, result.examined, result.violations) == ("failed", 2, 1)


def test_persons_are_counted_and_not_what_stands_for_them(sales: Shop) -> None:
    """A pseudonym for each purchase would make forty persons of one."""
    vault(
        sales,
        """
        delete from restricted.sales_by_line where purchase_number between 2 and 6;
        update restricted.sales_by_purchase set person_pseudonym = uuid()
        where purchase_number >= 100""",
    )
    assert judge(sales, ALL["category"], ENOUGH, BY_CATEGORY).violations == 1


def test_anonymous_sales_and_cells_without_any_sale_describe_nobody(sales: Shop) -> None:
    without = "select date '2026-01-01' as sold_month, null::varchar as category_id union all "
    assert judge(sales, without + ALL["category"], ENOUGH, BY_CATEGORY).violations == 1
    other = "select date '2026-02-01' as sold_month, 'cups' as category_id union all "
    assert judge(sales, other + ALL["category"], ENOUGH, BY_CATEGORY).violations == 1
    unknown = "select date '2026-01-01' as sold_month, 'unknown' as region union all "
    assert judge(sales, unknown + ALL["region"], ENOUGH, BY_REGION).violations == 1


def test_what_is_left_out_passes_if_it_is_nothing_or_enough(sales: Shop) -> None:
    corse = "select date '2026-01-01' as sold_month, 'Corse' as region"
    assert judge(sales, corse, MISSING, BY_REGION).verdict == "passed"  # nine persons are missing
    vault(sales, "delete from restricted.sales_by_purchase where purchase_number in (13, 14)")
    for name, by in (("region", BY_REGION), ("category", BY_CATEGORY)):
        result = judge(sales, ALL[name], MISSING, by)
        assert (result.verdict, result.examined, result.violations) == ("passed", 1, 0)


def test_a_small_cell_that_is_left_out_alone_fails(sales: Shop) -> None:
    result = judge(sales, ALL["region"], MISSING, BY_REGION)  # one person is of no region
    assert (result.verdict, result.examined, result.violations) == ("failed", 1, 1)
    assert "region: 1 of 1 leave out fewer than k persons" in result.reason
    result = judge(sales, ALL["category"], MISSING, BY_CATEGORY)  # one person, and one of whom nothing is known
    assert (result.verdict, result.violations) == ("failed", 1)


def test_of_two_dimensions_every_row_and_every_column_is_looked_at(sales: Shop) -> None:
    by = ["sold_month", "category_id", "region"]
    vault(sales, "delete from restricted.sales_by_purchase where purchase_number in (13, 14)")
    # cups: Bretagne 6; kettles: Bretagne 4, Corse 4
    whole = """
        select date '2026-01-01' as sold_month, unnest(['cups', 'kettles', 'kettles']) as category_id,
            unnest(['Bretagne', 'Bretagne', 'Corse']) as region"""
    result = judge(sales, whole, MISSING, by)
    assert (result.verdict, result.examined) == ("passed", 4)
    # of the kettles of Corse, two persons remain: alone in their row, and in their column
    vault(sales, "delete from restricted.sales_by_purchase where purchase_number in (11, 12)")
    result = judge(sales, f"select * from ({whole}) where region = 'Bretagne'", MISSING, by)
    assert (result.verdict, result.violations) == ("failed", 1)


def test_numbers_of_categories_are_those_of_the_build_while_it_goes_on(sales: Shop) -> None:
    vault(
        sales,
        "create table restricted.category_numbers as select 'cups' as category_id, 2 as category_number "
        "union all select 'kettles', 1",
    )
    shown = "select date '2026-01-01' as sold_month, 'kettles' as category_id"
    vault(sales, "delete from restricted.sales_by_line where purchase_number between 2 and 6")
    assert judge(sales, shown, ENOUGH, BY_CATEGORY).violations == 1


@pytest.mark.parametrize(("expectation", "by"), [(ENOUGH, BY_REGION), (MISSING, BY_CATEGORY)])
def test_nothing_examined_fails_unless_nobody_bought_anything(sales: Shop, expectation: str, by: list[str]) -> None:
    name = by[-1].removesuffix("_id")
    assert judge(sales, f"{ALL[name]} limit 0", expectation, by).reason == "examined nothing"
    result = judge(sales, f"{ALL[name]} limit 0", expectation, by, "returns")
    assert (result.verdict, result.reason) == ("not applicable", UNAVAILABLE["returns"])


def test_a_vault_without_sales_proves_nothing(shop: Shop) -> None:
    result = judge(shop, ALL["region"], ENOUGH, BY_REGION)
    assert result.verdict == "failed"
    assert result.reason.startswith("could not be evaluated (CatalogException")


# What each purchase of VAULT cost: person 1 paid 80 of the 100 for cups, and 80 of 108 of Bretagne.
AMOUNTS = """
    alter table restricted.sales_by_line add column net_amount decimal(18, 2);
    alter table restricted.sales_by_purchase add column net_amount decimal(18, 2);
    update restricted.sales_by_line set net_amount = case when purchase_number >= 100 then 1.9 else 4 end;
    update restricted.sales_by_purchase set net_amount = case when purchase_number >= 100 then 1.9 else 4 end;
"""


@pytest.mark.parametrize(("name", "by"), [("region", BY_REGION), ("category", BY_CATEGORY)])
def test_a_cell_that_one_person_makes_fails_however_many_others_are_in_it(
    sales: Shop, name: str, by: list[str]
) -> None:
    vault(sales, AMOUNTS)
    # forty-one purchases of one person, 80 in all, beside 20 of five others (cups) or 28 of seven (Bretagne)
    result = judge(sales, ALL[name], OF_ONE, by)
    assert (result.verdict, result.examined, result.violations) == ("passed", 2, 0)

    table = "sales_by_line" if name == "category" else "sales_by_purchase"
    vault(sales, f"update restricted.{table} set net_amount = -50 where purchase_number = 1")  # whatever its sign
    vault(sales, f"update restricted.{table} set net_amount = 1000 where purchase_number in (13, 14)")  # no cell of ALL
    result = judge(sales, ALL[name], OF_ONE, by)
    assert (result.verdict, result.violations) == ("failed", 1)
    shown = f"select * from ({ALL[name]}) where {by[1]} in ('Corse', 'kettles')"
    assert judge(sales, shown, OF_ONE, by).verdict == "passed"


def test_an_anonymous_sale_is_of_nobody_and_part_of_the_whole(sales: Shop) -> None:
    vault(sales, AMOUNTS)
    vault(sales, "update restricted.sales_by_line set net_amount = 500 where purchase_number = 1")
    assert judge(sales, ALL["category"], OF_ONE, BY_CATEGORY).violations == 1
    vault(sales, "insert into restricted.sales_by_line values (14, 1, 500)")
    assert judge(sales, ALL["category"], OF_ONE, BY_CATEGORY).violations == 0
