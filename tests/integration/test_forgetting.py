"""What was forgotten is gone, and stays gone."""

import json
import shutil
from itertools import islice
from pathlib import Path

from bigtrust import records
from warehouse import Warehouse

MARTS_OF_A_PURCHASE = ("purchases", "purchase_lines", "returns")
MARTS_OF_A_PERSON = ("customers", "purchases", "purchase_lines", "returns", "touchpoints")


def some_purchase(warehouse: Warehouse) -> tuple[str, str]:
    """A purchase of a known person with a return, and its pseudonym."""
    ((purchase, pseudonym),) = warehouse.vault(
        """
        select purchase_id, cast(purchase_pseudonym as varchar)
        from restricted.purchase_pseudonyms
        inner join staging.stg_purchases using (purchase_id)
        where customer_id is not null and purchased_on > current_date - 300
            and purchase_id in (select purchase_id from staging.stg_returns)
        order by purchase_id
        limit 1
        """
    )
    return purchase, pseudonym


def some_person(warehouse: Warehouse) -> tuple[str, str]:
    """A person that is in every mart of persons, and its pseudonym."""
    ((customer, pseudonym),) = warehouse.vault(
        """
        select customer_id, cast(person_pseudonym as varchar)
        from restricted.person_pseudonyms
        where customer_id in (
                select customer_id from staging.stg_returns
                inner join staging.stg_purchases using (purchase_id)
                inner join restricted.purchase_pseudonyms using (purchase_id)
            )
            and customer_id in (select customer_id from staging.stg_customers)
            and customer_id in (select customer_id from staging.stg_web_events)
        order by customer_id
        limit 1
        """
    )
    return customer, pseudonym


def rows_of(warehouse: Warehouse, column: str, pseudonym: str, marts: tuple[str, ...]) -> int:
    """How many rows of the analytics file, marts and protected, carry a pseudonym."""
    return sum(
        warehouse.query("analytics", f"select count(*) from {schema}.{mart} where {column} = ?", pseudonym)[0][0]
        for mart in marts
        for schema in ("marts", "protected")
    )


def test_a_forgotten_purchase_is_gone_from_every_mart_after_the_next_run(warehouse: Warehouse) -> None:
    purchase, pseudonym = some_purchase(warehouse)
    assert rows_of(warehouse, "purchase_pseudonym", pseudonym, MARTS_OF_A_PURCHASE) > 0
    total = warehouse.query("analytics", "select count(*) from marts.purchases")[0][0]

    receipt = warehouse.bigtrust("forget", "--purchase", purchase, "--channel", "till")
    assert receipt.exit_code == 0, receipt.output
    warehouse.run()

    assert rows_of(warehouse, "purchase_pseudonym", pseudonym, MARTS_OF_A_PURCHASE) == 0
    assert warehouse.query("analytics", "select count(*) from marts.purchases")[0][0] == total - 1
    raw = (warehouse.root / "published" / "analytics.duckdb").read_bytes()
    assert purchase.encode() not in raw
    latest, before = islice(records.newest_first(warehouse.settings.runs), 2)
    assert (latest.built, before.built != latest.built) == ("changes", True)
    codes = [{check["code"] for check in record.checks} for record in (latest, before)]
    assert codes[0] == codes[1], "a run that reads the changes only makes every check, whatever it reads"


def test_a_forgotten_person_is_gone_and_does_not_come_back_with_a_rebuilt_warehouse(warehouse: Warehouse) -> None:
    customer, pseudonym = some_person(warehouse)
    assert rows_of(warehouse, "person_pseudonym", pseudonym, MARTS_OF_A_PERSON) > 0

    assert warehouse.bigtrust("forget", "--customer", customer, "--channel", "web").exit_code == 0
    warehouse.run_unchecked()
    assert rows_of(warehouse, "person_pseudonym", pseudonym, MARTS_OF_A_PERSON) == 0

    shutil.rmtree(warehouse.root / "warehouse")
    shutil.rmtree(warehouse.root / "published")
    warehouse.run()
    assert rows_of(warehouse, "person_pseudonym", pseudonym, MARTS_OF_A_PERSON) == 0


