"""docs/checks.md says what the checks say themselves."""

from pathlib import Path

import make_checks
import pytest

from bigtrust import registry
from bigtrust.settings import PROJECT


def test_the_page_is_what_the_script_makes() -> None:
    text = make_checks.PAGE.read_text(encoding="utf-8")
    assert make_checks.page(text) == text, "run scripts/docs/make_checks.py"


def test_every_check_is_on_the_page_with_its_reason_and_severity() -> None:
    text = make_checks.PAGE.read_text(encoding="utf-8")
    plain = text.replace("`", "")
    for check in registry.every(PROJECT):
        assert f"### {check.code}\n" in text or f"| {check.code}" in text, check.code
        assert check.reason in plain, check.code
        assert check.remedy in plain, check.code
        assert check.no_exception in plain, check.code


def test_a_page_that_somebody_edited_by_hand_is_found() -> None:
    text: str = make_checks.PAGE.read_text(encoding="utf-8")
    for changed in (
        text.replace("No exception has expired", "Exceptions are fine"),
        text.replace("| CUS-02 |", "| CUS-2 |"),
    ):
        assert changed != text
        assert make_checks.page(changed) == text


def test_a_page_without_its_marks_is_left_alone() -> None:
    with pytest.raises(SystemExit, match="lacks one of its marks"):
        make_checks.page("# What is checked\n")


def test_a_bar_in_a_rule_does_not_end_its_cell() -> None:
    rows = [line for line in make_checks.generated(Path(PROJECT)) if line.startswith("| ")]
    assert any("\\|" in row for row in rows)
    assert {row.replace("\\|", "").count("|") for row in rows} == {4}
