"""What the source systems should delete: everything that nobody needs any more, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import source_system
from bigtrust.build import Dbt
from bigtrust.demo import write_demo
from warehouse import PUBLICATIONS, Warehouse

pytestmark = pytest.mark.xdist_group("landing due")  # what they share is built once

WINDOWS = """data_category,purpose,period_months,start_event,legal_source
customers,analytics,18,last_activity,a test
purchases,analytics,9,purchase,a test
returns,analytics,12,return,a test
web_events,analytics,12,event,a test
support_tickets,analytics,24,event,a test
marketing_messages,analytics,3,event,a test
purchases,insights,14,purchase,a test
returns,insights,12,return,a test
support_tickets,insights,24,event,a test
marketing_messages,insights,3,event,a test
"""

Rows = list[tuple[Any, ...]]


def build(shop: Warehouse) -> Warehouse:
    """Build the vault and the candidates, without checks."""
    dbt = Dbt(shop.settings)
    dbt.parse(1)
    dbt.build(1, lambda *_: None)
    return shop


def published_rows(shop: Warehouse) -> dict[str, Rows]:
    """All rows of all relations of the publications but governance; `about` aside."""
    rows = {}
    for publication in PUBLICATIONS:
        if publication == "governance":
            continue
        with duckdb.connect(str(shop.settings.candidates / f"{publication}.duckdb"), read_only=True) as connection:
            relations = connection.execute(
                """
                select table_schema || '.' || table_name from information_schema.tables
                where table_schema in ('marts', 'protected') and table_name <> 'about'
                """
            ).fetchall()
            rows |= {
                f"{publication}.{name}": connection.execute(f"from {name} order by all").fetchall()
                for (name,) in relations
            }
    return rows


def demo(root: Path) -> Warehouse:
    """A warehouse with demo data, in which people asked to forget things and disputes are under way."""
    shop = Warehouse(root)
    write_demo(shop.landing, customers=150, seed=7, until=datetime.now(UTC).date())
    return shop


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The demo, built with the policy as it is. Not to be changed."""
    return build(demo(tmp_path_factory.mktemp("due")))


