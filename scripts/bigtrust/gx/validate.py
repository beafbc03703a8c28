"""Let Great Expectations judge the publications, and turn its results into verdicts that hold counts only."""

import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import great_expectations as gx
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import get_expectation_impl

from bigtrust import check_exceptions
from bigtrust.check_exceptions import CheckException
from bigtrust.errors import ConfigurationError
from bigtrust.gx import engine
from bigtrust.gx.data_docs import write_data_docs
from bigtrust.gx.permitted import load_custom_expectations
from bigtrust.gx.raw_values import RawColumn, RawValueSummary, build_raw_values, find
from bigtrust.gx.suites import FOLDER, Rule, Suite
from bigtrust.gx.texts import gather
from bigtrust.gx.unkeyed_hashes import PseudonymColumn, build_unkeyed_hashes
from bigtrust.verdicts import EXAMINED_NOTHING, CheckResult, Verdict

RAW = "expect_table_to_hold_no_raw_value"
UNKEYED = "expect_table_to_hold_no_unkeyed_hash"
OF_TEXTS = frozenset({RAW, UNKEYED, "expect_table_to_hold_no_personal_pattern"})
NEED_RAW_VALUES = frozenset({RAW, UNKEYED})  # to collect the raw values takes longer than most checks

# Counts only: no unexpected value, no row, no query that would find it.
RESULT_FORMAT = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True)
class Report:
    """All verdicts, what the search for raw values looked for, and the exceptions that were made for nothing."""

    results: tuple[CheckResult, ...]
    raw_values: RawValueSummary
    unused_exceptions: tuple[CheckException, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is a verdict and no check of severity critical failed without an exception."""
        return bool(self.results) and not any(result.blocks for result in self.results)


@dataclass(frozen=True)
class _Check:
    suite: Suite
    rule: Rule


def validate(
    publications: Mapping[str, Path],
    vault: Path | None,
    suites: Sequence[Suite],
    *,
    today: date,
    k: int,
    raw_columns: Sequence[RawColumn] = (),
    product_columns: Sequence[RawColumn] = (),
    unavailable: Mapping[str, str] = MappingProxyType({}),
    data_docs: Path | None = None,
    expectations: Path = FOLDER,
    also: Sequence[CheckResult] = (),
    exceptions: Sequence[CheckException] = (),
) -> Report:
    """Judge publication files (name to path) by suites, in one ephemeral context.

    The files and the vault are only read. `raw_columns` are what must not be published, `product_columns` what a
    raw value may be part of (both with relations `vault.schema.name`); `unavailable` says of what `needs` may name
    and was not there (a landing table, `table.column`) why it was not; `today` is the date for retention, `k` how many
    persons must be alike at least. With `data_docs`, pages are written into that folder, which is replaced. Great
    Expectations alone decides what succeeds; what succeeded on nothing is failed, or not applicable if something it
    needs was unavailable. `also` are verdicts of other checks, which come first in the report; `exceptions` may cover
    what failed of all of them.

    Raises ConfigurationError if a file cannot be opened or a suite is of no publication, QueryFailed if a raw
    column cannot be read.
    """
    load_custom_expectations(expectations)
    for suite in suites:
        if suite.publication not in publications:
            raise ConfigurationError(f"{suite.relation}: there is no publication {suite.publication} to judge.")
    checks = [_Check(suite, rule) for suite in suites for rule in suite.rules]
    with engine.opened(publications, vault) as (session, connection):
        is_searching = any(check.rule.expectation in NEED_RAW_VALUES for check in checks)
        summary = build_raw_values(connection, raw_columns, product_columns) if is_searching else RawValueSummary()
        if any(check.rule.expectation == UNKEYED for check in checks):
            build_unkeyed_hashes(connection, raw_columns, _pseudonyms(suites))
        engine.forbid_other_files(connection)
        _read_at_once(engine.sessions[session], checks)
        outcomes, crashes = _outcomes(session, checks, {"today": today.isoformat(), "k": k})
        columns = {suite.relation: _columns(engine.sessions[session], suite.relation) for suite in suites}
    results = tuple(
        _judge(
            check,
            outcomes.get(number),
            crashes.get(check.suite.relation, ""),
            columns[check.suite.relation],
            unavailable,
            summary,
        )
        for number, check in enumerate(checks)
    )
    everything, unused = check_exceptions.apply([*also, *results], exceptions, check_exceptions.today())
    if data_docs is not None:
        others, judged = everything[: len(also)], everything[len(also) :]
        write_data_docs(data_docs, _documented(checks, judged, outcomes), others)
    return Report(tuple(everything), summary, tuple(unused))


def _outcomes(
    session: str, checks: Sequence[_Check], given: Mapping[str, Any]
) -> tuple[dict[int, Any], dict[str, str]]:
    """Great Expectations' result for each check, by its number; and by relation the kind of error if it stopped there.

    Each batch is validated by itself: a checkpoint, or a validation definition, would compare suites and results with
    what the context stores, and store them, which took a third of the time.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    sources = {
        publication: context.data_sources.add_duckdb(
            publication, connection_string=f"duckdb:///{session}/{publication}"
        )
        for publication in dict.fromkeys(check.suite.publication for check in checks)
    }
    outcomes: dict[int, Any] = {}
    crashes: dict[str, str] = {}
    for relation in dict.fromkeys(check.suite.relation for check in checks):
        publication, schema, name = relation.split(".")
        suite = gx.ExpectationSuite(
            name=relation,
            expectations=[
                _configuration(check.rule, number, given).to_domain_obj()
                for number, check in enumerate(checks)
                if check.suite.relation == relation
            ],
        )
        with warnings.catch_warnings():
            # One datasource per publication and not one per schema: Great Expectations would prefer the latter.
            warnings.filterwarnings("ignore", message="`schema_name` is deprecated")
            asset = sources[publication].add_table_asset(relation, table_name=name, schema_name=schema)
        try:
            validated = asset.get_batch(asset.build_batch_request()).validate(suite, result_format=RESULT_FORMAT)
        except Exception as error:  # fails every check that has no result; the message may quote data
            crashes[relation] = type(error).__name__
            continue
        outcomes |= {result.expectation_config.meta["number"]: result for result in validated.results}
    return outcomes, crashes


def _read_at_once(session: engine.Session, checks: Sequence[_Check]) -> None:
    """Read and search all relations together; if one of them cannot be read, each is by its own expectations."""
    with suppress(engine.QueryFailed):
        gather(session, _relations(checks, OF_TEXTS))
        find(session, _relations(checks, {RAW}))


def _relations(checks: Sequence[_Check], expectations: Collection[str]) -> list[str]:
    """The SQL names of the relations that these expectations are of."""
    return [engine.sql_name(check.suite.relation) for check in checks if check.rule.expectation in expectations]


def _pseudonyms(suites: Sequence[Suite]) -> list[PseudonymColumn]:
    return [
        PseudonymColumn(suite.relation, rule.arguments["column"], rule.arguments["issued_in"])
        for suite in suites
        for rule in suite.rules
        if rule.arguments.get("issued_in")
    ]


def _configuration(rule: Rule, number: int, given: Mapping[str, Any]) -> Any:
    fields = get_expectation_impl(rule.expectation).__fields__
    arguments = {**rule.arguments, **{name: value for name, value in given.items() if name in fields}}
    return ExpectationConfiguration(
        type=rule.expectation, kwargs=arguments, meta={"number": number}, severity=rule.severity
    )


def _judge(
    check: _Check,
    outcome: Any,
    crash: str,
    columns: Collection[str],
    unavailable: Mapping[str, str],
    raw_values: RawValueSummary,
) -> CheckResult:
    suite, rule = check.suite, check.rule
    column = rule.arguments.get("column")
    examined, violations = 0, 0
    verdict: Verdict = "failed"
    if outcome is None:
        reason = f"Great Expectations gave no result ({crash or 'unknown error'})"
    elif _raised(outcome):
        reason = _crash_reason(outcome, column, columns)
    else:
        examined, violations = _counts(rule.expectation, outcome)
        missing = _why_unavailable(rule.needs, unavailable)
        if not missing and rule.expectation == RAW and raw_values.too_short and not raw_values.searched:
            missing = "no identifier or free text that is long enough to search for was landed"
        if examined == 0 and violations == 0 and missing:
            verdict, reason = "not applicable", missing
        elif examined == 0 and violations == 0:
            reason = EXAMINED_NOTHING
        elif outcome.success:
            verdict, reason = "passed", ""
        else:
            reason = _failure_reason(outcome, examined, violations)
    return CheckResult(
        code=rule.code,
        publication=suite.publication,
        relation=suite.relation,
        column=column,
        suite=suite.origin,
        expectation=rule.expectation,
        severity=rule.severity,
        examined=examined,
        violations=violations,
        verdict=verdict,
        reason=reason,
    )


def _counts(expectation: str, outcome: Any) -> tuple[int, int]:
    """How much was examined and how much of it violates the rule, from a result of Great Expectations."""
    result = outcome.result
    observed = result.get("observed_value")
    failed = 0 if outcome.success else 1
    if "element_count" in result:
        examined = int(result["element_count"]) - int(result.get("missing_count") or 0)
        return examined, int(result.get("unexpected_count") or 0)
    if isinstance(observed, dict):
        return int(observed["examined"]), int(observed["violations"])
    if isinstance(observed, list):  # names of columns
        mismatched = result.get("details", {}).get("mismatched", [])
        lists = mismatched.values() if isinstance(mismatched, dict) else [mismatched]
        return len(observed), max(failed, sum(len(names) for names in lists)) if failed else 0
    if isinstance(observed, int):  # a count of rows
        return observed, failed if observed else 0
    return 1, failed  # a column that should exist


def _raised(outcome: Any) -> bool:
    information = outcome.exception_info or {}
    entries = [information, *(entry for entry in information.values() if isinstance(entry, dict))]
    return any(entry.get("raised_exception") for entry in entries)


def _crash_reason(outcome: Any, column: str | None, columns: Collection[str]) -> str:
    if not columns:
        return "the relation does not exist or cannot be read"
    if column is not None and column not in columns:
        return f"there is no column {column}"
    kind = re.search(r"The query failed in DuckDB: (\w+)", str(outcome.exception_info))
    return f"could not be evaluated ({kind[1] if kind else 'error'}; message withheld, it may quote data)"


def _failure_reason(outcome: Any, examined: int, violations: int) -> str:
    observed = outcome.result.get("observed_value")
    where = observed.get("where", {}) if isinstance(observed, dict) else {}
    details = "; ".join(f"{place}: {what}" for place, what in where.items())
    counted = f"{violations:,} of {examined:,} examined violate the rule"
    if violations > examined or not violations:
        counted = f"{violations:,} violations, {examined:,} examined"
    return f"{counted} ({details})" if details else counted


def _why_unavailable(needs: Sequence[str], unavailable: Mapping[str, str]) -> str:
    """Why there was nothing to examine, if nothing of what is needed was there."""
    reasons = [unavailable.get(need.split(".")[0]) or unavailable.get(need) for need in needs]
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) if all(reasons) else ""


def _columns(session: engine.Session, relation: str) -> list[str]:
    try:
        return [name for name, _ in session.columns(engine.sql_name(relation))]
    except engine.QueryFailed:
        return []


def _documented(
    checks: Sequence[_Check], results: Sequence[CheckResult], outcomes: Mapping[int, Any]
) -> Iterator[tuple[CheckResult, Rule, Any]]:
    for number, (check, result) in enumerate(zip(checks, results, strict=True)):
        yield result, check.rule, outcomes.get(number)
