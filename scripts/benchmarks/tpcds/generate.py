"""Writes the data of TPC-DS as landing files; landing.sql says what becomes of it.

    .venv/tpcds/bin/python scripts/benchmarks/tpcds/generate.py --scale 1 --output /tmp/tpcds/sf1

It runs in an environment of its own (requirements-tpcds.lock, made by `make test`): DuckDB's extension tpcds is
packaged for one version of DuckDB, an older one than the project's. `landing/` holds all that was delivered up to
1 January 2003, `next_day/` what the next day adds: its sales, returns and erasure requests.
"""

from importlib.util import find_spec
from pathlib import Path

import click
import duckdb

MAPPING = Path(__file__).with_name("landing.sql")
LAST_DELIVERY = "2003-01-02"


def generate(scale: float, output: Path, memory_limit: str, threads: int) -> dict[str, int]:
    """Write landing/ and next_day/ into the folder `output`, which must be empty; return the rows, by landing table."""
    if output.exists() and any(output.iterdir()):
        raise click.UsageError(f"--output: {output} is not empty. Name a new folder.")
    output.mkdir(parents=True, exist_ok=True)
    work = output / "work.duckdb"
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"set memory_limit = '{memory_limit}'")
        connection.execute(f"set threads = {threads}")
        connection.execute(f"load '{_extension()}'")
        connection.execute(f"call dsdgen(sf = {scale})")
        # a test at scale 0.01 has 1,000 customers
        connection.execute(f"set variable requests_before = {max(50, round(500 * scale))}")
        connection.execute(f"set variable requests_of_last_day = {1000 if scale >= 1 else 100}")
        connection.execute(MAPPING.read_text(encoding="utf-8"))
        tables = connection.execute("select view_name from duckdb_views() where schema_name = 'landing' order by 1")
        rows = {table: _write(connection, table, output) for (table,) in tables.fetchall()}
    work.unlink()
    return rows


def _write(connection: duckdb.DuckDBPyConnection, table: str, output: Path) -> int:
    columns = [column[0] for column in connection.execute(f"from landing.{table} limit 0").description or ()]
    if "delivery" not in columns:
        return _copy(connection, f"from landing.{table}", output / "landing" / f"{table}.parquet")
    deliveries = connection.execute(f"select distinct delivery from landing.{table} order by delivery").fetchall()
    return sum(
        _copy(
            connection,
            f"select * exclude (delivery) from landing.{table} where delivery = '{delivery}'",
            output / ("next_day" if delivery == LAST_DELIVERY else "landing") / table / f"{delivery}.parquet",
        )
        for (delivery,) in deliveries
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = connection.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)").fetchone()
    return int(written[0]) if written else 0


def _extension() -> Path:
    spec = find_spec("duckdb_extension_tpcds")
    if spec is None or not spec.submodule_search_locations:
        raise click.UsageError("The package duckdb-extension-tpcds is missing. Run with .venv/tpcds/bin/python.")
    return next(Path(spec.submodule_search_locations[0]).rglob("tpcds.duckdb_extension"))


@click.command()
@click.option("--scale", type=float, required=True, help="Scale factor: 1 is 5 million lines, 10 is 48 million.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
@click.option("--memory-limit", default="6GB", show_default=True, help="What DuckDB keeps in memory.")
@click.option("--threads", default=2, show_default=True)
def main(scale: float, output: Path, memory_limit: str, threads: int) -> None:
    """Write TPC-DS as landing files."""
    for table, rows in generate(scale, output, memory_limit, threads).items():
        click.echo(f"{table:20}{rows:>12,} rows")


if __name__ == "__main__":
    main()
