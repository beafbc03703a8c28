"""How long the search of the files of a run takes, and how much memory it needs, beside the build that left them.

    .venv/bin/python scripts/benchmarks/artefacts.py                      # demo, 20,000 customers
    .venv/bin/python scripts/benchmarks/artefacts.py --warehouse ~/shop   # folders of a run: landing/, warehouse/, …

Each search is a process of its own. Seconds of all processors are the steadier figure on a machine that others use.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import main_job

from bigtrust import artefacts, checks, records
from bigtrust.settings import Settings


@click.command()
@click.option("--customers", default=20_000, show_default=True, help="Size of the demo landing data.")
@click.option("--warehouse", type=click.Path(exists=True, path_type=Path), help="Search what was left here instead.")
@click.option("--runs", default=3, show_default=True, help="Searches.")
def main(customers: int, warehouse: Path | None, runs: int) -> None:
    """Measure the search, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        root = warehouse or Path(folder)
        if warehouse is None:
            for command in (["demo", "--customers", str(customers)], ["run"]):
                main_job._command([sys.executable, "-m", "bigtrust.cli", *command], root)
        click.echo("| build, seconds | search, seconds | of all processors | peak memory |\n|---|---|---|---|")
        environment = os.environ | main_job._environment(root)
        child = [sys.executable, __file__, "--one"]
        figures = [
            [float(figure) for figure in subprocess.check_output(child, env=environment, text=True).split()]
            for _ in range(runs)
        ]
        clock, processor, memory = (statistics.median(column) for column in zip(*figures, strict=True))
        last = records.latest(Settings.load(environment).runs)
        build = last.phases.get("build", 0.0) if last else 0.0
        click.echo(f"| {build:.1f} | {clock:.1f} | {processor:.1f} | {memory:.2f} GB |")


def one() -> None:
    """Search once; print seconds, seconds of all processors, and the peak memory of this process in GB."""
    settings = Settings.load()
    columns = checks._raw_columns(checks._manifest(settings))
    started, worked = time.monotonic(), time.process_time()
    results = artefacts.check(settings, columns, checks._product_columns())
    clock, processor = time.monotonic() - started, time.process_time() - worked
    if any(result.verdict == "failed" for result in results):
        raise SystemExit("The search has failed.")
    print(clock, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)


if __name__ == "__main__":
    one() if "--one" in sys.argv else main()
