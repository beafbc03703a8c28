# mypy: allow-subclassing-any, allow-untyped-decorators
"""Great Expectations on DuckDB files.

Great Expectations has no support for DuckDB. Three things are repaired here, and no more:

1. it reads rows after it has given the connection back, and DuckDB keeps none on the client: rows are buffered;
2. the database's error messages quote data ("Could not convert string 'a@b.c'") and would be copied into results
   and pages: they are withheld, only the kind of error remains;
3. it has no regular expressions for this dialect: they are written with `regexp_matches`.

All files are attached, read-only, to one in-memory database. So the memory limit holds for all of them together,
the raw values that are searched for never touch the disk except in DuckDB's own spill folder, and no view of a
publication can reach another file.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal
from uuid import uuid4

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import duckdb
import sqlalchemy as sa
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource, TableAsset
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from bigtrust import sql
from bigtrust.errors import ConfigurationError
from bigtrust.gx import dialect

VAULT = "vault"


@dataclass(frozen=True)
class Session:
    """An open session: its connection, and what is known of relations (their SQL names with the publication).

    `texts` counts the distinct texts of those that were gathered, and `described` is what the catalogue says of them
    (module `texts`); `searched` are those that were searched for raw values (module `raw_values`). The files do not
    change while a session is open.
    """

    connection: duckdb.DuckDBPyConnection
    texts: dict[str, int] = field(default_factory=dict)
    described: dict[str, list[str]] = field(default_factory=dict)
    searched: set[str] = field(default_factory=set)
    _columns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Name and DuckDB type of each column of a relation, in order. Raises QueryFailed if it cannot be read."""
        if relation not in self._columns:
            with withheld():
                described = self.connection.execute(f"describe select * from {relation}").fetchall()
            self._columns[relation] = [(row[0], row[1]) for row in described]
        return self._columns[relation]


sessions: dict[str, Session] = {}


class QueryFailed(Exception):
    """A query failed. Says the kind of error; the database's own message is withheld, for it may quote data."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"The query failed in DuckDB: {kind} (message withheld, it may quote data).")
        self.kind = kind


@contextmanager
def withheld() -> Iterator[None]:
    """Turn any error into a QueryFailed that says its kind and holds no value and no cause."""
    try:
        yield
    except QueryFailed:
        raise
    except Exception as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise QueryFailed(kind) from None


def quoted(name: str) -> str:
    """An SQL identifier, quoted."""
    return '"' + name.replace('"', '""') + '"'


def sql_name(relation: str) -> str:
    """The SQL name of a relation (`publication.schema.name`), each part quoted."""
    return ".".join(map(quoted, relation.split(".")))


def unquoted(relation: str) -> list[str]:
    """The parts of the SQL name of a relation, each of which is quoted."""
    return [part.strip('"').replace('""', '"') for part in relation.split('"."')]


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def opened(
    publications: Mapping[str, Path], vault: Path | None = None
) -> Iterator[tuple[str, duckdb.DuckDBPyConnection]]:
    """One in-memory database with every publication attached under its name, and the vault as `vault`, read-only.

    Gives the name of the session, which a DuckDBDatasource finds it by (`sessions`), and the connection. Raises
    ConfigurationError if a file is missing or cannot be opened.
    """
    files = {**publications, **({VAULT: vault} if vault else {})}
    # What does not fit into memory is raw personal data too: it spills beside the vault.
    limits = sql.limits([*files.values()][-1].resolve().parent / "checks.tmp")
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false", **limits})
    session = uuid4().hex
    try:
        for name, path in files.items():
            _attach(connection, name, path)
        sessions[session] = Session(connection)
        yield session, connection
    finally:
        sessions.pop(session, None)
        connection.close()


def forbid_other_files(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on nothing else can be attached, read or written: a publication stands on its own."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _attach(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    if not path.is_file():
        raise ConfigurationError(f"Publication {name}: there is no file {path}. Build it first.")
    try:
        with withheld():
            connection.execute(f"attach {literal(str(path))} as {quoted(name)} (read_only)")
    except QueryFailed as failure:
        raise ConfigurationError(
            f"Publication {name}: {path} cannot be opened ({failure.kind}). "
            "Close whatever writes to it, or build it again."
        ) from None


class _Connection:
    """What SQLAlchemy takes for a connection: gives a cursor of the session for each statement."""

    def __init__(self, session: str, publication: str) -> None:
        self._session = session
        self._publication = publication

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = sessions[self._session].connection.cursor()
        cursor.execute(f"use {quoted(self._publication)}")
        return cursor

    def close(self) -> None:
        """Do nothing: each cursor is closed after its statement."""


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs Great Expectations' queries on one publication of an open session."""

    def _setup_engine(
        self,
        kwargs: Mapping[str, Any],
        connection_string: str | None = None,
        credentials: dict[str, Any] | None = None,
        url: str | None = None,
    ) -> None:
        self._values: dict[tuple[str, ...], int] = {}
        session, publication = str(connection_string).removeprefix("duckdb:///").split("/")
        self._session, self._publication = session, publication
        self.engine = sa.create_engine(
            dialect.URL, creator=lambda: _Connection(session, publication), poolclass=sa.NullPool
        )

    @property
    def session(self) -> Session:
        """The open session."""
        return sessions[self._session]

    def full_name(self, relation: str) -> str:
        """The SQL name of a relation (quoted SQL name) with its publication."""
        return f"{quoted(self._publication)}.{relation}"

    def execute_query(self, query: Any) -> Any:
        """Run a query of Great Expectations' own; its rows are buffered."""
        with withheld(), self.engine.connect() as connection:
            return connection.execute(query).freeze()()

    execute_query_in_transaction = execute_query

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of an SQL text of this project (parameters as $1, $2, ...)."""
        with withheld(), self.engine.connect() as connection:
            return list(connection.exec_driver_sql(sql, tuple(parameters)).fetchall())

    def row_batches(self, sql: str, size: int = 50_000) -> Iterator[list[Any]]:
        """The rows of an SQL text of this project, in batches."""
        with withheld(), self.engine.connect() as connection:
            result = connection.exec_driver_sql(sql)
            while batch := result.fetchmany(size):
                yield list(batch)

    def relation(self, batch_id: str | None) -> str:
        """The quoted SQL name of the relation under test, for the batch (None: the only one loaded)."""
        batch = self.batch_manager.batch_data_cache[batch_id or self.batch_manager.active_batch_data_id]
        return f"{quoted(batch.source_schema_name)}.{quoted(batch.source_table_name)}"

    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Name and DuckDB type of each column of a relation (quoted SQL name), in order."""
        return self.session.columns(self.full_name(relation))

    def count_values(self, relation: str, columns: Sequence[str]) -> int:
        """How many values, nulls aside, columns of a relation (quoted SQL name) have."""
        key = (relation, *columns)
        if key not in self._values:
            counts = [f"count({quoted(column)})" for column in columns]
            self._values[key] = sum(self.rows(f"select {', '.join(counts)} from {relation}")[0]) if counts else 0
        return self._values[key]

    def get_inspector(self) -> Any:
        """What Great Expectations asks for the columns of a relation."""
        return _Inspector(self)


