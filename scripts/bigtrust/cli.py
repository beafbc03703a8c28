"""The command line: thin, over modules that can be imported. Only this module prints."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
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
from bigtrust.settings import Settings, to_date

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)
logging.raiseExceptions = False  # a log that cannot be written (a full disk) is no traceback on the terminal
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
    Exit codes: 0 done; 1 a check failed and nothing was published (of status,
    ledger verify, justify: something is stale, failed or speaks against it);
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
    last_day = to_date(until, "--until") if until else datetime.now(UTC).date()
    rows = write_demo(settings.landing, customers=customers, seed=seed, until=last_day)
    for name, count in rows.items():
        console.print(f"  {name:<20} {count:>12,} rows")
    console.print(f"Demo landing data is in {settings.landing}. Next: bigtrust run")


@main.command()
@click.option("--as-of", metavar="DATE", help="Compare retention windows with this day instead of today (YYYY-MM-DD).")
@click.option("--full-refresh", is_flag=True, help="Build everything anew, not only what changed: the same rows.")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the vault and the candidates are kept.")
@_folder("published", "Where the publications go.")
@_folder("register", "The register of erasure requests.")
@_folder("ledger", "The evidence ledger.")
def run(full_refresh: bool, **folders: str | None) -> None:
    """The main job: read landing, build, check, publish, record."""
    from bigtrust import pipeline

    settings = Settings.load(**folders)
    with _reporter() as reporter:
        report = pipeline.run(settings, reporter, full_refresh=full_refresh)
    _print_report(report, settings)


@main.command()
@click.option(
    "--as-if-never",
    "is_as_if_never",
    is_flag=True,
    help="Instead, build with a sample of the erasure requests and as if they had never been, and compare.",
)
@click.option(
    "--non-interference",
    "is_non_interference",
    is_flag=True,
    help="Instead, build a sample of the customers as they are and with other identifiers, and compare.",
)
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="How many requests [default: 20] or customers [200]."
)
@click.option("--list", "is_list", is_flag=True, help="Instead, list all checks of the project.")
@click.option("--only", multiple=True, metavar="CODE", help="Only the checks of this code; can be given repeatedly.")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the candidates are kept.")
@_folder("register", "The register of erasure requests.")
def check(
    is_as_if_never: bool,
    is_non_interference: bool,
    sample: int | None,
    is_list: bool,
    only: tuple[str, ...],
    **folders: str | None,
) -> None:
    """The checks alone, on the candidates of the last build.

    --as-if-never and --non-interference build a sample of landing in a folder of their own instead, and publish
    nothing. They show what the models do with the rows of the sample: not what rows do that are not in it, nor what
    leaves by logs and files.
    """
    from bigtrust import pipeline

    settings = Settings.load(**folders)
    if is_as_if_never + is_non_interference + is_list + bool(only) > 1:
        raise click.UsageError("Say one thing: --as-if-never, --non-interference, --list or --only.")
    if is_list:
        _list_checks(settings)
        return
    if is_as_if_never:
        _check_as_if_never(settings, sample or 20)
        return
    if is_non_interference:
        _check_non_interference(settings, sample or 200)
        return
    if sample is not None:
        raise click.UsageError("--sample goes with --as-if-never or --non-interference.")
    with _reporter() as reporter:
        report = pipeline.check(settings, reporter, only)
    for result in report.results:
        if result.verdict == "failed" and not result.exception:
            column = f".{result.column}" if result.column else ""
            console.print(f"  {result.code} failed on {result.relation}{column}: {_escaped(result.reason)}")
    _print_verdicts([asdict(result) for result in report.results], report.unused_exceptions)
    if not only:
        console.print(f"Pages: {settings.data_docs}/index.html")
    if not report.passed:
        sys.exit(int(ExitCode.CHECK_FAILED))


def _list_checks(settings: Settings) -> None:
    """A table on a terminal; in a pipe one line per check, however long."""
    from bigtrust import registry

    table = Table(box=None, header_style="bold")
    for heading in ("code", "kind", "severity"):
        table.add_column(heading, no_wrap=True)
    table.add_column("says")
    for check in registry.every(settings.project):
        table.add_row(check.code, check.kind, check.severity, _escaped(check.sentence))
    listing = console if console.is_terminal else Console(highlight=False, width=1000)
    listing.print(table, soft_wrap=False)


def _print_verdicts(checks: Sequence[dict[str, Any]], unused_exceptions: Iterable[Any]) -> None:
    """How many checks ended how, and each exception, used and unused."""
    counts = Counter(check["verdict"] for check in checks)
    excepted = [check for check in checks if check["exception"]]
    of_these = f" ({len(excepted)} excepted)" if excepted else ""
    console.print(
        f"Checks: {counts['passed']} passed, {counts['failed']} failed{of_these}, "
        f"{counts['not applicable']} not applicable."
    )
    for check in excepted:
        column = f".{check['column']}" if check["column"] else ""
        console.print(f"  excepted: {check['code']} on {check['relation']}{column}, {_escaped(check['exception'])}")
    for unused in unused_exceptions:
        console.print(
            f"  unused exception: {unused.code} on {unused.object} does not fail. Remove it from "
            "seeds/policy/check_exceptions.csv."
        )


def _check_as_if_never(settings: Settings, sample: int) -> None:
    from bigtrust import as_if_never

    with _reporter() as reporter:
        report = as_if_never.check(settings, sample, reporter)
    if not report.requests:
        console.print(f"MET-01, as if never: not applicable, {as_if_never.NO_REQUEST}.")
        return
    for relation, rows in report.differences.items():
        console.print(f"  MET-01 failed: {relation} differs: {rows:,} rows are in one build only")
    rows = sum(report.rows.values())
    console.print(
        f"MET-01, as if never: {report.requests:,} requests of {report.customers:,} customers, whose footprint is "
        f"{report.deleted:,} landing rows; {len(report.rows)} relations with {rows:,} rows compared, "
        f"{len(report.differences) or 'none'} differ."
    )
    if not report.passed:
        sys.exit(int(ExitCode.CHECK_FAILED))


def _check_non_interference(settings: Settings, sample: int) -> None:
    from bigtrust import non_interference
    from bigtrust.exchanged import CLASS_NAMES

    with _reporter() as reporter:
        report = non_interference.check(settings, sample, reporter)
    if report.verdict == "not applicable":
        console.print(f"Non-interference: not applicable, {report.reason}.")
        return
    for difference in report.differences:
        console.print(f"  {non_interference.CODE} failed on {_escaped(str(difference))}")
    exchanged = ", ".join(f"{count:,} {CLASS_NAMES[name]}s" for name, count in sorted(report.exchanged.items()))
    rows, differing = sum(report.rows.values()), len(report.differences) or "no"
    console.print(
        f"Non-interference: {report.customers:,} customers, whose values were exchanged ({exchanged}); "
        f"{len(report.rows)} relations with {rows:,} rows compared, {differing} columns differ "
        f"({report.builds} builds)."
    )
    console.print("It tells of the rows of this sample only, and not of logs and files.")
    if report.verdict == "failed":
        if not report.differences:
            console.print(f"  {non_interference.CODE} failed: {report.reason}.")
        sys.exit(int(ExitCode.CHECK_FAILED))


@main.command()
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="How many persons and numbers to draw.",
)
@click.option("--seed", default=1, show_default=True, metavar="S", help="Same publications and seed, same figures.")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the vault is, and where the figures go.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register of erasure requests.")
def measure(sample: int, seed: int, **folders: str | None) -> None:
    """Attack the publications: how easily are persons singled out, linked, looked up, or what was forgotten inferred?

    The figures go onto the summary page. Pseudonymised data is personal data, whatever they say.
    """
    from bigtrust import pipeline

    settings = Settings.load(**folders)
    with _reporter() as reporter:
        found, problem = pipeline.measure(settings, reporter, sample=sample, seed=seed)
    for name, measures in found.publications.items():
        console.print(name)
        _print_lines(f"  {measure.measure}: {measure.figure}" for measure in measures)
    _print_lines(
        [
            f"Measured on the publications of run {found.run}: {settings.reidentification}",
            problem or f"What the figures mean: {settings.summary}",
        ]
    )


@main.command()
@click.option("--run", type=click.IntRange(min=1), metavar="N", help="The run that was looked at.")
@click.option("--by", metavar="NAME", help="Who looked. Shown on the summary page, published nowhere.")
@click.option("--note", metavar="TEXT", help="What was looked at, in a sentence without personal data.")
@click.option(
    "--verdict",
    type=click.Choice(["seen", "accepted", "objected"]),
    default="seen",
    show_default=True,
    help="What they think of it.",
)
@click.option("--list", "is_list", is_flag=True, help="Show the last runs, and which have been reviewed.")
@_folder("warehouse", "Where runs leave their records.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register of erasure requests.")
@_folder("ledger", "The evidence ledger.")
def review(
    run: int | None, by: str | None, note: str | None, verdict: str, is_list: bool, **folders: str | None
) -> None:
    """Record that somebody looked at a run, and what they think of it.

    \b
    bigtrust review --run N --by NAME --note TEXT [--verdict seen|accepted|objected]
    bigtrust review --list
    """
    from bigtrust import pipeline, reviews

    settings = Settings.load(**folders)
    if is_list:
        _print_lines(reviews.describe(settings))
        return
    if run is None or by is None or note is None:
        raise click.UsageError("Say --run, --by and --note, or --list.")
    given = reviews.new_review(run=run, reviewer=by, note=note, verdict=verdict)
    problem = pipeline.review(settings, given)
    console.print(
        f"Run {run} is recorded as {verdict}. The next run publishes that in governance, without name and note."
    )
    _print_lines([problem or f"Summary of the last run: {settings.summary}"])


@main.command()
@click.option("--max-age", default=26.0, show_default=True, metavar="HOURS", help="Older publications are stale.")
@_folder("warehouse", "Where runs leave their records.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register of erasure requests.")
@_folder("ledger", "The evidence ledger.")
def status(max_age: float, **folders: str | None) -> None:
    """The last run, each publication's age, the oldest open request, the ledger; exit 1 when one is not well."""
    from bigtrust import monitoring

    state = monitoring.status(Settings.load(**folders), now=datetime.now(UTC), max_age_hours=max_age)
    _print_lines(state.lines)
    if not state.is_good:
        sys.exit(int(ExitCode.CHECK_FAILED))


