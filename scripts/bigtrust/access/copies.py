"""What the vault and the publications hold of one person: every row with their number or one of their pseudonyms.

Which relations those are is read from the databases themselves, so a new one cannot be missed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb

from bigtrust import sql
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PUBLICATIONS, Settings

_PERSON = ("customer_id", "person_pseudonym")
_PURCHASE = ("purchase_id", "purchase_pseudonym", "purchase_number")
# Views of the vault read the landing files, which are told by themselves; of a publication, people read the views.
_RELATIONS = """
    select columns.schema_name, columns.table_name, list(columns.column_name order by columns.column_index)
    from duckdb_columns() as columns
    where
        columns.database_name = $database
        and columns.schema_name in ('restricted', 'last_run', 'marts', 'protected')
        and ($database <> 'vault' or (columns.schema_name, columns.table_name) in (
            select (schema_name, table_name) from duckdb_tables() where database_name = 'vault'
        ))
    group by columns.schema_name, columns.table_name
    having list_has_any(list(columns.column_name), $identifiers)
    order by columns.schema_name, columns.table_name
"""


@dataclass(frozen=True)
class Copy:
    """Rows of a person in a relation, such as `marts.purchases`, by column, as JSON has them."""

    relation: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Copies:
    """What the vault holds, and each publication that holds anything; relations without a row are left out."""

    vault: list[Copy]
    publications: Mapping[str, list[Copy]] = field(default_factory=dict)


def attach(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Attach the vault and all publications, to be read only. Nobody may write them meanwhile.

    Raises ConfigurationError if one cannot be opened.
    """
    databases = {"vault": settings.vault} | {name: settings.published / f"{name}.duckdb" for name in PUBLICATIONS}
    for name, path in databases.items():
        try:
            connection.execute(f"attach {sql.text(str(path))} as {sql.identifier(name)} (read_only)")
        except duckdb.IOException:
            raise ConfigurationError(
                f"The database {path} cannot be opened. Close programs that have it open; correct its owner and mode."
            ) from None


def read(connection: duckdb.DuckDBPyConnection, customer: str) -> Copies:
    """Return what there is of a customer, whose purchases are in `own.purchases`."""
    connection.execute("set variable customer = $1", [customer])
    relations = list(_relations(connection, "vault"))
    _collect(connection, relations, "customer_id", "person_pseudonym", "own.customers", "(getvariable('customer'))")
    _collect(
        connection, relations, "purchase_id", "purchase_pseudonym", "own.purchase_pseudonyms", "(from own.purchases)"
    )
    _collect(connection, relations, "purchase_id", "purchase_number", "own.purchase_numbers", "(from own.purchases)")
    return Copies(
        vault=_copies(connection, "vault", relations),
        publications={
            name: found
            for name in PUBLICATIONS
            if (found := _copies(connection, name, list(_relations(connection, name))))
        },
    )


def _relations(connection: duckdb.DuckDBPyConnection, database: str) -> Iterator[tuple[str, str, list[str]]]:
    yield from connection.execute(_RELATIONS, {"database": database, "identifiers": [*_PERSON, *_PURCHASE]}).fetchall()


def _collect(
    connection: duckdb.DuckDBPyConnection,
    relations: list[tuple[str, str, list[str]]],
    identifier: str,
    wanted: str,
    target: str,
    known: str,
) -> None:
    """Make a table of the wanted identifiers that any map of the vault gives for those that are known."""
    maps = [
        f"select {wanted} from vault.{sql.identifier(schema)}.{sql.identifier(name)} where {identifier} in {known}"
        for schema, name, columns in relations
        if identifier in columns and wanted in columns
    ]
    kind = "bigint" if wanted == "purchase_number" else "uuid"
    connection.execute(
        f"create table {target} as {' union '.join([f'select null::{kind} as {wanted} where false', *maps])}"
    )


def _copies(
    connection: duckdb.DuckDBPyConnection, database: str, relations: list[tuple[str, str, list[str]]]
) -> list[Copy]:
    found = []
    for schema, name, columns in relations:
        cursor = connection.execute(
            f"from {database}.{sql.identifier(schema)}.{sql.identifier(name)} where {_is_own(columns)} order by all"
        )
        rows = [{column: plain(value) for column, value in zip(columns, row, strict=True)} for row in cursor.fetchall()]
        if rows:
            found.append(Copy(f"{schema}.{name}", rows))
    return found


def _is_own(columns: list[str]) -> str:
    """A row is of the person whom it names; one that names nobody is of the person whose purchase it names."""
    of_person = {
        "customer_id": "customer_id = getvariable('customer')",
        "person_pseudonym": "person_pseudonym in (select person_pseudonym from own.customers)",
    }
    of_purchase = {
        "purchase_id": "purchase_id in (select purchase_id from own.purchases)",
        "purchase_pseudonym": "purchase_pseudonym in (select purchase_pseudonym from own.purchase_pseudonyms)",
        "purchase_number": "purchase_number in (select purchase_number from own.purchase_numbers)",
    }
    named = [condition for column, condition in of_person.items() if column in columns]
    nobody = [f"{column} is null" for column in of_person if column in columns]
    bought = [condition for column, condition in of_purchase.items() if column in columns]
    conditions = list(named)
    if bought:
        conditions.append(f"({' and '.join([*nobody, '(' + ' or '.join(bought) + ')'])})")
    return " or ".join(conditions)


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers that are exact as text, days and times in ISO 8601."""
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, int) and abs(value) >= 2**53:  # more than other readers of JSON keep (RFC 8259, section 6)
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
