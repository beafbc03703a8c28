"""As if it never happened, on one's own data: what forgetting leaves behind, and what was never there, are the same.

`check` takes a sample of the requests, and of the landing data what belongs to the customers that they concern: all
rows of these customers, of the purchases they made or asked to forget, and the catalogue. It builds that twice: with
the requests, and without requests from landing rows of which the oracle (bigtrust.oracle) deleted the footprint. Every
relation of every publication that honours erasure must then hold the same rows.

What it can show: that forgetting these people's requests leaves no trace in any column of their rows, with this
landing data, this policy and these models. What it cannot show: what other requests do; that the published files are
the ones these models build; totals over everybody; what somebody gives up because too few others are alike. So that a
small sample shows its cells and its persons at all, k is 1.
"""

import csv
import json
import os
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb

from bigtrust import contract, landing, lock, oracle, register, secret, sql
from bigtrust.build import Dbt
from bigtrust.errors import ConfigurationError
from bigtrust.oracle.reading import KEYS, SPACES, read_moment, read_text
from bigtrust.settings import Settings
from bigtrust.sql import identifier

Contents = dict[str, tuple[tuple[str, ...], Counter[tuple[Any, ...]]]]  # by relation: its columns, its rows

_FOLDER = "as_if_never-"
_PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/dbt")
_CATALOGUE = ("products", "product_categories")
_BUILDS = ("with the requests", "as if they had never been")


class Reporter(Protocol):
    """Who is told how far the check is."""

    def phase(self, name: str) -> None:
        """A phase begins."""

    def progress(self, what: str, finished: int, total: int) -> None:
        """Something within the phase is finished."""


@dataclass(frozen=True)
class Report:
    """What was compared: counts only. `differences` holds the relations that differ with the number of rows that only
    one of the two builds has; `deleted` the landing rows of the footprint."""

    requests: int
    customers: int
    deleted: int
    relations: int
    rows: int
    differences: dict[str, int]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass(frozen=True)
class Difference:
    """A relation that is not the same in two builds: `publication.schema.relation`, the columns whose values differ,
    and the rows that only the first and only the second build has."""

    relation: str
    columns: tuple[str, ...]
    first: Counter[tuple[Any, ...]]
    second: Counter[tuple[Any, ...]]


