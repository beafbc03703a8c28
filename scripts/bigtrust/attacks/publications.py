"""The publications of one run, opened for reading: what every attacker has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bigtrust import keys, records, secret, sql
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PUBLICATIONS, Settings


def require_published(settings: Settings) -> int:
    """Return the number of the run whose publications lie in the folder.

    Raises ConfigurationError if nothing is published, or if the last run did not publish: then the register may know
    of requests that the publications do not.
    """
    if not any((settings.published / f"{name}.duckdb").exists() for name in PUBLICATIONS if name != "governance"):
        raise ConfigurationError(f"Nothing is published in {settings.published} yet. Run `bigtrust run` first.")
    last = records.latest(settings.runs)
    if last is None or not settings.vault.exists():
        raise ConfigurationError(
            f"The warehouse folder {settings.warehouse} is not the one that the publications were made in. Set "
            "BIGTRUST_WAREHOUSE, or run `bigtrust run`."
        )
    if last.verdict != records.PUBLISHED:
        raise ConfigurationError(
            f"The last run ({last.run}) did not publish. Repair what stopped it and run `bigtrust run`: what is "
            "measured must be what the register was applied to."
        )
    return last.run


@contextmanager
def opened(settings: Settings, run: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the publications of a run, each under its own name, read-only.

    Raises ConfigurationError if one is missing, cannot be read, or is of another run.
    """
    with duckdb.connect(config=sql.limits(settings.warehouse / "temporary")) as connection:
        for name in PUBLICATIONS:
            path = settings.published / f"{name}.duckdb"
            if not path.exists():
                raise ConfigurationError(f"The publication {name} is missing. Run `bigtrust run` first.")
            try:
                connection.execute(f"attach {sql.text(str(path))} as {name} (read_only)")
                made_in = facts(connection, name).get("run")
            except duckdb.Error:  # its message may quote data
                raise ConfigurationError(
                    f"The publication {path} cannot be read: it is damaged or no publication. Run `bigtrust run`."
                ) from None
            if made_in != str(run):
                raise ConfigurationError(
                    f"The publication {name} is not of run {run}, the last one: the files do not belong together. Run "
                    "`bigtrust run`."
                )
        yield connection


def attach_vault(connection: duckdb.DuckDBPyConnection, vault: Path) -> None:
    """Open the vault beside the publications, as `vault`, read-only: it judges, no attacker has it.

    Raises ConfigurationError if it cannot be read.
    """
    try:
        connection.execute(f"attach {sql.text(str(vault))} as vault (read_only)")
    except duckdb.Error:
        raise ConfigurationError(
            f"The vault {vault} cannot be read. Close programs that have it open, or run `bigtrust run`."
        ) from None


def published_keys(settings: Settings, value: bytes) -> dict[str, bytes]:
    """The key of each domain that the publications were made with, from the pseudonymisation secret. No attacker has
    one."""
    return {
        domain: secret.domain_key(value, domain, keys.published(settings, domain) or secret.FIRST_VERSION)
        for domain in secret.DOMAINS
    }


def facts(connection: duckdb.DuckDBPyConnection, publication: str) -> dict[str, str]:
    """What a publication says about itself (`marts.about`)."""
    return dict(connection.execute(f"select fact, value from {publication}.marts.about").fetchall())


def columns(connection: duckdb.DuckDBPyConnection, publication: str, kind: str | None = None) -> list[tuple[str, str]]:
    """The columns of a publication (of a type), as relation (`schema.relation`) and name, quoted for SQL."""
    rows = connection.execute(
        """
        select schema_name, table_name, column_name
        from duckdb_columns()
        where database_name = ? and not internal and (? is null or data_type = ?)
        order by all
        """,
        [publication, kind, kind],
    ).fetchall()
    return [
        (f"{publication}.{sql.identifier(schema)}.{sql.identifier(relation)}", sql.identifier(column))
        for schema, relation, column in rows
    ]