class _Inspector:
    """The two questions of SQLAlchemy's inspector that Great Expectations asks, answered by DESCRIBE."""

    def __init__(self, engine: DuckDBExecutionEngine) -> None:
        self._engine = engine
        self.dialect = engine.engine.dialect

    def get_columns(self, table_name: str, schema: str) -> list[dict[str, str]]:
        found = self._engine.columns(f"{quoted(schema)}.{quoted(table_name)}")
        return [{"name": name, "type": data_type} for name, data_type in found]

    def get_pk_constraint(self, table_name: str, schema: str) -> dict[str, Any]:
        return {}


class DuckDBTableAsset(TableAsset):
    """A relation of a publication."""

    def test_connection(self) -> None:
        """Do nothing: a relation that cannot be read fails each of its expectations, message withheld."""


class DuckDBDatasource(SQLDatasource):
    """One publication of an open session. Its connection string is `duckdb:///<session>/<publication>`."""

    type: Literal["duckdb"] = "duckdb"
    asset_types: ClassVar[list[Any]] = [DuckDBTableAsset]
    assets: list[DuckDBTableAsset] = []  # noqa: RUF012  # a pydantic field, copied for each instance

    _TableAsset: Any = PrivateAttr(DuckDBTableAsset)

    @property
    def execution_engine_type(self) -> Any:
        """The engine that runs the queries."""
        return DuckDBExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """Do nothing: the session has opened the file already."""


def _matches(column: Any, regex: str) -> Any:
    return sa.func.regexp_matches(sa.cast(column, sa.VARCHAR), sa.literal(regex))


class _MatchRegex(ColumnMapMetricProvider):
    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Any, regex: str, **kwargs: Any) -> Any:
        return _matches(column, regex)


class _NotMatchRegex(ColumnMapMetricProvider):
    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Any, regex: str, **kwargs: Any) -> Any:
        return sa.not_(_matches(column, regex))


class _NotMatchRegexList(ColumnMapMetricProvider):
    condition_metric_name = "column_values.not_match_regex_list"
    condition_value_keys = ("regex_list",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(cls, column: Any, regex_list: Sequence[str], **kwargs: Any) -> Any:
        return sa.and_(*(sa.not_(_matches(column, regex)) for regex in regex_list))
