"""What was edited in the policy tables since the last publication."""

from pathlib import Path

import pytest

from bigtrust import policy
from bigtrust.errors import ConfigurationError
from warehouse import Warehouse

HEADER = "setting,value,description\n"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same settings."""
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
        (folder / "settings.csv").write_text(f'{HEADER}k,5,"at least, so many"\n', encoding="utf-8")
    return before, after


def test_the_same_tables_are_not_edited_however_they_are_written(folders: tuple[Path, Path]) -> None:
    before, after = folders
    (after / "settings.csv").write_bytes(f'{HEADER}"k",5,"at least, so many"'.replace("\n", "\r\n").encode())
    assert policy.edits(before, after) == []


def test_an_edited_row_shows_before_and_after(folders: tuple[Path, Path]) -> None:
    before, after = folders
    (after / "settings.csv").write_text(f'{HEADER}k,9,"at least, so many"\n', encoding="utf-8")
    assert policy.edits(before, after) == [
        ("settings", "-", "k,5,at least, so many"),
        ("settings", "+", "k,9,at least, so many"),
    ]


def test_a_new_table_and_a_table_that_is_gone_are_edits(folders: tuple[Path, Path]) -> None:
    before, after = folders
    (after / "settings.csv").rename(after / "recipients.csv")
    assert {(table, sign) for table, sign, _ in policy.edits(before, after)} == {("settings", "-"), ("recipients", "+")}


def test_a_table_that_is_no_text_is_named(folders: tuple[Path, Path]) -> None:
    before, after = folders
    (after / "settings.csv").write_bytes(b"setting,value\nk,\xe9\n")
    with pytest.raises(ConfigurationError, match=r"seeds/policy/settings\.csv is no well-formed CSV"):
        policy.edits(before, after)


def test_only_what_was_published_counts_as_published(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    tables = warehouse.own_project() / "seeds" / "policy"
    settings = warehouse.settings
    policy.remember(settings)
    assert not policy.published(settings).exists()
    policy.put_aside(settings)
    policy.remember(settings)
    assert policy.edits(policy.published(settings), tables) == []
    (tables / "settings.csv").write_text(HEADER, encoding="utf-8")
    policy.put_aside(settings)  # and the run fails
    assert policy.edits(policy.published(settings), tables)
