"""Verdicts: Great Expectations decides, nothing passes on nothing, and no value leaves."""

import json
import logging
import socket
import traceback
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from gx_shop import CANARY, TODAY, Shop

import bigtrust.gx.validate
from bigtrust import check_exceptions
from bigtrust.check_exceptions import CheckException
from bigtrust.errors import ConfigurationError
from bigtrust.gx.engine import QueryFailed, withheld
from bigtrust.gx.permitted import COUNTS_ONLY
from bigtrust.gx.raw_values import RawColumn
from bigtrust.gx.suites import Rule, Suite
from bigtrust.gx.validate import validate

RELATION = "analytics.marts.mart"


def suite(*rules: Rule, relation: str = RELATION) -> Suite:
    return Suite(relation, rules)


def rule(expectation: str, code: str = "TST-01", severity: str = "critical", **arguments: Any) -> Rule:
    return Rule(code, expectation, arguments, "A test.", (), severity)


# Each permitted expectation: a query and arguments with which it passes, and a query with which it fails.
CANARY_VALUE = "canary-value"
X = "select 'x' as a"
VALUE = f"select '{CANARY_VALUE}' as a"
TWO = "select 1 as a, 2 as b"
BUILT_IN: dict[str, tuple[dict[str, Any], str, str]] = {
    "expect_column_pair_values_a_to_be_greater_than_b": (
        {"column_A": "b", "column_B": "a"},
        TWO,
        "select 2 as a, 1 as b",
    ),
    "expect_column_pair_values_to_be_equal": (
        {"column_A": "a", "column_B": "b"},
        f"{X}, 'x' as b",
        f"{VALUE}, 'x' as b",
    ),
    "expect_column_to_exist": ({"column": "a"}, X, "select 1 as b"),
    "expect_column_value_lengths_to_be_between": ({"column": "a", "max_value": 3}, X, VALUE),
    "expect_column_value_lengths_to_equal": ({"column": "a", "value": 1}, X, VALUE),
    "expect_column_values_to_be_between": ({"column": "a", "min_value": 0}, "select 1 as a", "select -1 as a"),
    "expect_column_values_to_be_in_set": ({"column": "a", "value_set": ["x"]}, X, VALUE),
    "expect_column_values_to_be_null": ({"column": "a"}, "select null::int as a", VALUE),
    "expect_column_values_to_be_unique": ({"column": "a"}, X, f"{VALUE} union all {VALUE}"),
    "expect_column_values_to_match_regex": ({"column": "a", "regex": "^x$"}, X, VALUE),
    "expect_column_values_to_not_be_in_set": ({"column": "a", "value_set": ["y"]}, X, "select 'y' as a"),
    "expect_column_values_to_not_be_null": ({"column": "a"}, X, "select null::varchar as a"),
    "expect_column_values_to_not_match_regex": ({"column": "a", "regex": "can"}, X, VALUE),
    "expect_column_values_to_not_match_regex_list": ({"column": "a", "regex_list": ["z", "can"]}, X, VALUE),
    "expect_compound_columns_to_be_unique": ({"column_list": ["a", "b"]}, TWO, f"{VALUE}, 1 as b from range(2)"),
    "expect_select_column_values_to_be_unique_within_record": (
        {"column_list": ["a", "b"]},
        TWO,
        f"{VALUE}, '{CANARY_VALUE}' as b",
    ),
    "expect_table_columns_to_match_ordered_list": ({"column_list": ["a", "b"]}, TWO, "select 2 as b, 1 as a"),
    "expect_table_columns_to_match_set": ({"column_set": ["b", "a"]}, TWO, "select 1 as a"),
    "expect_table_row_count_to_be_between": ({"max_value": 1}, X, f"{X} from range(2)"),
}