def counts_in_governance(shop: Warehouse) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What governance says is due: per table and reason the rows that are due, those that are held, and since when."""
    with duckdb.connect(str(shop.settings.candidates / "governance.duckdb"), read_only=True) as connection:
        rows = connection.execute("from marts.landing_due").fetchall()
    return {(table, reason): numbers for table, reason, *numbers in rows}


def test_governance_counts_what_the_vault_lists_and_holds_no_key(built: Warehouse) -> None:
    listed = built.vault(
        """
        select
            landing_table, reason, count(*) filter (not is_held), count(*) filter (is_held),
            min(due_since) filter (not is_held)
        from restricted.landing_unneeded group by all
        """
    )
    counted = counts_in_governance(built)
    assert {(table, reason): numbers for table, reason, *numbers in listed}.items() <= counted.items()
    assert sum(due + held for due, held, _ in counted.values()) == sum(due + held for *_, due, held, _ in listed)
    assert sum(held for _, held, _ in counted.values()) > 0
    text = (built.settings.candidates / "governance.duckdb").read_bytes()
    keys = source_system.due_keys(built.settings.vault)
    assert len(keys) == sum(due for due, _, _ in counted.values())
    for table, key in keys:
        for value in key.values():
            assert table == "consents" or len(value) < 8 or value.encode() not in text


def test_the_vault_remembers_of_what_is_due_where_it_lies_and_no_value(built: Warehouse) -> None:
    columns = built.vault(
        "select column_name, data_type from information_schema.columns where table_name = 'landing_due' order by 1"
    )
    assert columns == [
        ("due_since", "DATE"),
        ("file_number", "INTEGER"),
        ("landing_table", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("row_number", "BIGINT"),
    ]
    ((rows, positions, reasons),) = built.vault(
        """
        select count(*), count(distinct (landing_table, file_number, row_number)), list(distinct reason order by reason)
        from restricted.landing_due
        """
    )
    assert rows == positions > 0
    assert reasons == ["expired", "forgotten"]


def test_a_legal_hold_delays_what_is_due_and_shows_it_to_nobody(built: Warehouse, tmp_path: Path) -> None:
    """All customers go to court."""
    shop = built.copy(tmp_path)
    (shop.landing / "legal_holds.parquet").unlink()
    customers = built.vault("select customer_id from staging.stg_customers")
    holds = [f"H{number},{customer},2020-01-01" for number, (customer,) in enumerate(customers)]
    (shop.landing / "legal_holds.csv").write_text("\n".join(["hold_id,customer_id,held_from", *holds]) + "\n", "utf-8")
    assert published_rows(build(shop)) == published_rows(built)
    before, after = counts_in_governance(built), counts_in_governance(shop)
    for table in ("customers", "consents"):
        for reason in ("expired", "forgotten"):
            due, _, _ = before[table, reason]
            assert after[table, reason] == [0, due, None]
    # what is forgotten names a person or a purchase of a person
    assert after["web_events", "forgotten"][0] == 0
    assert after["web_events", "forgotten"][1] == sum(before["web_events", "forgotten"][:2]) > 0


@pytest.mark.parametrize(
    "windows", [None, WINDOWS], ids=["the_policy_as_it_is", "children_that_would_outlive_their_parents"]
)
def test_after_the_source_systems_deleted_what_is_due_the_next_run_publishes_the_same_rows(
    tmp_path: Path, windows: str | None
) -> None:
    shop = demo(tmp_path)
    if windows:
        policy = shop.own_project() / "seeds" / "policy" / "retention_windows.csv"
        rows = policy.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        others = [row for row in rows if row.split(",")[1] not in ("analytics", "insights")]
        policy.write_text(windows + "".join(others), encoding="utf-8")
    before = published_rows(build(shop))
    due = source_system.due_keys(shop.settings.vault)
    assert {table for table, _ in due} >= {"customers", "web_events", "support_tickets"}
    assert source_system.delete(shop.landing, due) >= len(due)
    after = published_rows(build(shop))
    assert after.keys() == before.keys()
    for relation, rows in before.items():
        assert after[relation] == rows, relation
    assert source_system.due_keys(shop.settings.vault) == []
    assert shop.vault("from restricted.landing_due") == []


@pytest.mark.slow
def test_a_late_visit_reveals_no_forgotten_purchase_that_the_source_system_has_deleted(tmp_path: Path) -> None:
    shop = Warehouse(tmp_path)
    shop.landing.mkdir()
    today = datetime.now(UTC).date()
    sold = today - timedelta(days=10)
    tables = {
        "customers": ["customer_id,created_at", *(f"C{n},{sold} 10:00:00" for n in range(1, 8))],
        "products": ["product_id,category_id", "W,washing", "K,kitchen"],
        "purchases": ["purchase_id,customer_id,purchased_at", *(f"P{n},C{n},{sold} 10:00:00" for n in range(1, 8))],
        "purchase_lines": ["purchase_id,line_number,product_id,quantity,unit_price"]
        + [f"P{n},1,{'W' if n == 1 else 'K'},1,9.5" for n in range(1, 8)],
        "web_events": [
            "event_id,customer_id,occurred_at,event_type,category_id",
            f"E1,C2,{sold} 09:00:00,search,kitchen",
        ],
    }
    for name, lines in tables.items():
        (shop.landing / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shop.run_unchecked()
    shop.bigtrust("forget", "--purchase", "P1", "--channel", "till")
    shop.run_unchecked()
    source_system.delete(shop.landing, [("purchases", {"purchase_id": "P1"})])
    with (shop.landing / "web_events.csv").open("a", encoding="utf-8") as events:
        events.write(f"E2,C1,{sold + timedelta(days=3)} 09:00:00,search,washing\n")
    shop.run()
    assert shop.query("analytics", "select category_id from marts.touchpoints") == [("kitchen",)]
