"""What of a warehouse belongs into its evidence ledger, and when a run writes it there.

A run writes four pages: that it has started; what it is about to publish, before any file takes its name; governance,
which says how it ended, before that takes its name; and that it has ended, with what is then in place. So whoever kills
a run at any moment, and whoever would like a run not to have been, leaves it in the ledger.

What else happens (an exception, a disclosure, a rotation, a review) is a file first, and is written into the ledger by
the next who appends anything: what is not there yet is found by comparing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from bigtrust import (
    canonical,
    check_exceptions,
    claims,
    disclosures,
    keys,
    ledger,
    policy,
    records,
    register,
    reviews,
    states,
)
from bigtrust.errors import InputError
from bigtrust.files import digest
from bigtrust.ledger import Ledger
from bigtrust.records import Record
from bigtrust.secret import DOMAINS
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.signed_receipts import EFFECTIVE, Receipts

INTERRUPTED = "interrupted"  # the verdict of a run that was killed, written by the next
_VERDICTS = {"passed": "passed", "failed": "failed", "not applicable": "not_applicable"}

Fact = dict[str, Any]


def next_run(settings: Settings) -> int:
    """Return the number of the next run: one more than any that was recorded or has started."""
    started = [entry["run"] for entry in ledger.entries(settings) if entry["kind"] == "run_started"]
    return max(records.next_run(settings.runs), max(started, default=0) + 1)


def start(settings: Settings, record: Record) -> None:
    """Write that a run has started, after how the one before ended, if nobody could write that."""
    started = {
        "kind": "run_started",
        "run": record.run,
        "as_of": record.as_of,
        "policy_digest": _digest_of({path.stem: digest(path) for path in _policy_files(settings.project)}),
        "models_digest": _models_digest(settings.project),
    }
    before = (_interrupted, _effective, _happened)
    ledger.append(settings, lambda held: [*(fact for of in before for fact in of(settings, held)), started])


def announce(settings: Settings, record: Record, files: Mapping[str, Path]) -> None:
    """Write which files a run is about to publish: `files` by publication, whole and under another name yet.

    With anything but governance, it also writes what was checked, for somebody may stop the run when they are in place;
    and by what they are published, if that changed: the policy, its sentences, and the exceptions. Of a run that came
    so far, they were found to be possible.
    """
    run = record.run
    announced = [
        {"kind": "publication", "run": run, "publication": name, "digest": digest(path), "size": path.stat().st_size}
        for name, path in files.items()
    ]
    if set(files) == {"governance"}:
        ledger.append(settings, lambda _: announced)
        return
    by = (_policy, _claims, _exceptions)
    checked = {"kind": "checked", "run": run, "checks": checks_by_code(record.checks)}
    ledger.append(settings, lambda held: [*(fact for of in by for fact in of(settings, held)), checked, *announced])


def end(settings: Settings, record: Record) -> None:
    """Write that a run has ended: how, what was checked, what is in place, and which requests took effect with it."""
    ledger.append(settings, lambda held: [*_effective(settings, held), _ended(settings, held, record)])


def catch_up(settings: Settings) -> None:
    """Write what has happened besides runs and is not in the ledger yet."""
    ledger.append(settings, lambda held: _happened(settings, held))


def waiting(settings: Settings, held: Ledger) -> int:
    """Return how many facts there are that the next run writes into the ledger."""
    return sum(1 for _ in _happened(settings, held)) + len(_became_effective(settings, held))


def checks_by_code(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return what the results of checks (as dictionaries) add up to, by code."""
    found: dict[str, dict[str, int]] = {}
    names = ("passed", "failed", "excepted", "not_applicable", "examined", "violations")
    for result in results:
        counts = found.setdefault(result["code"], dict.fromkeys(names, 0))
        counts["excepted" if result["exception"] else _VERDICTS[result["verdict"]]] += 1
        counts["examined"] += result["examined"]
        counts["violations"] += result["violations"]
    return found


