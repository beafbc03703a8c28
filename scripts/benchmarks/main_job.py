"""How long the main job takes and how much memory it needs: whole processes, cold files, nothing asserted.

    .venv/bin/python scripts/benchmarks/main_job.py                 # demo (2,000 customers) and Complete Journey
    .venv/bin/python scripts/benchmarks/main_job.py --customers 200000 --runs 1

Each case is run once to warm up (the first run also parses the dbt project) and then `--runs` times. Seconds are
wall-clock medians with minimum and maximum; memory is the peak of the largest process. The phases are the medians
of what the runs recorded.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from bigtrust import records
from bigtrust.settings import FOLDERS, PROJECT, Settings

BIN = Path(sys.executable).parent


@click.command()
@click.option("--customers", default=2000, show_default=True, help="Size of the demo landing data.")
@click.option("--runs", default=3, show_default=True, help="Counted runs of each case.")
@click.option("--complete-journey/--no-complete-journey", default=True, show_default=True)
def main(customers: int, runs: int, complete_journey: bool) -> None:
    """Measure `bigtrust run` and print a table."""
    click.echo("| case | seconds: median (min to max) | peak memory | phases, seconds |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "demo"
        _command([BIN / "bigtrust", "demo", "--customers", str(customers)], root)
        click.echo(_measured(f"demo, {customers:,} customers", root, runs))
        if complete_journey:
            root = Path(folder) / "complete-journey"
            adapter = PROJECT / "scripts" / "adapters" / "complete_journey.py"
            _command([BIN / "python", adapter, "--output", root / "landing"], root)
            click.echo(_measured("Complete Journey", root, runs, "--as-of", "2018-01-01"))


def _measured(case: str, root: Path, runs: int, *arguments: str) -> str:
    command = [BIN / "bigtrust", "run", *arguments]
    _command(command, root)
    measured = [_command(command, root) for _ in range(runs)]
    seconds = [second for second, _ in measured]
    history = list(records.newest_first(Settings.load(_environment(root)).runs))[:runs]
    phases = ", ".join(
        f"{name} {statistics.median(record.phases.get(name, 0.0) for record in history):.1f}"
        for name in history[0].phases
    )
    return (
        f"| {case} | {statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f}) "
        f"| {max(memory for _, memory in measured):.1f} GB | {phases} |"
    )


def _command(command: list[str | Path], root: Path) -> tuple[float, float]:
    """Run a command in the warehouse of `root`; give its seconds and the peak memory of its process in GB."""
    root.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    process = subprocess.Popen(command, env=os.environ | _environment(root), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if code := os.waitstatus_to_exitcode(status):
        raise click.ClickException(f"{command[0]} ended with exit code {code}.")
    return seconds, usage.ru_maxrss / 1024**2


def _environment(root: Path) -> dict[str, str]:
    folders = {f"BIGTRUST_{name.upper()}": str(root / name) for name in FOLDERS}
    return folders | {"BIGTRUST_SECRET_FILE": str(root / "secret.key"), "BIGTRUST_PROJECT": str(PROJECT)}


if __name__ == "__main__":
    main()
