"""Builds of many histories at once, on a copy of the project that dbt parses once."""

from __future__ import annotations

import csv
import hmac
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow
import pyarrow.parquet

from as_if_never import repeat
from as_if_never.histories import CALENDARS, REGISTER, WINDOW, ZONE, Calendar, History, landed
from as_if_never.retention import FORETOLD, Keys, Shown
from bigtrust import as_if_never, changes, contract, inputs, pipeline, register, secret
from bigtrust.as_if_never import Contents, Difference
from bigtrust.build import Dbt
from bigtrust.files import private_folder
from bigtrust.oracle import ForgottenLine, Landing, Policy, Position, Row, footprint
from bigtrust.settings import PROJECT, Settings
from warehouse import Warehouse, replace_in

KEY = "ab" * secret.MINIMUM_BYTES
WITHOUT_WINDOW = {"about", "offer_categories", "product_categories", "products"}
REQUIRED = ("customers", "products", "purchases", "purchase_lines")


@dataclass
class Outcome:
    """What became of a batch of histories: what differs, which histories showed rows, and which lost some."""

    differences: list[str] = field(default_factory=list)
    suspects: set[int] = field(default_factory=set)  # histories to which differing rows belong
    shown: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    rows: Counter[str] = field(default_factory=Counter)  # how many each relation held, over all runs
    builds: int = 0


