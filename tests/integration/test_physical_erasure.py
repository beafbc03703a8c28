"""What was forgotten or has expired is in no byte of the warehouse folder or of a publication."""

import uuid
from datetime import date
from pathlib import Path

import duckdb

from warehouse import Warehouse

EXPIRED = "CANARY-EXPIRED-PERSON"
EXPIRED_PURCHASE = "CANARY-EXPIRED-PURCHASE"


def files_with(warehouse: Warehouse, needles: dict[str, bytes]) -> set[tuple[str, str]]:
    """Which needle is in which file under warehouse/ and published/."""
    folders = (warehouse.root / "warehouse", warehouse.root / "published")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    contents = {path.name: path.read_bytes() for path in files}
    return {(name, file) for file, content in contents.items() for name, needle in needles.items() if needle in content}


def as_stored(pseudonym: str) -> bytes:
    """A UUID as DuckDB stores it: 128 bits, little-endian, the topmost flipped so that they sort as signed numbers."""
    return (uuid.UUID(pseudonym).int ^ (1 << 127)).to_bytes(16, "little")


def deliver(folder: Path, table: str, select: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"copy ({select}) to '{folder / table / 'zz-canary.parquet'}' (format parquet)")


def forgotten_and_kept(warehouse: Warehouse) -> tuple[str, str]:
    """Two purchases of one day that may be forgotten: one will be."""
    rows = warehouse.vault(
        """
        select purchase_id from restricted.purchase_pseudonyms inner join staging.stg_purchases using (purchase_id)
        where customer_id is not null and purchased_on > current_date - 300 order by purchase_id limit 2
        """
    )
    return rows[0][0], rows[1][0]


def test_after_a_run_no_file_holds_a_byte_of_a_forgotten_purchase(warehouse: Warehouse) -> None:
    forgotten, kept = forgotten_and_kept(warehouse)
    pseudonyms = dict(
        warehouse.vault(
            "select purchase_id, cast(purchase_pseudonym as varchar) from restricted.purchase_pseudonyms "
            "where purchase_id in (?, ?)",
            forgotten,
            kept,
        )
    )
    needles = {
        "number": forgotten.encode(),
        "pseudonym": as_stored(pseudonyms[forgotten]),
        "kept pseudonym": as_stored(pseudonyms[kept]),
    }
    before = files_with(warehouse, needles)
    assert {("number", "vault.duckdb"), ("pseudonym", "vault.duckdb"), ("pseudonym", "analytics.duckdb")} <= before

    assert warehouse.bigtrust("forget", "--purchase", forgotten, "--channel", "till").exit_code == 0
    result = warehouse.run()
    assert "Built: changes." in result.output

    after = files_with(warehouse, needles)
    assert {name for name, _ in after} == {"kept pseudonym"}
    assert ("kept pseudonym", "analytics.duckdb") in after


def test_after_a_run_no_file_holds_a_byte_of_what_has_expired(warehouse: Warehouse) -> None:
    first = date(date.today().year - 20, 1, 1)
    deliver(
        warehouse.landing,
        "customers",
        f"select '{EXPIRED}' as customer_id, 'Canary' as first_name, '{first}' as created_at, '{first}' as updated_at",
    )
    deliver(
        warehouse.landing,
        "purchases",
        f"select '{EXPIRED_PURCHASE}' as purchase_id, '{EXPIRED}' as customer_id, '{first} 10:00:00' as purchased_at",
    )
    product = warehouse.vault("select product_id from staging.stg_products order by 1 limit 1")[0][0]
    deliver(
        warehouse.landing,
        "purchase_lines",
        f"select '{EXPIRED_PURCHASE}' as purchase_id, '1' as line_number, '{product}' as product_id, "
        "'1' as quantity, '9.90' as unit_price",
    )
    warehouse.run("--as-of", f"{first.year}-02-01")
    needles = {"person": EXPIRED.encode(), "purchase": EXPIRED_PURCHASE.encode()}
    assert ("purchase", "vault.duckdb") in files_with(warehouse, needles)

    warehouse.run()
    assert files_with(warehouse, needles) == set()
