"""The plugin that dbt-duckdb loads (profiles.yml): the guards of every dbt command, and the way in for landing data.

It runs when dbt opens its first connection, before any model: it checks the landing folder against the contract,
the register and the secret, and registers the landing tables as views in the vault. It also hands the keys of the
pseudonymisation domains to each session as variables, so that no SQL text, file or log ever holds them.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

import dbt.adapters.duckdb.environments.local as local_environment
import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from bigtrust import disclosures, inputs, keys, landing, lock, records, register, reviews, secret, sql, states
from bigtrust.errors import BigTrustError
from bigtrust.files import private_folder
from bigtrust.settings import Settings

# Errors of these kinds are about SQL text and names; the message of any other kind may quote a value from the data.
_SAFE_ERRORS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)
_DISCLOSED = dict.fromkeys(("kind", "campaign", "subject", "recipient", "purpose", "legal_basis"), "VARCHAR") | {
    "columns": "VARCHAR",
    "persons": "INTEGER",
    "policy_version": "VARCHAR",
    "commitment": "VARCHAR",
    "use_until": "DATE",
    "disclosed_at": "TIMESTAMP",
}
_held: set[Path] = set()
_locks = ExitStack()  # closed when the process ends
_DISK_ERRORS = (duckdb.IOException, duckdb.TransactionException)


class Plugin(BasePlugin):  # type: ignore[misc]
    """Guards and landing views. Configuration: `record_only` (only the run's record is written; no guards)."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Run the guards that need no connection."""
        self._record_only = str(plugin_config.get("record_only", "no")) == "yes"
        self._variables: dict[str, bytes | int] = {}
        _withhold_values()
        with _told_by_dbt():
            self._settings = Settings.load()
            private_folder(self._settings.warehouse)
            if os.environ.get("BIGTRUST_LOCK_IS_HELD") != "yes":
                os.umask(0o077)
                _hold_lock(self._settings.warehouse)
            self._settings.candidates.mkdir(exist_ok=True)
            self._settings.runs.mkdir(parents=True, exist_ok=True)
            if self._record_only:
                self._settings.record_only.mkdir(exist_ok=True)
                return
            key = secret.load(self._settings)
            versions = keys.versions(self._settings)  # read once: no rotation while the lock is held
            given = inputs.handed_over()
            self._inputs = given or inputs.read(self._settings)
            self._builds_alone = given is None
            records.require_readable(self._settings.runs)
            reviews.read(self._settings.reviews)
            disclosures.read(self._settings)
            keys.remember(self._settings, versions)
        for domain, version in versions.items():
            inner, outer = secret.pads(secret.domain_key(key, domain, version))
            self._variables |= {f"{domain}_inner_pad": inner, f"{domain}_outer_pad": outer}
            self._variables[f"{domain}_key_version"] = version

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the landing tables, the register and what is there of them, as relations of the vault."""
        conn.execute("create schema if not exists runs")
        conn.execute(f"create or replace view runs.records as {_records_sql(self._settings.runs)}")
        conn.execute(f"create or replace view runs.reviews as {_reviews_sql(self._settings.reviews)}")
        given_out = disclosures.folder(self._settings)
        conn.execute(f"create or replace view runs.disclosures as {_read_json(given_out, _DISCLOSED)}")
        if self._record_only:
            return
        conn.execute("create schema if not exists landing")
        if self._builds_alone:  # the next run cannot know what was built
            conn.execute("drop table if exists last_run.build")
        for name, table in self._inputs.tables.items():
            read_before = self._inputs.plan.read_before.get(name, ())
            query = landing.view_sql(table, read_before, keep_types=True)
            conn.execute(f"create or replace view landing.{name} as {query}")
        register.write_table(conn, "landing.register_requests", self._inputs.requests)
        conn.execute(
            "create or replace table runs.honoured_requests as select unnest(?::double[]) as days",
            [states.days_to_honour(self._settings.register, self._inputs.requests)],
        )
        conn.execute(
            f"create or replace view landing.forgotten_lines as {register.forgotten_lines_sql(self._settings.register)}"
        )
        _register_inventory(conn, self._inputs)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Set the keys of this session, and their versions."""
        for name, value in self._variables.items():
            cursor.execute(f"set variable {name} = ?", [value])


def _hold_lock(warehouse: Path) -> None:
    """dbt by itself changes the vault and the candidates: it holds the lock of a run until its process ends."""
    if warehouse not in _held:
        _locks.enter_context(lock.exclusive(warehouse))
        _held.add(warehouse)


@contextmanager
def _told_by_dbt() -> Iterator[None]:
    """Make an error one sentence of dbt's, without a traceback."""
    try:
        yield
    except BigTrustError as error:
        raise DbtRuntimeError(str(error)) from None
    except OSError as error:
        raise DbtRuntimeError(
            f"{error.filename} cannot be used ({error.strerror}). Free the disk, or correct its owner and mode."
        ) from None


def _register_inventory(conn: duckdb.DuckDBPyConnection, read: inputs.Inputs) -> None:
    conn.execute(
        "create or replace table landing.files (landing_table varchar, file_number integer, file_name varchar, "
        "size bigint, digest varchar, rows bigint)"
    )
    conn.execute(
        "create or replace table landing.columns (landing_table varchar, column_name varchar, is_present boolean)"
    )
    files = [astuple(file) for file in read.plan.manifest]
    files += [("register_requests", number, f"{name}.json", None, None, 1) for number, name in enumerate(read.requests)]
    columns = [
        (name, column, column in table.columns)
        for name, table in read.tables.items()
        for column in table.table.column_names
    ]
    for name, rows in (("files", files), ("columns", columns)):
        if rows:
            places = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
            conn.execute(f"insert into landing.{name} values {places}", [value for row in rows for value in row])


def _records_sql(folder: Path) -> str:
    return _read_json(folder, {"run": "INTEGER", "record": "JSON"})


def _reviews_sql(folder: Path) -> str:
    """Neither who looked nor what they noted."""
    return _read_json(folder, {"run": "INTEGER", "verdict": "VARCHAR", "reviewed_at": "TIMESTAMP"})


def _read_json(folder: Path, types: dict[str, str]) -> str:
    if not any(folder.glob("*.json")):
        nothing = (f"cast(null as {data_type}) as {name}" for name, data_type in types.items())
        return f"select {', '.join(nothing)} where false"
    columns = ", ".join(f"{name}: '{data_type}'" for name, data_type in types.items())
    files = sql.files(folder, "*.json")
    return f"select {', '.join(types)} from read_json({files}, format = 'unstructured', columns = {{{columns}}})"


def _withhold_values() -> None:
    """Make dbt report a database error without the message where that may quote data (Conversion Error: '…')."""
    wrapper = local_environment.DuckDBCursorWrapper
    if getattr(wrapper, "withholds_values", False):
        return
    execute = wrapper.execute

    def execute_discreetly(self: Any, sql: str, bindings: Any = None) -> Any:
        try:
            return execute(self, sql, bindings)
        except _SAFE_ERRORS:
            raise
        except (duckdb.Error, RuntimeError) as error:
            cause = error.__cause__ or error
            hint = ", free the disk or correct the folder's owner and mode" if isinstance(cause, _DISK_ERRORS) else ""
            raise DbtRuntimeError(
                f"DuckDB refused the query: {type(cause).__name__} (message withheld, it may quote data){hint}"
            ) from None

    wrapper.execute = execute_discreetly
    wrapper.withholds_values = True


if os.environ.get("BIGTRUST_AS_OF") is None:  # dbt's env_var() needs a value
    os.environ["BIGTRUST_AS_OF"] = ""