def test_a_receipt_names_the_request_and_the_deadline(warehouse: Warehouse) -> None:
    result = warehouse.bigtrust("forget", "--customer", "C-1", "--category", "lave-linge", "--channel", "support")
    assert result.exit_code == 0
    (path,) = (warehouse.root / "register").glob("R*.json")
    request = json.loads(path.read_text(encoding="utf-8"))
    assert request["scope"] == "category"
    assert request["request_id"] in result.output
    assert "one month" in result.output
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_request_can_be_registered_while_a_run_holds_the_lock(warehouse: Warehouse) -> None:
    from bigtrust import lock

    with lock.exclusive(warehouse.settings.warehouse):
        assert warehouse.bigtrust("forget", "--purchase", "T-1", "--channel", "till").exit_code == 0
        locked = warehouse.bigtrust("run")
    assert locked.exit_code == 4
    assert "holds the lock" in locked.output


def test_status_is_bad_while_a_request_waits_too_long_and_good_after_a_run(warehouse: Warehouse) -> None:
    assert warehouse.bigtrust("status").exit_code == 0
    warehouse.bigtrust("forget", "--purchase", "T-unknown", "--channel", "till")
    waiting = warehouse.bigtrust("status", "--max-age", "0")
    assert waiting.exit_code == 1
    assert "Open erasure requests: 1" in waiting.output


def test_a_lost_register_stops_the_run_instead_of_bringing_back_what_was_forgotten(warehouse: Warehouse) -> None:
    purchase, _ = some_purchase(warehouse)
    warehouse.bigtrust("forget", "--purchase", purchase, "--channel", "till")
    warehouse.run_unchecked()
    before = warehouse.digests()

    (request,) = (warehouse.root / "register").glob("R*.json")
    backup = request.read_bytes()
    request.unlink()
    outdated = warehouse.bigtrust("run")
    assert outdated.exit_code == 3, outdated.output
    assert "The register lacks 1 erasure request(s)" in outdated.stderr

    shutil.rmtree(warehouse.root / "register")
    lost = warehouse.bigtrust("run")
    assert lost.exit_code == 2, lost.output
    assert "is lost" in lost.stderr
    shutil.rmtree(warehouse.root / "warehouse")
    assert warehouse.bigtrust("run").exit_code == 2
    assert warehouse.digests() == before
    assert backup


def test_a_request_for_something_unknown_shows_as_pending(warehouse: Warehouse) -> None:
    warehouse.bigtrust("forget", "--purchase", "T-never-seen", "--channel", "till")
    result = warehouse.run_unchecked()
    assert "pending" in result.output
    assert "pending" in warehouse.bigtrust("status").output


def test_an_older_delivery_of_requests_takes_no_request_back(warehouse: Warehouse) -> None:
    """What landing once delivered is kept in the register; the delivery can be replaced or restored from a backup."""
    count = "select (select count(*) from marts.purchases), (select count(*) from marts.touchpoints)"
    before = warehouse.query("analytics", count)
    states = "select state, sum(requests) from marts.erasure_status group by state order by state"
    requests = warehouse.query("governance", states)
    (warehouse.landing / "erasure_requests.parquet").unlink()
    shutil.rmtree(warehouse.root / "warehouse")
    warehouse.run_unchecked()
    assert warehouse.query("analytics", count) == before
    assert warehouse.query("governance", states) == requests


def test_forgetting_the_only_return_is_published(tmp_path: Path) -> None:
    shop = Warehouse(tmp_path)
    shop.landing.mkdir()
    days = [f"C{number},2026-0{number}-01 10:00:00" for number in range(1, 8)]
    tables = {
        "customers": ["customer_id,created_at", *days],
        "products": ["product_id,category_id", "P1,coffee"],
        "purchases": [
            "purchase_id,customer_id,purchased_at",
            *(f"T{n},C{n},2026-06-0{n} 10:00:00" for n in range(1, 8)),
        ],
        "purchase_lines": [
            "purchase_id,line_number,product_id,quantity,unit_price",
            *(f"T{n},1,P1,1,4.5" for n in range(1, 8)),
        ],
        "returns": ["return_id,purchase_id,line_number,returned_at,quantity", "R1,T1,1,2026-06-09 10:00:00,1"],
    }
    for name, lines in tables.items():
        (shop.landing / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shop.run_unchecked()
    assert shop.query("analytics", "select count(*) from marts.returns") == [(1,)]
    shop.bigtrust("forget", "--purchase", "T1", "--channel", "till")
    shop.run()
    assert shop.query("analytics", "select count(*) from marts.returns") == [(0,)]
    reasons = shop.query(
        "governance",
        "select distinct reason from marts.check_results where relation = 'analytics.marts.returns' and run = 2",
    )
    assert ("nothing of returns is left after what was forgotten",) in reasons
