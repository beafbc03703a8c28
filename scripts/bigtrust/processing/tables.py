"""The tables of the record and of the inventory: what pages show and CSV files hold."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Cell = str | tuple[str, ...]  # several texts are listed on a page, and joined in a file
Row = Mapping[str, Cell]

_JOINED = " | "
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Table:
    """A table of texts. `rows` are in a stable order; the columns of `key` identify a row.

    The columns of `restated` say again what another table says: what changes in them has changed there.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    restated: frozenset[str] = frozenset()

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns in which this table can change."""
        return tuple(name for name in self.columns if name not in self.restated)

    def key_of(self, row: Row) -> tuple[str, ...]:
        """What identifies a row of this table."""
        return tuple(text(row[name]) for name in self.key)


def text(cell: Cell) -> str:
    """A cell as one text."""
    return cell if isinstance(cell, str) else _JOINED.join(cell)


def csv_text(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return the rows as CSV (RFC 4180) with a header. No cell of it is a formula to a spreadsheet."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_guarded(text(row[name])) for name in columns] for row in rows)
    return file.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
