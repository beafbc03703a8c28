"""Non-interference: what is published does not depend on who the people are.

`check` takes a random sample of the customers with all that landing has of them, and the catalogue, and builds it three
times with the same secret: as it is, and twice with other values in the place of the raw ones (bigtrust.scramble).
Every relation of every publication must be the same each time, after pseudonyms are translated back through the maps of
each build. (Goguen and Meseguer, Security Policies and Security Models, 1982: high inputs do not interfere with low
outputs.)

1. Every direct identifier and free text gives way to another of the same shape; a value gives way to the same other
   wherever it stands under the same column name, so keys still refer to the same rows. Every quasi-identifier gives
   way to another of its generalised class.
2. The same with other draws; names, addresses and texts that are no key change their length, too.

What is exchanged inside which class:

- `birth_date`: another day of the same decade on which the person is of age for marketing or is not, as before, as long
  as it lies between 1900 and today;
- `postal_code`: another code of the same postal area (the first two characters, three overseas), hence of the same
  region;
- `city`: any letters;
- every time: another time of the same day, in UTC and in the zone of the settings. On these orders models depend, and
  they stay: of any two times; of a time with another and whole days (the interest window); of a time with now, with
  midnight and with the day that windows start on;
- `country`, `language`, `store_id` and what else is a quasi-identifier: published as they are, so they stay.

Rows are compared as sets that count their repetitions: their order in a candidate is none of a publication's, which is
sorted by its columns (publish.copy). Names, types, comments and the SQL of views are compared, too.

What it can show: that with these rows nothing of an identifier flows into any relation, in whatever encoding. What it
cannot show: what rows do that the sample does not hold; what only large groups do (k is 1, as the cells of a small
sample would be suppressed); what leaves by logs, files or messages; what only a column type does (all arrives as text).
"""

import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations, count
from math import comb
from pathlib import Path

from bigtrust import changes, compared, lock, metamorphic, sampled, secret
from bigtrust.build import Dbt
from bigtrust.compared import Place
from bigtrust.exchanged import Sample
from bigtrust.sampled import Reporter
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import CheckResult, Verdict, of_project

CODE = "MET-02"

_FOLDER = "non_interference-"
_NOBODY = "landing holds no customer and no purchase"
_MOST_SINGLE_BUILDS = 6


