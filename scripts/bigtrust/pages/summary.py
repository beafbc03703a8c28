"""What the summary page says: collected from files that hold no value from the data.

Each part is read on its own: what is missing or damaged is said in its place, and the rest is shown.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from bigtrust import check_exceptions, promise, records, register, reviews, states
from bigtrust.errors import BigTrustError, ConfigurationError
from bigtrust.gx.patterns import found_in
from bigtrust.pages import trend
from bigtrust.pages.matrix import Matrix, matrix, remedy
from bigtrust.records import PUBLISHED, REFUSED, Record
from bigtrust.reviews import SHOWN, Review
from bigtrust.settings import Settings


@dataclass(frozen=True)
class Failed:
    """A check that failed. `page` is a relative link to its Data Docs, if there are any."""

    code: str
    severity: str
    relation: str
    column: str
    reason: str
    remedy: str
    page: str | None


@dataclass(frozen=True)
class Governance:
    """What the publication governance says, and of which run it is. Held and rejected are by landing table."""

    run: str
    policy_version: str
    held: list[tuple[str, int]]
    rejected: list[tuple[str, str, int]]
    requests: list[tuple[str, int]]
    since: dict[str, int]  # by code of a check, the first run that made it


@dataclass(frozen=True)
class PolicyException:
    """An exception of the policy. `standing` says whether it is in force, `used` how often this run used its code."""

    values: dict[str, str]
    standing: str
    has_ended: bool
    used: int


@dataclass(frozen=True)
class OpenRequests:
    """Erasure requests of one day that are open for the same reason, and by when they are due."""

    why: str
    asked_on: date
    requests: int
    promised: date | None
    latest: date
    standing: str


@dataclass(frozen=True)
class Run:
    """A run of the history. `review` are the verdicts of its reviews, empty if nobody has recorded one."""

    record: Record
    examined: int
    review: str


@dataclass
class Summary:
    """All that the page shows. `problems` say, by the name of a part, why it cannot be shown."""

    record: Record
    verdict: str
    written_at: str
    failed: list[Failed]
    not_applicable: list[tuple[str, int]]
    excepted: list[dict[str, Any]]
    history: list[Run]
    chart: Markup
    chart_title: str
    data_docs: str | None
    lineage: str | None
    matrix: Matrix
    governance: Governance | None = None
    exceptions: list[PolicyException] = field(default_factory=list)
    requests: list[OpenRequests] = field(default_factory=list)
    reidentification: dict[str, Any] | None = None
    reviews: list[Review] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether the run published."""
        return self.record.verdict == PUBLISHED

    @property
    def unreviewed(self) -> list[Run]:
        """The runs of the history that nobody has reviewed, the newest first."""
        return [run for run in self.history if not run.review]

    @property
    def open_requests(self) -> int:
        """How many requests are open."""
        return sum(line.requests for line in self.requests)


def collect(settings: Settings, *, now: datetime) -> Summary:
    """Collect what the page of the last run says. Raises ConfigurationError if there is no (readable) record of it."""
    problems: dict[str, str] = {}
    history, last_published = _history(settings, problems)
    record = history[0]
    reviewed = _part(problems, "reviews", lambda: reviews.read(settings.reviews)) or {}
    governance = _part(problems, "governance", lambda: _governance(settings))
    title = f"The last {len(history)} runs" if len(history) > 1 else "The first run"
    return Summary(
        record=record,
        verdict=verdict(record, last_published),
        written_at=now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        failed=[_failed(settings, result) for result in record.checks if result["verdict"] == "failed"],
        not_applicable=Counter(
            result["reason"] for result in record.checks if result["verdict"] == "not applicable"
        ).most_common(),
        excepted=[result for result in record.checks if result.get("exception")],
        history=[Run(past, trend.examined(past), reviews.verdicts(reviewed.get(past.run, []))) for past in history],
        chart=trend.chart(history[::-1], title, _described(history)),
        chart_title=title,
        data_docs=_link(settings, settings.data_docs / "index.html"),
        lineage=_link(settings, settings.lineage / "lineage.html"),
        matrix=matrix(record.checks, governance.since if governance else {}),
        governance=governance,
        exceptions=_part(problems, "exceptions", lambda: _exceptions(settings, record, now.date())) or [],
        requests=_part(problems, "requests", lambda: _open_requests(settings, now.date())) or [],
        reidentification=_part(problems, "reidentification", lambda: _reidentification(settings.reidentification)),
        reviews=reviewed.get(record.run, []),
        problems=problems,
    )


