"""What changed since the last build: the manifest of landing files, and whether a run may read only the changes.

A run that reads only the changes (`Plan.only_changes`) builds anew what concerns the purchases and persons that
something changed for, and leaves every other row where it is. It needs to know what the last build was made from:
that is written into the vault, in the schema `last_run`, when a run has published. Whenever that is not enough, the
plan says why, and everything is built anew; the result is the same rows.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import keys, landing, register, sql
from bigtrust.files import digest
from bigtrust.settings import PUBLICATIONS, Settings

# Tables of which only new files are read: each row is an event that happened once. The others are read as a whole.
EVENT_TABLES = ("purchases", "purchase_lines", "returns", "web_events", "support_tickets", "marketing_messages")
_SOURCES = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds")
_PROGRAM = Path(__file__).parent
_SCHEMA = "last_run"
_WORKED_WITH = ("working", "scoped")  # materializations (macros/changes/)
# What the next run compares with. Nothing here names a purchase, or a person who is not kept.
_REMEMBERED = {
    "files": "select landing_table, file_number, file_name, size, digest, rows from landing.files",
    "requests": "select request_key, state from restricted.erasure_requests",
    "products": "select product_id, category_id from staging.stg_products",
    "product_categories": "select category_id, ancestor_id from restricted.product_category_tree",
    "category_cycles": "select category_id, months from restricted.category_cycles",
    "category_numbers": "select category_id, category_number from restricted.category_numbers",
    "customers": """
        select person_pseudonyms.customer_id, customer_states.row_state
        from restricted.customer_states left join restricted.person_pseudonyms using (customer_id)""",
}


@dataclass(frozen=True)
class Delivered:
    """One landing file. `size` is in bytes; `digest` is SHA-256, hexadecimal; `rows` as counted when it was read."""

    landing_table: str
    file_number: int
    file_name: str
    size: int
    digest: str
    rows: int


@dataclass(frozen=True)
class Plan:
    """What a build reads. `reason` says why everything is built anew (None: only the changes are read)."""

    manifest: tuple[Delivered, ...]
    reason: str | None
    read_before: dict[str, frozenset[str]] = field(default_factory=dict)  # names of files by landing table

    @property
    def only_changes(self) -> bool:
        """Whether only the changes are read."""
        return self.reason is None


class FullBuildNeeded(Exception):
    """The build met a change that reading only the changes cannot follow; the message says which."""


def manifest(tables: dict[str, landing.LandingTable]) -> tuple[Delivered, ...]:
    """Return the landing files with their digests, by table and in name order."""
    return tuple(
        Delivered(name, number, file.path.name, file.path.stat().st_size, digest(file.path), file.rows)
        for name, table in tables.items()
        for number, file in enumerate(table.files)
    )


def plan(settings: Settings, delivered: tuple[Delivered, ...], *, full_refresh: bool) -> Plan:
    """Decide whether a build may read only the changes since the last one that was published."""
    if full_refresh:
        return Plan(delivered, "it was asked for")
    candidates = [settings.candidates / f"{name}.duckdb" for name in PUBLICATIONS]
    if not all(path.exists() for path in [settings.vault, *candidates]):
        return Plan(delivered, "there is no earlier build")
    try:
        with duckdb.connect(str(settings.vault), read_only=True) as connection:
            last = _last_build(connection)
            before = {} if last is None else _files(connection)
    except duckdb.Error:
        return Plan(delivered, "the vault of the last build cannot be read")
    if last is None:
        return Plan(delivered, "the last build was not published")
    reason = _changed_basis(settings, last) or _changed_files(before, delivered)
    read_before = {
        table: frozenset(name for name, _ in files.items()) if table in EVENT_TABLES else frozenset()
        for table, files in before.items()
    }
    return Plan(delivered, reason, {} if reason else read_before)


def begin(settings: Settings) -> None:
    """Make the vault forget that the last build is complete: whatever stops this one, the next builds everything."""
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute(f"drop table if exists {_SCHEMA}.build")


def remember(connection: duckdb.DuckDBPyConnection) -> None:
    """Write down in the vault what the build was made from, for the next run to compare with."""
    connection.execute(f"create schema if not exists {_SCHEMA}")
    for name, query in _REMEMBERED.items():
        connection.execute(f"create or replace table {_SCHEMA}.{name} as {query}")


def complete(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Say that what the vault remembers is what was published; the last thing that a run does in it."""
    connection.execute(
        f"create or replace table {_SCHEMA}.build as select $1 as basis, $2::date as today, $3 as candidates, "
        "(select min(recheck_at) from restricted.landing_set_aside) as recheck_at",
        [basis(settings), _today(settings), _candidates(settings)],
    )


