"""Is the ledger to be believed? Three questions, each with what speaks against it.

Intact: no byte was altered, removed, reordered or inserted. Complete: every run is there, with its end, and what is
published and kept is what the ledger says. Anchored: it still holds what it held when somebody else saw a head of it.
Only the last can show that a company with the key has not written the whole ledger anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import canonical, evidence, ledger, records, signed_receipts
from bigtrust.errors import BigTrustError, ConfigurationError
from bigtrust.files import digest
from bigtrust.ledger.pages import Damaged, Ledger
from bigtrust.ledger.tree import Head
from bigtrust.settings import PUBLICATIONS, Settings

_SHOWN = 10
INTACT, COMPLETE, ANCHORED = "intact", "complete", "anchored"


@dataclass(frozen=True)
class Verification:
    """`against` has, for each question, what speaks against it; `witnesses` counts the heads that agree, those of
    receipts that the register keeps copies of, and those that were brought along. `compared` counts the records of runs
    in the warehouse, `unfinished` is the last run if it has no end yet, `waiting` counts what happened and is written
    into the ledger by the next run."""

    entries: int
    head: Head | None
    against: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kept_witnesses: int = 0
    brought_witnesses: int = 0
    compared: int = 0
    unfinished: int | None = None
    waiting: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the ledger."""
        return not any(self.against.values())


def verify(settings: Settings, anchors: Iterable[Path] = ()) -> Verification:
    """Verify the ledger; `anchors` are files with a receipt or a signed head that was seen elsewhere.

    Raises ConfigurationError if there is no ledger, or an anchor cannot be read.
    """
    if not ledger.is_begun(settings.ledger):
        raise ConfigurationError(f"There is no ledger in {settings.ledger}. Run `bigtrust run` first.")
    brought = [head for path in anchors for head in _heads_of(path)]
    found = _verify(settings, brought)
    if not found.holds and found.head:  # a run may have published in between
        again = _verify(settings, brought)
        found = again if again.head != found.head else found
    return found


def _verify(settings: Settings, brought: Sequence[Head]) -> Verification:
    try:
        held = ledger.read(settings)
        public = ledger.public_key(settings)
    except BigTrustError as error:
        sentence = error.finding if isinstance(error, Damaged) else str(error)
        return Verification(0, None, {INTACT: [sentence], COMPLETE: [], ANCHORED: []})
    started = [entry["run"] for entry in _of(held, "run_started")]
    kept, damaged = _kept_heads(settings, public)
    against = [*_against_heads(held, public, kept), *_against_heads(held, public, brought)]
    return Verification(
        entries=len(held.entries),
        head=held.head,
        against={INTACT: damaged, COMPLETE: list(_incomplete(settings, held)), ANCHORED: against},
        kept_witnesses=len(kept),
        brought_witnesses=len(brought),
        compared=records.count(settings.runs),
        unfinished=started[-1] if started and started[-1] not in _ends(held) else None,
        waiting=evidence.waiting(settings, held),
    )


def describe(found: Verification) -> list[str]:
    """Return what was found, as lines of text."""
    if not found.against.get(INTACT) and found.head is None:
        return ["The ledger has no entry yet."]
    lines = []
    for question, against in found.against.items():
        lines.append(f"{question}: {_answer(found, question)}")
        lines += [f"  {sentence}" for sentence in against[:_SHOWN]]
        if len(against) > _SHOWN:
            lines.append(f"  and {len(against) - _SHOWN} more")
    if found.head:
        lines.append(f"{found.entries} entries; head of {found.head.at}, root {found.head.root}")
        lines.append(f"Compared with {found.compared} records of runs, and with the publications.")
    if found.unfinished:
        lines.append(f"Run {found.unfinished} has no end yet: it is under way, or was killed; the next run says so.")
    if found.waiting:
        lines.append(f"{found.waiting} more facts wait for the next run, which writes them.")
    return lines


def _answer(found: Verification, question: str) -> str:
    if found.against[question]:
        return "NO"
    if found.head is None:
        return "not asked"
    if question == ANCHORED:
        seen = f"{found.brought_witnesses} brought along, {found.kept_witnesses} of kept receipts"
        if not found.brought_witnesses:
            return f"not shown, for nobody brought a head that was seen elsewhere ({seen} agree)"
        return f"yes ({seen} agree)"
    return "yes"


