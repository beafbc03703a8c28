"""What a run leaves behind: no raw value and no secret in its files, and the proof that the search sees.

Every file of the run is read once (files.py, scan.py): what is text in it (texts.py) is searched for raw values of the
vault (values.py), its bytes for the secret and the ledger's private key (secret_forms.py). With the files goes a probe
that exists in memory only (probe.py): a value of each landing column, and the secret, in every form that is promised to
be seen. If not all of the probe is found, the check fails, whatever else is found.

What bytes of a DuckDB file show, measured with DuckDB 2.0, in its own storage version and in v1.0.0, as published:
names, comments, definitions of views, labels of an ENUM; strings that are few, or repeated (dictionaries), also after
their rows were deleted or their table dropped; not strings that are many and different, which are compressed (FSST,
ZSTD: none of 400 was there as a whole). Of a column's least and greatest string, statistics keep eight bytes. So this
is no substitute for RAW-01, which reads every row, but looks where RAW-01 cannot: outside of rows. The publications
are copies of the candidates, rows and catalogue; statistics are made anew from the rows.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from bigtrust import keys, secret
from bigtrust.artefacts import values
from bigtrust.artefacts.files import PAGES, File, Kind, candidate_kinds, every_file, kinds
from bigtrust.artefacts.known import known
from bigtrust.artefacts.probe import Probe
from bigtrust.artefacts.scan import Place, Scan
from bigtrust.artefacts.secret_forms import derived, ledger_key, secret_forms
from bigtrust.gx import engine
from bigtrust.gx.raw_values import RawColumn
from bigtrust.settings import Settings
from bigtrust.verdicts import EXAMINED_NOTHING, CheckResult, Verdict, of_project

__all__ = ["PAGES", "RAW", "SECRET", "SEES", "check"]

RAW, SECRET, SEES = "ART-01", "ART-02", "ART-03"
NOTHING_LONG_ENOUGH = "no identifier or free text that is long enough to search for was landed"
_SHOWN = 5
_PLAIN = re.compile(r"(?:[0-9]{1,6}(?![0-9])|[A-Za-z_./-])+")  # a longer number could be anybody's
_PROBE_OF_VALUES = Kind("search for raw values", Path())
_PROBE_OF_SECRET = Kind("search for the secret", Path())
_ALL = Kind("files of the run", Path())


def check(
    settings: Settings,
    columns: Sequence[RawColumn],
    products: Sequence[RawColumn] = (),
    publications: Collection[str] | None = None,
) -> list[CheckResult]:
    """Search what a run has left for raw values and for the secret; give ART-01 and ART-02 per kind, and ART-03.

    `columns` are what must not be left, `products` what a raw value may be part of (relations `vault.schema.name`).
    With `publications`, only their candidates are searched. Nothing is raised: what could not be searched has failed.
    """
    wanted = kinds(settings) if publications is None else candidate_kinds(settings, publications)
    try:
        secrets = derived(secret.load(settings), keys.versions(settings)) | ledger_key(settings)
        left = [*every_file(settings, wanted)]  # before the search leaves anything itself
        with engine.opened({}, settings.vault) as (_, connection):
            scan = Scan(connection, columns, secret_forms(secrets))
            probe = Probe(scan, values.examples(connection, columns), secrets)
            for file in left:
                scan.read(file)
            scan.search()
            found = {value for place, value in scan.raw if place.file}
            no_evidence = known(connection, found, products, settings.project)
    except Exception as error:  # the message may quote data
        reason = f"could not be evaluated ({type(error).__name__}; message withheld, it may quote data)"
        return [_result(code, _ALL, 0, 0, reason) for code in (RAW, SECRET, SEES)]
    return [*_judged(scan, wanted, no_evidence, probe), *_judged_probe(probe, columns)]


def _judged(scan: Scan, wanted: Sequence[Kind], no_evidence: Collection[str], probe: Probe) -> Iterator[CheckResult]:
    """ART-01 and ART-02, per kind."""
    raw: dict[Kind, set[tuple[Place, str, str]]] = defaultdict(set)
    for place, value in scan.raw:
        if place.file and value.text not in no_evidence:
            what = f"a value of {values.called(value.column)} ({value.column.identifier_class})"
            raw[place.file.kind].add((place, what, value.text))
    secrets: dict[Kind, set[tuple[Place, str, str]]] = defaultdict(set)
    for place, what in scan.secret:
        if place.file:
            secrets[place.file.kind].add((place, what, ""))
    names = {place.file for place, *_ in [*scan.raw, *scan.secret] if place.in_name}
    for kind in wanted:
        unreadable = [(place, why) for place, why in scan.unreadable.items() if place.file and place.file.kind == kind]
        examined = scan.read_files[kind]
        for code, found in ((RAW, raw[kind]), (SECRET, secrets[kind])):
            reason = _reason([(place, what) for place, what, _ in found], unreadable, names)
            if reason or not examined:
                missing = "" if reason else kind.why_none
                violations = len(found) + len(unreadable)
                verdict: Verdict = "not applicable" if missing else "failed"
                yield _result(code, kind, examined, violations, reason or missing or EXAMINED_NOTHING, verdict)
            elif code == RAW and not probe.columns:
                yield _result(code, kind, 0, 0, NOTHING_LONG_ENOUGH, "not applicable")
            else:
                yield _result(code, kind, examined, 0, "", "passed")


def _judged_probe(probe: Probe, columns: Sequence[RawColumn]) -> Iterator[CheckResult]:
    """ART-03, for raw values and for the secret."""
    for kind, parts, unseen in (
        (_PROBE_OF_VALUES, probe.values, probe.unseen_values()),
        (_PROBE_OF_SECRET, probe.secrets, probe.unseen_secrets()),
    ):
        if unseen:
            yield _result(SEES, kind, len(parts), len(unseen), f"the search does not see {_first(unseen)}")
        elif not parts:
            yield _result(SEES, kind, 0, 0, NOTHING_LONG_ENOUGH, "not applicable")
        else:
            without = [values.called(column) for column in columns if column not in probe.columns]
            is_partial = kind is _PROBE_OF_VALUES and without
            reason = f"nothing long enough to search for was landed in {', '.join(without)}" if is_partial else ""
            yield _result(SEES, kind, len(parts), 0, reason, "passed")


def _reason(
    found: Iterable[tuple[Place, str]], unreadable: Iterable[tuple[Place, str]], names: Collection[File | None]
) -> str:
    """Which files hold what. A value is never in it, nor a file name that could be one."""
    held: dict[str, set[str]] = defaultdict(set)
    for place, what in found:
        held[_called(place, names)].add(what)
    sentences = [f"{called} holds {', '.join(sorted(what))}" for called, what in sorted(held.items())]
    sentences += sorted(f"{_called(place, names)} cannot be read ({why})" for place, why in unreadable)
    return _first(sentences)


def _called(place: Place, names: Collection[File | None]) -> str:
    file = place.file
    if file is None or place.in_name:
        return "a file name"
    name = file.name or file.path.name
    return name if file not in names and _PLAIN.fullmatch(name) else "a file whose name is withheld"


def _result(
    code: str, kind: Kind, examined: int, violations: int, reason: str, verdict: Verdict = "failed"
) -> CheckResult:
    return of_project(code, "artefact", kind.name, examined, violations, verdict, reason, publication=kind.publication)


def _first(sentences: Sequence[str]) -> str:
    more = f"; and {len(sentences) - _SHOWN} more" if len(sentences) > _SHOWN else ""
    return "; ".join(sentences[:_SHOWN]) + more
