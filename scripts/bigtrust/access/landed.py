"""The rows of one person in the landing folder, as they were delivered: also those that staging sets aside.

A row is of the person whose number it carries. A purchase is of the customer whom its last good header names, as in
staging; its lines and returns go with it, and so does what names it and nobody else. What names the purchase and
another customer is of that customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from bigtrust import contract, landing, register, sql
from bigtrust.files import digest
from bigtrust.landing import LandingTable
from bigtrust.settings import Settings

# What is about persons, in the order in which it is told. The other tables are the catalogue.
TABLES = (
    "customers",
    "consents",
    "purchases",
    "purchase_lines",
    "returns",
    "web_events",
    "support_tickets",
    "marketing_messages",
    "erasure_requests",
    "legal_holds",
)
OF_A_PURCHASE = ("purchase_lines", "returns")
# What the last run made of a row. `new`: the run has not read it.
USED, SUPERSEDED, REJECTED, WAITING, NEW = "used", "superseded", "rejected", "waiting", "new"

_CLEAN = "nullif(trim({column}, $spaces), '')"  # as the macro read_text reads an identifier
_POSITION = "cast(file_number as bigint) << 40 | row_number"
# The customer of each purchase that ever named the person. `purchases` holds all headers of these purchases here.
_OWNED = f"""
    select purchase_id
    from staging.base_purchases
    where purchase_id is not null and customer_id is not null
    group by purchase_id
    having
        coalesce(
            arg_max(customer_id, {_POSITION}) filter (where reject_reason is null), arg_max(customer_id, {_POSITION})
        ) = $customer
"""
_STATES = """
    select
        own.file_number, own.row_number, own.file_name,
        case
            when not own.is_read then 'new'
            when set_aside.status = 'duplicate' then 'superseded'
            when set_aside.status = 'rejected' then 'rejected'
            when held.row_number is not null then 'waiting'
            else 'used'
        end as state,
        set_aside.reason, due.reason as due_reason, due.due_since
    from own.positions as own
    left join vault.landing.files as files
        on own.landing_table = files.landing_table and own.file_name = files.file_name and own.is_read
    left join vault.restricted.landing_set_aside as set_aside
        on files.landing_table = set_aside.landing_table and files.file_number = set_aside.file_number
        and own.row_number = set_aside.row_number
    left join vault.restricted.landing_held as held
        on files.landing_table = held.landing_table and files.file_number = held.file_number
        and own.row_number = held.row_number
    left join vault.restricted.landing_due as due
        on files.landing_table = due.landing_table and files.file_number = due.file_number
        and own.row_number = due.row_number
    where own.landing_table = $landing_table
    order by own.file_number, own.row_number
"""


@dataclass(frozen=True)
class Row:
    """A landed row: its values as they were delivered (text) and as staging reads them (typed).

    `reason` is the code of why it was set aside; `due_reason` and `due_since` say since when the source system should
    have deleted it.
    """

    values: Mapping[str, str | None]
    read: Mapping[str, Any]
    file: str
    number: int
    state: str
    reason: str | None = None
    due_reason: str | None = None
    due_since: date | None = None

    @property
    def is_good(self) -> bool:
        """Whether it counts: the last run used it, or no run has read it yet and the next one can."""
        return self.state == USED or (self.state == NEW and self.read["reject_reason"] is None)


@dataclass(frozen=True)
class Landed:
    """The rows of a person by landing table, the purchases that are theirs, and the names of what is in them."""

    rows: Mapping[str, list[Row]]
    purchases: frozenset[str]
    products: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def is_elsewhere(self, name: str, row: Row) -> bool:
        """Whether a row is an older header of a purchase that is somebody else's by a later one."""
        purchase = row.read["purchase_id"] if name == "purchases" else None
        return purchase is not None and purchase not in self.purchases


def read(connection: duckdb.DuckDBPyConnection, settings: Settings, customer: str) -> Landed:
    """Return what landing holds of a customer, whose number has no spaces around it.

    `connection` is in memory, with the vault attached; afterwards it has the purchases of the person in
    `own.purchases`. Raises InputError if the landing folder cannot be used.
    """
    tables = landing.inspect(settings.landing, contract.load(settings.project))
    connection.execute("create schema landing; create schema staging; create schema own")
    connection.execute(
        "create table own.positions (landing_table text, file_number int, row_number bigint, file_name text, "
        "is_read boolean)"
    )
    known = {
        (table, name): seen
        for table, name, seen in connection.execute(
            "select landing_table, file_name, digest from vault.landing.files"
        ).fetchall()
    }
    reader = _Reader(connection, tables, known, customer)
    reader.read_purchases(settings)
    for name in TABLES:
        if name != "purchases":
            reader.read(name)
    owned = frozenset(purchase for (purchase,) in connection.execute("from own.purchases").fetchall())
    return Landed({name: reader.rows(name) for name in TABLES}, owned, *reader.names(settings))


