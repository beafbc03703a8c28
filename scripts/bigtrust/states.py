"""What became of each erasure request: written by every run that published, beside the requests.

The vault knows the states of its last build only; `states.json` in the register also knows since when. It holds names
of request files, states and run numbers, and nothing of what a request is about.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from bigtrust import register
from bigtrust.errors import InputError
from bigtrust.files import write_durably
from bigtrust.promise import deadlines
from bigtrust.register import Request

EFFECTIVE, PENDING, REFUSED, WITHDRAWN, WAITING = "effective", "pending", "refused", "withdrawn", "waiting"
REASONS = {
    (REFUSED, "purchase"): "the purchase is of another customer",
    (REFUSED, "purchase_line"): "the purchase is of another customer",
    (PENDING, "purchase"): "the purchase has not arrived",
    (PENDING, "purchase_line"): "the purchase or its line has not arrived",
    (PENDING, "category"): "the customer or the category is not known",
    (PENDING, "person"): "the customer is not known",
}
FOUND = f"select {', '.join(register.KEY)}, state from restricted.erasure_requests"
_HEADINGS = ("request", "asked (UTC)", "at", "forget", "state")

Found = dict[tuple[str | None, ...], str]  # by Request.key


@dataclass(frozen=True)
class State:
    """A state (`effective`, `pending`, `refused` or `withdrawn`), and the first run that published it (UTC time)."""

    state: str
    since_run: int
    since: str


def find(vault: Path) -> Found:
    """Return the state of every request that the last build knew, by `Request.key`."""
    with duckdb.connect(str(vault), read_only=True) as connection:
        return {tuple(key): state for *key, state in connection.execute(FOUND).fetchall()}


def record(folder: Path, found: Found, *, run: int, at: str) -> None:
    """Write down what a run that published has made of the requests; `at` is its time (UTC, ISO 8601).

    A state keeps its first run. What is forgotten stays effective when the source system has deleted it, too; but not a
    request on a category that nobody knows any more: it may have been renamed.
    """
    try:
        before = load(folder)
    except InputError:  # what it knew of earlier runs is lost; the states themselves are not
        before = {}
    states = {}
    for name, request in register.read(folder).items():
        state, earlier = found.get(request.key), before.get(name)
        if state is None:  # it came while the run was under way
            continue
        if earlier and earlier.state == EFFECTIVE and state == PENDING and request.scope != "category":
            state = EFFECTIVE
        states[name] = earlier if earlier and earlier.state == state else State(state, run, at)
    text = json.dumps({name: asdict(state) for name, state in states.items()}, indent=1)
    write_durably(folder / register.STATES, text + "\n", mode=0o600)


def load(folder: Path) -> dict[str, State]:
    """Return the states by the name of the request's file; none before the first run. Raises InputError if damaged."""
    path = folder / register.STATES
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: State(str(s["state"]), int(s["since_run"]), str(s["since"])) for name, s in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise InputError(
            f"Register file {register.STATES} is damaged. Run `bigtrust run`: it writes the file anew."
        ) from None


def days_to_honour(folder: Path, requests: Mapping[str, Request]) -> list[float]:
    """Return how many days each of the requests took that a run has made effective, in no order that says which.

    `requests` are those of the register by the name of their file. What cannot be read counts as not told: the run
    writes it anew.
    """
    try:
        known = load(folder)
    except InputError:
        return []
    return sorted(
        (_utc(state.since) - _utc(requests[name].requested_at)).total_seconds() / 86400
        for name, state in known.items()
        if state.state == EFFECTIVE and name in requests
    )


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def waiting(folder: Path) -> list[Request]:
    """Return the requests that no run has taken up yet. Raises InputError if the register is damaged."""
    states = load(folder)
    return [
        request
        for name, request in register.read(folder).items()
        if name not in states and request.withdrawn_at is None
    ]


def withdrawn_since(folder: Path) -> bool:
    """Whether a request is withdrawn that the last run took for one that stands. Raises InputError as `waiting`."""
    states, now = load(folder), datetime.now(UTC)
    return any(
        request.withdrawn_at is not None
        and datetime.fromisoformat(request.withdrawn_at) <= now
        and name in states
        and states[name].state in (EFFECTIVE, PENDING)
        for name, request in register.read(folder).items()
    )


def describe(folder: Path, days: int | None) -> list[str]:
    """Return a table of all requests with their states, as lines of text, the oldest first, and their number by state.

    `days` is what the policy promises (None: it cannot be read). The table shows the identifiers that the requests
    themselves name, and nothing else of anybody. Raises InputError if the register is damaged.
    """
    requests, states = register.read(folder), load(folder)
    if not requests:
        return ["Nobody has asked to forget anything."]
    names = sorted(requests, key=lambda name: (datetime.fromisoformat(requests[name].requested_at), name))
    told = [_told(requests[name], states.get(name), days) for name in names]
    rows = [_row(requests[name], sentence) for name, (_, sentence) in zip(names, told, strict=True)]
    counts = Counter(word for word, _ in told)
    total = f"{len(names):,} request{'s' if len(names) > 1 else ''}"
    return [*_table([_HEADINGS, *rows]), f"{total}: {', '.join(f'{n:,} {word}' for word, n in counts.most_common())}."]


def _told(request: Request, state: State | None, days: int | None) -> tuple[str, str]:
    """The state in one word, and in a sentence."""
    if request.withdrawn_at is not None:
        day = request.withdrawn_at[:10]
        still = ", forgotten until the next run" if state and state.state == EFFECTIVE else ""
        return WITHDRAWN, f"withdrawn on {day}{still}"
    if state is None or state.state == WITHDRAWN:
        by = deadlines(request.requested_at, days)
        return WAITING, f"waits for the next run, by {by.promised or by.latest}"
    if state.state == EFFECTIVE:
        return EFFECTIVE, f"effective since run {state.since_run} ({state.since[:10]})"
    reason = REASONS.get((state.state, request.scope), "no reason is recorded")
    return state.state, f"{state.state} since run {state.since_run}: {reason}"


def _row(request: Request, state: str) -> tuple[str, ...]:
    asked = datetime.fromisoformat(request.requested_at).astimezone(UTC)
    names: Mapping[str, str | None] = {
        "purchase": request.purchase_id,
        "line": request.line_number,
        "customer": request.customer_id,
        "category": request.category_id,
    }
    named = ", ".join(f"{word} {value}" for word, value in names.items() if value)
    what = f"everything of {named}" if request.scope == "person" else named
    return (request.request_id, f"{asked:%Y-%m-%d %H:%M}", request.channel, what, state)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns below each other, without a frame; what cannot be printed is shown as a question mark."""
    clean = [["".join(letter if letter.isprintable() else "?" for letter in cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in clean) for column in range(len(_HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean]