def publications(project: Path) -> tuple[str, ...]:
    """The publications that honour erasure (seeds/policy/purposes.csv)."""
    with (project / "seeds" / "policy" / "purposes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row["publication"] for row in csv.DictReader(file) if row["honours_erasure"] == "true")


def contents(candidates: Path, names: Sequence[str]) -> Contents:
    """All rows of all relations of some publications, `about` aside. Columns are in order of their names."""
    found: Contents = {}
    for name in names:
        with duckdb.connect(str(candidates / f"{name}.duckdb"), read_only=True) as connection:
            relations = connection.execute(
                """
                select table_schema, table_name, list(column_name order by column_name)
                from information_schema.columns
                where table_schema in ('marts', 'protected') and table_name <> 'about'
                group by table_schema, table_name
                order by table_schema, table_name
                """
            ).fetchall()
            for schema, relation, columns in relations:
                selected = ", ".join(identifier(column) for column in columns)
                rows = connection.execute(f"select {selected} from {identifier(schema)}.{identifier(relation)}")
                found[f"{name}.{schema}.{relation}"] = tuple(columns), Counter(rows.fetchall())
    return found


def differences(first: Contents, second: Contents) -> list[Difference]:
    """The relations that do not hold the same rows; a relation that only one build has differs in all its columns."""
    found = []
    for relation in sorted(first.keys() | second.keys()):
        columns, rows = first.get(relation, ((), Counter()))
        other_columns, other_rows = second.get(relation, ((), Counter()))
        if columns != other_columns or rows != other_rows:
            found.append(
                Difference(
                    relation, _columns_that_differ(columns, rows, other_rows), rows - other_rows, other_rows - rows
                )
            )
    return found


def _columns_that_differ(
    columns: tuple[str, ...], rows: Mapping[tuple[Any, ...], int], others: Mapping[tuple[Any, ...], int]
) -> tuple[str, ...]:
    def values(contents: Mapping[tuple[Any, ...], int], number: int) -> Counter[Any]:
        counted: Counter[Any] = Counter()
        for row, times in contents.items():
            counted[row[number]] += times
        return counted

    return tuple(column for number, column in enumerate(columns) if values(rows, number) != values(others, number))


def check(settings: Settings, sample: int, reporter: Reporter) -> Report:
    """Compare the two builds for a random sample of the requests in force (all, if there are fewer).

    Builds in a folder of its own (mode 0700) under the warehouse folder, which is removed afterwards, and publishes
    nothing. Raises ConfigurationError or InputError if landing, register, secret or project cannot be used, LockedError
    while a run is under way.
    """
    os.umask(0o077)
    with lock.exclusive(settings.warehouse), _temporary(settings.warehouse) as folder:
        reporter.phase("sample")
        secret.load(settings)
        policy = _policy(settings.project)
        source = _Source(settings)
        requests = source.sample(sample, policy)
        if not requests:
            return Report(requests=0, customers=0, deleted=0, relations=0, rows=0, differences={})
        customers, landed, registered = source.around(requests)
        remembered = source.remembered()
        footprint = oracle.footprint(landed, registered, policy, remembered)
        builds = [
            _write(folder / "with", settings, landed, registered),
            _write(folder / "never", settings, footprint.without(landed), {}),
        ]
        source.remember_in(builds[0].register)
        reporter.phase("parse")
        project = _own_project(settings.project, folder / "project")
        names = publications(project)
        parsed = Dbt(replace(builds[0], project=project))
        parsed.parse(run=1)
        reporter.phase("build")
        found = []
        for number, build in enumerate(builds):
            dbt = Dbt(replace(build, project=project))
            dbt.manifest = parsed.manifest
            dbt.build_models(1, names)
            found.append(contents(build.candidates, names))
            reporter.progress(_BUILDS[number], number + 1, len(builds))
    return Report(
        requests=len(requests),
        customers=len(customers),
        deleted=sum(len(positions) for positions in footprint.deleted.values()),
        relations=len(found[0]),
        rows=sum(rows.total() for _, rows in found[0].values()),
        differences={
            difference.relation: difference.first.total() + difference.second.total()
            for difference in differences(*found)
        },
    )


class _Source:
    """The landing folder and the register of the user, of which only a part is read."""

    def __init__(self, settings: Settings) -> None:
        self._connection = duckdb.connect()
        self._folder = settings.register
        self._tables = landing.inspect(settings.landing, contract.load(settings.project))
        for name, table in self._tables.items():
            self._connection.execute(f"create view {name} as {landing.view_sql(table)}")
        self._register: dict[oracle.Position, oracle.Row] = {
            (number, 0): json.loads(path.read_text(encoding="utf-8"))
            for number, path in enumerate(register.files(settings.register))
        }

    def sample(self, size: int, policy: oracle.Policy) -> list[oracle.Row]:
        """Some of the requests that are not withdrawn."""
        requests = {
            tuple(read_text(row[name]) for name in KEYS["erasure_requests"]): row
            for row in [*self._register.values(), *self._rows("erasure_requests", "true").values()]
        }
        in_force = [row for row in requests.values() if not _is_withdrawn(row, policy)]
        return random.SystemRandom().sample(in_force, min(size, len(in_force)))

    def around(
        self, requests: Sequence[oracle.Row]
    ) -> tuple[set[str], dict[str, dict[oracle.Position, oracle.Row]], dict[oracle.Position, oracle.Row]]:
        """The customers that requests concern, what landing has of them and the catalogue, and all their requests."""
        asked = _texts(requests, "purchase_id")
        self._mark("purchases_asked", asked)
        owners = self._rows("purchases", _is_among("purchase_id", "purchases_asked"))
        customers = _texts([*requests, *owners.values(), *self._former_owners()], "customer_id")
        self._mark("some_customers", customers)
        bought = self._rows("purchases", _is_among("customer_id", "some_customers"))
        purchases = asked | _texts(bought.values(), "purchase_id")
        self._mark("some_purchases", purchases)
        landed = {name: self._rows(name, self._condition(name)) for name in self._tables}
        registered = {
            position: row
            for position, row in self._register.items()
            if read_text(row["customer_id"]) in customers or read_text(row["purchase_id"]) in purchases
        }
        return customers, landed, registered

    def _former_owners(self) -> list[oracle.Row]:
        """Whose purchase it was that a request names and that the source system has deleted."""
        lines = self._remembered_sql(_is_among("purchase_id", "purchases_asked"))
        rows = self._connection.execute(f"select customer_id from ({lines})").fetchall()
        return [{"customer_id": customer} for (customer,) in rows]

    def remembered(self) -> list[oracle.ForgottenLine]:
        """What the register remembers of forgotten lines of those customers and purchases."""
        rows = self._connection.execute(self._remembered_sql(_OF_THEM)).fetchall()
        return [
            oracle.ForgottenLine(purchase, line, customer, category, purchased_at.replace(tzinfo=UTC))
            for purchase, line, customer, category, purchased_at in rows
        ]

    def remember_in(self, folder: Path) -> None:
        """Write the same into another register."""
        path = sql.file(folder / register.FORGOTTEN_LINES)
        self._connection.execute(f"copy ({self._remembered_sql(_OF_THEM)}) to {path} (format parquet)")

    def _remembered_sql(self, condition: str) -> str:
        return f"from ({register.forgotten_lines_sql(self._folder)}) where {condition}"

    def _condition(self, table: str) -> str:
        """Which rows of a landing table belong to the customers and purchases."""
        if table in _CATALOGUE:
            return "true"
        columns = self._tables[table].table.column_names
        conditions = [_is_among("purchase_id", "some_purchases")] if "purchase_id" in columns else []
        if "customer_id" in columns and table != "purchases":
            conditions.append(_is_among("customer_id", "some_customers"))
        return " or ".join(conditions)

    def _mark(self, name: str, values: set[str]) -> None:
        self._connection.execute(f"create or replace temp table {name} as select unnest(?) as value", [sorted(values)])

    def _rows(self, table: str, condition: str) -> dict[oracle.Position, oracle.Row]:
        self._connection.execute("set variable spaces = ?", [SPACES])
        cursor = self._connection.execute(f"select * exclude (is_new) from {table} where {condition}")
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {(row.pop("file_number"), row.pop("row_number")): row for row in rows}


def _is_among(column: str, marked: str) -> str:
    return f"trim({column}, getvariable('spaces')) in (select value from {marked})"


_OF_THEM = f"{_is_among('purchase_id', 'some_purchases')} or {_is_among('customer_id', 'some_customers')}"


def _texts(rows: Any, column: str) -> set[str]:
    return {text for row in rows if (text := read_text(row.get(column))) is not None}


def _is_withdrawn(request: oracle.Row, policy: oracle.Policy) -> bool:
    moment = read_moment(read_text(request.get("withdrawn_at")), policy.zone)
    return moment is not None and moment <= policy.now


def _policy(project: Path) -> oracle.Policy:
    with (project / "seeds" / "policy" / "settings.csv").open(encoding="utf-8", newline="") as file:
        values = {row["setting"]: row["value"] for row in csv.DictReader(file)}
    try:
        return oracle.Policy(datetime.now(UTC), int(values["interest_window_days"]), values["time_zone"])
    except (KeyError, ValueError):
        raise ConfigurationError(
            "seeds/policy/settings.csv: interest_window_days must be a whole number and time_zone be there. "
            "Correct the value."
        ) from None


def _write(
    folder: Path, settings: Settings, landed: oracle.Landing, registered: Mapping[oracle.Position, oracle.Row]
) -> Settings:
    """Write a landing folder and a register; returns the settings of a warehouse of its own around them."""
    own = replace(
        settings,
        landing=folder / "landing",
        warehouse=folder / "warehouse",
        published=folder / "published",
        register=folder / "register",
    )
    tables = contract.load(settings.project)
    for table, rows in landed.items():
        (own.landing / table).mkdir(parents=True)
        for number in {0} | {number for number, _ in rows}:
            with (own.landing / table / f"{number:08}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, tables[table].column_names)
                writer.writeheader()
                writer.writerows(row for position, row in sorted(rows.items()) if position[0] == number)
    own.register.mkdir(parents=True)
    for (number, _), request in registered.items():
        (own.register / f"{number:08}.json").write_text(json.dumps(request), encoding="utf-8")
    return own


def _own_project(project: Path, target: Path) -> Path:
    """A copy of the project in which k is 1."""
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
def _temporary(warehouse: Path) -> Iterator[Path]:
    """A folder under the warehouse folder, removed afterwards, with what a check that was killed left there."""
    for left in warehouse.glob(f"{_FOLDER}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=warehouse))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