@main.command()
@click.option("--purchase", metavar="ID", help="Forget this purchase.")
@click.option("--line", type=click.IntRange(min=1), metavar="N", help="Only this line of the purchase.")
@click.option("--customer", metavar="ID", help="Forget this person (or, with --category, part of it).")
@click.option("--category", metavar="ID", help="Only the person's purchases in this category, past and future.")
@click.option("--channel", type=click.Choice(["till", "web", "support"]), help="Where it was asked.")
@click.option(
    "--from",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Register the requests of a file: .json, .jsonl or .csv.",
)
@click.option("--withdraw", metavar="REQUEST", help="Withdraw the request of this number.")
@click.option("--status", is_flag=True, help="Show all requests and what became of them.")
@click.option("--receipt", metavar="REQUEST", help="Write its signed receipt, with the proof once it took effect.")
@click.option("--output", metavar="DIR", help="With --receipt: where to write it (JSON, and a QR code).")
@_folder("register", "The register of erasure requests.")
@_folder("ledger", "The evidence ledger.")
def forget(
    file: Path | None,
    withdraw: str | None,
    status: bool,
    receipt: str | None,
    output: str | None,
    register: str | None,
    ledger: str | None,
    **named: Any,
) -> None:
    """Register erasure requests and give a receipt; withdraw one; or show what became of them.

    \b
    bigtrust forget (--purchase ID [--line N] | --customer ID [--category ID]) --channel till|web|support
    bigtrust forget --from FILE
    bigtrust forget --withdraw REQUEST
    bigtrust forget --status
    bigtrust forget --receipt REQUEST --output DIR
    """
    from bigtrust import promise, states

    is_request = any(value is not None for value in named.values())
    if sum((is_request, file is not None, withdraw is not None, status, receipt is not None)) != 1:
        raise click.UsageError("Say one thing: a request (with --channel), --from, --withdraw, --status or --receipt.")
    if (receipt is None) != (output is None):
        raise click.UsageError("--receipt and --output go together.")
    settings = Settings.load(register=register, ledger=ledger)
    if status:
        _print_lines(states.describe(settings.register, promise.promised_days(settings.project)))
    elif withdraw is not None:
        _withdraw(settings, withdraw)
    elif receipt is not None and output is not None:
        _write_receipt(settings, receipt, Path(output))
    elif file is not None:
        _register_file(settings, file)
    else:
        _register(settings, **named)