def test_each_permitted_expectation_passes_and_fails_on_duckdb_and_reports_no_value(shop: Shop) -> None:
    assert set(BUILT_IN) == COUNTS_ONLY
    suites = []
    for number, (expectation, (arguments, passing, failing)) in enumerate(BUILT_IN.items()):
        for kind, sql in {"passing": passing, "failing": failing}.items():
            shop.publish(f"create table marts.{kind}_{number} as {sql}")
            suites.append(suite(rule(expectation, **arguments), relation=f"analytics.marts.{kind}_{number}"))
    docs = shop.root / "docs"
    report = shop.judge(suites, data_docs=docs)
    assert len(report.results) == 2 * len(BUILT_IN)
    for result in report.results:
        expected = "passed" if "passing" in result.relation else "failed"
        assert (result.expectation, result.verdict) == (result.expectation, expected), result
        assert result.examined > 0, result
        assert (result.violations > 0) is (expected == "failed"), result
    assert CANARY_VALUE not in str(report) + "".join(page.read_text() for page in docs.rglob("*.html"))


def test_a_database_error_fails_the_check_and_no_value_leaves(
    shop: Shop, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The canary is in the message of the database, which Great Expectations would copy everywhere."""
    caplog.set_level(logging.DEBUG)
    shop.publish(f"""
        create table protected.mart as select '{CANARY}' as email, date '2030-01-01' as visible_until;
        create view marts.mart as select email, email::integer as broken, visible_until from protected.mart""")
    with (
        pytest.raises(duckdb.ConversionException, match=CANARY),
        duckdb.connect(str(shop.publications["analytics"])) as c,
    ):
        c.execute("select * from marts.mart").fetchall()
    rules = [
        rule("expect_column_values_to_match_regex", column="broken", regex="x"),
        rule("expect_column_values_to_be_pseudonyms", column="broken"),
        rule("expect_table_to_hold_no_raw_value"),
        rule("expect_column_values_to_be_unique", column="email"),
        rule("expect_compound_columns_to_be_unique", column_list=["email", "broken"]),
        rule("expect_column_values_to_be_between", column="email", min_value=3),
        rule("expect_column_values_to_be_in_set", column="email", value_set=["x"]),
        rule("expect_table_to_hold_only_rows_within_retention", column="email"),
    ]
    docs = shop.root / "docs"
    report = shop.judge([suite(*rules)], data_docs=docs)
    verdicts = [result.verdict for result in report.results]
    assert verdicts == ["failed", "failed", "failed", "passed", "failed", "failed", "failed", "failed"]
    assert "could not be evaluated (ConversionException; message withheld" in report.results[0].reason
    captured = capfd.readouterr()
    everything = (
        str(report)
        + json.dumps([asdict(result) for result in report.results])
        + "".join(page.read_text() for page in docs.rglob("*.html"))
        + caplog.text
        + captured.out
        + captured.err
    )
    assert CANARY not in everything
    assert "canari" not in everything.lower()


def test_great_expectations_own_results_hold_no_value_either(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    original = bigtrust.gx.validate._outcomes
    monkeypatch.setattr(bigtrust.gx.validate, "_outcomes", lambda *given: seen.append(original(*given)) or seen[-1])
    shop.publish(f"create view marts.mart as select '{CANARY}' as email, '{CANARY}'::varchar::integer as broken")
    rules = [rule("expect_column_values_to_match_regex", column=column, regex="x") for column in ("email", "broken")]
    shop.judge([suite(*rules, rule("expect_table_to_hold_no_raw_value"))])
    outcomes = seen[0][0].values()
    assert len(outcomes) == 3
    assert CANARY not in str([outcome.to_json_dict() for outcome in outcomes])
    assert CANARY not in str([outcome.exception_info for outcome in outcomes])


def test_a_withheld_error_shows_no_cause() -> None:
    with pytest.raises(QueryFailed) as failure, withheld():
        raise ValueError(CANARY)
    assert CANARY not in "".join(traceback.format_exception(failure.value))


def test_deleting_an_expectation_from_a_suite_lets_its_leak_pass(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'write to unknown.person@example.com' as note, 'FR' as country")
    pattern = rule("expect_table_to_hold_no_personal_pattern", pattern="email")
    country = rule("expect_column_values_to_match_regex", "TST-02", column="country", regex="^[A-Z]{2}$")
    assert not shop.judge([suite(pattern, country)]).passed
    assert shop.judge([suite(country)]).passed


def test_a_written_and_a_baseline_suite_of_one_relation_are_both_judged(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'x' as a")
    rows = rule("expect_table_to_hold_rows")
    baseline = Suite(RELATION, (rows,), "baseline")
    report = shop.judge([baseline, suite(rows, rule("expect_column_to_exist", column="a"))])
    assert [(result.suite, result.verdict) for result in report.results] == [
        ("baseline", "passed"),
        ("written", "passed"),
        ("written", "passed"),
    ]


def test_a_missing_column_or_relation_fails_and_is_named(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'x' as a")
    gone = suite(rule("expect_table_to_hold_rows"), relation="analytics.marts.gone")
    report = shop.judge([suite(rule("expect_column_values_to_match_regex", column="b", regex="x")), gone])
    assert [result.reason for result in report.results] == [
        "there is no column b",
        "the relation does not exist or cannot be read",
    ]
    assert {result.verdict for result in report.results} == {"failed"}


def test_a_warning_does_not_block_publication(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'x' as a")
    failing = {"expectation": "expect_column_values_to_be_null", "column": "a"}
    assert shop.judge([suite(rule(severity="warning", **failing))]).passed
    assert not shop.judge([suite(rule(severity="critical", **failing))]).passed
    assert not shop.judge([]).passed


def test_an_excepted_failure_does_not_block_and_is_on_the_index(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'x' as a")
    failing = suite(rule("expect_column_values_to_be_null", column="a"))
    until = check_exceptions.today() + timedelta(days=30)
    exception = CheckException("TST-01", f"{RELATION}.a", "Later", "Data team", "Privacy office", until)
    other = replace(exception, code="TST-02")
    docs = shop.root / "docs"
    report = shop.judge([failing], exceptions=[exception, other], data_docs=docs)
    assert report.passed
    assert [(result.verdict, result.exception) for result in report.results] == [("failed", exception.text)]
    assert report.unused_exceptions == ()  # TST-02 was not made
    for page in (docs / "index.html", docs / "analytics" / "marts" / "mart.html"):
        assert exception.text in page.read_text(encoding="utf-8")
    assert not shop.judge([failing], exceptions=[replace(exception, object=f"{RELATION}.b")]).passed


def test_verdicts_of_other_checks_come_first_and_are_on_the_index(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'x' as a")
    passing = suite(rule("expect_column_to_exist", column="a"))
    failed = replace(
        shop.judge([passing]).results[0], code="OBJ-01", relation="analytics", verdict="failed", reason="1 macro"
    )
    docs = shop.root / "docs"
    report = shop.judge([passing], also=[failed], data_docs=docs)
    assert not report.passed
    assert [result.code for result in report.results] == ["OBJ-01", "TST-01"]
    index = (docs / "index.html").read_text(encoding="utf-8")
    assert index.count("1 macro") == 2  # what failed, and other checks
    assert 'href="analytics.html"' not in index


def test_raw_values_are_collected_only_for_a_check_that_needs_them(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'x' as a")
    unreadable = [RawColumn("vault.staging.base_customers", "no_such_column")]
    pattern = suite(rule("expect_table_to_hold_no_personal_pattern", pattern="email"))
    report = shop.judge([pattern], raw_columns=unreadable)
    assert (report.passed, report.raw_values.columns) == (True, ())
    with pytest.raises(QueryFailed):
        shop.judge([suite(rule("expect_table_to_hold_no_raw_value"))], raw_columns=unreadable)


def test_a_check_that_crashes_fails_those_without_a_result_and_says_no_value(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish(f"create table marts.mart as select '{CANARY}' as a")

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("great_expectations.datasource.fluent.interfaces.Batch.validate", crash)
    (result,) = shop.judge([suite(rule("expect_column_to_exist", column="a"))]).results
    assert (result.verdict, result.reason) == ("failed", "Great Expectations gave no result (RuntimeError)")


def test_only_values_that_are_not_null_count_as_examined(shop: Shop) -> None:
    result = shop.verdict(
        "select unnest(['x', null, null]) as a", "expect_column_values_to_match_regex", column="a", regex="x"
    )
    assert (result.examined, result.verdict) == (1, "passed")
    result = shop.verdict("select null::varchar as a", "expect_column_values_to_match_regex", column="a", regex="x")
    assert (result.verdict, result.reason) == ("failed", "examined nothing")
    result = shop.verdict("select unnest(['x', null]) as a", "expect_column_values_to_not_be_null", column="a")
    assert (result.examined, result.violations) == (2, 1)


def test_regular_expressions_work_on_any_type(shop: Shop) -> None:
    for value, regex in {"uuid()": "^[0-9a-f-]{36}$", "12": "^12$", "date '2026-01-02'": "^2026-01-02$"}.items():
        for expectation, verdict in {"match": "passed", "not_match": "failed"}.items():
            name = f"expect_column_values_to_{expectation}_regex"
            assert shop.verdict(f"select {value} as a", name, column="a", regex=regex).verdict == verdict


def test_several_publications_are_judged_at_once_and_none_reaches_another(shop: Shop) -> None:
    shop.publish("create table marts.mart as select 'analyst' as who")
    shop.publish("create table marts.mart as select 'everybody' as who", "insights")
    matches = "expect_column_values_to_match_regex"
    analyst = suite(rule(matches, column="who", regex="^analyst$"))
    everybody = suite(rule(matches, column="who", regex="^everybody$"), relation="insights.marts.mart")
    report = shop.judge([analyst, everybody])
    assert [result.publication for result in report.results] == ["analytics", "insights"]
    assert report.passed


@pytest.mark.parametrize("fails", ["when it is described", "when it is read"])
def test_a_relation_that_cannot_be_read_fails_and_the_others_are_searched(
    shop: Shop, tmp_path: Path, fails: str
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\nx\n")
    shop.publish("create table marts.leaking as select 'jean.dupont@example.com' as a")
    shop.publish("create table protected.words as select 'x' as a")
    source = f"from read_csv('{other}')" if fails == "when it is described" else "from protected.words"
    shop.publish(f"create view marts.unreadable as select cast(cast(a as integer) as varchar) as a {source}")
    raw = rule("expect_table_to_hold_no_raw_value")
    suites = [suite(raw, relation=f"analytics.marts.{name}") for name in ("leaking", "unreadable")]
    leaking, unreadable = shop.judge(suites).results
    assert (unreadable.verdict, unreadable.violations) == ("failed", 0)
    assert (leaking.verdict, leaking.violations, leaking.examined) == ("failed", 1, 1)


def test_the_files_are_only_read_and_no_other_file_can_be(shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\nx\n")
    shop.publish(f"create view marts.mart as select * from read_csv('{other}')")
    before = {path: path.read_bytes() for path in (shop.vault, *shop.publications.values())}
    report = shop.judge([suite(rule("expect_table_to_hold_rows"))])
    assert report.results[0].verdict == "failed"
    assert before == {path: path.read_bytes() for path in before}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["analytics.duckdb", "other.csv", "vault.duckdb"]


def test_nothing_is_sent_anywhere(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    shop.publish("create table marts.mart as select 'x' as a")
    assert shop.judge([suite(rule("expect_table_to_hold_rows"))], data_docs=shop.root / "docs").passed


def test_a_file_that_is_missing_or_no_database_stops_the_run(shop: Shop) -> None:
    rows = suite(rule("expect_table_to_hold_rows"))
    options: dict[str, Any] = {"today": TODAY, "k": 5}
    with pytest.raises(ConfigurationError, match="there is no file"):
        validate({"analytics": shop.root / "gone.duckdb"}, None, [rows], **options)
    (shop.root / "text.duckdb").write_text("no database " * 1000)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        validate({"analytics": shop.root / "text.duckdb"}, None, [rows], **options)
    with pytest.raises(ConfigurationError, match="no publication analytics"):
        validate({"insights": shop.vault}, None, [rows], **options)
