"""Running dbt inside this process: the manifest is parsed once, progress is reported, errors become one sentence."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult

from bigtrust import data_tests
from bigtrust.changes import FullBuildNeeded
from bigtrust.errors import BigTrustError, CheckFailed, ConfigurationError, ExitCode, InputError
from bigtrust.settings import Settings

_FULL_BUILD = "A full build is needed: "  # as macros/changes/require_full_build.sql says it
Progress = Callable[[str, int, int], None]  # what was finished, how many are finished, of how many


class Dbt:
    """dbt for one warehouse. The DuckDB files are closed between calls, so that others may read them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.manifest: Any = None
        self.tests: list[Any] = []  # dbt's results of the data tests of the last build, also of a failed one

    def parse(self, run: int) -> None:
        """Parse the project. Raises ConfigurationError for a project that does not parse."""
        with self._environment(run):
            result = dbtRunner().invoke(["parse", *self._flags()])
        if not result.success:
            _raise_if_disk(result.exception)
            raise ConfigurationError(f"The dbt project does not parse: {_first_sentence(result.exception)}")
        self.manifest = result.result

    def build(self, run: int, progress: Progress, *, only_changes: bool = False) -> None:
        """Build seeds, models and data tests into the vault and the candidates, or what a change concerns of them.

        Raises FullBuildNeeded (a change that only a full build can follow), ConfigurationError (a model failed),
        InputError or CheckFailed (a data test failed, by its meta).
        """
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        if only_changes:
            # cautious: a test that reads a view as well as tables would be left out with the views
            arguments += ["seed", *self._unchanged_views(), "--indirect-selection", "cautious"]
        with self._environment(run, only_changes=only_changes):
            result = self._invoke(arguments, progress)
        ended = getattr(result.result, "results", ())
        self.tests = [item for item in ended if item.node.resource_type == "test"]
        self._raise_for(result)
        self._require_every_test()

    def _require_every_test(self) -> None:
        """A promise whose data test is left out is not proven: then nothing may be published."""
        made = {item.node.unique_id for item in self.tests}
        nodes = self.manifest.nodes.values()
        left_out = [node for node in nodes if node.resource_type == "test" and node.unique_id not in made]
        if left_out:
            codes = ", ".join(sorted({data_tests.code(node) for node in left_out}))
            raise ConfigurationError(
                f"dbt left out {len(left_out)} data tests ({codes}), so what they prove is not proven. Nothing was "
                "published. Run again with --full-refresh, and report this."
            )

    def build_models(self, run: int, publications: Sequence[str], *, only_changes: bool = False) -> None:
        """Build the seeds and models that some publications are made of, and what the register should remember; no data
        tests: for a comparison.

        Raises FullBuildNeeded, or ConfigurationError if a model fails.
        """
        parts = [
            f"+path:models/{folder}"
            for name in publications
            for folder in ([name] if name == "governance" else [f"protected/{name}", f"marts/{name}"])
        ]
        parts.append("+lines_to_remember")
        arguments = ["build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
        # one thread: of so few rows, dbt's own work is most, and Python does it one thing at a time
        arguments += ["--threads", "1", "--no-write-json", "--select", *parts]
        if only_changes:
            arguments += ["--exclude-resource-type", "seed", *self._unchanged_views()]
        with self._environment(run, only_changes=only_changes):
            result = self._invoke(arguments, lambda *_: None)
        self._raise_for(result)

    def build_marts(self, progress: Progress) -> None:
        """Build the policy tables and test them, then the marts and what is beneath them, without other data tests.

        Raises ConfigurationError if a policy table is not possible.
        """
        self._build_seeds_and("+path:models/marts", progress=progress)

    def build_activation(self, progress: Progress) -> None:
        """Build the policy tables and test them, then what decides whom an offer or a recall may reach.

        Raises ConfigurationError if a policy table is not possible.
        """
        parts = ("+path:models/vault/activation", "+cool_downs", "+offer_categories", "+scope_purchase_lines")
        self._build_seeds_and(*parts, progress=progress)

    def _build_seeds_and(self, *parts: str, progress: Progress) -> None:
        with self._environment(0):
            seeds = ["build", "--select", "path:seeds", "--indirect-selection", "cautious"]  # tests of nothing else
            self._raise_for(self._invoke(seeds, lambda *_: None))
            self._raise_for(self._invoke(["run", "--select", *parts], progress))

    def _unchanged_views(self) -> list[str]:
        """Views are what they were; but in those of marts the day that they compare with may stand."""
        return ["--exclude", "config.materialized:view" if self._settings.as_of is None else "path:models/staging"]

    def record(self, run: int) -> None:
        """Build only the relations that hold the record of all runs."""
        try:
            with self._environment(run, record_only=True):
                result = self._invoke(["run", "--select", "tag:record"], lambda *_: None)
        finally:
            shutil.rmtree(self._settings.record_only, ignore_errors=True)
        self._raise_for(result)

    def _invoke(self, arguments: list[str], progress: Progress) -> dbtRunnerResult:
        counter = _Counter(progress)
        try:
            return dbtRunner(manifest=self.manifest, callbacks=[counter]).invoke([*arguments, *self._flags()])
        finally:
            environment = DuckDBConnectionManager._ENV
            if environment is not None:
                environment.close()
            DuckDBConnectionManager.close_all_connections()

    def _flags(self) -> list[str]:
        project = str(self._settings.project)
        return [
            "--project-dir",
            project,
            "--profiles-dir",
            project,
            "--log-level",
            "none",
            "--log-level-file",
            "info",
        ]

    @contextmanager
    def _environment(self, run: int, *, record_only: bool = False, only_changes: bool = False) -> Any:
        changes = {
            **self._settings.environment(),
            "BIGTRUST_RUN": str(run),
            "BIGTRUST_LOCK_IS_HELD": "yes",
            "BIGTRUST_RECORD_ONLY": "yes" if record_only else "no",
            "BIGTRUST_CHANGES": "yes" if only_changes else "no",
        }
        before = {name: os.environ.get(name) for name in changes}
        os.environ.update(changes)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def _raise_for(self, result: dbtRunnerResult) -> None:
        if result.success:
            return
        if result.exception is not None or not hasattr(result.result, "results"):
            _raise_if_disk(result.exception)
            raise ConfigurationError(_first_sentence(result.exception))
        failed = [item for item in result.result.results if item.status in ("error", "fail", "runtime error")]
        failures = [_test_failure(item.node, self._settings.vault) for item in failed if item.status == "fail"]
        if failures:  # what must be set right first comes first
            raise min(failures, key=lambda failure: _ORDER.index(failure.exit_code))
        for item in failed:
            if _FULL_BUILD in item.message:
                raise FullBuildNeeded(item.message.partition(_FULL_BUILD)[2].partition(".")[0])
        item = failed[0]
        raise ConfigurationError(
            f"dbt could not build {item.node.name}: {_first_sentence(item.message)} The log is in "
            f"{self._settings.dbt_logs}."
        )


_ORDER = (ExitCode.CONFIGURATION, ExitCode.UNUSABLE_INPUT, ExitCode.CHECK_FAILED)


class _Counter:
    """dbt calls it with every event; it reports each finished node."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogSeedResult"):
            self._progress(event.data.node_info.node_name, event.data.index, event.data.total)
        elif event.info.name == "LogTestResult":
            self._progress(event.data.name, event.data.index, event.data.num_models)


def _test_failure(node: Any, vault: Path) -> BigTrustError:
    meta = node.config.meta or {}
    sentence = meta.get("remedy") or f"The data test {node.name} failed. Query its compiled SQL to see on what."
    sentence = f"{data_tests.code(node)}: {sentence}"
    code = ExitCode(meta.get("exit_code", ExitCode.CHECK_FAILED))
    if code == ExitCode.UNUSABLE_INPUT:
        return InputError(f"{sentence} {_rejected(vault)}".strip())
    return ConfigurationError(sentence) if code == ExitCode.CONFIGURATION else CheckFailed(sentence)


def _rejected(vault: Path) -> str:
    """Where the first rejected rows are, and how many there are: positions and reasons, no values."""
    with duckdb.connect(str(vault), read_only=True) as connection:
        rows = connection.execute(
            """
            select
                landing_table,
                reason,
                count(*) as rejected,
                arg_min(file_name, (file_number, row_number)) as file_name,
                min((file_number, row_number))[2] as row_number
            from restricted.landing_set_aside
            left join landing.files using (landing_table, file_number)
            where status = 'rejected'
            group by landing_table, reason
            order by landing_table in ('erasure_requests', 'register_requests', 'consents') desc, rejected desc
            limit 3
            """
        ).fetchall()
    places = [f"{table}: {count} × {reason}, first in {file} row {row}" for table, reason, count, file, row in rows]
    return f"({'; '.join(places)}.)" if places else ""


def _raise_if_disk(error: BaseException | None) -> None:
    """Raise what lies beneath an error of dbt's if it is one of the disk."""
    while error is not None:
        if isinstance(error, OSError):
            raise error
        error = error.__cause__ or error.__context__


def _first_sentence(error: object) -> str:
    """The first informative line of a dbt message; dbt puts headings such as "Runtime Error" above it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    informative = [
        line
        for line in lines
        if not line.startswith(("Runtime Error", "Database Error", "Compilation Error", "Parsing Error"))
    ]
    text = (informative or lines or ["unknown error"])[0]
    return text if text.endswith(".") else text + "."
