"""A sample of the user's landing data, and a place to build it in: what checks that build again have in common.

A sample is some customers with all that landing has of them, some purchases, and the whole catalogue. It is built in a
folder of its own (mode 0700) under the warehouse folder, with a copy of the project in which k is 1, so that the cells
of a small sample are not suppressed. The folder is removed afterwards; nothing is published.
"""

import csv
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import duckdb

from bigtrust import contract, landing, register, sql
from bigtrust.oracle.reading import SPACES
from bigtrust.settings import Settings

_PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/dbt")
_CATALOGUE = ("products", "product_categories")


class Reporter(Protocol):
    """Who is told how far something is."""

    def phase(self, name: str) -> None:
        """A phase begins."""

    def progress(self, what: str, finished: int, total: int) -> None:
        """Something within the phase is finished."""


class Source:
    """The landing folder and the register of the user, of which only a part is read.

    Each landing table is a view of `connection`, as text. Raises InputError if landing or register cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.connection = duckdb.connect(config=sql.limits(settings.warehouse / "temporary"))
        self.tables = landing.inspect(settings.landing, contract.load(settings.project))
        self._register = settings.register
        self.connection.execute("set variable spaces = ?", [SPACES])
        for name, table in self.tables.items():
            self.connection.execute(f"create view {name} as {landing.view_sql(table)}")

    def mark(self, name: str, values: Collection[str]) -> None:
        """Keep values under a name, for `is_among`."""
        self.connection.execute(f"create or replace temp table {name} as select unnest(?) as value", [sorted(values)])

    def choose(self, customers: Collection[str], purchases: Collection[str]) -> None:
        """Take these customers with all that they bought, and these purchases."""
        self.mark("some_customers", customers)
        bought = self.connection.execute(
            f"select {cleaned('purchase_id')} from purchases where {is_among('customer_id', 'some_customers')}"
        ).fetchall()
        self.mark("some_purchases", {*purchases, *(purchase for (purchase,) in bought if purchase is not None)})

    def condition(self, table: str) -> str:
        """SQL: which rows of a landing table are theirs, or are of the catalogue."""
        if table in _CATALOGUE:
            return "true"
        columns = self.tables[table].table.column_names
        conditions = [is_among("purchase_id", "some_purchases")] if "purchase_id" in columns else []
        if "customer_id" in columns and table != "purchases":
            conditions.append(is_among("customer_id", "some_customers"))
        return " or ".join(conditions)

    def remembered_sql(self, condition: str) -> str:
        """SQL: what the register remembers of forgotten lines."""
        return f"from ({register.forgotten_lines_sql(self._register)}) where {condition}"


def cleaned(column: str) -> str:
    """SQL: an identifier as staging reads it, without spaces of any kind around it; null if nothing is left."""
    return f"nullif(trim({column}, getvariable('spaces')), '')"


def is_among(column: str, marked: str) -> str:
    """SQL: whether an identifier is one of those marked under a name."""
    return f"{cleaned(column)} in (select value from {marked})"


OF_THEM = f"{is_among('purchase_id', 'some_purchases')} or {is_among('customer_id', 'some_customers')}"


def settings_in(folder: Path, settings: Settings) -> Settings:
    """The settings of a warehouse of its own in a folder, with the same secret."""
    return replace(
        settings,
        landing=folder / "landing",
        warehouse=folder / "warehouse",
        published=folder / "published",
        register=folder / "register",
    )


def policy(project: Path) -> dict[str, str]:
    """The settings of the policy (seeds/policy/settings.csv)."""
    with (project / "seeds" / "policy" / "settings.csv").open(encoding="utf-8", newline="") as file:
        return {row["setting"]: row["value"] for row in csv.DictReader(file)}


def own_project(project: Path, target: Path) -> Path:
    """Make a copy of the project in which k is 1; returns it."""
    for part in _PROJECT_PARTS:
        if (project / part).is_dir():
            shutil.copytree(project / part, target / part)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / part, target / part)
    path = target / "seeds" / "policy" / "settings.csv"
    path.write_text(re.sub(r"(?m)^k,[^,]*,", "k,1,", path.read_text(encoding="utf-8")), encoding="utf-8")
    return target


@contextmanager
def temporary(warehouse: Path, prefix: str) -> Iterator[Path]:
    """A folder under the warehouse folder, removed afterwards, with what a check that was killed left there."""
    for left in warehouse.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=warehouse))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
