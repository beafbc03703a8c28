"""A sample of landing in which other values take the place of the raw ones, written as landing files to be built."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from bigtrust import contract, register, sampled, scramble, sql
from bigtrust.sampled import OF_THEM, cleaned
from bigtrust.settings import Settings

CLASS_NAMES = {
    "direct_identifier": "direct identifier",
    "quasi_identifier": "quasi-identifier",
    "free_text": "free text",
}

_QUASI = "quasi_identifier"
_REPLACED = ("direct_identifier", "free_text")
_DAY, _FREELY = "birth_date", ("city", "postal_code")
_REGISTER = "register_requests"
_FORGOTTEN = "forgotten_lines"


class Sample(sampled.Source):
    """The landing rows of some customers, and what gives way to what in them.

    The table `sample.<table>` holds the rows, positioned as they are written. For each exchange, the tables
    `<exchange>_texts`, `<exchange>_days` and `<exchange>_moments` hold the values and those that take their place.
    `columns` are the names of the columns that can be exchanged.
    """

    same_shape, other_length = exchanges = ("same_shape", "other_length")

    def __init__(self, settings: Settings, seed: str) -> None:
        super().__init__(settings)
        self._settings = settings
        self._seed = seed
        self._contract = contract.load(settings.project)
        # the identifier class of each column
        self._tables: dict[str, Mapping[str, str]] = {
            name: _classes(table.table) for name, table in self.tables.items() if table.files
        }
        self._tables[_REGISTER] = _classes(self._contract["erasure_requests"])
        requests = self._tables[_REGISTER]
        self._tables[_FORGOTTEN] = {
            "purchase_id": requests["purchase_id"],
            "customer_id": requests["customer_id"],
            "purchased_at": _QUASI,
        }
        self._times: dict[str, list[str]] = {}  # by table
        self._exchanged: dict[str, str] = {}  # the classes of the columns that are exchanged
        self._values: dict[str, int] = {}  # how many distinct values of a column give way to others
        self.columns: frozenset[str] = frozenset()

    def take(self, size: int) -> int:
        """Choose customers, as many sales without one, and as many rows of each table that name nobody.

        Returns the number of customers.
        """
        numbers = [f"select {cleaned('customer_id')} as id from {table}" for table in ("customers", "purchases")]
        customers = self._some(" union all ".join(numbers), size)
        anonymous = self._some(
            f"select {cleaned('purchase_id')} as id from purchases where {cleaned('customer_id')} is null", size
        )
        self.choose(customers, anonymous)
        self.connection.execute("create schema sample")
        register.write_table(self.connection, f"main.{_REGISTER}", register.read(self._settings.register))
        for table in self._tables:
            if table == _FORGOTTEN:
                self.connection.execute(f"create table sample.{table} as {self.remembered_sql(OF_THEM)}")
                continue
            if table == _REGISTER:
                condition, first_row = OF_THEM, 0  # each request is a file of its own
            else:
                condition, first_row = f"{self.condition(table)} or {self._of_nobody(table, size)}", 1
            self.connection.execute(
                f"""
                create table sample.{table} as
                select
                    * replace (
                        dense_rank() over (order by file_number) - 1 as file_number,
                        row_number() over (partition by file_number order by row_number) - 1 + {first_row} as row_number
                    )
                from {table}
                where {condition}
                """
            )
        return len(customers)

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody in it: no customer, and no purchase of anybody."""
        return not any(self._count(f"select count(*) from sample.{table}") for table in ("customers", "purchases"))

    def exchange(self, vault: Path, now: datetime) -> None:
        """Choose what gives way to what.

        `vault` is that of a build of the sample as it is: times and dates are what its staging reads. `now` is in UTC.
        """
        texts, moments, days = [], [], ["select null::date as day"]
        self.connection.execute(f"attach {sql.text(str(vault))} as vault (read_only)")
        for table, columns in self._tables.items():
            times = self._read_times(table)
            for column, identifier_class in columns.items():
                is_quasi = identifier_class == _QUASI
                if identifier_class in _REPLACED or (is_quasi and column in _FREELY):
                    texts.append(f"select '{column}' as domain, {cleaned(column)} as value from sample.{table}")
                elif column in times:
                    moments.append(f"select {column} as moment from {_read(table)}")
                elif is_quasi and column == _DAY:
                    days.append(f"select {column} as day from {_read(table)}")
                else:
                    continue
                self._exchanged[column] = identifier_class
        self.connection.execute("detach vault")
        keys = {column for table in self._contract.values() for column in table.key}
        execute = self.connection.execute
        execute(f"create table texts as select distinct * from ({' union all '.join(texts)}) where value is not null")
        execute(f"create table moments as select distinct * from ({' union all '.join(moments)})")
        execute(f"create table days as select distinct * from ({' union all '.join(days)})")
        execute("set variable keeping_shape = ?", [sorted({*keys, *_FREELY})])
        execute("create view formed_texts as from texts where list_contains(getvariable('keeping_shape'), domain)")
        execute("create view other_texts as from texts where not list_contains(getvariable('keeping_shape'), domain)")
        policy = sampled.policy(self._settings.project)
        zone = policy["time_zone"]
        today = self._settings.as_of or now.date()
        for exchange in self.exchanges:
            seed = f"{self._seed} {exchange}"
            keep = exchange == self.same_shape
            scramble.exchange_texts(self.connection, "formed_texts", f"{exchange}_formed", seed)
            scramble.exchange_texts(self.connection, "other_texts", f"{exchange}_other", seed, keep_shape=keep)
            execute(f"create table {exchange}_texts as from {exchange}_formed union all from {exchange}_other")
            scramble.exchange_days(
                self.connection, "days", f"{exchange}_days", seed, today, int(policy["marketing_age"])
            )
            utc = now.replace(tzinfo=None)
            scramble.exchange_moments(self.connection, "moments", f"{exchange}_moments", seed, zone, utc)
        self._values = {column: self._exchanged_values(column) for column in self._exchanged}
        self.columns = frozenset(column for column, values in self._values.items() if values)

    def exchanged(self) -> dict[str, int]:
        """How many distinct values give way to others, by identifier class."""
        counts: dict[str, int] = {}
        for column, identifier_class in self._exchanged.items():
            counts[identifier_class] = counts.get(identifier_class, 0) + self._values[column]
        return counts

    def described(self, column: str) -> str:
        """The column with its tables and its class, for people."""
        tables = [table for table in self._contract if column in self._tables.get(table, ())] or [_REGISTER]
        where = f"{tables[0]}.{column}" if len(tables) == 1 else f"{column} of {', '.join(tables)}"
        return f"{where} ({CLASS_NAMES[self._exchanged[column]]})"

    def renamed(self, exchange: str, columns: Collection[str]) -> dict[str, str]:
        """SQL, by column: the identifiers that are exchanged, as (`value`, `other`)."""
        return {
            column: f"(select value, other from {exchange}_texts where domain = '{column}')"
            for column in columns
            if self._exchanged[column] == "direct_identifier"
        }

    def write(self, settings: Settings, exchange: str = "", columns: Collection[str] = ()) -> None:
        """Write the landing folder and the register of a build, with the values of some columns exchanged."""
        settings.landing.mkdir(parents=True)
        settings.register.mkdir()
        for table in self._tables:
            query = self._exchanged_sql(table, exchange, columns)
            if table == _FORGOTTEN:
                path = sql.file(settings.register / register.FORGOTTEN_LINES)
                self.connection.execute(f"copy ({query}) to {path} (format parquet)")
            elif table == _REGISTER:
                names = ", ".join(register.FIELDS)
                requests = self.connection.execute(f"select {names} from ({query}) order by file_number").fetchall()
                for number, request in enumerate(requests):
                    text = json.dumps(dict(zip(register.FIELDS, request, strict=True)))
                    (settings.register / f"{number:08}.json").write_text(text, encoding="utf-8")
            else:
                self._write_files(settings.landing / table, table, query)

    def _some(self, query: str, size: int) -> list[str]:
        rows = self.connection.execute(
            f"select distinct id from ({query}) where id is not null order by hash($seed, id), id limit $size",
            {"seed": self._seed, "size": size},
        ).fetchall()
        return [number for (number,) in rows]

    def _of_nobody(self, table: str, size: int) -> str:
        """SQL: some rows that name neither a customer nor a purchase."""
        names = {"customer_id", "purchase_id"} & self._tables[table].keys()
        if not names:
            return "false"
        nobody = " and ".join(f"{cleaned(name)} is null" for name in sorted(names))
        return (
            f"(file_number, row_number) in (select (file_number, row_number) from {table} where {nobody} "
            f"order by hash({sql.text(self._seed)}, file_number, row_number) limit {size})"
        )

    def _read_times(self, table: str) -> list[str]:
        """Keep what staging reads of the times and dates of a table; returns the columns that are times."""
        if table == _FORGOTTEN:
            self._times[table] = ["purchased_at"]
            return self._times[table]
        base = f"vault.staging.base_{table}"
        kinds = {name: kind for name, kind, *_ in self.connection.execute(f"describe {base}").fetchall()}
        quasi = [name for name, identifier_class in self._tables[table].items() if identifier_class == _QUASI]
        self._times[table] = [name for name in quasi if kinds.get(name) == "TIMESTAMP"]
        read = ["file_number", "row_number", *(name for name in quasi if kinds.get(name) in ("TIMESTAMP", "DATE"))]
        self.connection.execute(f"create table {_read(table)} as select {', '.join(read)} from {base}")
        return self._times[table]

    def _exchanged_values(self, column: str) -> int:
        exchange = self.exchanges[-1]
        kind, value = self._kind(column)
        if kind == "texts":
            return self._count(f"select count(*) from {exchange}_texts where domain = '{column}' and value <> other")
        values = " union ".join(
            f"select {column} as {value} from {_read(table)}"
            for table, columns in self._tables.items()
            if column in columns and (kind == "days" or column in self._times[table])
        )
        return self._count(
            f"select count(*) from ({values}) inner join {exchange}_{kind} using ({value}) where {value} <> other"
        )

    def _kind(self, column: str) -> tuple[str, str]:
        """The kind of exchange that a column takes part in, and what its table calls the value."""
        if column == _DAY:
            return "days", "day"
        return ("moments", "moment") if any(column in times for times in self._times.values()) else ("texts", "value")

    def _exchanged_sql(self, table: str, exchange: str, columns: Collection[str]) -> str:
        """SQL: the rows of a table with the values of some columns exchanged; what staging cannot read stays."""
        chosen = {column: self._kind(column) for column in self._tables[table] if column in columns}
        joins, replaced = [], []
        is_landed = table != _FORGOTTEN
        if is_landed and any(kind != "texts" for kind, _ in chosen.values()):
            joins.append(f"inner join {_read(table)} as read using (file_number, row_number)")
        for column, (kind, value) in chosen.items():
            landed, exchanged = f"landed.{column}", f"exchanged_{column}"
            known = cleaned(landed) if kind == "texts" else f"{'read' if is_landed else 'landed'}.{column}"
            domain = f"and {exchanged}.domain = '{column}'" if kind == "texts" else ""
            joins.append(f"left join {exchange}_{kind} as {exchanged} on {known} = {exchanged}.{value} {domain}")
            other = f"{exchanged}.other"
            if is_landed and kind == "texts":  # the spaces around it stay
                spaces = "getvariable('spaces')"
                before = f"left({landed}, length({landed}) - length(ltrim({landed}, {spaces})))"
                after = f"right({landed}, length({landed}) - length(rtrim({landed}, {spaces})))"
                other = f"{before} || {other} || {after}"
            elif is_landed:
                form = "%Y-%m-%d" if kind == "days" else "%Y-%m-%d %H:%M:%S.%fZ"
                other = f"strftime({other}, '{form}')"
            is_other = f"{exchanged}.other <> {exchanged}.{value}"
            replaced.append(f"case when {is_other} then {other} else {landed} end as {column}")
        replace = f"replace ({', '.join(replaced)})" if replaced else ""
        return f"select landed.* {replace} from sample.{table} as landed {' '.join(joins)}"

    def _write_files(self, folder: Path, table: str, query: str) -> None:
        folder.mkdir()
        names = ", ".join(self._tables[table])
        numbers = self.connection.execute(f"select distinct file_number from sample.{table}").fetchall()
        for number in {0, *(number for (number,) in numbers)}:
            rows = f"select {names} from ({query}) where file_number = {number} order by row_number"
            path = sql.file(folder / f"{number:08}.parquet")
            self.connection.execute(f"copy ({rows}) to {path} (format parquet)")

    def _count(self, query: str) -> int:
        return int(self.connection.execute(query).fetchall()[0][0])


def _classes(table: contract.Table) -> Mapping[str, str]:
    return {column.name: column.identifier_class for column in table.columns}


def _read(table: str) -> str:
    """The table of what staging reads; the register remembers times as times."""
    return f"sample.{table}" if table == _FORGOTTEN else f"read_{table}"
