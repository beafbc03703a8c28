"""The main job: landing, build, checks, publication, record. Nothing unproven is published."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import duckdb

from bigtrust import (
    attacks,
    changes,
    checks,
    data_tests,
    evidence,
    inputs,
    keys,
    lineage,
    lock,
    pages,
    policy,
    publish,
    records,
    register,
    registry,
    reviews,
    sampled,
    secret,
    sql,
    states,
    till,
)
from bigtrust.build import Dbt
from bigtrust.changes import Plan
from bigtrust.check_exceptions import CheckException
from bigtrust.errors import BigTrustError, ConfigurationError, ExitCode, unexpected
from bigtrust.inputs import Inputs
from bigtrust.records import Record
from bigtrust.reviews import Review
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import CheckResult


class Reporter(sampled.Reporter, Protocol):
    """Who is told how far a run is."""

    def say(self, line: str) -> None:
        """Something besides that a user should know."""


@dataclass
class Report:
    """What a run did. `tables` and `relations` are rows of governance's landing_rows and retention_status;
    `requests` are the states of erasure requests with their number; `unknown_sensitive` counts the sensitive categories
    of the policy that landing does not know; `unused_exceptions` are those of the policy that cover no failure;
    `summary` is the page for governance teams (None: it was not written)."""

    record: Record
    tables: list[dict[str, Any]] = field(default_factory=list)
    relations: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, int]] = field(default_factory=list)
    unknown_sensitive: int = 0
    unused_exceptions: Sequence[CheckException] = ()
    summary: Path | None = None


def run(settings: Settings, reporter: Reporter, *, full_refresh: bool = False) -> Report:
    """Build what changed, check it, publish what passed, and record what happened.

    `full_refresh` builds everything anew, which gives the same rows.

    Returns the report of a run that published. Raises a BigTrustError otherwise: the publications are then as they
    were, `governance` aside, which says why. Raises LockedError if another run is under way.
    """
    os.umask(0o077)  # what holds personal data is its owner's alone; publications say their mode themselves
    with _disk_errors(settings), lock.exclusive(settings.warehouse):
        settings.runs.mkdir(parents=True, exist_ok=True)
        record = Record(
            run=evidence.next_run(settings),
            started_at=records.now(),
            as_of=settings.as_of.isoformat() if settings.as_of else None,
        )
        attempt = _Attempt(settings, reporter, record, full_refresh=full_refresh)
        evidence.start(settings, record)  # what is not in the ledger has no number, and leaves no record
        try:
            attempt.build()
            attempt.check()
            attempt.publish()
            attempt.put_to_rest()
            attempt.close(records.PUBLISHED, ExitCode.DONE, None)
        except Exception as error:
            known = error if isinstance(error, BigTrustError | OSError | duckdb.IOException) else unexpected(error)
            with suppress(Exception):  # the first error is the one to tell
                attempt.close_failed(known)
            if attempt.summary is not None:
                reporter.say(f"Summary of the run: {attempt.summary}")
            raise known from None
        return attempt.report()


def build(settings: Settings, read: Inputs, invoke: Callable[[bool], None]) -> tuple[Inputs, str]:
    """Build what changed, or everything if that is not enough to know; give what was read, and which of the two.

    `invoke(only_changes)` builds the models.
    """
    if read.plan.only_changes:
        changes.begin(settings)
        try:
            with inputs.hand_over(read):
                invoke(True)
            return read, "changes"
        except changes.FullBuildNeeded as needed:
            read = replace(read, plan=Plan(read.plan.manifest, str(needed)))
    # from nothing: what is derived is rebuilt, and no deleted row survives in a free block
    for path in [settings.vault, *(settings.candidates / f"{name}.duckdb" for name in PUBLICATIONS)]:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
    with inputs.hand_over(read):
        invoke(False)
    return read, f"everything: {read.plan.reason}"


def check(settings: Settings, reporter: Reporter, only: Collection[str] = ()) -> checks.Report:
    """Check the candidates of the last build again, or only the checks of some codes. Publishes and records nothing.

    Raises ConfigurationError if there is no candidate or no such check, LockedError while a run is under way.
    """
    if only:
        registry.require_known(only, registry.every(settings.project))
    os.umask(0o077)
    with _disk_errors(settings), lock.exclusive(settings.warehouse):
        if not all((settings.candidates / f"{name}.duckdb").exists() for name in PUBLICATIONS):
            raise ConfigurationError("There is no candidate to check. Run `bigtrust run` first.")
        dbt = Dbt(settings)
        reporter.phase("parse")
        dbt.parse(evidence.next_run(settings))
        prepared = checks.load(settings)
        reporter.phase("check")
        return checks.run(settings, prepared, reporter.progress, only=only)


def review(settings: Settings, given: Review) -> str | None:
    """Record a review, and write the summary page anew. Returns a sentence if the page could not be written.

    Raises ConfigurationError if there is no such run, LockedError while a run is under way.
    """
    if not records.exists(settings.runs, given.run):
        raise ConfigurationError(
            f"--run: no run of this number is recorded in {settings.runs}. `bigtrust review --list` shows the runs."
        )
    os.umask(0o077)
    with _disk_errors(settings), lock.exclusive(settings.warehouse):
        reviews.add(settings.reviews, given)
        evidence.catch_up(settings)
        return pages.write(settings)


def measure(settings: Settings, reporter: Reporter, *, sample: int, seed: int) -> tuple[attacks.Found, str | None]:
    """Attack the publications, record what was found, and write the summary page anew.

    Returns what was found, and a sentence if the page could not be written. Raises as `attacks.measure` does, and
    LockedError while a run is under way.
    """
    os.umask(0o077)
    with _disk_errors(settings), lock.exclusive(settings.warehouse):
        found = attacks.measure(settings, reporter, sample=sample, seed=seed)
        attacks.write(settings.reidentification, found)
        return found, pages.write(settings)


class _Attempt:
    def __init__(self, settings: Settings, reporter: Reporter, record: Record, *, full_refresh: bool) -> None:
        self._settings = settings
        self._reporter = reporter
        self._record = record
        self._dbt = Dbt(settings)
        self._full_refresh = full_refresh
        self._started = time.monotonic()
        self._prepared: checks.Prepared | None = None
        self._unused_exceptions: Sequence[CheckException] = ()
        self._found: states.Found = {}
        self._is_governance_proven = False
        self.summary: Path | None = None

    def build(self) -> None:
        with self._phase("landing"):
            secret.load(self._settings)
            keys.versions(self._settings)  # a full build removes the databases before dbt meets the guards
            self._inputs = inputs.read(self._settings, full_refresh=self._full_refresh)
        with self._phase("parse"):
            self._dbt.parse(self._record.run)
            self._prepared = checks.load(self._settings)
            self._require_passed(self._prepared.made)
            if not lineage.is_compiled(self._prepared.manifest, self._settings.dbt_target / "compiled"):
                plan = self._inputs.plan
                reason = plan.reason or "what dbt compiled in the last build is gone"
                self._inputs = replace(self._inputs, plan=Plan(plan.manifest, reason))
        with self._phase("build"):
            try:
                self._inputs, self._record.built = build(
                    self._settings,
                    self._inputs,
                    lambda only_changes: self._dbt.build(
                        self._record.run, self._reporter.progress, only_changes=only_changes
                    ),
                )
            finally:
                tested = data_tests.results(self._settings, self._dbt.manifest, self._dbt.tests)
                self._prepared = replace(self._prepared, made=[*self._prepared.made, *tested])
                self._record_checks(self._prepared.made)
            self._require_passed(self._prepared.made)
            policy.put_aside(self._settings)
            register.keep(self._settings.register, self._settings.vault)
            register.keep_forgotten_lines(self._settings.register, self._settings.vault)
            register.remember(register.read(self._settings.register), self._settings.seen_requests)
            self._found = states.find(self._settings.vault)

    def check(self) -> None:
        assert self._prepared is not None  # noqa: S101  # there is nothing to check before a build
        with self._phase("check"):
            report = checks.run(self._settings, self._prepared, self._reporter.progress)
        self._record_checks(report.results)
        self._unused_exceptions = report.unused_exceptions
        self._is_governance_proven = report.passed
        checks.require_passed(report.results, f"See {self._settings.data_docs}/index.html.")

    def publish(self) -> None:
        with self._phase("publish"):
            self._publish(*(name for name in PUBLICATIONS if name != "governance"))
            states.record(self._settings.register, self._found, run=self._record.run, at=records.now())
            till.publish(self._settings.candidates / "governance.duckdb", self._settings.till)

    def put_to_rest(self) -> None:
        """Leave nothing in the vault and the candidates but what the next run needs: what was forgotten or has expired
        is then in no block of their files, free ones included."""
        with self._phase("rest"):
            with duckdb.connect(str(self._settings.vault)) as connection:
                changes.remember(connection)
                changes.put_to_rest(self._settings, connection, self._dbt.manifest, self._inputs.requests)
            publish.compact(self._settings.vault)
            for name in PUBLICATIONS:
                if name != "governance":  # it is still to be recorded in, and holds nobody's data
                    candidate = self._settings.candidates / f"{name}.duckdb"
                    publish.replace(self._settings.published / candidate.name, candidate)
            with duckdb.connect(str(self._settings.vault)) as connection:
                changes.complete(self._settings, connection)
            policy.remember(self._settings)

    def close(self, verdict: str, exit_code: ExitCode, message: str | None) -> None:
        """Record the run, publish governance, write ledger and summary page: they say what happened, also a failure."""
        record = self._record
        record.verdict, record.exit_code, record.message = verdict, int(exit_code), message
        record.finished_at, record.seconds = records.now(), round(time.monotonic() - self._started, 1)
        records.write(self._settings.runs, record)
        try:
            with self._phase("record"):
                if not (self._is_governance_proven or self._proves_governance()):
                    self._start_from_published_governance()
                if self._dbt.manifest is None:
                    self._dbt.parse(record.run)
                self._dbt.record(record.run)
                self._publish("governance")
                evidence.end(self._settings, record)
        finally:
            self._write_summary()

    def close_failed(self, error: Exception) -> None:
        """Record a run that did not publish."""
        exit_code = error.exit_code if isinstance(error, BigTrustError) else ExitCode.CONFIGURATION
        message = str(error) if isinstance(error, BigTrustError) else f"The disk refused ({type(error).__name__})."
        self.close(records.REFUSED if exit_code == ExitCode.CHECK_FAILED else records.STOPPED, exit_code, message)

    def report(self) -> Report:
        published = self._settings.published / "governance.duckdb"
        with duckdb.connect(str(published), read_only=True) as connection:
            return Report(
                record=self._record,
                tables=sql.rows(connection, "from marts.landing_rows"),
                relations=sql.rows(connection, "from marts.retention_status"),
                requests=connection.execute(records.REQUESTS_BY_STATE).fetchall(),
                unknown_sensitive=connection.execute(till.UNKNOWN_SENSITIVE).fetchall()[0][0],
                unused_exceptions=self._unused_exceptions,
                summary=self.summary,
            )

    def _require_passed(self, made: Sequence[CheckResult]) -> None:
        self._record_checks(made)
        reasons = dict.fromkeys(f"{result.code}: {result.reason}." for result in made if result.blocks)
        checks.require_passed(made, " ".join(reasons))

    def _record_checks(self, results: Sequence[CheckResult]) -> None:
        self._record.checks = [asdict(result) for result in results]

    def _write_summary(self) -> None:
        problem = pages.write(self._settings)
        self.summary = None if problem else self._settings.summary
        if problem:
            self._reporter.say(problem)

    def _publish(self, *names: str) -> None:
        """Publish candidates, together, after the ledger says that they are to be."""
        settings, record = self._settings, self._record

        def announce(copies: Mapping[Path, Path]) -> None:
            evidence.announce(settings, record, {path.stem: copy for path, copy in copies.items()})

        files = {settings.published / f"{name}.duckdb": settings.candidates / f"{name}.duckdb" for name in names}
        publish.publish(files, announce)

    def _proves_governance(self) -> bool:
        """Whether a run that failed came far enough for governance to say why, and what it says passes its checks."""
        candidate = self._settings.candidates / "governance.duckdb"
        return (
            self._prepared is not None
            and candidate.exists()
            and checks.is_proven(self._settings, self._prepared, "governance")
        )

    def _start_from_published_governance(self) -> None:
        candidate = self._settings.candidates / "governance.duckdb"
        published = self._settings.published / "governance.duckdb"
        candidate.unlink(missing_ok=True)
        if published.exists():
            candidate.parent.mkdir(parents=True, exist_ok=True)
            publish.copy(published, candidate)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self._reporter.phase(name)
        started = time.monotonic()
        yield
        self._record.phases[name] = round(time.monotonic() - started, 1)


@contextmanager
def _disk_errors(settings: Settings) -> Iterator[None]:
    """A full or read-only disk is a matter of configuration: one sentence, no traceback."""
    try:
        yield
    except OSError as error:
        where = error.filename or settings.warehouse
        raise ConfigurationError(
            f"{where} cannot be used ({error.strerror or type(error).__name__}). Free the disk, or correct the "
            "folder's owner and mode."
        ) from None
    except duckdb.IOException:
        raise ConfigurationError(
            f"A database under {settings.warehouse} cannot be opened or written. Free the disk, correct the folder's "
            "owner and mode, and close programs that have vault.duckdb open."
        ) from None