def _register(settings: Settings, channel: str | None, line: int | None, **named: str | None) -> None:
    from bigtrust import receipt, register

    if channel is None:
        raise click.UsageError("Missing option '--channel'. Choose from till, web, support.")
    try:
        request = register.new_request(channel=channel, line=line, **named)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    with _register_errors(settings):
        register.add(settings.register, request)
    kept = _sign_receipts(settings, [request])
    _print_lines(receipt.lines(request, settings.project, kept / f"{request.request_id}.json"))


def _register_file(settings: Settings, file: Path) -> None:
    from bigtrust import receipt, register, request_file

    requests = request_file.load(file, now=datetime.now(UTC))
    with _register_errors(settings):
        new = register.add_new(settings.register, requests)
    kept = _sign_receipts(settings, requests)
    if len(requests) == len(new) == 1:
        _print_lines(receipt.lines(new[0], settings.project, kept / f"{new[0].request_id}.json"))
    else:
        _print_lines(receipt.summary(new, len(requests) - len(new), settings.project, kept))


def _sign_receipts(settings: Settings, requests: Sequence[Any]) -> Path:
    """Sign the receipts of requests that are registered; returns their folder."""
    from bigtrust import signed_receipts

    try:
        signed_receipts.Receipts(settings).issue(requests)
    except (OSError, BigTrustError) as error:
        why = str(error) if isinstance(error, BigTrustError) else f"The disk refused ({error.strerror})."
        raise ConfigurationError(
            f"Registered: {', '.join(request.request_id for request in requests[:5])}"
            f"{' and more' if len(requests) > 5 else ''}. But no receipt could be signed. {why}"
        ) from None
    return signed_receipts.folder(settings)