class Builds:
    """dbt on a copy of the project under `root`.

    `edit` may change the copy before it is parsed.
    """

    def __init__(self, root: Path, edit: Callable[[Path], None] | None = None) -> None:
        self._root = root
        self._key = root / "pseudonymisation.key"
        self._key.touch(mode=0o600)
        self._key.write_text(KEY, encoding="ascii")
        self.built: Counter[str] = Counter()  # how often a run read only the changes, or everything and why
        self.project = Warehouse(root).own_project()
        if edit is not None:
            edit(self.project)
        replace_in(self.project / "dbt_project.yml", "{relation: true, columns: true}", "{}")  # comments take time
        dbt = Dbt(self._settings(root / "parse", None))
        dbt.parse(run=1)
        self._manifest = dbt.manifest
        self._recordings: dict[Calendar | None, repeat.Recording] = {}  # by policy: calendars without days
        self._calendar: Calendar | None = None
        self._is_day_proven = False  # that statements depend on the day only where they name it
        self._publications = as_if_never.publications(self.project)
        policy = PROJECT / "seeds" / "policy"
        self._windows = {
            (row["data_category"], row["purpose"]): int(row["period_months"])
            for row in _csv_rows(policy / "retention_windows.csv")
        }
        self._policy_settings = {row["setting"]: row["value"] for row in _csv_rows(policy / "settings.csv")}
        self._regions = {
            row["postal_area"]: row["region"] for row in _csv_rows(PROJECT / "seeds" / "reference" / "regions.csv")
        }

    def run_day(
        self, warehouse: Path, landing: Path, requests: Path, day: date, *, full: bool
    ) -> tuple[Contents, bool]:
        """Build one day's run in a warehouse folder, from nothing (`full`) or from what is there, and read it.

        Also tells whether it was built from nothing. This is the one place that knows how a run builds.
        """
        settings = self._settings(warehouse, day, landing=landing, register=requests)
        if full:
            shutil.rmtree(warehouse / "warehouse", ignore_errors=True)
            (settings.register / "secret.fingerprint").unlink(missing_ok=True)
        private_folder(settings.candidates)
        read = inputs.read(settings, full_refresh=full)
        _, built = pipeline.build(
            settings, read, lambda only_changes: self._build_models(settings, only_changes=only_changes)
        )
        self.built[built] += 1
        if not full:
            register.keep_forgotten_lines(settings.register, settings.vault)
            with duckdb.connect(str(settings.vault)) as connection:
                changes.remember(connection)
                changes.put_to_rest(settings, connection, self._manifest, read.requests)
                changes.complete(settings, connection)
        return as_if_never.contents(settings.candidates, self._publications), built != "changes"

    def _build_models(self, settings: Settings, *, only_changes: bool) -> None:
        """Build what a run builds: with dbt if it reads only the changes, or is the first from nothing with its policy;
        the others from nothing repeat that (repeat.py)."""
        policy = self._calendar and replace(self._calendar, days=())
        known = None if only_changes else self._recordings.get(policy)
        if known and (self._is_day_proven or known.settings.as_of == settings.as_of):
            known.repeat(settings)
            return
        dbt = Dbt(settings)
        dbt.manifest = self._manifest
        with repeat.recorded(settings) as recording:
            dbt.build_models(1, self._publications, only_changes=only_changes)
        if known:
            differing = [pair for pair in zip_longest(recording.calls, known.on(settings.as_of)) if pair[0] != pair[1]]
            assert not differing, f"the day decides more than what it is compared with: {differing[:1]}"
            self._is_day_proven = True
        elif not only_changes:
            self._recordings[policy] = recording

    def check(self, batch: Sequence[History]) -> Outcome:
        """Run the sequence of one calendar with a batch of histories, and compare after each run.

        (a) the warehouse that went through the sequence with a full build, (b) what is there with what the oracle
        foretells, (c) a full build with one from landing files without requests and footprint. Stops at a difference.

        Where the sequence itself built everything from nothing, it is the full build: that begins with removing vault
        and candidates (pipeline.build), and should it leave something of an earlier run, (b) and (c) show it.
        """
        calendar = CALENDARS[batch[0].calendar]
        self._set_policy(calendar)
        outcome = Outcome()
        folder = self._root / "batch"
        shutil.rmtree(folder, ignore_errors=True)
        landing_folder, requests, never = folder / "landing", folder / "register", folder / "never"
        remembered: frozenset[ForgottenLine] = frozenset()
        for run, day in enumerate(calendar.days):
            landing = _landing(batch, run)
            _write_landing(landing_folder, landing)
            _write_requests(requests, batch, run)
            policy = Policy(datetime.now(UTC), WINDOW, ZONE.key)
            told_to_forget = footprint(landing, _requests(requests), policy, remembered)
            remembered = told_to_forget.remembered
            kept = told_to_forget.without(landing)
            _write_landing(never / "landing", kept)

            places = landing_folder, requests, day
            sequence, is_full = self.run_day(folder / "sequence", *places, full=False)
            full = sequence if is_full else self.run_day(folder / "full", *places, full=True)[0]
            register.keep(requests, self._settings(folder / "sequence", day).vault)

            subjects = _Subjects(batch, landing)
            told: dict[str, Any] = {"day": day, "k": calendar.k, "settings": self._policy_settings}
            told |= {"windows": self._windows, "regions": self._regions}
            expected = Shown(kept, policy, **told).keys()
            everything = Shown(landing, policy, **told).keys()
            report = _Report(outcome, subjects, f"run {run + 1} ({day})")
            report.compare("the sequence of runs", sequence, "a full build", full)
            report.foretold(full, expected)
            outcome.removed |= _histories_in(everything, minus=expected)
            outcome.shown |= _histories_in(expected)
            for relation, (_, rows) in full.items():
                outcome.rows[relation] += rows.total()
            outcome.builds += 1 if is_full else 2
            if outcome.differences:  # no need to build once more
                break
            forgotten, _ = self.run_day(never, never / "landing", never / "register", day, full=True)
            report.compare("with the requests", full, "as if never", forgotten)
            outcome.builds += 1
            if outcome.differences:
                break
        return outcome

    def expire_everything(self, day: date) -> list[str]:
        """End the window of every row of the last build on its `day`; returns the marts that show some all the same.

        The catalogue and the facts about a publication have no window.
        """
        visible = []
        candidates = self._settings(self._root / "batch" / "sequence", None).candidates
        for publication in self._publications:
            with duckdb.connect(str(candidates / f"{publication}.duckdb")) as connection:
                tables = connection.execute(
                    """
                    select table_name from information_schema.columns
                    where table_schema = 'protected' and column_name = 'visible_until'
                    """
                ).fetchall()
                for (table,) in tables:
                    connection.execute(f"update protected.{table} set visible_until = ?", [day])
                marts = connection.execute(
                    "select table_name from information_schema.tables where table_schema = 'marts'"
                ).fetchall()
                for mart in {mart for (mart,) in marts} - WITHOUT_WINDOW:
                    if connection.execute(f"select count(*) from marts.{mart}").fetchall() != [(0,)]:
                        visible.append(f"{publication}.marts.{mart}")
        return visible

    def _set_policy(self, calendar: Calendar) -> None:
        """Write the calendar's policy into the seeds, which each build loads anew."""
        self._calendar = calendar
        self._windows["returns", "analytics"] = calendar.returns_months
        self._windows["customers", "marketing"] = calendar.marketing_months
        for seed, pattern, value in (
            ("settings", r"(?m)^(k,)\d+", calendar.k),
            ("retention_windows", r"(?m)^(returns,analytics,)\d+", calendar.returns_months),
            ("retention_windows", r"(?m)^(customers,marketing,)\d+", calendar.marketing_months),
        ):
            path = self.project / "seeds" / "policy" / f"{seed}.csv"
            text, replaced = re.subn(pattern, rf"\g<1>{value}", path.read_text(encoding="utf-8"))
            assert replaced == 1, f"{seed}.csv does not have the row that the test changes"
            path.write_text(text, encoding="utf-8")

    def _settings(self, root: Path, day: date | None, **folders: Path) -> Settings:
        settings = Warehouse(root, getattr(self, "project", PROJECT)).settings
        return replace(settings, as_of=day, secret_file=self._key, **folders)


