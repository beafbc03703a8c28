"""A row is visible while the start of its window plus the period is after today, in UTC, whoever asks and when.

These tests build without checks and publication: they look at the candidates.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bigtrust.build import Dbt
from bigtrust.errors import CheckFailed, ConfigurationError
from warehouse import Warehouse, let_k_be_1, replace_in

pytestmark = pytest.mark.xdist_group("retention")  # what they share is built once

DATED_MARTS = ("purchases", "purchase_lines", "returns", "touchpoints")
MARTS = ("customers", *DATED_MARTS)
ZONES = ("Pacific/Auckland", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago")
TOMORROW = "(now() + interval 1 day)"

Rows = list[tuple[Any, ...]]


def months_from(day: date, months: int) -> date:
    """The same day so many months later or earlier; the last day of that month if it is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def around(day: date) -> list[date]:
    """The days from three days before until three days after."""
    return [day + timedelta(days=offset) for offset in range(-3, 4)]


def deliver(landing: Path, table: str, columns: str, rows: Iterable[Iterable[Any]]) -> None:
    """Write a landing table as CSV; a date means noon of that day."""
    landing.mkdir(parents=True, exist_ok=True)
    lines = [",".join(f"{v} 12:00:00" if isinstance(v, date) else str(v) for v in row) for row in rows]
    (landing / f"{table}.csv").write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")


def build(shop: Warehouse) -> Warehouse:
    """Build the vault and the candidates."""
    dbt = Dbt(shop.settings)
    dbt.parse(1)
    dbt.build(1, lambda *_: None)
    return shop


def rows_of(shop: Warehouse, mart: str, *, zone: str = "UTC", clock: str = "now()") -> Rows:
    """The rows of a mart of the candidate, for a reader in a time zone; `clock` is the SQL of the present moment."""
    file = shop.settings.candidates / "analytics.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute(f"set TimeZone = '{zone}'")
        ((view,),) = connection.execute(
            "select sql from duckdb_views() where schema_name = 'marts' and view_name = ?", [mart]
        ).fetchall()
        definition = view[view.lower().index("select") :]
        if clock != "now()":
            assert "now()" in definition, f"{mart} does not look at the clock"
            return connection.execute(definition.replace("now()", clock)).fetchall()
        return connection.execute(f"from marts.{mart}").fetchall()