def verdict(record: Record, last_published: int | None) -> str:
    """Return the verdict of a run in a sentence or two."""
    passed, failed, other = (record.count(word) for word in ("passed", "failed", "not applicable"))
    made = f"checks: {passed:,} passed, {failed:,} failed, {other:,} not applicable"
    still = (
        f"The publications are still those of run {last_published}."
        if last_published is not None
        else "Nothing has been published yet."
    )
    if record.verdict == PUBLISHED:
        warned = " What failed has the severity warning, which keeps nothing from being published." if failed else ""
        return f"Run {record.run} was published ({made}).{warned}"
    if record.verdict == REFUSED and record.checks:
        return f"Run {record.run} was refused ({made}), and nothing was published. {still}"
    if record.verdict == REFUSED:
        return f"Run {record.run} was refused before its checks were complete, and nothing was published. {still}"
    if record.checks:
        return (
            f"Run {record.run} stopped after it was checked ({made}), while it published: some publications may be of "
            "this run and others of an earlier one."
        )
    return f"Run {record.run} stopped before its checks, and nothing was published. {still}"


def _part(problems: dict[str, str], name: str, read: Callable[[], Any]) -> Any:
    """What `read` gives, or None with a problem that says why not."""
    try:
        return read()
    except (BigTrustError, OSError) as error:
        problems[name] = (
            str(error) if isinstance(error, BigTrustError) else f"A file cannot be read ({error.strerror})."
        )
    except duckdb.Error as error:  # its message may quote data
        problems[name] = f"A database cannot be read ({type(error).__name__})."
    return None


def _history(settings: Settings, problems: dict[str, str]) -> tuple[list[Record], int | None]:
    """The last runs, the newest first, and the last one that published."""
    history: list[Record] = []
    last_published = None
    try:
        for record in records.newest_first(settings.runs):
            if len(history) < SHOWN:
                history.append(record)
            if record.verdict == PUBLISHED and last_published is None:
                last_published = record.run
            if len(history) == SHOWN and last_published is not None:
                break
    except ConfigurationError as error:
        if not history:
            raise
        problems["history"] = str(error)
    if not history:
        raise ConfigurationError("No run has been recorded. Run `bigtrust run` first.")
    return history, last_published


def _failed(settings: Settings, result: dict[str, Any]) -> Failed:
    return Failed(
        code=result["code"],
        severity=result["severity"],
        relation=result["relation"],
        column=result["column"] or "",
        reason=result["reason"],
        remedy=remedy(result["code"]),
        page=_link(settings, settings.data_docs / f"{result['relation'].replace('.', '/')}.html"),
    )


def _link(settings: Settings, target: Path) -> str | None:
    """The way from the page to a file, if it exists."""
    if not (target.is_relative_to(settings.warehouse) and target.exists()):
        return None
    return Path(os.path.relpath(target, settings.summary.parent)).as_posix()


def _governance(settings: Settings) -> Governance:
    """Of the publication, never of a candidate: only what was published has passed its checks."""
    path = settings.published / "governance.duckdb"
    if not path.exists():
        raise ConfigurationError("The publication governance does not exist yet.")
    with duckdb.connect(str(path), read_only=True) as connection:

        def rows(query: str) -> list[Any]:
            return connection.execute(query).fetchall()

        tables = {name for (name,) in rows("select table_name from duckdb_tables() where schema_name = 'marts'")}
        if "landing_rows" not in tables:  # the record alone: no run has come far enough yet
            raise ConfigurationError("No run has come far enough to count rows.")
        about = dict(rows("select fact, value from marts.about"))
        return Governance(
            run=about.get("run", "unknown"),
            policy_version=about.get("policy_version", "unknown"),
            held=rows("select landing_table, held from marts.landing_rows where held > 0 order by all"),
            rejected=rows("select landing_table, reason, rejected from marts.rejected_rows order by all"),
            requests=rows(records.REQUESTS_BY_STATE),
            since=dict(rows("select code, min(run) from marts.check_results group by code")),
        )


