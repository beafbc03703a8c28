"""Exceptions are read strictly, end by themselves, and cover what they name and nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bigtrust import check_exceptions
from bigtrust.check_exceptions import CheckException
from bigtrust.errors import ConfigurationError
from bigtrust.registry import CHECKS
from bigtrust.settings import PROJECT
from bigtrust.verdicts import CheckResult

TODAY = date(2026, 11, 24)
HEADER = "code,object,reason,owner,approved_by,expires_on"
GOOD = "PAT-03,analytics.marts.returns,Numbers of repairs,Data team,Privacy office,2027-01-31"
JUDGED = {
    "PAT-03": {"analytics.marts.returns"},
    "PSE-01": {"analytics.marts.returns", "analytics.marts.returns.person_pseudonym"},
    "OBJ-01": {"analytics"},
}
EXCEPTION = CheckException(
    "PAT-03", "analytics.marts.returns", "Numbers of repairs", "Data team", "Privacy office", date(2027, 1, 31)
)
FAILED = CheckResult(
    code="PAT-03",
    publication="analytics",
    relation="analytics.marts.returns",
    column=None,
    suite="baseline",
    expectation="",
    severity="critical",
    examined=10,
    violations=1,
    verdict="failed",
    reason="1 of 10 examined violate the rule",
)


def load(project: Path, *rows: str, header: str = HEADER) -> list[CheckException]:
    path = project / check_exceptions.FILE
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return check_exceptions.load(project, CHECKS, JUDGED, TODAY)


def test_a_row_reads_as_it_is_written(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == [EXCEPTION]


def test_the_policy_as_delivered_has_no_exception() -> None:
    assert check_exceptions.load(PROJECT, CHECKS, JUDGED, TODAY) == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([GOOD.replace("PAT-03", "PAT-3")], r"row 2: there is no check of this code. Did you mean PAT-03\?"),
        (
            [GOOD.replace("marts.returns", "marts.return")],
            r"row 2: PAT-03 is not judged on such an object. Did you mean analytics.marts.returns\?",
        ),
        ([GOOD.replace("returns,", "returns.reason,")], "row 2: PAT-03 is not judged on such an object"),
        ([GOOD.replace("Numbers of repairs", "")], "row 2: reason is empty"),
        ([GOOD.replace("Data team", "")], "row 2: owner is empty"),
        ([GOOD.replace("Privacy office", " ")], "row 2: approved_by is empty"),
        ([GOOD.replace("2027-01-31", "")], "row 2: expires_on is empty"),
        ([GOOD.replace("Data team", " Data team")], "row 2: owner is empty or has spaces around it"),
        ([GOOD.replace("2027-01-31", "31/01/2027")], "row 2: expires_on is not a date"),
        ([GOOD.replace("2027-01-31", "20270131")], "row 2: expires_on is not a date"),
        ([GOOD.replace("2027-01-31", "2027-11-25")], "row 2: expires_on is more than 12 months ahead"),
        ([GOOD.replace("Data team", "privacy OFFICE")], "row 2: the owner approves it"),
        ([GOOD.replace("Data team", "PrivacyOffice")], "row 2: the owner approves it"),
        ([GOOD.replace("Data team", "a.b@example.org")], "row 2: owner holds what looks like personal data"),
        ([GOOD, GOOD.replace("repairs", "orders")], "row 3: the same code and object are there twice"),
        (["EXC-01,x,Later,Data team,Privacy office,2027-01-31"], "row 2: EXC-01 cannot be excepted. An exception to"),
        (["OBJ-01,analytics,Later,Data team,Privacy office,2027-01-31"], "row 2: OBJ-01 cannot be excepted"),
        (["CON-01,x,Later,Data team,Privacy office,2027-01-31"], "row 2: CON-01 cannot be excepted. It stops a run"),
        ([GOOD + ",more"], "row 2 has 7 values instead of 6"),
        (['"' + GOOD], "no well-formed CSV"),
    ],
)
def test_a_mistake_is_named_with_its_row_and_quoted_by_no_message(
    tmp_path: Path, rows: list[str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as refusal:
        load(tmp_path, *rows)
    assert "\n" not in str(refusal.value)
    assert "a.b@example.org" not in str(refusal.value)


def test_another_header_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"check_exceptions\.csv is missing"):
        check_exceptions.load(tmp_path, CHECKS, JUDGED, TODAY)
    with pytest.raises(ConfigurationError, match="the header is not code,object,reason"):
        load(tmp_path, GOOD, header="code,object,owner,approved_by,reason,expires_on")


def test_twelve_months_ahead_is_allowed_also_from_the_29th_of_february(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD.replace("2027-01-31", "2027-11-24"))
    assert check_exceptions._in_twelve_months(date(2028, 2, 29)) == date(2029, 2, 28)


def test_an_exception_covers_its_check_on_its_object_and_only_failures() -> None:
    others = [
        replace(FAILED, relation="analytics.protected.returns"),
        replace(FAILED, code="PAT-04"),
        replace(FAILED, verdict="passed"),
    ]
    judged, unused = check_exceptions.apply([FAILED, *others], [EXCEPTION], TODAY)
    assert judged == [replace(FAILED, exception=EXCEPTION.text), *others]
    assert judged[0].verdict == "failed"
    assert [result.blocks for result in judged] == [False, True, True, False]
    assert unused == []
    assert EXCEPTION.text == "until 2027-01-31, owner: Data team, approved by: Privacy office"


def test_an_exception_to_a_column_covers_that_column_and_one_to_the_relation_all() -> None:
    pseudonym = replace(FAILED, code="PSE-01", column="person_pseudonym")
    of_column = replace(EXCEPTION, code="PSE-01", object="analytics.marts.returns.person_pseudonym")
    of_relation = replace(EXCEPTION, code="PSE-01")
    assert of_column.covers(pseudonym)
    assert not of_column.covers(replace(pseudonym, column="purchase_pseudonym"))
    assert of_relation.covers(pseudonym)


def test_an_exception_that_no_failure_needs_is_unused_unless_its_check_was_not_made() -> None:
    passed = replace(FAILED, verdict="passed")
    assert check_exceptions.apply([passed], [EXCEPTION], TODAY) == ([passed], [EXCEPTION])
    other = replace(passed, code="ROW-01")
    assert check_exceptions.apply([other], [EXCEPTION], TODAY) == ([other], [])


def test_an_exception_counts_on_its_last_day_and_then_fails_the_run() -> None:
    last, after = date(2027, 1, 31), date(2027, 2, 1)
    assert check_exceptions.expiry([EXCEPTION], last).verdict == "passed"
    assert check_exceptions.apply([FAILED], [EXCEPTION], last)[0][0].exception

    expired = check_exceptions.expiry([EXCEPTION], after)
    assert (expired.verdict, expired.examined, expired.violations, expired.blocks) == ("failed", 1, 1, True)
    assert expired.reason == "PAT-03 on analytics.marts.returns has expired on 2027-01-31"
    assert check_exceptions.apply([FAILED], [EXCEPTION], after) == ([FAILED], [])


def test_without_exceptions_none_can_expire() -> None:
    result = check_exceptions.expiry([], TODAY)
    assert (result.verdict, result.reason) == ("not applicable", "the policy has no exception")