def _write_receipt(settings: Settings, request_id: str, output: Path) -> None:
    from bigtrust import signed_receipts

    path, is_complete, opening = signed_receipts.write_for(settings, request_id, output)
    console.print(f"The receipt is {path}, and as a QR code {path.with_suffix('.svg')}.", markup=False)
    if is_complete:
        console.print("It holds the proof that the request took effect.")
    else:
        console.print("The request has not taken effect yet: bigtrust forget --status says why.")
    console.print(f"Opening: {opening}. With it, who knows what was asked can show it; keep it apart from the receipt.")


def _withdraw(settings: Settings, request_id: str) -> None:
    from bigtrust import register

    with _register_errors(settings):
        request = register.withdraw(settings.register, request_id)
    console.print(f"Request {request.request_id} is withdrawn since {request.withdrawn_at}.")
    console.print("What the source systems still deliver comes back with the next run (bigtrust run).")


@contextmanager
def _register_errors(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The register {settings.register} cannot be written ({error.strerror}). The request is NOT registered, or "
            "withdrawn: correct the folder's owner and mode, or free the disk, and ask again."
        ) from None


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, markup=False, emoji=False)


@main.group("ledger", cls=OrderedCommands)
def evidence_ledger() -> None:
    """The evidence ledger: what each run did and proved, signed so that nobody can rewrite it unseen."""