def _exceptions(settings: Settings, record: Record, today: date) -> list[PolicyException]:
    path = settings.project / check_exceptions.FILE
    if not path.exists():
        return []
    used = Counter(result["code"] for result in record.checks if result.get("exception"))
    rows = [row for _, row in check_exceptions.read(path)]
    if any(found_in(text) for row in rows for text in row.values()):
        raise ConfigurationError(f"{check_exceptions.FILE} holds what looks like personal data. Name a role instead.")
    found = [PolicyException(row, *_until(row["expires_on"], today), used=used[row["code"]]) for row in rows]
    return sorted(found, key=lambda exception: exception.values["expires_on"])


def _until(text: str, today: date) -> tuple[str, bool]:
    """Whether an exception that ends on a day is in force today, in words, and whether it has ended."""
    try:
        end = date.fromisoformat(text)
    except ValueError:
        return "its end cannot be read", True
    days = (end - today).days
    if days < 0:
        return f"expired {_days(-days)} ago", True
    return ("in force, ends today" if days == 0 else f"in force, ends in {_days(days)}"), False


def _days(days: int) -> str:
    return f"{days:,} day{'' if days == 1 else 's'}"


def _open_requests(settings: Settings, today: date) -> list[OpenRequests]:
    """Requests that no run has taken up, or whose purchase or person has not arrived, by day; no name, no number."""
    known, promised_days = states.load(settings.register), promise.promised_days(settings.project)
    waiting = [("waits for the next run", request) for request in states.waiting(settings.register)]
    pending = [
        ("what it names has not arrived", request)
        for name, request in register.read(settings.register).items()
        if request.withdrawn_at is None and name in known and known[name].state == states.PENDING
    ]
    days = Counter(
        (promise.deadlines(request.requested_at, promised_days), why, _day(request.requested_at))
        for why, request in (*waiting, *pending)
    )
    lines = [
        OpenRequests(why, asked_on, requests, due.promised, due.latest, _standing(due, today))
        for (due, why, asked_on), requests in days.items()
    ]
    return sorted(lines, key=lambda line: (line.latest, line.why))


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(UTC).date()


def _standing(due: promise.Deadlines, today: date) -> str:
    if today > due.latest:
        return f"the law's deadline passed {_days((today - due.latest).days)} ago"
    if due.promised is not None and today > due.promised:
        return f"later than promised; the law's deadline is in {_days((due.latest - today).days)}"
    return "in time"


def _reidentification(path: Path) -> dict[str, Any] | None:
    """What `bigtrust measure` has written, if it is of the shape that the page can show."""
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            "measured_at": str(content["measured_at"]),
            "run": int(content["run"]),
            "publications": {
                str(name): [
                    {key: str(measure[key]) for key in ("measure", "figure", "meaning")} for measure in measures
                ]
                for name, measures in content["publications"].items()
            },
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"{path.name} is damaged. Run `bigtrust measure` again.") from None


def _described(history: Sequence[Record]) -> str:
    """The chart in words."""
    outcomes = Counter(record.verdict for record in history)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    failing = sum(record.count("failed") > 0 for record in history)
    return (
        f"Runs {history[-1].run} to {history[0].run}: the outcome of each ({counted}), how many of its checks failed "
        f"(any in {failing or 'no'} run{'' if failing == 1 else 's'}), and how much they examined, "
        f"{trend.examined(history[0]):,} in the last. The table below has the figures."
    )
