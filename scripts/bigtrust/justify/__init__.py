"""Justification: did the company keep a sentence of its policy, and what does the ledger say of it?

The answer comes with the entries that it rests on and the hashes of all others, so that a third party can work out that
they are in the ledger that is signed, and that it is the ledger of which somebody has seen a head, and judge with the
public key alone (`scripts/verify_evidence.py`). Entries are given without a hole, from the last run that started before
the time in question to the first entry after it: leaving one out is seen.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bigtrust import html, ledger
from bigtrust.errors import CheckFailed, ConfigurationError
from bigtrust.files import write_durably
from bigtrust.justify.judge import BROKEN, NOT_PROVEN, PROVEN, Judgement, judge
from bigtrust.ledger import Damaged, Ledger
from bigtrust.ledger.verify import verify
from bigtrust.settings import Settings

__all__ = ["BROKEN", "NOT_PROVEN", "PROVEN", "Justification", "justify", "write"]

FOLDER = Path(__file__).parents[1] / "pages"
PAGE, CONTENT = "index.html", "justification.json"


@dataclass(frozen=True)
class Justification:
    """`claim` is the sentence as it was last in force (code, rules, en, fr), `policies` the versions of the policy with
    the time since when, `against_ledger` what speaks against the ledger as a whole; `evidence` is the public key, a
    signed head, the entries, and the hashes of all leaves of the tree."""

    claim: Mapping[str, Any]
    first: date
    last: date
    made_at: str
    judgement: Judgement
    policies: Sequence[tuple[str, str]]
    against_ledger: Sequence[str]
    evidence: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """The judgement; a ledger that is not complete supports nothing."""
        return BROKEN if self.against_ledger else self.judgement.verdict


def justify(settings: Settings, code: str, first: date | None, last: date | None) -> Justification:
    """Judge the sentence `code` of the policy from `first` to `last` (default: since it is claimed; until today).

    Raises ConfigurationError if the ledger knows no such sentence or the days make no sense, CheckFailed if the ledger
    is not whole: then nothing can be justified, which speaks against the company.
    """
    now = datetime.now(UTC)
    try:
        held = ledger.read(settings)
    except Damaged as error:
        raise CheckFailed(f"Nothing can be justified, which speaks against the company. {error}") from None
    if held.head is None:
        raise ConfigurationError(f"There is no evidence in {settings.ledger}. Run `bigtrust run` first.")
    claimed = _claimed(held.entries)
    since = next((at for at, claim in claimed if claim["code"] == code), None)
    if since is None:
        known = sorted({claim["code"] for _, claim in claimed})
        raise ConfigurationError(f"--claim: the policy has no such sentence. It has {', '.join(known) or 'none'}.")
    claimed_on, today = date.fromisoformat(since[:10]), now.date()
    first, last = _days(first, last, claimed_on, today)
    chosen = _chosen(held, first, last)
    entries = [held.entries[number - 1] for number in chosen]
    said = [claim for at, claim in _claimed(entries) if claim["code"] == code and at[:10] <= last.isoformat()]
    if not said:
        raise ConfigurationError(f"--claim: until {last}, the policy had no such sentence. Ask for later days.")
    return Justification(
        claim=said[-1],
        first=first,
        last=last,
        made_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        judgement=judge(entries, code, first, last, now.date()),
        policies=[(entry["at"], entry["version"]) for entry in entries if entry["kind"] == "policy"],
        against_ledger=_against(settings),
        evidence={
            "key": ledger.public_key(settings),
            "head": held.head.content,
            "entries": entries,
            "leaves": held.tree.leaves(),
        },
    )


def describe(it: Justification) -> list[str]:
    """Return the answer as lines of text."""
    words = _words(it)
    judgement = it.judgement
    lines = [f"{it.claim['code']}, {it.first} to {it.last}: {it.verdict}.", f"  {it.claim['en']}"]
    lines.append(
        f"  {len(words['proofs'])} of {len(judgement.outcomes)} runs proved it, on {words['examined']:,} rows, values "
        "and names."
    )
    lines += [f"  Against the ledger: {sentence}." for sentence in it.against_ledger]
    lines += [f"  Entries are missing: {sentence}." for sentence in judgement.missing]
    lines += [f"  Days without proof: {first} to {last}." for first, last in judgement.gaps]
    return [*lines, *(f"  Run {it.run}, {it.day}: {it.outcome}; {it.why}." for it in words["others"])]


def folder(settings: Settings, code: str) -> Path:
    """Where the justification of a sentence is written if no other folder is named."""
    return settings.warehouse / "justifications" / code


def write(settings: Settings, justification: Justification, output: Path) -> tuple[Path, Path]:
    """Write the page and the JSON into a folder; return both files. Raises ConfigurationError if it cannot, or if the
    folder is one that others or runs read."""
    settings.require_elsewhere(output.resolve(), own=settings.warehouse / "justifications")
    page = html.page(FOLDER, "justification.j2", {"it": justification, **_words(justification)}, {"number": _number})
    try:
        write_durably(output / CONTENT, json.dumps(_content(justification), ensure_ascii=False, indent=1) + "\n")
        write_durably(output / PAGE, page)
    except OSError as error:
        raise ConfigurationError(
            f"--output {output} cannot be written ({error.strerror or type(error).__name__}). Name another folder."
        ) from None
    return output / PAGE, output / CONTENT


def _claimed(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """The sentences of the policy with the times since when they are said."""
    return [(entry["at"], claim) for entry in entries if entry["kind"] == "claims" for claim in entry["claims"]]


def _days(first: date | None, last: date | None, claimed_on: date, today: date) -> tuple[date, date]:
    """The days in question. Raises ConfigurationError if they make no sense."""
    last = last or today
    if first is None and last < claimed_on:
        raise ConfigurationError(f"--to: the policy says this since {claimed_on}. Name this day or a later one.")
    if last > today:
        raise ConfigurationError("--to is in the future. Name a day until today, or none.")
    first = first or claimed_on
    if first > last:
        raise ConfigurationError("--from is after --to (today, if none is named). Exchange them, or name others.")
    return first, last


def _chosen(held: Ledger, first: date, last: date) -> list[int]:
    """The numbers of the entries to judge by: without a hole, from the last run that started before the window to the
    first entry after it; and what was in force before."""
    days = [entry["at"][:10] for entry in held.entries]
    inside = [number for number, day in enumerate(days, 1) if first.isoformat() <= day <= last.isoformat()]
    before = sum(day < first.isoformat() for day in days)
    starts = [number for number in range(1, before + 1) if held.entries[number - 1]["kind"] == "run_started"]
    begin, end = max(starts, default=1), min((inside[-1] if inside else before) + 1, len(days))
    window = set(range(begin, end + 1))
    in_force: dict[str, int] = {}
    for number, entry in enumerate(held.entries[: begin - 1], 1):
        kind = entry["kind"]
        if kind == "exception":
            window.add(number)
        elif kind in ("claims", "policy") or (kind == "run_ended" and entry["verdict"] == "published"):
            in_force[kind] = number
    return sorted(window | set(in_force.values()))


def _against(settings: Settings) -> list[str]:
    return [sentence for against in verify(settings).against.values() for sentence in against]


def _content(it: Justification) -> dict[str, Any]:
    judgement = asdict(it.judgement)
    judgement["gaps"] = [{"first": first, "last": last} for first, last in it.judgement.gaps]
    return {
        "claim": it.claim,
        "from": it.first.isoformat(),
        "to": it.last.isoformat(),
        "made_at": it.made_at,
        "verdict": it.verdict,
        "policies": [{"since": since, "version": version} for since, version in it.policies],
        "against_the_ledger": list(it.against_ledger),
        "judgement": json.loads(json.dumps(judgement, default=str)),
        "evidence": it.evidence,
    }


def _words(it: Justification) -> dict[str, Any]:
    outcomes = it.judgement.outcomes
    return {
        "proofs": [outcome for outcome in outcomes if outcome.outcome == "proved"],
        "others": [outcome for outcome in outcomes if outcome.outcome != "proved"],
        "examined": sum(outcome.examined for outcome in outcomes if outcome.outcome == "proved"),
    }


def _number(count: int) -> str:
    return f"{count:,}"
