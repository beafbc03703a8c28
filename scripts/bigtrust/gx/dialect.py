# mypy: allow-subclassing-any
"""As much of an SQLAlchemy dialect as Great Expectations needs to write queries for DuckDB, and no more."""

from typing import Any

import duckdb
from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import IdentifierPreparer

URL = "bigtrust_duckdb://"


class _QuoteAll(IdentifierPreparer):
    """Quotes every identifier, so that no list of reserved words is needed."""

    def _requires_quotes(self, value: str) -> bool:
        return True


class DuckDBDialect(DefaultDialect):
    """Standard SQL over DuckDB's own Python interface; connections are given to it, it opens none."""

    name = "duckdb"
    driver = "duckdb"
    default_paramstyle = "qmark"
    preparer = _QuoteAll
    supports_statement_cache = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """The DB-API module."""
        return duckdb

    def initialize(self, connection: Any) -> None:
        """Ask the server nothing."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Do nothing: all files are open read-only, each statement is its own transaction."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Do nothing, as with a rollback."""


registry.register("bigtrust_duckdb", __name__, "DuckDBDialect")
