"""What each landed detail is called when we tell people what we hold of them: details.yml, in French and English."""

from functools import cache
from pathlib import Path

from bigtrust import contract, yaml_file
from bigtrust.errors import ConfigurationError

LANGUAGES = ("fr", "en")
FILE = Path(__file__).with_name("details.yml")

Labels = dict[str, dict[str, dict[str, str]]]  # landing table, column, language


@cache
def load(project: Path) -> Labels:
    """Return the label of every column of the landing contract, by table, column and language.

    Raises ConfigurationError for a column that has none in a language, and for a label of no column.
    """
    labels: Labels = yaml_file.mapping(FILE)
    for name, columns in labels.items():
        if not isinstance(columns, dict) or not all(isinstance(texts, dict) for texts in columns.values()):
            raise ConfigurationError(
                f"{FILE}: {name} needs columns, and each column a text in fr and in en. Correct it."
            )
    require_complete(labels, contract.load(project))
    return labels


def require_complete(labels: Labels, tables: dict[str, contract.Table]) -> None:
    """Raise ConfigurationError unless exactly the columns of the tables have a label, in every language."""
    needed = {(name, column) for name, table in tables.items() for column in table.column_names}
    given = {(name, column) for name, columns in labels.items() for column in columns}
    for name, column in sorted(needed):
        if (name, column) not in given or not all(labels[name][column].get(language) for language in LANGUAGES):
            raise ConfigurationError(
                f"Column {name}.{column} of {contract.FILE} has no label in every language. Say in "
                f"scripts/bigtrust/{FILE.name} what it is, in French and English."
            )
    for name, column in sorted(given - needed):
        raise ConfigurationError(
            f"scripts/bigtrust/{FILE.name} has a label for {name}.{column}, which is no column of {contract.FILE}. "
            "Remove it."
        )
