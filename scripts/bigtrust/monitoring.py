"""Is the warehouse well? The last run, the age of each publication, the oldest request that waits, the ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import duckdb

from bigtrust import ledger, records, reviews, states, till
from bigtrust.errors import BigTrustError
from bigtrust.records import REQUESTS_BY_STATE
from bigtrust.settings import PUBLICATIONS, Settings


@dataclass(frozen=True)
class Status:
    """`lines` are for people; `is_good` is False when something failed, is stale or is missing."""

    lines: list[str]
    is_good: bool


def status(settings: Settings, *, now: datetime, max_age_hours: float) -> Status:
    """Say how the warehouse is. A publication or an open request older than `max_age_hours` is stale."""
    last = records.latest(settings.runs)
    if last is None:
        return Status(["No run has been recorded. Run `bigtrust run` first."], False)
    ended = last.finished_at or last.started_at
    lines = [f"Last run: {last.run}, {last.verdict} at {ended}Z (exit code {last.exit_code})."]
    is_good = last.verdict == records.PUBLISHED
    if last.message:
        lines.append(f"  {last.message}")
    lines += _unreviewed(settings)
    published = {name: settings.published / f"{name}.duckdb" for name in PUBLICATIONS}
    for name, path in {**published, "till": settings.till / till.OFFERS}.items():
        line, is_fresh = _publication(name, path, now, max_age_hours)
        lines.append(line)
        is_good = is_good and is_fresh
    line, is_in_time = _oldest_open_request(settings, now, max_age_hours)
    evidence, is_whole = _ledger(settings)
    return Status([*lines, _requests_by_state(settings), line, evidence], is_good and is_in_time and is_whole)


def _unreviewed(settings: Settings) -> list[str]:
    """The last run that failed and that nobody has reviewed."""
    reviewed = reviews.read(settings.reviews)
    for record in islice(records.newest_first(settings.runs), reviews.SHOWN):
        if record.verdict != records.PUBLISHED and record.run not in reviewed:
            return [f"Not reviewed: run {record.run}, {record.verdict} (bigtrust review --run {record.run})."]
    return []


def _ledger(settings: Settings) -> tuple[str, bool]:
    """Whether the ledger is whole: each byte of it is as it was signed."""
    try:
        held = ledger.read(settings)
    except BigTrustError as error:
        return str(error), False
    if held.head is None:
        return f"Ledger {settings.ledger}: missing. The next run begins a new one.", False
    return f"Ledger: intact, {held.head.size:,} entr{'y' if held.head.size == 1 else 'ies'}.", True


def _publication(name: str, path: Path, now: datetime, max_age_hours: float) -> tuple[str, bool]:
    if not path.exists():
        return f"Publication {name}: missing.", False
    hours = (now - datetime.fromtimestamp(path.stat().st_mtime, UTC)).total_seconds() / 3600
    is_fresh = hours <= max_age_hours
    return f"Publication {name}: {hours:.1f} hours old{'' if is_fresh else ', stale'}.", is_fresh


def _requests_by_state(settings: Settings) -> str:
    """Pending and refused requests need a person's eye: a typing error at the till ends there."""
    try:
        with duckdb.connect(str(settings.published / "governance.duckdb"), read_only=True) as connection:
            states = connection.execute(REQUESTS_BY_STATE).fetchall()
    except duckdb.Error:  # missing, or of a run that stopped before it came to the requests
        return "Erasure requests in the last build: unknown, governance does not say."
    counts = ", ".join(f"{requests:,} {state}" for state, requests in states)
    return f"Erasure requests in the last build: {counts or 'none'}."


def _oldest_open_request(settings: Settings, now: datetime, max_age_hours: float) -> tuple[str, bool]:
    """A request of the register is open until a run that knew it has published."""
    waiting = [datetime.fromisoformat(request.requested_at) for request in states.waiting(settings.register)]
    if not waiting:
        return "Open erasure requests: none.", True
    hours = (now - min(waiting)).total_seconds() / 3600
    is_in_time = hours <= max_age_hours
    return (
        f"Open erasure requests: {len(waiting)}, the oldest {hours:.1f} hours old{'' if is_in_time else ', overdue'}.",
        is_in_time,
    )
