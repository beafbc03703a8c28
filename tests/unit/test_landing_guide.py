"""docs/connect-your-data.md tells data engineers the landing contract as it is."""

import re
from pathlib import Path

from bigtrust import contract

PROJECT = Path(__file__).parents[2]
GUIDE = PROJECT / "docs" / "connect-your-data.md"


def described_tables() -> dict[str, list[tuple[str, bool]]]:
    """The columns that the guide lists for every table, and whether it says that they are required."""
    reference = GUIDE.read_text(encoding="utf-8").partition("## All tables and columns")[2]
    sections = re.findall(r"^### (\w+)$(.*?)(?=^### |\Z)", reference, flags=re.MULTILINE | re.DOTALL)
    row = re.compile(r"^\| (\w+) \| .* \| (.*)\|$", flags=re.MULTILINE)
    return {
        table: [(name, bool(required.strip())) for name, required in row.findall(text) if name != "column"]
        for table, text in sections
    }


def test_the_guide_lists_every_table_and_column_of_the_contract() -> None:
    tables = contract.load(PROJECT)
    assert described_tables() == {
        name: [(column.name, column.required) for column in table.columns] for name, table in tables.items()
    }


def test_the_guide_names_the_required_tables() -> None:
    required = [f"`{name}`" for name, table in contract.load(PROJECT).items() if table.required]
    named = re.search(r"\*\*Required tables:\*\* (.*?)\.", GUIDE.read_text(encoding="utf-8"))
    assert named is not None
    assert sorted(named[1].split(", ")) == sorted(required)