@evidence_ledger.command()
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A receipt, or a signed head, that was seen elsewhere; can be given repeatedly.",
)
@_folder("warehouse", "Where runs leave their records.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register of erasure requests, where receipts are kept.")
@_folder("ledger", "The evidence ledger.")
def verify(anchors: tuple[Path, ...], **folders: str | None) -> None:
    """Is it intact, complete, and what others saw? Exit 1 if anything speaks against it."""
    from bigtrust.ledger import verify as verification

    found = verification.verify(Settings.load(**folders), anchors)
    _print_lines(verification.describe(found))
    if not found.holds:
        sys.exit(int(ExitCode.CHECK_FAILED))


@evidence_ledger.command("head")
@_folder("ledger", "The evidence ledger.")
def print_head(**folders: str | None) -> None:
    """Print the last signed head in one line: keep it where nobody can change it, and the ledger is anchored."""
    from bigtrust import canonical, ledger

    head = ledger.head(Settings.load(**folders))
    if head is None:
        raise ConfigurationError("The ledger has no entry yet. Run `bigtrust run` first.")
    click.echo(canonical.encode(head.content))


@main.command()
@click.option("--claim", required=True, metavar="CODE", help="The sentence of the policy, by its code.")
@click.option(
    "--from", "first", metavar="DATE", help="The first day in question (YYYY-MM-DD). [default: since claimed]"
)
@click.option("--to", "last", metavar="DATE", help="The last day. [default: today]")
@click.option("--output", metavar="DIR", help="Where to write. [default: justifications/CODE in the warehouse folder]")
@_folder("warehouse", "Where runs leave their records.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register of erasure requests.")
@_folder("ledger", "The evidence ledger.")
def justify(claim: str, first: str | None, last: str | None, output: str | None, **folders: str | None) -> None:
    """Did the company keep a sentence of its policy? The answer, with evidence that anybody can verify.

    Exit 1 if it is not proven throughout: days without proof, a failed check, an exception, missing entries.
    """
    from bigtrust import justify as justifying

    settings = Settings.load(**folders)
    days = (None if day is None else to_date(day, flag) for flag, day in (("--from", first), ("--to", last)))
    found = justifying.justify(settings, claim, *days)
    folder = Path(output) if output else justifying.folder(settings, claim)
    page, content = justifying.write(settings, found, folder)
    _print_lines([*justifying.describe(found), f"Page: {page}", f"Evidence: {content}"])
    if found.verdict != justifying.PROVEN:
        sys.exit(int(ExitCode.CHECK_FAILED))


@main.group(cls=OrderedCommands)
def keys() -> None:
    """The keys of the pseudonymisation domains: their versions, and their rotation."""


@keys.command("list")
@_folder("warehouse", "Where builds remember which versions they have used.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register, where rotations are kept.")
def list_keys(**folders: str | None) -> None:
    """The domains, the version of each key, and since when."""
    from bigtrust import keys as domain_keys

    settings = Settings.load(**folders)
    for domain, version in domain_keys.versions(settings).items():
        rotations = domain_keys.rotations(settings, domain)
        since = rotations[-1].rotated_at if rotations else "the first run"
        published = domain_keys.published(settings, domain)
        is_waiting = published is not None and published < version
        waiting = f"; until the next run, the publication has version {published}" if is_waiting else ""
        console.print(f"{domain}: key version {version}, since {since}{waiting}.")


