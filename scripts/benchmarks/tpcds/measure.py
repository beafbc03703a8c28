"""What privacy costs: Big Trust (A), the same marts without privacy (B), and as they are often written (C).

    .venv/tpcds/bin/python scripts/benchmarks/tpcds/generate.py --scale 1 --output /tmp/tpcds/sf1
    .venv/bin/python scripts/benchmarks/tpcds/measure.py --data /tmp/tpcds/sf1

Each round builds A, B and C anew, one after the other, each in a process of its own; then A runs once more with the
files of the next day. Printed are medians over the rounds with minimum and maximum; nothing is asserted. "In the
models" is from the start of the first to the end of the last one, by the clock and in seconds of all processors: on
a machine that others use too, the second is the steadier. All that was measured, the seconds of each model included,
is written to results.json in the work folder.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import builds
import click
import duckdb
import processes
import queries
from builds import Build

MARTS = ("customers", "purchases", "purchase_lines", "returns", "products", "product_categories")
NAMES = {
    "A": "A: Big Trust",
    "B": "B: without privacy, on filtered files",
    "C": "C: hashed on every row, NOT IN",
    "next": "A again, with the files of the next day",
}
RATIOS = (("A", "B", "at most 1.8"), ("C", "A", "at least 4"), ("next", "A", "at most 0.05 (0.10)"))


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="What generate.py wrote.")
@click.option(
    "--work", type=click.Path(path_type=Path), help="Where to build, on the same disk; beside the data if not given."
)
@click.option("--runs", default=3, show_default=True, help="Rounds.")
@click.option("--memory-limit", default="6GB", show_default=True, help="What DuckDB keeps in memory, for A and B.")
@click.option(
    "--memory-limit-of-c", default="16GB", show_default=True, help="The same for C, which does not do with 6 GB."
)
def main(data: Path, work: Path | None, runs: int, memory_limit: str, memory_limit_of_c: str) -> None:
    """Build the marts in three ways, alternating, and print what each takes."""
    data = data.resolve()
    work = (work or data.with_name(data.name + ".work")).resolve()
    click.echo("filtering the landing files for B", err=True)
    builds.filter_landing(data / "landing", builds.BEFORE, work / "filtered", memory_limit)
    measured: dict[str, list[Build]] = {name: [] for name in NAMES}
    after: dict[str, int] = {}
    for number in range(1, runs + 1):
        for name in NAMES:
            click.echo(f"round {number}: {NAMES[name]}", err=True)
            measured[name].append(_build(name, data, work, memory_limit_of_c if name == "C" else memory_limit))
            after[name] = processes.size(work / ("A" if name == "next" else name))
            if name == "C":
                _require_equal_rows(work)
        everything = {name: [asdict(build) for build in found] for name, found in measured.items()}
        (work / "results.json").write_text(json.dumps(everything, indent=1), encoding="utf-8")
    click.echo(_table(measured, after))
    click.echo(_ratios(measured))
    click.echo("\n| query on the view marts.purchase_lines, by the same on a plain table | ratio |\n|---|---|")
    for query, ratio in queries.ratios(work / "A" / builds.PUBLICATIONS["analytics"], work / "table.duckdb", 7).items():
        click.echo(f"| {query} | {ratio:.2f} |")


def _build(name: str, data: Path, work: Path, memory_limit: str) -> Build:
    if name == "B":
        return builds.plain(work / "B", data / "landing", work / "filtered", memory_limit)
    if name == "C":
        return builds.hashed(work / "C", data / "landing", builds.BEFORE, memory_limit)
    if name == "A":
        shutil.rmtree(work / "A", ignore_errors=True)
    builds.deliver(data / ("landing" if name == "A" else "next_day"), work / "A" / "landing")
    return builds.big_trust(work / "A", builds.BEFORE if name == "A" else builds.AFTER, memory_limit)


def _require_equal_rows(work: Path) -> None:
    """Raise ClickException if the three have not the same number of rows: they would be no comparison."""
    for mart in MARTS:
        rows = {
            _count(work / "A" / builds.PUBLICATIONS["analytics"], f"marts.{mart}"),
            _count(work / "B" / "warehouse.duckdb", mart),
            _count(work / "C" / "warehouse.duckdb", mart),
        }
        if len(rows) > 1:
            raise click.ClickException(f"The three builds of {mart} have not the same number of rows: {sorted(rows)}.")


def _count(database: Path, relation: str) -> int:
    with duckdb.connect(str(database), read_only=True) as connection:
        return int(connection.execute(f"select count(*) from {relation}").fetchall()[0][0])


def _table(measured: dict[str, list[Build]], after: dict[str, int]) -> str:
    rows = [
        "| build | in the models, seconds | of them a model under way | of all processors | whole process "
        "| peak memory | disk: peak, after |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in measured.items():
        columns = [
            NAMES[name],
            _spread([build.times.clock for build in found]),
            _spread([build.times.busy for build in found]),
            _spread([build.processor for build in found]),
            _spread([build.process.seconds for build in found]),
            f"{max(build.process.memory for build in found) / 1e9:.1f} GB",
            f"{max(build.process.disk for build in found) / 1e9:.1f} GB, {after[name] / 1e9:.1f} GB",
        ]
        rows.append(f"| {' | '.join(columns)} |")
    return "\n".join(rows)


def _ratios(measured: dict[str, list[Build]]) -> str:
    rows = [
        "\n| ratio of each round | in the models | a model under way | processors | wanted |",
        "|---|---|---|---|---|",
    ]
    for above, below, wanted in RATIOS:
        pairs = list(zip(measured[above], measured[below], strict=True))
        columns = [
            _spread([one.times.clock / other.times.clock for one, other in pairs], 3),
            _spread([one.times.busy / other.times.busy for one, other in pairs], 3),
            _spread([one.processor / other.processor for one, other in pairs], 3),
        ]
        rows.append(f"| {above} / {below} | {' | '.join(columns)} | {wanted} |")
    return "\n".join(rows)


def _spread(values: Sequence[float], digits: int = 1) -> str:
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    main()
