"""The landing folder: which files there are, whether they keep the contract, and the SQL that reads them.

Everything can be read as text; staging gives it a type. Three columns are added to every table: `file_number` (files
in name order, from 0) and `row_number` (from 1, within the file), so that "the later row wins" has a meaning; and
`is_new`, whether the file is one that no earlier build has read.
"""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import duckdb

from bigtrust import contract, sql
from bigtrust.errors import InputError

_FORMATS = (".csv", ".parquet")
_DELIMITERS = (",", ";", "\t", "|")
# What says the same as text and by itself, but is read faster. Floating-point numbers do not: 42.0 is 42.
_PLAIN_TYPES = re.compile(r"U?(TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL\(.*\)|DATE|TIMESTAMP")


@dataclass(frozen=True)
class LandingFile:
    """One file of a landing table; `columns` are its column names as they are written in the file.

    `types` are the types of a Parquet file's columns (empty: CSV, where everything is text); `rows` is how many rows
    the file holds.
    """

    path: Path
    columns: tuple[str, ...]
    delimiter: str | None  # None: Parquet
    types: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class LandingTable:
    """The files of one landing table, in name order; none if an optional table is absent."""

    table: contract.Table
    files: tuple[LandingFile, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that at least one file has."""
        return frozenset(column.lower() for file in self.files for column in file.columns)


def inspect(folder: Path, tables: dict[str, contract.Table]) -> dict[str, LandingTable]:
    """Find the files of every landing table and compare them with the contract.

    Raises InputError for the first thing that is wrong: no folder or no files, a missing table or column, an
    unknown file or column, an empty, damaged or wrongly encoded file. The message never quotes a value.
    """
    if not folder.is_dir():
        raise InputError(
            f"Landing folder {folder} does not exist. Create it and deliver the tables, or write demo data with "
            "`bigtrust demo`."
        )
    found = _files_by_table(folder, tables)
    if not any(found.values()):
        raise InputError(
            f"Landing folder {folder} holds no landing file. Deliver the tables as CSV or Parquet, or write demo data "
            "with `bigtrust demo`."
        )
    for table in tables.values():
        if table.required and not found[table.name]:
            raise InputError(
                f"Required table {table.name} is missing from {folder}. Deliver {table.name}.csv, "
                f"{table.name}.parquet or a folder {table.name}/ of such files."
            )
    with duckdb.connect() as connection:
        return {
            name: LandingTable(tables[name], tuple(_inspect_file(connection, path, tables[name]) for path in paths))
            for name, paths in found.items()
        }


def view_sql(landing: LandingTable, read_before: Collection[str] = (), *, keep_types: bool = False) -> str:
    """Return the SELECT that reads a landing table: the contract's columns as text, and the three of this module.

    `read_before` are the names of the files that an earlier build has read. With `keep_types`, a column that has the
    same plain type in all files (an integer, a decimal, a date, a time) is not made text: staging reads either.
    """
    groups = list(_groups(landing.files, read_before))
    if not groups:
        columns = ", ".join(f"cast(null as varchar) as {name}" for name in landing.table.column_names)
        return f"select {columns}, 0 as file_number, 0 as row_number, false as is_new where false"
    kept = _plain_columns(landing.files) if keep_types else {}
    return "\nunion all\n".join(
        _group_sql(landing.table, kept, numbers, files, files[0].path.name not in read_before)
        for numbers, files in groups
    )


def _files_by_table(folder: Path, tables: dict[str, contract.Table]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {name: [] for name in tables}
    origin: dict[str, str] = {}
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.startswith((".", "_")):
            continue
        name = path.name if path.is_dir() else path.stem
        if name not in tables or (path.is_file() and path.suffix not in _FORMATS):
            near = get_close_matches(name, tables, n=1)
            hint = f" Did you mean {near[0]}?" if near and name not in tables else ""
            raise InputError(
                f"Landing folder: {path.name} is no table of the landing contract.{hint} "
                "Use <table>.csv, <table>.parquet or a folder <table>/, or move it away."
            )
        if name in origin:
            raise InputError(f"Landing table {name} is there twice: {origin[name]} and {path.name}. Keep one of them.")
        origin[name] = path.name
        found[name] = _files_in(path) if path.is_dir() else [path]
    return found


def _files_in(folder: Path) -> list[Path]:
    paths = [path for path in sorted(folder.iterdir(), key=lambda entry: entry.name) if path.name[0] not in "._"]
    for path in paths:
        if path.suffix not in _FORMATS or not path.is_file():
            raise InputError(
                f"Landing folder: {folder.name}/{path.name} is neither a .csv nor a .parquet file. Move it away."
            )
    return paths


def _inspect_file(connection: duckdb.DuckDBPyConnection, path: Path, table: contract.Table) -> LandingFile:
    where = f"{table.name} ({path.name})"
    try:
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"Landing table {where} is an empty file, without a header. Deliver it again.")
        file = _parquet(connection, path, where) if path.suffix == ".parquet" else _csv(path, table, where)
    except OSError as error:
        raise InputError(
            f"Landing table {where} cannot be read ({type(error).__name__}). Check its owner and mode."
        ) from None
    _require_contract(file, table, where)
    return replace(file, rows=_count(connection, file, where))


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, where: str) -> LandingFile:
    try:
        description = connection.execute(f"from read_parquet({sql.file(path)}) limit 0").description or ()
        return LandingFile(
            path, tuple(column[0] for column in description), None, tuple(str(column[1]) for column in description)
        )
    except duckdb.Error:
        raise InputError(
            f"Landing table {where} is no readable Parquet file: it is cut short or damaged. Deliver it again."
        ) from None


def _csv(path: Path, table: contract.Table, where: str) -> LandingFile:
    with path.open("rb") as binary:
        head = binary.read(64 * 1024)
    try:
        # a character that the 64 KB cut in two is no error
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        raise InputError(f"Landing table {where} is not UTF-8 text. Deliver it in UTF-8.") from None
    line = next(iter(io.StringIO(text, newline=None)), "").rstrip("\n")
    names = set(table.column_names)

    def header(delimiter: str) -> tuple[str, ...]:
        return tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter)))

    best = max(_DELIMITERS, key=lambda delimiter: len(names & {name.lower() for name in header(delimiter)}))
    return LandingFile(path, header(best), best)


def _require_contract(file: LandingFile, table: contract.Table, where: str) -> None:
    columns = [column.lower() for column in file.columns]
    missing = [column for column in table.required_columns if column not in columns]
    if missing:
        raise InputError(
            f"Landing table {where} lacks the column {missing[0]}. Deliver it with a header and this column."
        )
    # Only now is the first line known to be a header: before, its words could be somebody's name.
    if "" in columns:
        raise InputError(
            f"Landing table {where} has a column without a name (column {columns.index('') + 1}). Name it in the "
            "header, or stop delivering it."
        )
    unknown = [column for column in file.columns if column.lower() not in table.column_names]
    if unknown:
        raise InputError(
            f"Landing table {where} has the unknown column {unknown[0]}. Classify it in {contract.FILE} and treat it "
            "in the staging model, or stop delivering it."
        )
    if len(set(columns)) != len(columns):
        raise InputError(f"Landing table {where} has the same column twice. Deliver each column once.")


def _count(connection: duckdb.DuckDBPyConnection, file: LandingFile, where: str) -> int:
    """The rows of a file; of a CSV file every field is read, so that what is wrong with it is told now."""
    counted = "count(*)" if file.delimiter is None else "count(*), count(columns(*))"
    try:
        return int(connection.execute(f"select {counted} from {_reader([file])}").fetchall()[0][0])
    except duckdb.Error as error:
        message = str(error)
        if "unicode" in message.lower() or "utf-8" in message.lower():
            raise InputError(f"Landing table {where} is not UTF-8 text. Deliver it in UTF-8.") from None
        line = message.partition("CSV Error on Line: ")[2].partition("\n")[0]
        at = f" at line {line}" if line.isdigit() else ""
        raise InputError(
            f"Landing table {where} is no well-formed CSV{at}: the number of columns, the quotes or the line ends "
            "are wrong. Deliver it again."
        ) from None


def _groups(
    files: Sequence[LandingFile], read_before: Collection[str]
) -> Iterator[tuple[list[int], list[LandingFile]]]:
    """Files that one reader reads together, with their numbers: Parquet of the same columns; each CSV by itself.

    A reader of Parquet files with other types would first give them one type, and write 42 as 42.0.
    """
    parquet: dict[tuple[tuple[str, ...], tuple[str, ...], bool], list[int]] = {}
    for number, file in enumerate(files):
        if file.delimiter is None:
            parquet.setdefault((file.columns, file.types, file.path.name in read_before), []).append(number)
        else:
            yield [number], [file]
    for numbers in parquet.values():
        yield numbers, [files[number] for number in numbers]


def _plain_columns(files: Sequence[LandingFile]) -> dict[str, str]:
    """The type of each column that has the same plain type in every file that has the column."""
    types: dict[str, set[str]] = {}
    for file in files:
        for name, kind in zip(file.columns, file.types or ("VARCHAR",) * len(file.columns), strict=True):
            types.setdefault(name.lower(), set()).add(kind)
    same = {name: next(iter(kinds)) for name, kinds in types.items() if len(kinds) == 1}
    return {name: kind for name, kind in same.items() if _PLAIN_TYPES.fullmatch(kind)}


def _group_sql(
    table: contract.Table, kept: dict[str, str], numbers: list[int], files: list[LandingFile], is_new: bool
) -> str:
    first = files[0]
    types = first.types or ("VARCHAR",) * len(first.columns)
    present = {
        name.lower(): sql.identifier(name) if name.lower() in kept else _as_text(name, kind)
        for name, kind in zip(first.columns, types, strict=True)
    }
    missing = {name: f"cast(null as {kept.get(name, 'varchar')})" for name in table.column_names}
    columns = ",\n    ".join(f"{expression} as {name}" for name, expression in (missing | present).items())
    row = "file_row_number + 1" if first.delimiter is None else "row_number() over ()"
    is_in_a_row = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    number = (
        f"cast(file_index as integer) + {numbers[0]}" if is_in_a_row else f"{numbers}[cast(file_index as bigint) + 1]"
    )
    return (
        f"select\n    {columns},\n    {number} as file_number,\n"
        f"    {row} as row_number,\n    {str(is_new).lower()} as is_new\nfrom {_reader(files)}"
    )


def _as_text(name: str, kind: str) -> str:
    column = sql.identifier(name)
    if kind not in ("FLOAT", "DOUBLE"):
        return f"cast({column} as varchar)"
    # whole numbers with gaps are often written as floating-point numbers: 42, not 42.0, is the identifier
    return (
        f"case when {column} = trunc({column}) and abs({column}) < 1e15 "
        f"then cast(cast({column} as bigint) as varchar) else cast({column} as varchar) end"
    )


def _reader(files: Sequence[LandingFile]) -> str:
    paths = f"[{', '.join(sql.file(file.path) for file in files)}]"
    first = files[0]
    if first.delimiter is None:
        return f"read_parquet({paths}, file_row_number = true)"
    columns = ", ".join(f"{sql.text(column)}: 'VARCHAR'" for column in first.columns)
    return (
        f"read_csv({paths}, auto_detect = false, header = true, delim = {sql.text(first.delimiter)}, quote = '\"', "
        f"escape = '\"', columns = {{{columns}}})"
    )