@keys.command()
@click.option("--domain", required=True, metavar="D", help="The pseudonymisation domain (see bigtrust keys list).")
@click.option("--yes", is_flag=True, help="Do not ask. Nobody is asked either where there is no terminal.")
@_folder("warehouse", "No run may be under way in it.")
@_folder("published", "Where the publications are.")
@_folder("register", "The register, where rotations are kept.")
@_folder("ledger", "The evidence ledger.")
def rotate(domain: str, yes: bool, **folders: str | None) -> None:
    """Change every pseudonym of a domain in the next run."""
    from bigtrust import evidence
    from bigtrust import keys as domain_keys

    settings = Settings.load(**folders)
    console.print("In the next run, every person and every purchase gets another pseudonym in this domain.")
    console.print("  From then on, what was noted or exported with the old pseudonyms matches nothing.")
    console.print("  The same rows are published, and other domains stay as they are. There is no way back.")
    if not yes and sys.stdin.isatty() and not click.confirm("Rotate?"):
        console.print("Nothing was changed.")
        return
    try:
        rotation = domain_keys.rotate(settings, domain)
    except OSError as error:
        raise ConfigurationError(
            f"The register {settings.register} cannot be written ({error.strerror}). The key is NOT rotated: correct "
            "the folder's owner and mode, or free the disk, and try again."
        ) from None
    evidence.catch_up(settings)
    console.print(f"Rotated: {rotation.domain} has key version {rotation.version}. Next: bigtrust run")


@main.command()
@click.option("--as-of", metavar="DATE", help="Compare retention windows with this day instead of today (YYYY-MM-DD).")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the last run left its policy; the preview builds in a folder of its own there.")
@_folder("register", "The register of erasure requests.")
def preview(**folders: str | None) -> None:
    """What an edit of seeds/policy/ would remove or show, per mart. Changes nothing."""
    from bigtrust import preview as previews

    settings = Settings.load(**folders)
    with _reporter() as reporter:
        result = previews.preview(settings, reporter)
    if not result.edits:
        console.print("seeds/policy/ is as it was published. Nothing would change.")
        return
    console.print("Edited since the last publication:")
    for table, sign, row in result.edits:
        console.print(_escaped(f"  {sign} {table}: {row}"))
    rows = [[change.mart, change.now, change.removed, change.shown, change.then] for change in result.changes]
    _print_table(f"Rows on {result.day}", ["mart", "now", "removed", "shown", "then"], rows)
    console.print("A row whose figures change counts as removed and as shown. Nothing was changed or published.")


@main.command()
@click.option("--output", metavar="DIR", help="Where to write. [default: processing/ beside the summary page]")
@_folder("warehouse", "Where the last run left what it built, and where the record goes.")
def processing(output: str | None, **folders: str | None) -> None:
    """The record of processing activities (GDPR article 30) and the data inventory, as pages and CSV."""
    from bigtrust import processing as records_of_processing

    settings = Settings.load(**folders)
    place = Path(output).resolve() if output else records_of_processing.folder(settings)
    record = records_of_processing.write(settings, place)
    version = f"Draft of version {record.version.number}" if record.is_draft else f"Version {record.version.number}"
    before, count = record.before, len(record.differences)
    if before is None:
        console.print(f"{version}: the first, so there is nothing to compare it with.")
    else:
        differences = f"{count or 'no'} difference{'' if count == 1 else 's'}"
        console.print(f"{version}: {differences} from version {before.number} (policy {before.policy_version}).")
    if record.is_draft:
        console.print("The policy was edited since the last publication. What it says is in force after the next run.")
    _print_lines([f"Record and inventory: {place / 'index.html'}"])


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, metavar="N", help="0: any.")
@click.option("--no-browser", "is_headless", is_flag=True, help="Only serve; open no browser.")
@_folder("warehouse", "Where the page is written.")
def docs(port: int, is_headless: bool, **folders: str | None) -> None:
    """Serve dbt's documentation to this machine: models, columns, lineage. No row, no secret, no request elsewhere."""
    import signal
    import webbrowser

    from bigtrust import documentation

    path = documentation.write(Settings.load(**folders))
    with documentation.serving(path, port) as address:
        _print_lines([f"Documentation: {address} (Ctrl+C ends it), also without a server: {path}"])
        if not is_headless:
            webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            signal.pause()


