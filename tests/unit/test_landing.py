"""The landing folder is read as it was delivered, or refused in one sentence that quotes nothing from it."""

import csv
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigtrust import contract, landing
from bigtrust.contract import Column, Table
from bigtrust.errors import InputError
from bigtrust.settings import PROJECT

CUSTOMERS = Table(
    "customers",
    required=True,
    columns=(
        Column("customer_id", "direct_identifier", required=True),
        Column("last_name", "direct_identifier", required=False),
        Column("email", "direct_identifier", required=False),
    ),
)
TICKETS = Table("support_tickets", required=False, columns=(Column("ticket_id", "direct_identifier", required=True),))
CONTRACT = {table.name: table for table in (CUSTOMERS, TICKETS)}
CANARY = "Quentin Kanari"

Row = tuple[Any, ...]


def read(folder: Path, table: str = "customers") -> list[Row]:
    """The rows of a landing table: its columns, file number and row number."""
    sql = landing.view_sql(landing.inspect(folder, CONTRACT)[table])
    with duckdb.connect() as connection:
        connection.execute(f"create view landed as {sql}")
        rows = connection.execute("select * from landed order by file_number, row_number").fetchall()
    assert all(row[-1] is True for row in rows)  # is_new: no file was read before
    return [row[:-1] for row in rows]


def refusal(folder: Path) -> str:
    """Why the folder is refused. Neither the message nor what a traceback would add quotes the data."""
    with pytest.raises(InputError) as caught:
        landing.inspect(folder, CONTRACT)
    message = str(caught.value)
    assert CANARY not in message
    assert "Quentin" not in message
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert "\n" not in message
    return message


