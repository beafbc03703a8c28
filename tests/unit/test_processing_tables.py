"""The tables of the record: as CSV, and compared from version to version."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigtrust.errors import ConfigurationError
from bigtrust.processing import versions
from bigtrust.processing.inventory import window_text
from bigtrust.processing.measures import verdicts
from bigtrust.processing.tables import Table, csv_text
from bigtrust.processing.versions import Difference, Version, differences, said

COLUMNS = ("purpose", "category", "months", "says_again")


def table(*rows: tuple[str, str, str, str]) -> Table:
    """A table of windows, whose last column says again what another table says."""
    made = tuple(dict(zip(COLUMNS, row, strict=True)) for row in rows)
    return Table("windows", ("purpose", "category"), COLUMNS, made, frozenset({"says_again"}))


ONE = ("analytics", "purchases", "36", "x")
OTHER = ("analytics", "returns", "36", "x")


def compared(before: Table, after: Table) -> list[Difference]:
    """What changed from one table to another."""
    return differences(said([before]), said([after]), [after])


def test_a_table_is_written_as_csv_with_crlf_and_quoted_commas() -> None:
    rows = [{"a": 'say "yes", twice', "b": ("one", "two")}]
    assert csv_text(("a", "b"), rows) == 'a,b\r\n"say ""yes"", twice",one | two\r\n'


@pytest.mark.parametrize("cell", ["=1+1", "+33 1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    (row,) = list(csv.reader(io.StringIO(csv_text(("a",), [{"a": cell}]), newline="")))[1:]
    assert row == [f"'{cell}"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_every_text_can_be_read_back_from_the_csv(cells: list[str]) -> None:
    text = csv_text(("a",), [{"a": cell} for cell in cells])
    read = [row[0] for row in csv.reader(io.StringIO(text, newline=""), strict=True)][1:]
    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in cells]


def test_the_same_rows_in_another_order_are_no_change() -> None:
    assert compared(table(ONE, OTHER), table(OTHER, ONE)) == []
    one, other = (Version(1, "v", 1, said([rows])) for rows in (table(ONE, OTHER), table(OTHER, ONE)))
    assert one.is_as(other)


def test_a_cell_that_changed_says_what_it_was() -> None:
    found = compared(table(ONE, OTHER), table(("analytics", "purchases", "12", "x"), OTHER))
    assert found == [Difference("windows", ("analytics", "purchases"), "changed", "months", "36", "12")]


def test_a_column_that_only_says_again_what_another_table_says_is_not_compared() -> None:
    assert compared(table(ONE), table(("analytics", "purchases", "36", "y"))) == []


def test_rows_that_were_added_and_removed_say_what_they_hold() -> None:
    assert compared(table(ONE), table(OTHER)) == [
        Difference("windows", ("analytics", "returns"), "added", "", "", "months: 36"),
        Difference("windows", ("analytics", "purchases"), "removed", "", "months: 36", ""),
    ]


def test_a_column_that_a_new_version_of_the_program_adds_is_no_change_of_the_facts() -> None:
    before = {"windows": [{"purpose": "analytics", "category": "purchases"}]}
    assert differences(before, said([table(ONE)]), [table(ONE)]) == []


def test_another_version_of_the_policy_is_another_version_of_the_record() -> None:
    one, other = (Version(1, version, 1, said([table(ONE)])) for version in ("2026-01-01", "2026-01-02"))
    assert not one.is_as(other)


@pytest.mark.parametrize("content", ["{", "{}x", '[{"number": 1}]', "[1]", "\udcff"])
def test_a_damaged_file_of_versions_is_named(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    folder = tmp_path_factory.mktemp("versions")
    (folder / versions.FILE).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=r"versions\.json is damaged\. Restore it from your backup, or remove"):
        versions.read(folder)


def test_versions_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("versions")
    kept = [Version(number, f"v{number}", number, said([table(ONE)])) for number in (1, 2)]
    (folder / versions.FILE).write_text(versions.as_text(kept), encoding="utf-8")
    assert versions.read(folder) == kept


def test_a_window_of_one_month_is_in_the_singular() -> None:
    window = {"data_category": "web_events", "period_months": "1", "start_event": "event"}
    assert window_text(window) == "web events: 1 month from event"


def test_the_worst_verdict_of_a_check_is_shown_and_one_that_was_not_made_says_so() -> None:
    results = [
        {"code": "RET-01", "verdict": verdict} for verdict in ("passed", "not applicable", "failed", "passed")
    ] + [{"code": "RET-02", "verdict": "not applicable"}, {"code": "RET-02", "verdict": "passed"}]
    assert verdicts(results, ("RET-01", "RET-02", "MET-01")) == {
        "RET-01": "failed",
        "RET-02": "passed",
        "MET-01": "not made",
    }