def _kept_heads(settings: Settings, public: str) -> tuple[list[Head], list[str]]:
    """The heads of the receipts in the register, and which of these receipts are not as they were given out."""
    heads: list[Head] = []
    damaged: list[str] = []
    for path in sorted(signed_receipts.folder(settings).glob("*.json")):
        content = path.read_bytes()
        wrong = signed_receipts.problem(content, public)
        if wrong:
            damaged.append(f"receipt {path.name}: {wrong}")
        else:
            heads += signed_receipts.heads(canonical.decode(content.removesuffix(b"\n")))
    return heads, damaged


def _heads_of(path: Path) -> list[Head]:
    """The heads in a file that was brought along."""
    try:
        content = canonical.decode(path.read_bytes().strip())
        return signed_receipts.heads(content) if "receipt" in content else [Head.read(content)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise ConfigurationError(
            f"--anchor {path} holds neither a receipt nor a signed head (`bigtrust ledger head` prints one)."
        ) from None


def _against_heads(held: Ledger, public: str, heads: Iterable[Head]) -> Iterator[str]:
    for head in heads:
        if not head.is_signed_by(public):
            yield f"a head of {head.size} entries that was seen at {head.at} is not signed with this ledger's key"
        elif lost := ledger.against(held, head):
            yield lost


def _incomplete(settings: Settings, held: Ledger) -> Iterator[str]:
    if lost := ledger.against_seen(settings, held):
        yield lost
    yield from _against_runs(held)
    yield from _against_records(settings, held)
    yield from _against_publications(settings, held)


def _ends(held: Ledger) -> dict[int, dict[str, Any]]:
    return {entry["run"]: entry for entry in _of(held, "run_ended")}


def _of(held: Ledger, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in held.entries if entry["kind"] == kind]


def _against_runs(held: Ledger) -> Iterator[str]:
    started = [entry["run"] for entry in _of(held, "run_started")]
    if started and started[0] != 1:
        yield f"it begins with run {started[0]}: of earlier runs it knows nothing"
    for before, run in pairwise(started):
        if run != before + 1:
            yield f"after run {before} comes run {run}: what lies between them is missing"
    ended = [entry["run"] for entry in _of(held, "run_ended")]
    for run in started[:-1]:  # the last may still be under way
        if ended.count(run) != 1:
            yield f"run {run} has {ended.count(run)} ends"


def _against_records(settings: Settings, held: Ledger) -> Iterator[str]:
    ended = _ends(held)
    started = [entry["run"] for entry in _of(held, "run_started")]
    for record in records.newest_first(settings.runs):
        entry = ended.get(record.run)
        if entry is None and record.run != max(started, default=0):  # the last may have been killed in between
            yield f"run {record.run} is recorded in the warehouse, and its end is not here"
        elif entry is not None and entry["verdict"] != record.verdict:
            yield f"run {record.run} is recorded as {record.verdict} in the warehouse, and as {entry['verdict']} here"
        elif entry is not None and entry["checks_digest"] != evidence.checks_digest(record.checks):
            yield f"the checks of run {record.run} are recorded otherwise in the warehouse"


def _against_publications(settings: Settings, held: Ledger) -> Iterator[str]:
    """What is in place, now and at the end of each run, is what was in place before, or was announced since."""
    for name in PUBLICATIONS:
        allowed: dict[str, int | None] = {}  # the run that announced the file, by its digest
        seen: str | None = None  # what the last end says that was in place
        is_known = False  # before, somebody may have published without a ledger
        for entry in held.entries:
            if entry["kind"] == "publication" and entry["publication"] == name:
                allowed[entry["digest"]], is_known = entry["run"], True
            elif entry["kind"] == "run_ended" and (seen := entry["in_place"].get(name)):
                if is_known and seen not in allowed:
                    yield f"at the end of run {entry['run']}, publication {name} was not the file published last"
                allowed, is_known = {seen: allowed.get(seen)}, True
        path = settings.published / f"{name}.duckdb"
        if path.with_name(f"{path.name}.wal").exists():
            yield f"beside publication {name} lies {path.name}.wal: who queries it sees what that adds or removes"
        if not path.exists():
            if seen is not None:
                yield f"publication {name} is gone"
            continue
        found = digest(path)
        if found not in allowed:
            yield f"publication {name} is not the file that was published last"
        elif allowed[found] is None:
            yield f"publication {name} was published by nobody who is written down here"
        elif allowed[found] != _run_inside(path):
            yield f"publication {name} says that it is of another run than {allowed[found]}, which published it"


def _run_inside(path: Path) -> int | None:
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute("select cast(value as integer) from marts.about where fact = 'run'").fetchall()
            return int(rows[0][0])
    except (duckdb.Error, IndexError, TypeError):
        return None