class _Reader:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: dict[str, LandingTable],
        known: Mapping[tuple[str, str], str],
        customer: str,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._known = known
        self._given = {"customer": customer, "spaces": register.SPACES}

    def read_purchases(self, settings: Settings) -> None:
        """Make `own.purchases`, and keep of their headers those that name the person or nobody."""
        customer, purchase = _CLEAN.format(column="customer_id"), _CLEAN.format(column="purchase_id")
        source = landing.view_sql(self._tables["purchases"])
        self._keep(
            "purchases",
            f"{customer} = $customer or {purchase} in (select {purchase} from ({source}) where {customer} = $customer)",
        )
        remembered = register.forgotten_lines_sql(settings.register)
        self._execute(f"create table own.purchases as {_OWNED}", "customer")
        # what the source system has deleted since, as it should
        self._execute(
            f"""
            insert into own.purchases
            select distinct purchase_id from ({remembered})
            where customer_id = $customer and purchase_id not in (
                select {purchase} from ({source}) where {purchase} is not null
            )
            """
        )
        self._execute(
            f"""
            delete from landing.purchases
            where {customer} is distinct from $customer
                and not ({customer} is null and {purchase} in (select purchase_id from own.purchases))
            """
        )

    def read(self, name: str) -> None:
        """Keep the rows of the person from a landing table."""
        customer = _CLEAN.format(column="customer_id")
        of_purchase = f"{_CLEAN.format(column='purchase_id')} in (select purchase_id from own.purchases)"
        if name in OF_A_PURCHASE:
            self._keep(name, of_purchase)
        elif "purchase_id" in self._tables[name].table.column_names:
            self._keep(name, f"{customer} = $customer or ({customer} is null and {of_purchase})")
        else:
            self._keep(name, f"{customer} = $customer")

    def rows(self, name: str) -> list[Row]:
        """The rows that were kept, in the order of the delivery."""
        files = self._tables[name].files
        numbers = self._connection.execute(f"select distinct file_number from landing.{name}").fetchall()
        for (number,) in numbers:
            path = files[number].path
            is_read = self._known.get((name, path.name)) == digest(path)
            self._connection.execute(
                f"insert into own.positions select ?, file_number, row_number, ?, ? from landing.{name} "
                "where file_number = ?",
                [name, path.name, is_read, number],
            )
        states = self._connection.execute(_STATES, {"landing_table": name}).fetchall()
        columns = ", ".join(self._tables[name].table.column_names)
        values = sql.rows(self._connection, f"select {columns} from landing.{name} order by file_number, row_number")
        read = sql.rows(self._connection, f"from staging.base_{name} order by file_number, row_number")
        return [
            Row(delivered, typed, file, number, state, reason, due_reason, due_since)
            for delivered, typed, (_, number, file, state, reason, due_reason, due_since) in zip(
                values, read, states, strict=True
            )
        ]

    def names(self, settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
        """The names of the products and of the categories that the person's rows name, also in the register."""
        product, category = _CLEAN.format(column="product_id"), _CLEAN.format(column="category_id")

        def named(key: str, column: str) -> str:
            tables = [name for name in TABLES if column in self._tables[name].table.column_names]
            return " union ".join(f"select {key} from landing.{name}" for name in tables)

        def found(table: str, key: str, keys: str) -> dict[str, str]:
            source = landing.view_sql(self._tables[table])
            rows = self._execute(
                f"""
                select {key}, arg_max(trim(name, $spaces), {_POSITION})
                from ({source}) where {key} in ({keys}) and name is not null group by all
                """,
                *(["spaces", "customer"] if "$customer" in keys else ["spaces"]),
            )
            return dict(rows.fetchall())

        products = named(product, "product_id")
        categories = f"""
            {named(category, "category_id")}
            union select {category} from ({landing.view_sql(self._tables["products"])}) where {product} in ({products})
            union select category_id from ({register.forgotten_lines_sql(settings.register)})
            where customer_id = $customer
        """
        return found("products", product, products), found("product_categories", category, categories)

    def _keep(self, name: str, condition: str) -> None:
        """Keep the landed rows that the condition is true of, as text, and read them as staging does."""
        source = landing.view_sql(self._tables[name])
        given = [parameter for parameter in ("customer", "spaces") if f"${parameter}" in condition]
        self._execute(f"create table landing.{name} as select * from ({source}) where {condition}", *given)
        ((view,),) = self._connection.execute(
            "select sql from duckdb_views() where database_name = 'vault' and schema_name = 'staging' "
            "and view_name = ?",
            [f"base_{name}"],
        ).fetchall()
        self._connection.execute(view)

    def _execute(self, query: str, *given: str) -> duckdb.DuckDBPyConnection:
        parameters = {name: value for name, value in self._given.items() if not given or name in given}
        return self._connection.execute(query, parameters)