def days_in(shop: Warehouse, mart: str, column: str, **reader: str) -> set[date]:
    """The distinct dates in a column of a mart."""
    file = shop.settings.candidates / "analytics.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        names = [name for name, *_ in connection.execute(f"describe marts.{mart}").fetchall()]
    return {row[names.index(column)] for row in rows_of(shop, mart, **reader)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A shop with the policy as it is, and rows of every category that end from three days ago to in three days."""
    shop = Warehouse(tmp_path_factory.mktemp("boundary"))
    today = datetime.now(UTC).date()
    sold, seen = around(months_from(today, -36)), around(months_from(today, -25))
    deliver(shop.landing, "products", "product_id,category_id", [("W", "washing")])
    deliver(shop.landing, "customers", "customer_id,created_at", [(f"C{n}", day) for n, day in enumerate(sold)])
    deliver(
        shop.landing,
        "purchases",
        "purchase_id,customer_id,purchased_at",
        [(f"P{n}", "", day) for n, day in enumerate(sold)],
    )
    deliver(
        shop.landing,
        "purchase_lines",
        "purchase_id,line_number,product_id,quantity,unit_price",
        [(f"P{n}", 1, "W", 1, 400) for n, _ in enumerate(sold)],
    )
    deliver(
        shop.landing,
        "returns",
        "return_id,purchase_id,line_number,returned_at,quantity",
        [(f"R{n}", f"P{n}", 1, day, 1) for n, day in enumerate(sold)],
    )
    deliver(
        shop.landing,
        "web_events",
        "event_id,customer_id,occurred_at,event_type",
        [(f"E{n}", "visitor", day, "search") for n, day in enumerate(seen)],
    )
    deliver(
        shop.landing,
        "support_tickets",
        "ticket_id,customer_id,opened_at",
        [(f"T{n}", "caller", day) for n, day in enumerate(sold)],
    )
    deliver(
        shop.landing,
        "marketing_messages",
        "message_id,customer_id,sent_at",
        [(f"M{n}", "reader", day) for n, day in enumerate(sold)],
    )
    return build(shop)


def test_a_row_is_visible_until_the_day_before_its_window_ends_and_hidden_on_that_day(shop: Warehouse) -> None:
    today = datetime.now(UTC).date()
    sold, seen = around(months_from(today, -36)), around(months_from(today, -25))
    bought = {day for day in sold if months_from(day, 36) > today}
    visited = {day for day in seen if months_from(day, 25) > today}
    assert 0 < len(bought) < len(sold)
    assert days_in(shop, "purchases", "purchased_on") == bought
    assert days_in(shop, "purchase_lines", "purchased_on") == bought
    assert days_in(shop, "returns", "returned_on") == bought
    assert days_in(shop, "touchpoints", "occurred_on") == bought | visited
    assert len(rows_of(shop, "customers")) == len(bought)


@pytest.mark.parametrize("mart", MARTS)
def test_a_reader_in_another_time_zone_sees_the_same_rows(shop: Warehouse, mart: str) -> None:
    assert rows_of(shop, mart)
    for zone in ZONES:
        assert rows_of(shop, mart, zone=zone) == rows_of(shop, mart), zone


def test_in_one_of_these_time_zones_it_is_another_day_now() -> None:
    """Or the test above would show nothing."""
    with duckdb.connect() as connection:
        days = {
            connection.execute(f"set TimeZone = '{zone}'").execute("select current_date").fetchall()[0]
            for zone in ("UTC", *ZONES)
        }
    assert len(days) > 1


def test_a_view_queried_tomorrow_without_a_build_hides_what_expires_tomorrow(shop: Warehouse, tmp_path: Path) -> None:
    """The view's own SQL, asked with the clock a day ahead, shows what a build of tomorrow would."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    built_tomorrow = Warehouse(tmp_path, variables={"BIGTRUST_AS_OF": tomorrow.isoformat()})
    built_tomorrow.landing.symlink_to(shop.landing)
    (shop.root / "secrets").rename(built_tomorrow.root / "secrets")  # the same pseudonyms
    try:
        build(built_tomorrow)
    finally:
        (built_tomorrow.root / "secrets").rename(shop.root / "secrets")
    for mart in MARTS:
        visible = rows_of(shop, mart, clock=TOMORROW)
        assert sorted(visible) == sorted(rows_of(built_tomorrow, mart)), mart
        assert len(visible) < len(rows_of(shop, mart)), mart


EDITED = """data_category,purpose,period_months,start_event,legal_source
customers,analytics,36,account_creation,a test
purchases,analytics,12,purchase,a test
returns,analytics,2,return,a test
web_events,analytics,60,event,a test
support_tickets,analytics,60,event,a test
marketing_messages,analytics,60,event,a test
"""


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A shop whose policy keeps children longer than their parents, and starts windows with other events."""
    shop = Warehouse(tmp_path_factory.mktemp("edited"))
    windows = shop.own_project() / "seeds" / "policy" / "retention_windows.csv"
    others = [line for line in windows.read_text(encoding="utf-8").splitlines()[1:] if ",analytics," not in line]
    windows.write_text(EDITED + "\n".join(others) + "\n", encoding="utf-8")
    let_k_be_1(shop.project)  # of two persons, nothing would be shown
    today = datetime.now(UTC).date()
    yesterday, old, recent = today - timedelta(days=1), months_from(today, -13), months_from(today, -11)
    deliver(shop.landing, "products", "product_id,category_id", [("W", "washing")])
    deliver(
        shop.landing,
        "customers",
        "customer_id,country,created_at",
        [("C1", "FR", months_from(today, -40)), ("C2", "BE", months_from(today, -35))],
    )
    deliver(
        shop.landing,
        "purchases",
        "purchase_id,customer_id,channel,purchased_at",
        [("OLD", "C1", "store", old), ("RECENT", "C2", "web", recent)],
    )
    deliver(
        shop.landing,
        "purchase_lines",
        "purchase_id,line_number,product_id,quantity,unit_price",
        [("OLD", 1, "W", 1, 1), ("RECENT", 1, "W", 1, 1), ("RECENT", 2, "W", 1, 1)],
    )
    deliver(
        shop.landing,
        "returns",
        "return_id,purchase_id,line_number,returned_at,quantity",
        [
            ("R1", "OLD", 1, yesterday, 1),
            ("R2", "RECENT", 1, months_from(today, -3), 1),
            ("R3", "RECENT", 2, yesterday, 1),
        ],
    )
    deliver(
        shop.landing,
        "web_events",
        "event_id,customer_id,occurred_at,event_type,purchase_id",
        [("E1", "C1", yesterday, "checkout", "OLD"), ("E2", "C1", yesterday, "search", "")],
    )
    deliver(
        shop.landing,
        "support_tickets",
        "ticket_id,customer_id,opened_at,purchase_id",
        [("T1", "C1", yesterday, "OLD"), ("T2", "C2", yesterday, "RECENT")],
    )
    deliver(
        shop.landing,
        "marketing_messages",
        "message_id,customer_id,sent_at,purchase_id,channel",
        [("M1", "C1", yesterday, "OLD", "email"), ("M2", "C2", yesterday, "RECENT", "email")],
    )
    return build(shop)


def query(shop: Warehouse, sql: str) -> Rows:
    """The rows of a query on the candidate of analytics."""
    with duckdb.connect(str(shop.settings.candidates / "analytics.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_child_never_outlives_its_parent_whatever_its_own_window(edited: Warehouse) -> None:
    """A ticket, a message, a visit and a return of yesterday, about a purchase that has expired."""
    assert query(edited, "select channel from marts.purchases") == [("web",)]
    assert len(query(edited, "from marts.returns")) == 1
    contacts = query(edited, "select touchpoint from marts.touchpoints order by all")
    assert contacts == [("marketing_message",), ("search",), ("support_ticket",)]
    purchase_ends = "select max(visible_until) from protected.purchases"
    of_the_purchase = "select max(visible_until) from protected.touchpoints where touchpoint <> 'search'"
    assert query(edited, of_the_purchase) == query(edited, purchase_ends)


def test_the_policy_names_the_event_that_starts_a_window(edited: Warehouse) -> None:
    """Customers from the opening of the account, although both were active yesterday; returns from the return."""
    assert query(edited, "select country from marts.customers") == [("BE",)]
    quantities = query(edited, "select returned_quantity from marts.purchase_lines order by all")
    assert [int(quantity) for (quantity,) in quantities] == [0, 1]
    assert query(edited, "select value from marts.about where fact = 'retention_of_customers'") == [
        ("36 months from account_creation",)
    ]


def test_retention_status_counts_what_is_inside_what_ends_soon_and_what_should_be_gone(shop: Warehouse) -> None:
    with duckdb.connect(str(shop.settings.candidates / "governance.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            """
            select publication, purpose, relation, inside, expiring_within_30_days, expired_but_present
            from marts.retention_status
            """
        ).fetchall()
        windows = connection.execute("select distinct purpose from marts.retention_windows").fetchall()
    counts = {(publication, relation): numbers for publication, _, relation, *numbers in rows}
    assert {(purpose,) for _, purpose, *_ in rows} == set(windows)
    assert all(expired == 0 for *_, expired in rows)
    for mart in MARTS:
        ends = query(
            shop, f"select count(*), count(*) filter (visible_until <= current_date + 30) from protected.{mart}"
        )
        assert counts["analytics", mart] == [*ends[0], 0]
        assert ends[0][1] > 0


def test_an_expired_row_that_is_still_in_the_file_stops_the_build(tmp_path: Path, shop: Warehouse) -> None:
    careless = Warehouse(tmp_path)
    careless.landing.symlink_to(shop.landing)
    model = careless.own_project() / "models" / "protected" / "analytics" / "protected_analytics__touchpoints.sql"
    replace_in(model, "where visible_until > {{ today() }}", "where visible_until is not null")
    with pytest.raises(CheckFailed, match=r"RET-03: A row has expired|RET-04: A row of a publication is older"):
        build(careless)


def test_a_relation_with_a_window_that_retention_status_forgets_stops_the_build(
    shop: Warehouse, tmp_path: Path
) -> None:
    careless = Warehouse(tmp_path)
    careless.landing.symlink_to(shop.landing)
    status = careless.own_project() / "models" / "governance" / "governance__retention_status.sql"
    replace_in(status, '        ("analytics", "returns"),\n', "")
    with pytest.raises(ConfigurationError, match="protected_analytics__returns has a retention window"):
        build(careless)


def test_a_start_event_that_no_model_writes_out_stops_the_build(tmp_path: Path) -> None:
    """A new event is permitted first, and then forgotten in the model: nothing is kept by guesswork."""
    shop = Warehouse(tmp_path)
    project = shop.own_project()
    replace_in(
        project / "macros" / "policy" / "start_events.sql", '"account_creation"]', '"account_creation", "birth"]'
    )
    windows = project / "seeds" / "policy" / "retention_windows.csv"
    replace_in(windows, "customers,analytics,36,last_activity", "customers,analytics,36,birth")
    today = datetime.now(UTC).date()
    deliver(shop.landing, "products", "product_id", [("W",)])
    deliver(shop.landing, "customers", "customer_id,created_at", [("C1", today)])
    deliver(shop.landing, "purchases", "purchase_id,customer_id,purchased_at", [("P1", "C1", today)])
    deliver(
        shop.landing,
        "purchase_lines",
        "purchase_id,line_number,product_id,quantity,unit_price",
        [("P1", 1, "W", 1, 1)],
    )
    with pytest.raises(ConfigurationError) as stopped:
        build(shop)
    assert "person_activity does not know the event that starts the window" in str(stopped.value)


def test_a_late_delivery_is_visible_only_as_long_as_if_it_had_come_in_time(tmp_path: Path) -> None:
    """A receipt of long ago comes after its lines; a question of yesterday brings back the record, not the receipt."""
    shop = Warehouse(tmp_path)
    today = datetime.now(UTC).date()
    long_ago, yesterday = months_from(today, -37), today - timedelta(days=1)
    deliver(shop.landing, "products", "product_id,category_id", [("W", "washing")])
    deliver(shop.landing, "customers", "customer_id,country,created_at", [("C1", "FR", long_ago)])
    deliver(
        shop.landing,
        "purchases",
        "purchase_id,customer_id,purchased_at",
        [("OLD", "C1", long_ago), ("RECENT", "C2", yesterday)],
    )
    columns = "purchase_id,line_number,product_id,quantity,unit_price"
    lines = [("OLD", 1, "W", 1, 1), ("RECENT", 1, "W", 1, 1), ("LATE", 1, "W", 1, 1), ("LATE TOO", 1, "W", 1, 1)]
    deliver(shop.landing, "purchase_lines", columns, lines)
    build(shop)
    assert query(shop, "select count(*) from marts.customers") == [(0,)]
    assert query(shop, "select count(*) from marts.purchase_lines") == [(1,)]

    deliver(
        shop.landing,
        "purchases",
        "purchase_id,customer_id,purchased_at",
        [("OLD", "C1", long_ago), ("RECENT", "C2", yesterday), ("LATE", "C1", long_ago), ("LATE TOO", "C2", yesterday)],
    )
    deliver(shop.landing, "support_tickets", "ticket_id,customer_id,opened_at", [("T1", "C1", yesterday)])
    deliver(
        shop.landing,
        "returns",
        "return_id,purchase_id,line_number,returned_at,quantity",
        [("R1", "OLD", 1, yesterday, 1), ("R2", "LATE TOO", 1, yesterday, 1)],
    )
    build(shop)
    assert query(shop, "select count(*) from marts.customers") == [(1,)]
    assert query(shop, "select distinct purchased_on from marts.purchase_lines") == [(yesterday,)]
    assert query(shop, "select count(*) from marts.purchase_lines") == [(2,)]
    assert query(shop, "select count(*) from marts.returns") == [(1,)]
