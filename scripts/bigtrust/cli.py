"""The command line: thin, over modules that can be imported. Only this module prints."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from bigtrust import __version__
from bigtrust.errors import BigTrustError, ConfigurationError, ExitCode, unexpected
from bigtrust.settings import Settings

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)
VERDICTS = ("passed", "failed", "not applicable")
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class OrderedCommands(click.Group):
    """Lists commands in the order of use, and turns every error into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which they were defined."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BigTrustError as error:
            errors.print(f"[bold red]Error:[/] {_escaped(str(error))}")
            sys.exit(int(error.exit_code))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            errors.print("Stopped. Nothing half-done was published.")
            sys.exit(130)
        except Exception as error:
            errors.print(f"[bold red]Error:[/] {_escaped(str(unexpected(error)))}")
            sys.exit(int(ExitCode.CONFIGURATION))


def _folder(name: str, help_text: str) -> Callable[[Any], Any]:
    return click.option(
        f"--{name}", metavar="DIR", help=f"{help_text} [env: BIGTRUST_{name.upper()}; default: {name}/]"
    )


@click.group(cls=OrderedCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bigtrust")
def main() -> None:
    """Turn raw customer data into warehouse views that are safe to query, and prove it.

    \b
    Exit codes: 0 done; 1 a check failed and nothing was published;
    2 wrong usage or configuration; 3 unusable input; 4 another run holds the lock.
    """


@main.command()
@click.option("--customers", default=2000, show_default=True, metavar="N", help="How many customers to invent.")
@click.option("--seed", default=1, show_default=True, metavar="S", help="Same arguments, same bytes.")
@click.option("--until", metavar="DATE", help="The last day of the data (YYYY-MM-DD). [default: today]")
@_folder("landing", "Where to write.")
def demo(customers: int, seed: int, until: str | None, landing: str | None) -> None:
    """Write a realistic landing folder: a French retailer, with the mess of real data."""
    from bigtrust.demo import write_demo

    settings = Settings.load(landing=landing)
    rows = write_demo(settings.landing, customers=customers, seed=seed, until=_date("--until", until))
    for name, count in rows.items():
        console.print(f"  {name:<20} {count:>12,} rows")
    console.print(f"Demo landing data is in {settings.landing}. Next: bigtrust run")


@main.command()
@click.option("--as-of", metavar="DATE", help="Compare retention windows with this day instead of today (YYYY-MM-DD).")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the vault and the candidates are kept.")
@_folder("published", "Where the publications go.")
@_folder("register", "The register of erasure requests.")
def run(**folders: str | None) -> None:
    """The main job: read landing, build, check, publish, record."""
    from bigtrust import pipeline

    settings = Settings.load(**folders)
    with _reporter() as reporter:
        report = pipeline.run(settings, reporter)
    _print_report(report, settings)


@main.command()
@_folder("warehouse", "Where the candidates are kept.")
def check(warehouse: str | None) -> None:
    """The checks alone, on the candidates of the last build."""
    from bigtrust import pipeline

    settings = Settings.load(warehouse=warehouse)
    with _reporter() as reporter:
        report = pipeline.check(settings, reporter)
    failed = [result for result in report.results if result.verdict == "failed"]
    for result in failed:
        column = f".{result.column}" if result.column else ""
        console.print(f"  {result.code} failed on {result.relation}{column}: {_escaped(result.reason)}")
    counts = {name: sum(result.verdict == name for result in report.results) for name in VERDICTS}
    console.print("Checks: " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
    console.print(f"Pages: {settings.data_docs}/index.html")
    if not report.passed:
        sys.exit(int(ExitCode.CHECK_FAILED))


@main.command()
@click.option("--max-age", default=26.0, show_default=True, metavar="HOURS", help="Older publications are stale.")
@_folder("warehouse", "Where runs leave their records.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register of erasure requests.")
def status(max_age: float, **folders: str | None) -> None:
    """The last run, the age of each publication, the oldest open request; exit 1 when stale or failed."""
    from bigtrust import monitoring

    state = monitoring.status(Settings.load(**folders), now=datetime.now(UTC), max_age_hours=max_age)
    for line in state.lines:
        console.print(_escaped(line))
    if not state.is_good:
        sys.exit(int(ExitCode.CHECK_FAILED))


@main.command()
@click.option("--purchase", metavar="ID", help="Forget this purchase.")
@click.option("--line", type=click.IntRange(min=1), metavar="N", help="Only this line of the purchase.")
@click.option("--customer", metavar="ID", help="Forget this person (or, with --category, part of it).")
@click.option("--category", metavar="ID", help="Only the person's purchases in this category, past and future.")
@click.option("--channel", type=click.Choice(["till", "web", "support"]), required=True, help="Where it was asked.")
@_folder("register", "The register of erasure requests.")
def forget(
    purchase: str | None,
    line: int | None,
    customer: str | None,
    category: str | None,
    channel: str,
    register: str | None,
) -> None:
    """Register an erasure request; prints a receipt."""
    from bigtrust import register as requests

    settings = Settings.load(register=register)
    try:
        request = requests.new_request(
            channel=channel, customer=customer, purchase=purchase, line=line, category=category
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    try:
        requests.add(settings.register, request)
    except OSError as error:
        raise ConfigurationError(
            f"The register {settings.register} cannot be written ({error.strerror}). The request is NOT registered: "
            "correct the folder's owner and mode, or free the disk, and ask again."
        ) from None
    console.print(f"Receipt {request.request_id}")
    console.print(f"  asked     {request.requested_at} at the {request.channel}")
    console.print(f"  forget    {request.scope.replace('_', ' ')}")
    console.print("  effective with the next run (bigtrust run), or when the purchase arrives if it has not yet;")
    console.print("            within one month at the latest (GDPR art. 12(3))")


class _Plain:
    """Plain lines, for logs and pipes."""

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def phase(self, name: str) -> None:
        console.print(f"{datetime.now(UTC):%H:%M:%S} {name}")

    def progress(self, what: str, finished: int, total: int) -> None:
        return None


class _Live:
    """A progress bar per phase, for terminals."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[what]}"),
            console=console,
        )
        self._task: Any = None

    def __enter__(self) -> _Live:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()
        self._bars.stop()

    def phase(self, name: str) -> None:
        self._finish()
        self._task = self._bars.add_task(name, total=None, what="")

    def progress(self, what: str, finished: int, total: int) -> None:
        self._bars.update(self._task, completed=finished, total=total, what=what)

    def _finish(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[self._task]
            self._bars.update(self._task, total=task.total or 1, completed=task.total or 1, what="")
            self._bars.stop_task(self._task)


def _reporter() -> _Plain | _Live:
    return _Live() if console.is_terminal else _Plain()


def _print_report(report: Any, settings: Settings) -> None:
    names = ("landed", "staged", "duplicates", "rejected", "held")
    rows = [[row["landing_table"], *(row[name] for name in names)] for row in report.tables]
    _print_table("Landing", ["table", *names], rows)
    rows = [
        [f"{row['publication']}.{row['relation']}", row["inside"], row["outside"], row["expiring_within_30_days"]]
        for row in report.relations
    ]
    _print_table("Published", ["relation", "visible", "outside retention", "expiring soon"], rows)
    states = ", ".join(f"{count:,} {state}" for state, count in report.requests) or "none"
    console.print(f"Erasure requests: {states}.")
    record = report.record
    passed, failed, skipped = (record.count(verdict) for verdict in VERDICTS)
    console.print(f"Checks: {passed} passed, {failed} failed, {skipped} not applicable.")
    reasons = Counter(check["reason"] for check in record.checks if check["verdict"] == "not applicable")
    for reason, count in reasons.most_common():
        console.print(f"  not applicable: {count} because {reason}")
    console.print("Seconds: " + ", ".join(f"{name} {seconds}" for name, seconds in record.phases.items()) + ".")
    console.print(f"Run {record.run}: published to {settings.published}")
    question = "select region, count(*) as customers from marts.customers group by all order by customers desc"
    file = _short(settings.published / "analytics.duckdb")
    console.print("Try this next:")
    console.print(
        f'  {_short(Path(sys.executable))} -c "import duckdb; '
        f"duckdb.connect('{file}', read_only=True).sql('{question}').show()\""
    )


def _print_table(title: str, headings: list[str], rows: list[list[Any]]) -> None:
    """The first column holds names; the others counts, empty where there is none."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for name, *counts in rows:
        table.add_row(name, *("" if count is None else f"{count:,}" for count in counts))
    console.print(table)


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _date(flag: str, text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{flag} is not a date. Write it as YYYY-MM-DD.") from None


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