def checks_digest(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 digest of the results of a run, hexadecimal."""
    return sha256(canonical.encode([dict(result) for result in results])).hexdigest()


def _interrupted(settings: Settings, held: Ledger) -> Iterator[Fact]:
    started = {entry["run"] for entry in held.entries if entry["kind"] == "run_started"}
    ended = {entry["run"] for entry in held.entries if entry["kind"] == "run_ended"}
    for run in sorted(started - ended):
        # its record may say how it ended; that the run itself did not write it into the ledger is said all the same
        known = next((record for record in records.newest_first(settings.runs) if record.run == run), None)
        record = known or Record(run=run, started_at="", as_of=None, verdict=INTERRUPTED)
        checked = [entry["checks"] for entry in held.entries if entry["kind"] == "checked" and entry["run"] == run]
        signed = {"checks": checked[0]} if checked else {}
        yield {**_ended(settings, held, record), **signed, "is_written_later": True}


def _ended(settings: Settings, held: Ledger, record: Record) -> Fact:
    """How a run ended. `claims` is the number of the entry with the sentences that were in force."""
    claimed = [entry["number"] for entry in held.entries if entry["kind"] == "claims"]
    manifest = settings.dbt_target / "manifest.json"
    return {
        "kind": "run_ended",
        "run": record.run,
        "verdict": record.verdict,
        "exit_code": record.exit_code,
        "built": record.built,
        "checks": checks_by_code(record.checks),
        "checks_digest": checks_digest(record.checks),
        "claims": claimed[-1] if claimed else None,
        "manifest_digest": digest(manifest) if manifest.exists() else None,
        "in_place": _in_place(settings),
        "is_written_later": False,
    }


def _in_place(settings: Settings) -> dict[str, str]:
    """The digests of the publications, as they are."""
    paths = {name: settings.published / f"{name}.duckdb" for name in PUBLICATIONS}
    return {name: digest(path) for name, path in paths.items() if path.exists()}


def _policy(settings: Settings, held: Ledger) -> Iterator[Fact]:
    """The policy that a run publishes by, if it is another than that of the last publication. The exceptions have
    entries of their own: they count from the moment in which they are in the table."""
    tables = {path.stem: path.read_text(encoding="utf-8") for path in _policy_files(settings.candidates, "policy")}
    last = next((entry["tables"] for entry in reversed(held.entries) if entry["kind"] == "policy"), None)
    if tables and tables != last:
        yield {"kind": "policy", "version": policy.version(tables["settings"]), "tables": tables}


def _claims(settings: Settings, held: Ledger) -> Iterator[Fact]:
    """The sentences of the policy and the checks behind them: what was claimed when is not to be changed later."""
    now = [{"code": claim.code, "rules": list(claim.rules), **claim.texts} for claim in claims.load()]
    last = next((entry["claims"] for entry in reversed(held.entries) if entry["kind"] == "claims"), None)
    if now != last:
        yield {"kind": "claims", "claims": now}


def _policy_files(parent: Path, folder: str | Path = policy.FOLDER) -> list[Path]:
    paths = sorted((parent / folder).glob("*.csv"))
    return [path for path in paths if path.name != check_exceptions.FILE.name]


def _digest_of(content: Mapping[str, str]) -> str:
    return sha256(canonical.encode(dict(content))).hexdigest()


def _models_digest(project: Path) -> str:
    """One digest of the SQL that made the publications: models and macros by name, and the digest of each."""
    paths = sorted(path for name in ("models", "macros") for path in (project / name).rglob("*.sql"))
    return _digest_of({str(path.relative_to(project)): digest(path) for path in paths})


def _happened(settings: Settings, held: Ledger) -> Iterator[Fact]:
    """What is a file and not in the ledger yet: rotations, disclosures, reviews."""
    files: list[Fact] = []
    for domain in DOMAINS:
        files += [{"kind": "rotation", **asdict(rotation)} for rotation in keys.rotations(settings, domain)]
    for disclosure in disclosures.read(settings):
        content = asdict(disclosure)
        files.append({**content, "kind": "disclosure", "of": content["kind"]})
    for run, found in reviews.read(settings.reviews).items():
        files += [{"kind": "review", "run": run, "verdict": it.verdict, "reviewed_at": it.reviewed_at} for it in found]
    known = [_plain(entry) for entry in held.entries if entry["kind"] in ("rotation", "disclosure", "review")]
    for fact in files:
        if fact not in known:
            yield fact


def _exceptions(settings: Settings, held: Ledger) -> Iterator[Fact]:
    """Exceptions that were added to the table, or removed from it, since the last publication."""
    before: list[Fact] = []
    for entry in held.entries:
        if entry["kind"] == "exception":
            row = {name: entry[name] for name in check_exceptions.COLUMNS}
            if entry["change"] == "added":
                before.append(row)
            else:
                before.remove(row)
    now = [row for _, row in check_exceptions.read(settings.project / check_exceptions.FILE)]
    yield from ({"kind": "exception", "change": "removed", **row} for row in before if row not in now)
    yield from ({"kind": "exception", "change": "added", **row} for row in now if row not in before)


def _effective(settings: Settings, held: Ledger) -> Iterator[Fact]:
    """Requests that took effect, once each: states that were damaged are written anew as of a later run."""
    became = _became_effective(settings, held)
    known = {entry["commitment"] for entry in held.entries if entry["kind"] == EFFECTIVE} if became else set()
    requests, receipts = register.read(settings.register) if became else {}, Receipts(settings)
    for name, run in became.items():
        if name in requests and (commitment := receipts.commitment(name, requests[name])) not in known:
            yield {"kind": EFFECTIVE, "run": run, "commitment": commitment}


def _became_effective(settings: Settings, held: Ledger) -> dict[str, int]:
    """The requests (by the name of their file) that a run has made effective after the last run whose end is in the
    ledger, and that run. What became of them cannot be read if the file is damaged, which the next run writes anew."""
    last = max((entry["run"] for entry in held.entries if entry["kind"] == "run_ended"), default=0)
    try:
        known = sorted(states.load(settings.register).items())
    except InputError:
        return {}
    return {name: it.since_run for name, it in known if it.state == states.EFFECTIVE and it.since_run > last}


def _plain(entry: Fact) -> Fact:
    """An entry without what the ledger adds to a fact."""
    return {name: value for name, value in entry.items() if name not in ("at", "number")}