def deliver(path: Path, content: str | bytes) -> Path:
    """Write a CSV file; returns the landing folder in which a table of its own lies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path.parent


def deliver_parquet(path: Path, query: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        escaped = str(path).replace("'", "''")
        connection.execute(f"copy ({query}) to '{escaped}' (format parquet)")
    return path.parent


# --- what is read


def test_a_csv_file_is_read_as_text_in_its_order(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", "customer_id,last_name,email\n007,Martin,a@b.fr\n8,,\n")
    assert read(tmp_path) == [("007", "Martin", "a@b.fr", 0, 1), ("8", None, None, 0, 2)]


def test_a_parquet_file_is_read_as_text_in_its_order(tmp_path: Path) -> None:
    deliver_parquet(
        tmp_path / "customers.parquet", "from (values (7, 'Martin'), (8, null)) as customers(customer_id, last_name)"
    )
    assert read(tmp_path) == [("7", "Martin", None, 0, 1), ("8", None, None, 0, 2)]


def test_a_folder_may_mix_both_kinds_and_files_are_numbered_in_name_order(tmp_path: Path) -> None:
    folder = tmp_path / "customers"
    deliver(folder / "3.csv", "customer_id;last_name\n3;three\n")
    deliver_parquet(folder / "1.parquet", "select '1' as customer_id")
    deliver(folder / "2.csv", "email,customer_id\nb@x.fr,2\nc@x.fr,22\n")
    deliver_parquet(folder / "4.parquet", "select 'four' as last_name, '4' as customer_id")
    deliver(folder / "_SUCCESS", "")
    deliver(folder / ".part.crc", "x")
    assert read(tmp_path) == [
        ("1", None, None, 0, 1),
        ("2", None, "b@x.fr", 1, 1),
        ("22", None, "c@x.fr", 1, 2),
        ("3", "three", None, 2, 1),
        ("4", "four", None, 3, 1),
    ]


def test_rows_of_a_file_with_many_row_groups_keep_their_numbers(tmp_path: Path) -> None:
    deliver_parquet(tmp_path / "customers.parquet", "select i as customer_id, i + 1 as email from range(300000) r(i)")
    sql = landing.view_sql(landing.inspect(tmp_path, CONTRACT)["customers"])
    with duckdb.connect(config={"threads": 2}) as connection:
        query = f"select count(*) from ({sql}) where cast(email as bigint) <> row_number"
        assert connection.execute(query).fetchall() == [(0,)]


def test_rows_of_a_csv_file_read_by_several_threads_keep_their_numbers(tmp_path: Path) -> None:
    with (tmp_path / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", "last_name"])
        writer.writerows((number, 'line\r\nbreak, "x"' * (number % 9)) for number in range(1, 100_001))
    sql = landing.view_sql(landing.inspect(tmp_path, CONTRACT)["customers"])
    with duckdb.connect(config={"threads": 2}) as connection:
        query = f"select count(*), count_if(cast(customer_id as bigint) <> row_number) from ({sql})"
        assert connection.execute(query).fetchall() == [(100_000, 0)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(tmp_path: Path, delimiter: str) -> None:
    lines = [("customer_id", "last_name", "email"), ("1", '"a,b;c|d\te"', "x")]
    deliver(tmp_path / "customers.csv", "".join(delimiter.join(line) + "\n" for line in lines))
    assert read(tmp_path) == [("1", "a,b;c|d\te", "x", 0, 1)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(tmp_path: Path, line_end: str) -> None:
    deliver(tmp_path / "customers.csv", line_end.join(["customer_id,email", "1,a", "2,b", ""]))
    assert [row[:3] for row in read(tmp_path)] == [("1", None, "a"), ("2", None, "b")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", b"\xef\xbb\xbfcustomer_id;email\r\n1;\xc3\xa9\r\n")
    assert read(tmp_path) == [("1", None, "é", 0, 1)]


def test_quotes_and_line_breaks_in_fields_are_kept(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", 'customer_id,last_name\n1,"a ""b""\r\nc\n"\n2,5" tube\n')
    assert read(tmp_path) == [("1", 'a "b"\r\nc\n', None, 0, 1), ("2", '5" tube', None, 0, 2)]


@pytest.mark.parametrize("content", ["customer_id,email\n", "customer_id,email", "\ufeffcustomer_id\r\n"])
def test_a_file_with_a_header_only_is_an_empty_table(tmp_path: Path, content: str) -> None:
    deliver(tmp_path / "customers.csv", content)
    assert read(tmp_path) == []


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", "customer_id,email\n1,a\n\n2,b\n\n")
    assert [row[0] for row in read(tmp_path)] == ["1", "2"]


def test_an_optional_table_that_is_absent_is_empty(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", "customer_id\n1\n")
    assert read(tmp_path, "support_tickets") == []
    assert landing.inspect(tmp_path, CONTRACT)["support_tickets"].columns == frozenset()


def test_column_names_may_be_in_other_case_and_order(tmp_path: Path) -> None:
    folder = tmp_path / "customers"
    deliver(folder / "1.csv", "Email,CUSTOMER_ID\na,1\n")
    deliver_parquet(folder / "2.parquet", 'select \'b\' as "eMail", 2 as "Customer_Id"')
    assert [row[:3] for row in read(tmp_path)] == [("1", None, "a"), ("2", None, "b")]
    assert landing.inspect(tmp_path, CONTRACT)["customers"].columns == {"customer_id", "email"}


def test_names_in_a_header_may_be_quoted_and_padded(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", '"customer_id" , email\n1,a\n')
    assert read(tmp_path) == [("1", None, "a", 0, 1)]


def test_typed_parquet_columns_read_as_plain_text(tmp_path: Path) -> None:
    columns = (
        "moment",
        "instant",
        "amount",
        "number",
        "day",
        "price",
        "with_gaps",
        "flag",
    )
    table = Table("typed", required=True, columns=tuple(Column(name, "attribute", required=False) for name in columns))
    deliver_parquet(
        tmp_path / "typed.parquet",
        """
        select
            timestamp '2024-07-01 10:00:00' as moment,
            timestamptz '2024-07-01 10:00:00+02' as instant,
            cast(12.5 as decimal(10, 2)) as amount,
            cast(9007199254740993 as bigint) as number,
            date '2024-07-01' as day,
            cast(19.99 as double) as price,
            cast(42 as double) as with_gaps,
            true as flag
        """,
    )
    sql = landing.view_sql(landing.inspect(tmp_path, {"typed": table})["typed"])
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        (row,) = connection.execute(sql).fetchall()
    assert row == (
        "2024-07-01 10:00:00",
        "2024-07-01 08:00:00+00",
        "12.50",
        "9007199254740993",
        "2024-07-01",
        "19.99",
        "42",
        "true",
        0,
        1,
        True,
    )


def test_the_same_identifier_reads_the_same_whatever_type_each_file_gives_it(tmp_path: Path) -> None:
    """A tool that knows no missing whole number writes 42.0 in the file that has a gap, and 42 in the others."""
    folder = tmp_path / "customers"
    deliver_parquet(folder / "1.parquet", "select cast(42 as bigint) as customer_id")
    deliver_parquet(folder / "2.parquet", "from (values (cast(42 as double)), (null)) as gaps(customer_id)")
    deliver_parquet(folder / "3.parquet", "select '42' as customer_id")
    deliver_parquet(folder / "4.parquet", "select cast(42 as integer) as customer_id, cast(0.5 as float) as email")
    assert [(row[0], row[2]) for row in read(tmp_path)] == [
        ("42", None),
        ("42", None),
        (None, None),
        ("42", None),
        ("42", "0.5"),
    ]


def test_a_plain_type_is_kept_where_all_files_agree_on_it_and_made_text_elsewhere(tmp_path: Path) -> None:
    names = ("whole", "mixed", "sometimes", "price", "moment", "gaps", "text")
    table = Table("typed", required=True, columns=tuple(Column(name, "attribute", required=False) for name in names))
    same = "cast(1 as bigint) as whole, cast(9.5 as decimal(7, 2)) as price, timestamp '2026-07-15 12:00:00' as moment"
    deliver_parquet(
        tmp_path / "typed" / "1.parquet",
        f"select {same}, cast(42 as bigint) as mixed, 7.0::double as gaps, 'a' as text",
    )
    deliver_parquet(
        tmp_path / "typed" / "2.parquet", f"select {same}, cast(42.5 as decimal(7, 2)) as mixed, true as sometimes"
    )
    deliver_parquet(tmp_path / "typed" / "3.parquet", f"select {same}, date '2026-07-15' as sometimes")
    landed = landing.inspect(tmp_path, {"typed": table})["typed"]
    with duckdb.connect() as connection:
        kept = connection.execute(landing.view_sql(landed, ["1.parquet"], keep_types=True))
        types = {column[0]: str(column[1]) for column in kept.description or ()}
        rows = kept.fetchall()
        texts = connection.execute(
            f"select columns(*)::varchar from ({landing.view_sql(landed, ['1.parquet'])})"
        ).fetchall()
        same_texts = connection.execute(
            f"select columns(*)::varchar from ({landing.view_sql(landed, ['1.parquet'], keep_types=True)})"
        ).fetchall()
    assert types["whole"] == "BIGINT"
    assert types["price"] == "DECIMAL(7,2)"
    assert types["moment"] == "TIMESTAMP"
    assert {types[name] for name in ("mixed", "sometimes", "gaps", "text")} == {"VARCHAR"}
    assert [row[1] for row in rows] == ["42", "42.50", None]
    assert sorted(map(str, same_texts)) == sorted(map(str, texts))


def test_rows_of_files_that_were_read_before_are_not_new_and_keep_their_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "customers"
    deliver(folder / "1.csv", "customer_id\n1\n")
    for number in (2, 3, 4):
        deliver_parquet(folder / f"{number}.parquet", f"select {number} as customer_id from range(2)")
    deliver(folder / "5.csv", "customer_id\n5\n")
    sql = landing.view_sql(landing.inspect(tmp_path, CONTRACT)["customers"], ["1.csv", "2.parquet", "4.parquet"])
    with duckdb.connect() as connection:
        rows = connection.execute(f"select customer_id, file_number, row_number, is_new from ({sql}) order by all")
        assert rows.fetchall() == [
            ("1", 0, 1, False),
            ("2", 1, 1, False),
            ("2", 1, 2, False),
            ("3", 2, 1, True),
            ("3", 2, 2, True),
            ("4", 3, 1, False),
            ("4", 3, 2, False),
            ("5", 4, 1, True),
        ]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_rows_of_a_file_are_counted_when_it_is_inspected(tmp_path: Path, kind: str) -> None:
    if kind == "csv":
        deliver(tmp_path / "customers.csv", 'customer_id,last_name\n1,"a\nb"\n\n2,c\n')
    else:
        deliver_parquet(tmp_path / "customers.parquet", "select i as customer_id from range(2) r(i)")
    assert [file.rows for file in landing.inspect(tmp_path, CONTRACT)["customers"].files] == [2]


AWKWARD = ["a'b", 'a"b', "a b", "a[1]b", "a*b", "a?b", "{a,b}", "~a", "a%20b", "été", "a;b--", "[!a]"]


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_path_is_itself_whatever_characters_it_has(tmp_path: Path, name: str, kind: str) -> None:
    folder = tmp_path / name / "customers"
    # each is what a pattern of the other's name would find
    others = [other for other in ("a1b", "ab", "axb", "b") if other != name]
    for number, file in enumerate(sorted([name, *others])):
        path = folder / f"{file}.{kind}"
        if kind == "csv":
            deliver(path, f"customer_id\n{number}\n")
        else:
            deliver_parquet(path, f"select {number} as customer_id")
    rows = [(row[0], row[3]) for row in read(tmp_path / name)]
    assert rows == [(str(number), number) for number in range(len(others) + 1)]


texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
tables = st.lists(st.tuples(texts, texts, texts), max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.none() | texts, st.none() | texts, st.none() | texts), max_size=8))
def test_any_text_written_as_parquet_is_read_back_unchanged(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with duckdb.connect() as connection:
            connection.execute("create table t (customer_id varchar, last_name varchar, email varchar)")
            if rows:
                connection.executemany("insert into t values (?, ?, ?)", [list(row) for row in rows])
            connection.execute(f"copy t to '{folder}/customers.parquet' (format parquet)")
        assert read(Path(folder)) == numbered(rows)


@settings(max_examples=60, deadline=None)
@given(
    tables,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_any_text_written_by_pythons_csv_module_is_read_back_unchanged(
    rows: list[Row], delimiter: str, style: tuple[str, Any], encoding: str
) -> None:
    line_end, quoting = style
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "customers.csv").open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
            writer.writerow(CUSTOMERS.column_names)
            writer.writerows(rows)
        # CSV has no null: an empty field is one
        assert read(Path(folder)) == numbered([tuple(value or None for value in row) for row in rows])


def numbered(rows: Iterable[Sequence[Any]]) -> list[Row]:
    return [(*row, 0, number) for number, row in enumerate(rows, start=1)]


# --- what is refused


def test_a_landing_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in message
    assert "bigtrust demo" in message


def test_a_landing_folder_without_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "customers").mkdir()
    assert "holds no landing file" in refusal(tmp_path)


def test_a_missing_required_table_is_named(tmp_path: Path) -> None:
    deliver(tmp_path / "support_tickets.csv", f"ticket_id\n{CANARY}\n")
    assert "Required table customers is missing" in refusal(tmp_path)


def test_a_missing_required_column_is_named_with_its_file(tmp_path: Path) -> None:
    deliver(tmp_path / "customers" / "1.csv", "customer_id\n1\n")
    deliver_parquet(tmp_path / "customers" / "2.parquet", f"select '{CANARY}' as email")
    assert "customers (2.parquet) lacks the column customer_id" in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_unknown_column_is_named_with_its_table(tmp_path: Path, kind: str) -> None:
    if kind == "csv":
        deliver(tmp_path / "customers.csv", f"customer_id,loyalty_card\n1,{CANARY}\n")
    else:
        deliver_parquet(tmp_path / "customers.parquet", f"select 1 as customer_id, '{CANARY}' as loyalty_card")
    message = refusal(tmp_path)
    assert f"customers (customers.{kind}) has the unknown column loyalty_card" in message
    assert str(contract.FILE) in message


def test_the_first_row_of_a_csv_without_a_header_is_never_quoted(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", f"1,{CANARY},quentin@example.org\n2,b,c\n")
    message = refusal(tmp_path)
    assert "lacks the column customer_id" in message
    assert "quentin" not in message


@pytest.mark.parametrize("header", ["customer_id,email,\n1,2,3\n", ",customer_id\n0,1\n"])
def test_a_column_without_a_name_is_named_by_its_place(tmp_path: Path, header: str) -> None:
    deliver(tmp_path / "customers.csv", header)
    assert "has a column without a name (column " in refusal(tmp_path)


@pytest.mark.parametrize("header", ["customer_id,email,email", "customer_id,CUSTOMER_ID", "customer_id, email,email"])
def test_the_same_column_twice_is_refused(tmp_path: Path, header: str) -> None:
    deliver(tmp_path / "customers.csv", f"{header}\n1,{CANARY},3\n")
    assert "has the same column twice" in refusal(tmp_path)


def test_the_same_column_twice_in_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    deliver_parquet(path, f"select 1 as customer_id, '{CANARY}' as email, '{CANARY}' as other")
    # DuckDB writes no such file: give the last column the name of the one before
    path.write_bytes(path.read_bytes().replace(b"other", b"EMAIL"))
    assert "customers (customers.parquet) has the unknown column EMAIL" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("first", "second"), [("customers.csv", "customers.parquet"), ("customers.csv", "customers/1.csv")]
)
def test_the_same_table_twice_is_refused(tmp_path: Path, first: str, second: str) -> None:
    for name in (first, second):
        deliver(tmp_path / name, f"customer_id\n{CANARY}\n")
    message = refusal(tmp_path)
    assert "customers is there twice" in message
    assert first in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("customer.csv", "Did you mean customers?"),
        ("Customers.csv", "Did you mean customers?"),
        ("suport_tickets.parquet", "Did you mean support_tickets?"),
        ("customers.csv.gz", "Did you mean customers?"),
        ("customers.xlsx", "Use <table>.csv"),
        ("weather.csv", "Use <table>.csv"),
        ("README.md", "Use <table>.csv"),
    ],
)
def test_an_unknown_file_is_named_with_a_hint(tmp_path: Path, name: str, hint: str) -> None:
    deliver(tmp_path / "support_tickets.csv", "ticket_id\n")
    deliver(tmp_path / name, f"customer_id\n{CANARY}\n")
    message = refusal(tmp_path)
    assert f"{name} is no table of the landing contract" in message
    assert hint in message


@pytest.mark.parametrize("name", ["notes.txt", "1.csv.gz", "year=2024/1.parquet"])
def test_an_unknown_file_in_a_tables_folder_is_named(tmp_path: Path, name: str) -> None:
    deliver(tmp_path / "customers" / "1.csv", "customer_id\n1\n")
    deliver(tmp_path / "customers" / name, CANARY)
    assert f"customers/{name.partition('/')[0]} is neither a .csv nor a .parquet file" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["customers.csv", "customers.parquet"])
def test_an_empty_file_is_named(tmp_path: Path, name: str) -> None:
    deliver(tmp_path / name, "")
    assert f"customers ({name}) is an empty file" in refusal(tmp_path)


@pytest.mark.parametrize("content", ["\ufeff", "\n", " \n", "\r\n\r\n"])
def test_a_file_with_nothing_but_blanks_lacks_its_columns(tmp_path: Path, content: str) -> None:
    deliver(tmp_path / "customers.csv", content)
    assert "lacks the column customer_id" in refusal(tmp_path)


@pytest.mark.parametrize("rows_before", [0, 20_000])
def test_a_csv_that_is_not_utf8_is_named_and_never_quoted(tmp_path: Path, rows_before: int) -> None:
    rows = b"1,abc\n" * rows_before
    deliver(tmp_path / "customers.csv", b"customer_id,last_name\n" + rows + f"2,{CANARY} é\n".encode("latin-1"))
    assert "customers (customers.csv) is not UTF-8 text" in refusal(tmp_path)


def test_a_csv_in_utf16_is_refused(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.csv", f"customer_id\n{CANARY}\n".encode("utf-16"))
    assert "is not UTF-8 text" in refusal(tmp_path)


def test_a_character_across_the_first_64_kilobytes_is_no_error(tmp_path: Path) -> None:
    start = b"customer_id\n"
    padding = b"x" * (64 * 1024 - len(start) - 1)
    deliver(tmp_path / "customers.csv", start + padding + "é\n".encode())
    assert read(tmp_path)[0][0] == padding.decode() + "é"


def test_a_parquet_file_cut_in_half_is_named_and_never_quoted(tmp_path: Path) -> None:
    deliver_parquet(tmp_path / "customers.parquet", f"select 1 as customer_id, '{CANARY}' as email from range(1000)")
    path = tmp_path / "customers.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "customers (customers.parquet) is no readable Parquet file" in refusal(tmp_path)


def test_a_csv_file_named_parquet_is_no_parquet(tmp_path: Path) -> None:
    deliver(tmp_path / "customers.parquet", f"customer_id\n{CANARY}\n")
    assert "is no readable Parquet file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"customer_id,email\n1,a\n2,{CANARY},x\n", " at line 3"),
        (f"customer_id,email\n1,a\n{CANARY}\n", " at line 3"),
        (f'customer_id,email\n1,"{CANARY}\n2,b\n', " at line 2"),
        (f'customer_id,email\n1,"{CANARY}"x\n2,b\n', " at line 2"),
        (f"customer_id,email\n1,a\r\n2,{CANARY}\n", ""),
    ],
    ids=["one field too many", "one field too few", "quote never closed", "text after a quote", "mixed line ends"],
)
def test_a_ragged_csv_is_refused_with_its_line(tmp_path: Path, content: str, line: str) -> None:
    deliver(tmp_path / "customers.csv", content)
    assert f"customers (customers.csv) is no well-formed CSV{line}: " in refusal(tmp_path)


def test_the_real_contract_reads_a_minimal_delivery(tmp_path: Path) -> None:
    tables = contract.load(PROJECT)
    for table in tables.values():
        if table.required:
            deliver(tmp_path / f"{table.name}.csv", ",".join(table.required_columns) + "\n")
    landed = landing.inspect(tmp_path, tables)
    with duckdb.connect() as connection:
        for name, table in landed.items():
            rows = connection.execute(landing.view_sql(table))
            columns = [column[0] for column in rows.description or ()]
            assert columns == [*tables[name].column_names, "file_number", "row_number", "is_new"]
