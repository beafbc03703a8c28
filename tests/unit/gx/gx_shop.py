"""A small retailer: a vault with three customers, and publications that each test fills."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from bigtrust.gx.raw_values import RawColumn
from bigtrust.gx.suites import Rule, Suite
from bigtrust.gx.validate import Report, validate
from bigtrust.verdicts import CheckResult

UNAVAILABLE = {
    "returns": "landing table returns is absent or empty",
    "customers.country": "landing column customers.country is absent or empty",
}

TODAY = date(2026, 3, 1)
K = 3
CANARY = "canari.secret@example.com"

RAW_COLUMNS = (
    RawColumn("vault.staging.base_customers", "customer_id", "customer number"),
    RawColumn("vault.staging.base_customers", "email", "email"),
    RawColumn("vault.staging.base_customers", "phone", "phone"),
    RawColumn("vault.staging.base_customers", "full_name", "full name", "first_name || ' ' || last_name"),
)
PRODUCT_COLUMNS = (RawColumn("vault.staging.base_products", "name"),)

VAULT = f"""
    create schema staging;
    create table staging.base_customers as
    select * from (values
        ('7a3c1f52-9d1e-4f0a-8b7c-2f6d1e0c9b8a', 'Léa', 'O''Brien-Faure', '{CANARY}', '06 12 34 56 78'),
        ('2', 'Jean', 'Dupont', 'jean.dupont@example.com', '+33 (0)7 98 76 54 32'),
        ('3', 'Eva', 'Li', null, '0145678901'),
        ('4', 'Marie', 'Blachère', 'x@y.z', '12')
    ) as customers (customer_id, first_name, last_name, email, phone);
    create table staging.base_products as select 'Pain Marie Blachère 250 g' as name;
"""


@dataclass
class Shop:
    """The files of the retailer; `judge` runs Great Expectations on them."""

    root: Path
    publications: dict[str, Path] = field(default_factory=dict)

    @property
    def vault(self) -> Path:
        return self.root / "vault.duckdb"

    def publish(self, sql: str, publication: str = "analytics") -> None:
        """Run SQL in a publication file that has the schemas marts and protected."""
        path = self.root / f"{publication}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema if not exists marts; create schema if not exists protected")
            connection.execute(sql)
        self.publications[publication] = path

    def judge(self, suites: Sequence[Suite], **options: Any) -> Report:
        return validate(
            self.publications,
            self.vault,
            suites,
            **{"today": TODAY, "k": K, "raw_columns": RAW_COLUMNS, "product_columns": PRODUCT_COLUMNS, **options},
        )

    def verdict(self, sql: str, expectation: str, needs: tuple[str, ...] = (), **arguments: Any) -> CheckResult:
        """The verdict of one expectation on `marts.mart`, made of a query."""
        self.publish(f"create or replace table marts.mart as {sql}")
        suite = Suite("analytics.marts.mart", (Rule("TST-01", expectation, arguments, "A test.", needs),))
        (result,) = self.judge([suite], unavailable=UNAVAILABLE).results
        return result


def open_shop(root: Path) -> Shop:
    """A shop with a vault and no publication."""
    shop = Shop(root)
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute(VAULT)
    return shop