def put_to_rest(
    settings: Settings, connection: duckdb.DuckDBPyConnection, manifest: Any, requests: Iterable[str]
) -> None:
    """Drop from the vault what only a build works with.

    `manifest` is dbt's; it knows these models by their materialization. `requests` are the files of the register that
    the build read (names without `.json`): a view reads them from now on, for the checks.
    """
    kinds = {
        (schema, name): kind
        for schema, name, kind in connection.execute(
            "select table_schema, table_name, case table_type when 'VIEW' then 'view' else 'table' end "
            "from information_schema.tables where table_catalog = current_database()"
        ).fetchall()
    }
    for node in manifest.nodes.values():
        if node.resource_type == "model" and node.config.materialized in _WORKED_WITH:
            kind = kinds.get((node.schema, node.alias))
            if kind:
                connection.execute(f"drop {kind} {sql.identifier(node.schema)}.{sql.identifier(node.alias)}")
    register.write_view(
        connection, "landing.register_requests", [settings.register / f"{name}.json" for name in requests]
    )


def _last_build(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    exists = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = 'build'", [_SCHEMA]
    ).fetchall()[0][0]
    if not exists:
        return None
    return sql.rows(connection, f"from {_SCHEMA}.build")[0]


def _files(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    files: dict[str, dict[str, str]] = {}
    for table, name, known in connection.execute(
        f"select landing_table, file_name, digest from {_SCHEMA}.files order by landing_table, file_number"
    ).fetchall():
        files.setdefault(table, {})[name] = known
    return files


def _changed_basis(settings: Settings, last: dict[str, Any]) -> str | None:
    if last["basis"] != basis(settings):
        return "the policy, the models, the program, a key or the version of the engine changed"
    if last.get("candidates") != _candidates(settings):
        return "a candidate is not the one of the last build"
    if _today(settings) < last["today"]:
        return "today is before the day of the last build"
    if last["recheck_at"] is not None and last["recheck_at"] <= datetime.now(UTC).replace(tzinfo=None):
        return "a row that was dated in the future is no longer"
    return None


def _changed_files(before: dict[str, dict[str, str]], delivered: tuple[Delivered, ...]) -> str | None:
    now: dict[str, dict[str, str]] = {}
    for file in delivered:
        now.setdefault(file.landing_table, {})[file.file_name] = file.digest
    for table in EVENT_TABLES:
        known, files = before.get(table, {}), now.get(table, {})
        if any(files.get(name) != known_digest for name, known_digest in known.items()):
            return f"a file of {table} was replaced or removed"
        added = [name for name in files if name not in known]
        if known and added and min(added) < max(known):
            return f"a new file of {table} comes before one that was read already"
    return None


def basis(settings: Settings) -> str:
    """A digest of everything but the data that a build depends on: project, program, key versions, the engine."""
    # a view says which day it compares with: of today by itself, another one as text
    day = "today" if settings.as_of is None else "a day that is given"
    state = hashlib.sha256(f"{duckdb.__version__} {keys.versions(settings)} {day}".encode())
    for path in _source_files(settings.project):
        state.update(f"{path.relative_to(settings.project)} {digest(path)}\n".encode())
    for path in sorted(_PROGRAM.rglob("*.py")):
        state.update(f"{path.relative_to(_PROGRAM)} {digest(path)}\n".encode())
    return state.hexdigest()


def _candidates(settings: Settings) -> str:
    """A digest of the candidates that a build of the changes starts from: they may come from a backup."""
    paths = [settings.candidates / f"{name}.duckdb" for name in PUBLICATIONS if name != "governance"]
    return hashlib.sha256("".join(digest(path) for path in paths).encode()).hexdigest()


def _source_files(project: Path) -> Iterator[Path]:
    for name in _SOURCES:
        path = project / name
        yield from [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _today(settings: Settings) -> date:
    return settings.as_of or datetime.now(UTC).date()