@dataclass(frozen=True)
class Difference:
    """A column that is not the same, in how many rows (0: it is described differently), and which landing columns flow
    into it: by name, with the identifier class. Empty if no column does so alone."""

    place: Place
    rows: int
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for people."""
        how = f"differs in {self.rows:,} rows" if self.rows else "is described differently"
        causes = " and ".join(self.causes) or "no landing column makes it alone"
        return f"{self.place}: {how}; what flows into it: {causes}"


@dataclass(frozen=True)
class Report:
    """What was compared: names and counts only.

    `exchanged` counts the distinct values that gave way to others, by identifier class; `rows` the rows by relation.
    """

    customers: int
    exchanged: Mapping[str, int]
    rows: Mapping[tuple[str, str], int]
    differences: tuple[Difference, ...]
    builds: int

    @property
    def verdict(self) -> Verdict:
        """Passed, failed, or not applicable: there is nobody in landing."""
        if not self.rows:
            return "not applicable"
        return "passed" if not self.differences and self.exchanged.get("direct_identifier") else "failed"

    @property
    def reason(self) -> str:
        """What there is to explain."""
        if not self.rows:
            return _NOBODY
        return "" if self.exchanged.get("direct_identifier") else "no direct identifier could be exchanged"

    @property
    def results(self) -> list[CheckResult]:
        """The verdict on each relation; `violations` are rows that differ, and at least one if anything does."""
        violations: dict[tuple[str, str], int] = {}
        for difference in self.differences:
            key = (difference.place.publication, difference.place.relation)
            violations[key] = max(violations.get(key, 0), difference.rows, 1)
        return [
            of_project(
                CODE,
                "metamorphic",
                f"{publication}.{relation}" if relation else "",
                self.rows.get((publication, relation), 0),
                violations.get((publication, relation), 0),
                "failed" if (publication, relation) in violations or self.reason else "passed",
                self.reason,
                publication=publication,
                expectation="non_interference",
            )
            for publication, relation in sorted({*self.rows, *violations})
        ] or [of_project(CODE, "metamorphic", metamorphic.OBJECT, 0, 0, self.verdict, _NOBODY)]


def check(settings: Settings, sample: int, reporter: Reporter, *, seed: str | None = None) -> Report:
    """Compare the builds for a random sample of the customers (all, if there are fewer).

    If anything differs, a few more builds tell from which landing columns (`causes`). Builds in a folder of its own
    (mode 0700) under the warehouse folder, which is removed afterwards, and publishes nothing. The same `seed` makes
    the same choices.

    Raises ConfigurationError or InputError if landing, register, secret or project cannot be used, LockedError while a
    run is under way.
    """
    os.umask(0o077)
    with lock.exclusive(settings.warehouse), sampled.temporary(settings.warehouse, _FOLDER) as folder:
        reporter.phase("sample")
        secret.load(settings)
        now = datetime.now(UTC)
        basis = changes.basis(settings)
        settings = replace(settings, as_of=settings.as_of or now.date())  # midnight may pass meanwhile
        data = Sample(settings, seed or secrets.token_hex(8))
        customers = data.take(sample)
        if data.is_empty:
            report = Report(customers=0, exchanged={}, rows={}, differences=(), builds=0)
            metamorphic.keep(settings, report.results, basis)
            return report
        reporter.phase("parse")
        builds = _Builds(settings, folder, data, reporter)
        reporter.phase("build")
        total = 1 + len(data.exchanges)
        builds.build_first(now, total)
        found: dict[Place, int] = {}
        for exchange in data.exchanges:
            found |= builds.differences(PUBLICATIONS, exchange, data.columns, total)
        flowing: dict[Place, list[str]] = {}
        if found:
            reporter.phase("causes")
            publications = sorted({place.publication for place in found})

            def differ(columns: Collection[str], number: int) -> Collection[Place]:
                return builds.differences(publications, data.other_length, columns, total + number)

            flowing = causes(data.columns, found, differ)
        report = Report(
            customers=customers,
            exchanged=data.exchanged(),
            rows=builds.first.rows,
            differences=tuple(
                Difference(place, rows, tuple(map(data.described, flowing[place])))
                for place, rows in sorted(found.items())
            ),
            builds=builds.finished,
        )
        metamorphic.keep(settings, report.results, basis)
        return report


def causes(
    columns: Collection[str], places: Collection[Place], differ: Callable[[Collection[str], int], Collection[Place]]
) -> dict[Place, list[str]]:
    """Which columns each difference comes from, as far as one alone makes it.

    `differ(columns, builds)` exchanges some columns only and tells what differs then; it is told how many builds there
    are going to be. Group testing with codes of constant weight (Kautz and Singleton, Nonrandom binary superimposed
    codes, 1964): each column is exchanged in half of the builds, and no two in the same ones. A difference that one
    column makes shows in that column's builds and in no other. One that several make shows in more; then the columns in
    question are exchanged one by one, up to a number of builds.
    """
    size = next(size for size in count() if comb(size, size // 2) >= len(columns))
    codes = dict(zip(sorted(columns), map(frozenset, combinations(range(size), size // 2)), strict=False))
    shown: dict[Place, set[int]] = {place: set() for place in places}
    for number in range(size):
        found = differ({column for column, code in codes.items() if number in code}, size)
        for place in shown.keys() & set(found):
            shown[place].add(number)
    possible = {place: {column for column, code in codes.items() if code <= shown[place]} for place in places}
    unsure = Counter(column for few in possible.values() if len(few) > 1 for column in sorted(few))
    tried = [column for column, _ in unsure.most_common(_MOST_SINGLE_BUILDS)]
    alone = {column: set(differ({column}, size + len(tried))) for column in tried}
    return {
        place: sorted(column for column in few if len(few) == 1 or column not in alone or place in alone[column])
        for place, few in possible.items()
    }


class _Builds:
    """Builds of the sample by a copy of the project that is parsed once."""

    def __init__(self, settings: Settings, folder: Path, data: Sample, reporter: Reporter) -> None:
        self.data = data
        self.finished = 0
        self._folder = folder
        self._reporter = reporter
        self._settings = replace(settings, project=sampled.own_project(settings.project, folder / "project"))
        parsed = sampled.settings_in(folder / "parse", self._settings)
        dbt = Dbt(parsed)
        dbt.parse(run=1)
        self._parsed = dbt.manifest
        self._manifest = json.loads((parsed.dbt_target / "manifest.json").read_text(encoding="utf-8"))

    def build_first(self, now: datetime, total: int) -> None:
        """Build the sample as it is, and choose what gives way to what."""
        settings = self._build(PUBLICATIONS, "", ())
        self.first = compared.read(
            self.data.connection, f"build_{self.finished}", settings, self._manifest, PUBLICATIONS, {}
        )
        self.data.exchange(settings.vault, now)
        self._reporter.progress("as it is", self.finished, total)

    def differences(
        self, publications: Sequence[str], exchange: str, columns: Collection[str], total: int
    ) -> dict[Place, int]:
        """Build publications with some columns exchanged; where they differ from the first build, and in how many
        rows."""
        settings = self._build(publications, exchange, columns)
        connection = self.data.connection
        other = compared.read(
            connection,
            f"build_{self.finished}",
            settings,
            self._manifest,
            publications,
            self.data.renamed(exchange, columns),
        )
        found = compared.differences(connection, self.first, other)
        connection.execute(f"drop schema {other.schema} cascade")
        shutil.rmtree(settings.landing.parent)
        self._reporter.progress(f"{len(columns)} columns exchanged", self.finished, total)
        return found

    def _build(self, publications: Sequence[str], exchange: str, columns: Collection[str]) -> Settings:
        self.finished += 1
        settings = sampled.settings_in(self._folder / f"build_{self.finished}", self._settings)
        self.data.write(settings, exchange, columns)
        dbt = Dbt(settings)
        dbt.manifest = self._parsed
        dbt.build_models(1, publications)
        return settings