@main.command("landing-due")
@click.option("--output", required=True, metavar="DIR", help="Where to write: one CSV file per landing table.")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the vault is.")
@_folder("published", "Where the publications are: keys never go there.")
@_folder("register", "The register of erasure requests: keys never go there.")
def landing_due(output: str, **folders: str | None) -> None:
    """The keys that the source systems should now delete, for them alone."""
    from bigtrust import due

    settings = Settings.load(**folders)
    counts = due.export(settings, Path(output))
    for name, count in counts.items():
        console.print(f"  {name:<20} {count:>12,} keys")
    console.print(f"The keys are in {output}. They are personal data: hand them over, then delete them.")


@main.command("access-report")
@click.option("--customer", required=True, metavar="ID", help="Whom the report is about, and for.")
@click.option("--output", required=True, metavar="DIR", help="The folder to make, for its owner alone.")
@click.option(
    "--language", type=click.Choice(["fr", "en"]), help="The language of the page. [default: that of the customer]"
)
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where the vault is.")
@_folder("published", "Where the publications are: reports never go there.")
@_folder("register", "The register of erasure requests: reports never go there.")
@_folder("ledger", "The evidence ledger: that a report was made is recorded, not about whom.")
def access_report(customer: str, output: str, language: str | None, **folders: str | None) -> None:
    """Everything that the warehouse holds about one person, for that person: a page, and the same as JSON."""
    from bigtrust import access

    report = access.write(Settings.load(**folders), customer, Path(output), language)
    _print_table(
        "Rows and requests that are held",
        ["where", "rows"],
        [
            ["landing", report.landed],
            ["register", report.registered],
            ["vault", report.vault],
            ["publications", report.published],
        ],
    )
    _print_lines(
        [
            f"The report is in {output}: {access.PAGE} and {access.DATA}.",
            "It is personal data: hand it over to the person it is about, and delete it here.",
        ]
    )


@main.command()
@click.option("--campaign", metavar="NAME", help="The campaign that the addresses are for.")
@click.option("--category", metavar="ID", help="The product category that is offered.")
@click.option(
    "--recall", "is_recall", is_flag=True, help="A product recall, which the law demands, instead of an offer."
)
@click.option("--product", metavar="ID", help="With --recall: the product.")
@click.option("--from", "first", metavar="DATE", help="With --recall: sold from this day on (YYYY-MM-DD).")
@click.option("--to", "last", metavar="DATE", help="With --recall: sold until this day.")
@click.option(
    "--recipient", required=True, metavar="NAME", help="Who receives them: one of seeds/policy/recipients.csv."
)
@click.option(
    "--purpose",
    type=click.Choice(["marketing", "partner_sharing"]),
    help="For which purpose, if the policy has the recipient for both.",
)
@click.option("--output", metavar="FILE", help="The file to write (CSV, for its owner alone).")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only count: nothing is written.")
@_folder("landing", "The landing folder.")
@_folder("warehouse", "Where it builds, in a folder of its own that is removed afterwards.")
@_folder("published", "Where the publications are: addresses never go there.")
@_folder("register", "The register of erasure requests, where disclosures are kept, too.")
@_folder("ledger", "The evidence ledger.")
def activate(
    campaign: str | None,
    category: str | None,
    is_recall: bool,
    product: str | None,
    first: str | None,
    last: str | None,
    recipient: str,
    purpose: str | None,
    output: str | None,
    is_dry: bool,
    **folders: str | None,
) -> None:
    """Write addresses for an offer or a recall: the one controlled way back from pseudonyms.

    \b
    bigtrust activate --campaign NAME --category ID --recipient NAME (--output FILE | --dry-run)
    bigtrust activate --recall --product ID --from DATE --to DATE --recipient NAME (--output FILE | --dry-run)

    Consent, requests to forget and contact pressure count as of now, not as of the last run. What was given out is
    recorded, and the next run publishes that in governance.
    """
    from bigtrust import activation

    if (output is None) != is_dry:
        raise click.UsageError("Say one thing: --output FILE or --dry-run.")
    of_recall = (product, first, last)
    request: activation.Offer | activation.Recall
    if is_recall:
        if product is None or first is None or last is None or any((campaign, category, purpose)):
            raise click.UsageError(
                "A recall needs --product, --from and --to, and no --campaign, --category, --purpose."
            )
        days = (to_date(first, "--from"), to_date(last, "--to"))
        request = activation.Recall(product, *days, recipient)
    else:
        if campaign is None or category is None or any(of_recall):
            raise click.UsageError("An offer needs --campaign and --category. For a recall, say --recall.")
        request = activation.Offer(campaign, category, recipient, purpose)
    settings = Settings.load(**folders)
    with _reporter() as reporter:
        result = activation.activate(settings, request, None if output is None else Path(output), reporter)
    _print_activated(result, output)


