"""Each publication is made for its purpose: finance keeps what it must, marketing sees who agreed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from test_forgetting import MARTS_OF_A_PURCHASE, rows_of, some_purchase

from bigtrust import register
from warehouse import Warehouse

TOTALS = """
    select sold_on, store_id, channel, purchase_count, line_count, gross_amount, discount_amount, net_amount
    from marts.daily_totals
    order by all
"""
ALL_SALES = """
    select
        purchased_on,
        coalesce(store_id, 'none') as store_id,
        coalesce(channel, 'unknown') as channel,
        count(distinct purchase_id),
        count(*),
        sum(round(quantity * unit_price, 2)),
        sum(coalesce(discount, 0)),
        sum(round(quantity * unit_price, 2) - coalesce(discount, 0))
    from staging.stg_purchase_lines
    inner join staging.stg_purchases using (purchase_id)
    group by all
    order by all
"""


def test_finance_totals_are_of_every_sale_the_forgotten_ones_too(published: Warehouse) -> None:
    forgotten = published.settings.register / register.FORGOTTEN_LINES
    assert published.vault(f"select count(*) > 0 from '{forgotten}'") == [(True,)]
    totals = published.query("finance", TOTALS)
    assert totals == published.vault(ALL_SALES)
    ((staged, held),) = published.query(
        "governance", "select staged, held from marts.landing_rows where landing_table = 'purchase_lines'"
    )
    assert sum(row[4] for row in totals) == staged - held


def test_a_forgotten_purchase_still_counts_in_finance_and_nowhere_else(warehouse: Warehouse) -> None:
    purchase, pseudonym = some_purchase(warehouse)
    accounts, sales = warehouse.query("finance", TOTALS), "select sum(net_amount) from marts.purchases"
    sold = warehouse.query("analytics", sales)[0][0]

    assert warehouse.bigtrust("forget", "--purchase", purchase, "--channel", "till").exit_code == 0
    warehouse.run_unchecked()

    assert warehouse.query("finance", TOTALS) == accounts
    assert warehouse.query("analytics", sales)[0][0] < sold
    assert rows_of(warehouse, "purchase_pseudonym", pseudonym, MARTS_OF_A_PURCHASE) == 0
    for publication in ("analytics", "insights", "finance", "marketing"):
        assert purchase.encode() not in (warehouse.root / "published" / f"{publication}.duckdb").read_bytes()


def test_finance_says_why_it_differs_and_who_may_not_compare(published: Warehouse) -> None:
    facts = dict(published.query("finance", "from marts.about"))
    assert "17(3)(b)" in facts["legal_basis"]
    assert facts["must_not_overlap_with"] == "analytics"
    assert facts["retention_of_purchases"] == "120 months from purchase"
    assert "forgotten" not in facts["totals_may_fall"]
    comment = "select comment from duckdb_views() where view_name = 'daily_totals'"
    assert "the difference would show what was forgotten" in published.query("finance", comment)[0][0]


# --- marketing


def agreed(landing: Path) -> dict[str, bool]:
    """Each customer's last word on marketing, read from the delivery without the project's own code."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Europe/Paris'")
        return dict(
            connection.execute(
                """
                select customer_id, arg_max(granted::boolean, recorded_at::timestamptz)
                from read_csv(?, all_varchar = true)
                where purpose = 'marketing'
                group by customer_id
                """,
                [str(landing / "consents.csv")],
            ).fetchall()
        )


def members(warehouse: Warehouse, schema: str = "marts") -> set[str]:
    """The customers whom marketing sees."""
    published = warehouse.query("marketing", f"select person_pseudonym from {schema}.audience_members")
    return people(warehouse, published, "marketing_person_pseudonyms")


def people(warehouse: Warehouse, published: list[tuple[Any, ...]], pseudonyms: str) -> set[str]:
    """The customers with these pseudonyms, by a map of the vault. Each pseudonym must be of somebody."""
    customers = dict(warehouse.vault(f"select person_pseudonym, customer_id from restricted.{pseudonyms}"))
    return {customers[pseudonym] for (pseudonym,) in published}


def test_marketing_shows_nobody_without_consent(published: Warehouse) -> None:
    words = agreed(published.landing)
    assert False in words.values()
    yes = {customer for customer, granted in words.items() if granted}
    shown = members(published)
    assert shown == members(published, "protected")
    assert shown <= yes
    seen_by_analytics = published.query("analytics", "select person_pseudonym from marts.customers")
    assert shown == yes & people(published, seen_by_analytics, "person_pseudonyms")
    assert len(shown) > 20


def test_who_withdraws_is_gone_and_who_was_forgotten_must_agree_anew(warehouse: Warehouse) -> None:
    withdraws, is_forgotten, comes_back, agrees_again = sorted(members(warehouse))[:4]
    for customer in (is_forgotten, comes_back, agrees_again):
        assert warehouse.bigtrust("forget", "--customer", customer, "--channel", "web").exit_code == 0
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    deliver(warehouse.landing / "consents.csv", f"{withdraws},marketing,false,{later},web")
    deliver(warehouse.landing / "consents.csv", f"{agrees_again},marketing,true,{later},web")
    back = warehouse.landing / "customers" / "zz-back.csv"
    rows = [f"{customer},{later},{later}" for customer in (comes_back, agrees_again)]
    back.write_text("\n".join(["customer_id,created_at,updated_at", *rows, ""]), encoding="utf-8")

    warehouse.run()

    shown = members(warehouse)
    assert shown.isdisjoint({withdraws, is_forgotten, comes_back})
    assert agrees_again in shown
    assert warehouse.vault(
        "select count(*) from restricted.marketing_person_pseudonyms where customer_id in (?, ?)", withdraws, comes_back
    ) == [(0,)]


def deliver(path: Path, row: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(row + "\n")


def test_the_pseudonyms_of_a_person_in_two_publications_share_nothing(published: Warehouse) -> None:
    everywhere: dict[str, set[str]] = {"analytics": set(), "marketing": set()}
    for publication, pseudonyms in everywhere.items():
        columns = published.query(
            publication,
            "select table_schema, table_name, column_name from information_schema.columns where data_type = 'UUID'",
        )
        assert columns
        for schema, table, column in columns:
            rows = published.query(publication, f"select distinct {column} from {schema}.{table}")
            pseudonyms |= {str(row[0]) for row in rows}
    assert everywhere["analytics"].isdisjoint(everywhere["marketing"])

    pairs = published.vault(
        """
        select replace(a.person_pseudonym::varchar, '-', ''), replace(m.person_pseudonym::varchar, '-', '')
        from restricted.person_pseudonyms as a
        inner join restricted.marketing_person_pseudonyms as m on a.customer_id = m.customer_id
        """
    )
    digits = [(a, m) for pair in pairs for a, m in zip(*pair, strict=True)]
    assert len(digits) > 1_000
    # as many equal digits as two unrelated numbers have by chance, within five standard deviations
    equal = sum(a == m for a, m in digits) / len(digits)
    assert equal == pytest.approx(1 / 16, abs=5 * (15 / 256 / len(digits)) ** 0.5)


def test_a_shop_that_asked_nobody_has_an_empty_marketing_publication(warehouse: Warehouse) -> None:
    (warehouse.landing / "consents.csv").unlink()
    warehouse.run()
    assert warehouse.query("marketing", "select count(*) from marts.audience_members") == [(0,)]
    reasons = warehouse.query(
        "governance",
        "select distinct reason from marts.check_results"
        " where run = 2 and relation = 'marketing.marts.audience_members' and verdict = 'not applicable'",
    )
    assert reasons == [("landing table consents is absent or empty",)]