class _Subjects:
    """Whose rows these are: pseudonyms back to numbers, numbers to histories. Possible with the test's secret."""

    def __init__(self, batch: Sequence[History], landing: Landing) -> None:
        key = bytes.fromhex(KEY)
        numbers = {
            (kind, row[column])
            for rows in landing.values()
            for row in rows.values()
            for kind, column in (("person", "customer_id"), ("purchase", "purchase_id"))
            if row.get(column)
        }
        self._size = len(batch)
        self._numbers = {
            UUID(bytes=hmac.digest(secret.domain_key(key, domain), f"{kind}:{number}".encode(), "sha256")[:16]): number
            for domain in secret.DOMAINS
            for kind, number in numbers
        }

    def decoded(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The row with numbers instead of pseudonyms."""
        return tuple(self._numbers.get(value, value) if isinstance(value, UUID) else value for value in row)

    def histories(self, rows: Counter[tuple[Any, ...]]) -> set[int]:
        """The histories whose rows these are; a row of a region belongs to none."""
        return {
            int(found[1])
            for row in rows
            for value in self.decoded(row)
            if isinstance(value, str) and (found := re.match(r"h(\d{5})", value))
        }


class _Report:
    def __init__(self, outcome: Outcome, subjects: _Subjects, when: str) -> None:
        self._outcome, self._subjects, self._when = outcome, subjects, when

    def compare(self, first_name: str, first: Contents, second_name: str, second: Contents) -> None:
        for difference in as_if_never.differences(first, second):
            self._add(first_name, second_name, difference)

    def foretold(self, contents: Contents, expected: Mapping[str, Keys]) -> None:
        """Compare the columns that the oracle foretells."""
        for relation, (columns, rows) in contents.items():
            publication, _, name = relation.split(".")
            mart = f"{publication}.{name}"
            if mart not in FORETOLD:
                continue
            names = FORETOLD[mart]
            places = [columns.index(column) for column in names]
            shown: Keys = Counter()
            for row, times in rows.items():
                shown[tuple(_plain(value) for value in self._subjects.decoded(tuple(row[i] for i in places)))] += times
            if shown != expected[mart]:
                self._add(
                    "in the relation",
                    "by the windows",
                    Difference(relation, names, shown - expected[mart], expected[mart] - shown),
                )

    def _add(self, first_name: str, second_name: str, difference: Difference) -> None:
        self._outcome.suspects |= self._subjects.histories(difference.first | difference.second)
        lines = [
            f"{self._when}: {difference.relation} differs in {', '.join(difference.columns) or 'nothing by itself'}"
        ]
        for title, rows in ((first_name, difference.first), (second_name, difference.second)):
            lines += [f"    only {title}: {self._subjects.decoded(row)}" for row in [*rows.elements()][:3]]
        self._outcome.differences.append("\n".join(lines))


def _plain(value: Any) -> Any:
    return value.normalize() if isinstance(value, Decimal) else value


def _histories_in(keys: Mapping[str, Keys], minus: Mapping[str, Keys] | None = None) -> set[int]:
    return {
        int(found[1])
        for mart, rows in keys.items()
        for row in (rows - minus[mart] if minus else rows)
        for value in row
        if isinstance(value, str) and (found := re.match(r"h(\d{5})", value))
    }


def _landing(batch: Sequence[History], run: int) -> Landing:
    """The landing rows of a run by position."""
    tables: dict[str, dict[Position, Row]] = {table: {} for table in REQUIRED}
    for row, values in landed(batch, run):
        if row.table != REGISTER:
            rows = tables.setdefault(row.table, {})
            rows[row.file, len(rows) + 1] = values
    return tables


def _write_landing(folder: Path, landing: Landing) -> None:
    """Write the landing files: of each table the first as CSV, the others as Parquet, which the engine plans faster."""
    shutil.rmtree(folder, ignore_errors=True)
    tables = contract.load(PROJECT)
    for table, landed_rows in landing.items():
        (folder / table).mkdir(parents=True)
        columns = tables[table].column_names
        for number in {0} | {number for number, _ in landed_rows}:
            rows = [row for position, row in sorted(landed_rows.items()) if position[0] == number]
            path = folder / table / f"{number:02}"
            if number == 0:
                with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, columns)
                    writer.writeheader()
                    writer.writerows(rows)
            else:
                texts = {
                    column: pyarrow.array([row.get(column) for row in rows], pyarrow.string()) for column in columns
                }
                pyarrow.parquet.write_table(pyarrow.table(texts), path.with_suffix(".parquet"))


def _write_requests(folder: Path, batch: Sequence[History], run: int) -> None:
    """Write the requests of a run beside those that are there: the register loses none."""
    folder.mkdir(parents=True, exist_ok=True)
    for row, values in landed(batch, run):
        if row.table == REGISTER:
            content = {column: values.get(column) for column in register.FIELDS}
            (folder / f"{values['request_id']}.json").write_text(json.dumps(content), encoding="utf-8")


def _requests(folder: Path) -> dict[Position, Row]:
    paths = sorted(folder.glob("*.json"))
    return {(number, 0): json.loads(path.read_text(encoding="utf-8")) for number, path in enumerate(paths)}


def _csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