def _print_activated(result: Any, output: str | None) -> None:
    rows = [[reason, count] for reason, count in sorted(result.merged.items())]
    _print_table("Persons", ["reason", "persons"], [*rows, ["all", sum(result.counts.values())]])
    _print_lines(
        [
            f"Recipient {result.recipient.recipient}, for {result.recipient.purpose}: {result.recipient.legal_basis}.",
            f"Columns: {', '.join(result.recipient.columns)}.",
        ]
    )
    if result.recipient.purpose == "recall":
        console.print("Who bought it without giving a name is not reached: say it in the shops and on the website.")
    if result.disclosure is None:
        console.print("A dry run: nothing was written or recorded.")
        return
    _print_lines(
        [
            f"{result.disclosure.persons:,} addresses are in {output}, and what goes with them in {output}.json.",
            f"They may be used before {result.disclosure.use_until}.",
            "That they were given out is recorded; the next run publishes it in governance.",
        ]
    )


@main.command()
@_folder("warehouse", "Where the last run left its records, lineage and manifest.")
@_folder("published", "Where the publications are.")
@_folder("ledger", "The evidence ledger.")
@_folder("site", "Where to write; what lies there from an older build is replaced.")
def site(**folders: str | None) -> None:
    """Write the public site: what is held, why, for how long, and what proves it. In French and English."""
    from bigtrust import site as public_site

    first = public_site.build(Settings.load(**folders))
    _print_lines([f"The site is in {first.parent}. Open {first}, or serve the folder."])


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

    def say(self, line: str) -> None:
        console.print(line, markup=False)


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

    def say(self, line: str) -> None:
        console.print(line, markup=False)

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
        [f"{row['publication']}.{row['relation']}", row["inside"], row["expiring_within_30_days"]]
        for row in report.relations
    ]
    _print_table("Published", ["relation", "visible", "expiring soon"], rows)
    states = ", ".join(f"{count:,} {state}" for state, count in report.requests) or "none"
    console.print(f"Erasure requests: {states}.")
    if report.unknown_sensitive:
        console.print(
            f"Sensitive categories: landing does not know {report.unknown_sensitive} of the policy. The till offers to "
            "forget them all the same; compare seeds/policy/sensitive_categories.csv with marts.forget_offers of "
            "governance."
        )
    record = report.record
    _print_verdicts(record.checks, report.unused_exceptions)
    reasons = Counter(check["reason"] for check in record.checks if check["verdict"] == "not applicable")
    for reason, count in reasons.most_common():
        console.print(f"  not applicable: {count} because {reason}")
    console.print("Seconds: " + ", ".join(f"{name} {seconds}" for name, seconds in record.phases.items()) + ".")
    console.print(f"Built: {record.built}.")
    console.print(f"Run {record.run}: published to {settings.published}")
    if report.summary:
        console.print(f"Summary of the run: {report.summary}", markup=False)
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


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
