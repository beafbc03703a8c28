"""Every check is in the registry, with a code of its own and words that explain it."""

import re
from collections import Counter

import pytest

from bigtrust import registry
from bigtrust.errors import ConfigurationError
from bigtrust.gx.permitted import COUNTS_ONLY
from bigtrust.gx.sentences import WORDINGS, written_checks
from bigtrust.gx.suites import Rule, Suite
from bigtrust.registry import CHECKS, CODES
from bigtrust.settings import PROJECT

EVERY = registry.every(PROJECT)


def test_a_code_belongs_to_one_check() -> None:
    assert [code for code, count in Counter(check.code for check in EVERY).items() if count > 1] == []
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]{1,7}-\d{2,3}", check.code) for check in EVERY)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_a_check_says_what_holds_why_what_to_do_and_what_it_counts(check: registry.Check) -> None:
    for sentence in (check.sentence, check.reason, check.remedy):
        assert sentence[0].isalnum(), sentence
        assert sentence.endswith("."), sentence
        assert not re.search(r"\{[a-z_]+\}", sentence), sentence
    assert check.counted
    assert not check.counted.endswith(".")


def test_every_permitted_expectation_is_worded() -> None:
    assert set(WORDINGS) == COUNTS_ONLY


def test_an_expectation_of_the_project_says_its_sentence_itself() -> None:
    rules = (
        Rule("TST-01", "expect_table_to_hold_no_personal_pattern", {"pattern": "email"}, "Because."),
        Rule("TST-02", "expect_table_to_hold_only_rows_within_retention", {}, "Because.", severity="warning"),
    )
    first, second = written_checks([Suite("analytics.marts.mart", rules), Suite("analytics.protected.mart", rules)])
    assert first.sentence == "mart: No text contains what looks like an e-mail address."
    assert second.sentence == "mart: Every row may still be seen after today."
    assert (first.severity, second.severity) == ("critical", "warning")


def test_every_data_test_of_its_own_has_a_code_of_the_registry() -> None:
    for path in (PROJECT / "tests" / "dbt").glob("*.sql"):
        code = re.search(r'"code": "([A-Z]+-\d\d)"', path.read_text(encoding="utf-8"))
        assert code is not None, path.name
        assert {check.kind for check in CHECKS if check.code == code[1]} == {"build"}


def test_what_stops_a_run_cannot_be_excepted() -> None:
    stopping = {check.code for check in CHECKS if check.kind == "build"} | {"CLS-01", "CON-01", "SUI-01", "ERA-01"}
    assert {check.code for check in CHECKS if check.no_exception} >= stopping | {"PSE-03", "EXC-01", "OBJ-01"}


def test_an_unknown_code_is_answered_with_the_nearest() -> None:
    registry.require_known(["RAW-01", "CUS-01"], EVERY)
    with pytest.raises(ConfigurationError, match=r"There is no check raw-1. Did you mean RAW-01\?"):
        registry.require_known(["raw-1"], EVERY)
    with pytest.raises(ConfigurationError, match=r"There is no check X\. `bigtrust check --list` shows all codes."):
        registry.require_known(["X"], EVERY)


def test_no_written_suite_can_take_a_code_of_the_registry() -> None:
    assert not CODES & {check.code for check in EVERY[len(CHECKS) :]}
