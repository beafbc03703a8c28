"""Was a sentence of the policy kept? Judged from entries of the ledger alone, so that anybody can judge the same.

`scripts/verify_evidence.py` does so without this package; what is decided here is decided there in the same way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

PROVEN, NOT_PROVEN, BROKEN = "proven", "not proven throughout", "broken"
# how a run bears on a sentence
PROVED, REFUSED, EXCEPTED, AGAINST, SILENT = "proved", "refused", "excepted", "published against it", "proves nothing"

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one run says of the sentence. `day` is that of its end (UTC); `examined` and `violations` add up its rules;
    `why` explains anything but a proof; `is_published` says whether it put a publication in place, even if it was
    stopped later; `in_place` is the run whose publications were in place before."""

    run: int
    entry: int
    day: date
    verdict: str
    outcome: str
    examined: int
    violations: int
    why: str
    is_published: bool
    in_place: int | None
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Judgement:
    """`outcomes` are the runs that ended in the window; `gaps` the first and the last day of each time without proof;
    `missing` says which entries should be there and are not."""

    verdict: str
    outcomes: Sequence[Outcome]
    gaps: Sequence[tuple[date, date]]
    missing: Sequence[str]
    exceptions: Sequence[Entry]


def judge(entries: Sequence[Entry], code: str, first: date, last: date, today: date) -> Judgement:
    """Judge a sentence from `first` to `last` (days in UTC, both included), as on the day `today`.

    `entries` are in their order: those from the last run that started before the window to the first after it, preceded
    by the last sentences (`claims`), and all exceptions, from before. The day that is not over yet is no gap.
    """
    outcomes = [outcome for outcome in _outcomes(entries, code) if first <= outcome.day <= last]
    missing = list(_missing([entry for entry in entries if _day(entry) <= last], first))
    proven = {outcome.day for outcome in outcomes if outcome.outcome == PROVED}
    gaps = list(_gaps(proven, first, min(last, today - timedelta(days=1))))
    rules = {rule for outcome in outcomes for rule in outcome.rules}
    exceptions = [it for it in entries if it["kind"] == "exception" and it["code"] in rules and _day(it) <= last]
    if missing or any(outcome.outcome in (EXCEPTED, AGAINST) for outcome in outcomes):
        verdict = BROKEN
    elif gaps or not proven or any(outcome.outcome == REFUSED for outcome in outcomes):
        verdict = NOT_PROVEN
    else:
        verdict = PROVEN
    return Judgement(verdict, outcomes, gaps, missing, exceptions)


def _outcomes(entries: Iterable[Entry], code: str) -> Iterator[Outcome]:
    rules: tuple[str, ...] = ()
    in_place: int | None = None
    announced: set[tuple[int, str, str]] = set()
    for entry in entries:
        if entry["kind"] == "claims":
            rules = next((tuple(claim["rules"]) for claim in entry["claims"] if claim["code"] == code), ())
        elif entry["kind"] == "publication" and entry["publication"] != "governance":
            announced.add((entry["run"], entry["publication"], entry["digest"]))
        elif entry["kind"] == "run_ended":
            results = {rule: entry["checks"][rule] for rule in rules if rule in entry["checks"]}
            files = {(entry["run"], name, digest) for name, digest in entry["in_place"].items()}
            is_published = entry["verdict"] == "published" or bool(files & announced)
            outcome, why = _outcome(entry, rules, results, is_published=is_published)
            yield Outcome(
                run=entry["run"],
                entry=entry["number"],
                day=_day(entry),
                verdict=entry["verdict"],
                outcome=outcome,
                examined=sum(counts["examined"] for counts in results.values()),
                violations=sum(counts["violations"] for counts in results.values()),
                why=why,
                is_published=is_published,
                in_place=in_place,
                rules=rules,
            )
            if is_published:
                in_place = entry["run"]


def _outcome(
    entry: Entry, rules: Sequence[str], results: Mapping[str, Mapping[str, int]], *, is_published: bool
) -> tuple[str, str]:
    failed = [rule for rule, counts in results.items() if counts["failed"]]
    excepted = [rule for rule, counts in results.items() if counts["excepted"]]
    if failed:
        return (AGAINST if is_published else REFUSED), f"{', '.join(failed)} failed"
    if is_published and excepted:
        return EXCEPTED, f"{', '.join(excepted)} failed, and was excepted"
    if entry["verdict"] != "published":
        after = "after it had published" if is_published else "for another reason, and published nothing"
        return SILENT, f"the run was {entry['verdict']} {after}"
    if entry["is_written_later"]:
        return SILENT, "how the run ended was written down by the next one"
    unchecked = [rule for rule in rules if rule not in results]
    if unchecked or not rules:
        return SILENT, f"{', '.join(unchecked)} was not checked" if rules else "the sentence was not in the policy"
    empty = [rule for rule, counts in results.items() if not counts["passed"]]
    return (SILENT, f"{', '.join(empty)} had nothing to examine") if empty else (PROVED, "")


def _missing(entries: Sequence[Entry], first: date) -> Iterator[str]:
    started = [entry["run"] for entry in entries if entry["kind"] == "run_started"]
    for before, run in pairwise(started):
        if run != before + 1:
            yield f"between run {before} and run {run}, runs are missing"
    ended = {entry["run"] for entry in entries if entry["kind"] == "run_ended"}
    yield from (f"run {run} has started, and how it ended is missing" for run in started[:-1] if run not in ended)
    claims: int | None = None
    for entry in entries:
        if entry["kind"] == "claims":
            claims = entry["number"]
        elif entry["kind"] == "run_ended" and _day(entry) >= first and entry["claims"] != claims:
            yield f"the sentences that were in force in run {entry['run']} are missing"


def _gaps(proven: Iterable[date], first: date, last: date) -> Iterator[tuple[date, date]]:
    """The times without proof: between proven days, and at both ends of the window."""
    day = timedelta(days=1)
    inside = sorted(it for it in proven if first <= it <= last)
    for before, after in pairwise([first - day, *inside, last + day]):
        if after - before > day:
            yield before + day, after - day


def _day(entry: Entry) -> date:
    return date.fromisoformat(entry["at"][:10])
