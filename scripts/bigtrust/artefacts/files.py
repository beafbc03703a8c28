"""Which files a run leaves: everything in its folders but what holds raw data by design."""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from bigtrust.settings import PUBLICATIONS, Settings

PAGES = "Data Docs"  # of the checks: every reason is on one of them
READ = 4 << 20  # bytes read at once
OVERLAP = 64 << 10  # bytes read again with what follows, so that no shorter value is cut in two


@dataclass(frozen=True)
class Kind:
    """A kind of artefact: its name in results, its folder (or the file of a candidate), and why there may be none."""

    name: str
    place: Path
    publication: str = ""
    why_none: str = ""


@dataclass(frozen=True)
class File:
    """A file, or a folder for the sake of its name; `name` is its path within the folder of its kind."""

    kind: Kind
    path: Path
    name: str


def candidate_kinds(settings: Settings, publications: Collection[str] = PUBLICATIONS) -> list[Kind]:
    """The candidates, one kind each."""
    return [Kind(f"candidate {name}", settings.candidates / f"{name}.duckdb", name) for name in publications]


def kinds(settings: Settings) -> list[Kind]:
    """All kinds of artefacts. A file belongs to the first whose place it is in."""
    return [
        Kind("dbt target", settings.dbt_target),
        Kind("dbt logs", settings.dbt_logs),
        Kind(PAGES, settings.data_docs),
        Kind("run records", settings.runs, why_none="no earlier run is recorded"),
        *candidate_kinds(settings),
        Kind("other files of the warehouse", settings.warehouse),
        Kind("till and other published files", settings.published, why_none="nothing has been published yet"),
        Kind("site", settings.site, why_none="no site has been made"),
        Kind("ledger", settings.ledger, why_none="no ledger has been kept"),
    ]


def every_file(settings: Settings, wanted: Collection[Kind]) -> Iterator[File]:
    """Every file and folder at the places of some kinds, links followed, each once.

    Left out by name, for they hold raw data by design: the vault, the register and the list of its requests, the
    landing folder, the files of the secret and of the ledger's key. So are the published databases, which this run
    replaces by copies of the candidates.
    """
    by_design = [settings.vault, settings.vault.with_name(settings.vault.name + ".wal")]
    by_design += [settings.register, settings.seen_requests, settings.landing]
    by_design += [settings.secret_file, settings.ledger_key]
    by_design += [settings.published / f"{name}.duckdb" for name in PUBLICATIONS]
    seen = {os.path.realpath(path) for path in by_design}
    for kind in wanted:
        # what a writer left beside a candidate belongs to it: its write-ahead log
        roots = sorted(kind.place.parent.glob(f"{kind.place.name}*")) if kind.publication else [kind.place]
        for root in roots:
            for path in _walk(root, seen):
                yield File(kind, path, "" if path == root else str(path.relative_to(root)))


def _walk(path: Path, seen: set[str]) -> Iterator[Path]:
    real = os.path.realpath(path)
    if real in seen or not os.path.lexists(path):
        return
    seen.add(real)
    yield path
    if path.is_dir():
        for inside in sorted(path.iterdir()):
            yield from _walk(inside, seen)


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, in overlapping parts. Raises OSError if it cannot be read or is no regular file."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("not a regular file")
    with path.open("rb") as file:
        before = b""
        while part := file.read(READ):
            yield before + part
            before = part[-OVERLAP:]
