"""What the checks of a run cost beside its build: all of them together, and the search for raw values alone.

    .venv/tpcds/bin/python scripts/benchmarks/tpcds/generate.py --scale 10 --output /tmp/tpcds/sf10
    .venv/bin/python scripts/benchmarks/checks.py --data /tmp/tpcds/sf10

A full build first, whose phases the run itself has recorded. Then, alternating, each in a process of its own: all
checks of its candidates, and RAW-01 by `--only`. Seconds are of that phase, the memory is the peak of the process.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

from bigtrust import checks, pipeline, records
from bigtrust.settings import PROJECT, Settings

sys.path.append(str(Path(__file__).parent / "tpcds"))
import builds

CASES = {"all checks": (), "RAW-01": ("RAW-01",)}
TARGETS = {"all checks": "at most 0.5", "RAW-01": "at most 0.25"}


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="What generate.py wrote.")
@click.option("--work", type=click.Path(path_type=Path), help="Where to build; beside the data if not given.")
@click.option("--runs", default=3, show_default=True, help="Rounds of checks.")
@click.option("--memory-limit", default="6GB", show_default=True, help="What DuckDB keeps in memory.")
@click.option("--build/--no-build", "is_built", default=True, show_default=True, help="Build, or use what is there.")
def main(data: Path, work: Path | None, runs: int, memory_limit: str, is_built: bool) -> None:
    """Measure the checks of the candidates of a full build, and print a table."""
    root = (work or data.with_name(data.name + ".checks")).resolve()
    if is_built:
        shutil.rmtree(root, ignore_errors=True)
        builds.deliver(data.resolve() / "landing", root / "landing")
        builds.big_trust(root, builds.BEFORE, memory_limit)
    environment = os.environ | builds.environment(root, memory_limit) | {"BIGTRUST_AS_OF": builds.BEFORE}
    record = records.latest(Settings.load(environment).runs, records.PUBLISHED)
    if record is None:
        raise click.ClickException("No run has published. Build first.")
    build = record.phases["build"]
    measured: dict[str, list[list[float]]] = {name: [] for name in CASES}
    for _ in range(runs):
        for name, codes in CASES.items():
            command = [sys.executable, __file__, "--one", *codes]
            output = subprocess.check_output(command, env=environment, text=True, cwd=PROJECT)
            measured[name].append([float(figure) for figure in output.split()[-3:]])
    click.echo(f"Phases of the run, seconds: {', '.join(f'{name} {took}' for name, took in record.phases.items())}\n")
    click.echo("| | seconds: median (min to max) | of all processors | by the build | wanted | peak memory, GB |")
    click.echo("|---|---|---|---|---|---|")
    for name, figures in measured.items():
        seconds, processor, memory = zip(*figures, strict=True)
        middle = statistics.median(seconds)
        click.echo(
            f"| {name} | {middle:.1f} ({min(seconds):.1f} to {max(seconds):.1f}) | {statistics.median(processor):.1f} "
            f"| {middle / build:.2f} | {TARGETS[name]} | {max(memory):.1f} |"
        )


class _Quiet:
    """Tells when the phase of checks begins."""

    started = worked = 0.0

    def phase(self, name: str) -> None:
        if name == "check":
            self.started, self.worked = time.monotonic(), time.process_time()

    def progress(self, what: str, finished: int, total: int) -> None:
        pass

    def say(self, line: str) -> None:
        pass


def one(codes: list[str]) -> None:
    """Check once; print seconds, seconds of all processors, and the peak memory of this process in GB."""
    reporter = _Quiet()
    report: checks.Report = pipeline.check(Settings.load(), reporter, codes)
    clock, processor = time.monotonic() - reporter.started, time.process_time() - reporter.worked
    if not report.passed:
        raise SystemExit("A check has failed.")
    print(clock, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2:])
    else:
        main()
