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
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import changes, contract, lock, metamorphic, oracle, register, sampled, secret, sql
from bigtrust.build import Dbt
from bigtrust.errors import ConfigurationError
from bigtrust.oracle.reading import KEYS, read_moment, read_text
from bigtrust.sampled import OF_THEM, Reporter, is_among
from bigtrust.settings import Settings
from bigtrust.sql import identifier
from bigtrust.verdicts import CheckResult, of_project

Contents = dict[str, tuple[tuple[str, ...], Counter[tuple[Any, ...]]]]  # by relation: its columns, its rows

_FOLDER = "as_if_never-"
CODE = "MET-01"
NO_REQUEST = "there is no erasure request in force"
_BUILDS = ("with the requests", "as if they had never been")


@dataclass(frozen=True)
class Report:
    """What was compared: counts only. `rows` are by relation, of the build with the requests; `differences` holds the
    relations that differ with the number of rows that only one of the two builds has; `deleted` the landing rows of the
    footprint."""

    requests: int
    customers: int
    deleted: int
    rows: Mapping[str, int]
    differences: Mapping[str, int]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    @property
    def results(self) -> list[CheckResult]:
        """The verdict on each relation; not applicable if there was no request to look at."""
        if not self.requests:
            return [of_project(CODE, "metamorphic", metamorphic.OBJECT, 0, 0, "not applicable", NO_REQUEST)]
        return [
            of_project(
                CODE,
                "metamorphic",
                relation,
                self.rows.get(relation, 0),
                self.differences.get(relation, 0),
                "failed" if relation in self.differences else "passed",
                publication=relation.split(".")[0],
                expectation="as_if_never",
            )
            for relation in sorted(self.rows.keys() | self.differences.keys())
        ]


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
    with lock.exclusive(settings.warehouse), sampled.temporary(settings.warehouse, _FOLDER) as folder:
        reporter.phase("sample")
        secret.load(settings)
        basis = changes.basis(settings)
        policy = _policy(settings.project)
        source = _Source(settings)
        requests = source.sample(sample, policy)
        if not requests:
            report = Report(requests=0, customers=0, deleted=0, rows={}, differences={})
            metamorphic.keep(settings, report.results, basis)
            return report
        customers, landed, registered = source.around(requests)
        remembered = source.remembered()
        footprint = oracle.footprint(landed, registered, policy, remembered)
        builds = [
            _write(folder / "with", settings, landed, registered),
            _write(folder / "never", settings, footprint.without(landed), {}),
        ]
        source.remember_in(builds[0].register)
        reporter.phase("parse")
        project = sampled.own_project(settings.project, folder / "project")
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
        report = Report(
            requests=len(requests),
            customers=len(customers),
            deleted=sum(len(positions) for positions in footprint.deleted.values()),
            rows={relation: rows.total() for relation, (_, rows) in found[0].items()},
            differences={
                difference.relation: difference.first.total() + difference.second.total()
                for difference in differences(*found)
            },
        )
        metamorphic.keep(settings, report.results, basis)
    return report


class _Source(sampled.Source):
    """Landing rows and requests as the oracle takes them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._requests: dict[oracle.Position, oracle.Row] = {
            (number, 0): json.loads(path.read_text(encoding="utf-8"))
            for number, path in enumerate(register.files(settings.register))
        }

    def sample(self, size: int, policy: oracle.Policy) -> list[oracle.Row]:
        """Some of the requests that are not withdrawn."""
        requests = {
            tuple(read_text(row[name]) for name in KEYS["erasure_requests"]): row
            for row in [*self._requests.values(), *self._rows("erasure_requests", "true").values()]
        }
        in_force = [row for row in requests.values() if not _is_withdrawn(row, policy)]
        return random.SystemRandom().sample(in_force, min(size, len(in_force)))

    def around(
        self, requests: Sequence[oracle.Row]
    ) -> tuple[set[str], dict[str, dict[oracle.Position, oracle.Row]], dict[oracle.Position, oracle.Row]]:
        """The customers that requests concern, what landing has of them and the catalogue, and all their requests."""
        asked = _texts(requests, "purchase_id")
        self.mark("purchases_asked", asked)
        owners = self._rows("purchases", is_among("purchase_id", "purchases_asked"))
        customers = _texts([*requests, *owners.values(), *self._former_owners()], "customer_id")
        self.choose(customers, asked)
        landed = {name: self._rows(name, self.condition(name)) for name in self.tables}
        purchases = _texts(landed["purchases"].values(), "purchase_id") | asked
        registered = {
            position: row
            for position, row in self._requests.items()
            if read_text(row["customer_id"]) in customers or read_text(row["purchase_id"]) in purchases
        }
        return customers, landed, registered

    def _former_owners(self) -> list[oracle.Row]:
        """Whose purchase it was that a request names and that the source system has deleted."""
        lines = self.remembered_sql(is_among("purchase_id", "purchases_asked"))
        rows = self.connection.execute(f"select customer_id from ({lines})").fetchall()
        return [{"customer_id": customer} for (customer,) in rows]

    def remembered(self) -> list[oracle.ForgottenLine]:
        """What the register remembers of forgotten lines of those customers and purchases."""
        rows = self.connection.execute(self.remembered_sql(OF_THEM)).fetchall()
        return [
            oracle.ForgottenLine(purchase, line, customer, category, purchased_at.replace(tzinfo=UTC))
            for purchase, line, customer, category, purchased_at in rows
        ]

    def remember_in(self, folder: Path) -> None:
        """Write the same into another register."""
        path = sql.file(folder / register.FORGOTTEN_LINES)
        self.connection.execute(f"copy ({self.remembered_sql(OF_THEM)}) to {path} (format parquet)")

    def _rows(self, table: str, condition: str) -> dict[oracle.Position, oracle.Row]:
        rows = sql.rows(self.connection, f"select * exclude (is_new) from {table} where {condition}")
        return {(row.pop("file_number"), row.pop("row_number")): row for row in rows}


def _texts(rows: Any, column: str) -> set[str]:
    return {text for row in rows if (text := read_text(row.get(column))) is not None}


def _is_withdrawn(request: oracle.Row, policy: oracle.Policy) -> bool:
    moment = read_moment(read_text(request.get("withdrawn_at")), policy.zone)
    return moment is not None and moment <= policy.now


def _policy(project: Path) -> oracle.Policy:
    values = sampled.policy(project)
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
    own = sampled.settings_in(folder, settings)
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
