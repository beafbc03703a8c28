"""What each run leaves behind: one small JSON file with codes, counts and times, never a value from the data."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bigtrust.errors import ConfigurationError, ExitCode
from bigtrust.files import write_durably

# on the publication governance
REQUESTS_BY_STATE = (
    "select state, cast(sum(requests) as bigint) from marts.erasure_status group by state order by state"
)

PUBLISHED, REFUSED, STOPPED = "published", "refused", "stopped"


@dataclass
class Record:
    """The record of one run. Times are UTC, ISO 8601; `checks` are check results as dictionaries."""

    run: int
    started_at: str
    as_of: str | None
    verdict: str = STOPPED
    exit_code: int = int(ExitCode.CONFIGURATION)
    message: str | None = None
    finished_at: str | None = None
    seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    checks: Sequence[dict[str, Any]] = ()
    built: str | None = None  # "changes", or "everything: " and why

    def count(self, verdict: str) -> int:
        """How many checks ended with this verdict."""
        return sum(check["verdict"] == verdict for check in self.checks)


def now() -> str:
    """The time, UTC, ISO 8601 without zone (as the warehouse keeps times)."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def next_run(folder: Path) -> int:
    """The number of the next run, from 1."""
    return max((int(path.stem) for path in _files(folder)), default=0) + 1


def write(folder: Path, record: Record) -> None:
    """Write the record of a run."""
    content = asdict(record) | {
        "checks_passed": record.count("passed"),
        "checks_failed": record.count("failed"),
        "checks_not_applicable": record.count("not applicable"),
    }
    text = json.dumps({"run": record.run, "record": content}, ensure_ascii=False, indent=1)
    write_durably(_path(folder, record.run), text + "\n")


def latest(folder: Path, verdict: str | None = None) -> Record | None:
    """The record of the last run (with that verdict), if there is one."""
    return next((record for record in newest_first(folder) if verdict in (None, record.verdict)), None)


def exists(folder: Path, run: int) -> bool:
    """Whether a run of this number is recorded."""
    return _path(folder, run).exists()


def count(folder: Path) -> int:
    """How many runs are recorded."""
    return len(_files(folder))


def newest_first(folder: Path) -> Iterator[Record]:
    """The records of all runs, read one by one. Raises ConfigurationError that names a damaged one."""
    return (_read(path) for path in reversed(_files(folder)))


def require_readable(folder: Path) -> None:
    """Raise ConfigurationError that names the first record that is damaged."""
    for _ in newest_first(folder):
        pass


def _path(folder: Path, run: int) -> Path:
    return folder / f"{run:06d}.json"


def _read(path: Path) -> Record:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))["record"]
        # an older version wrote fewer fields: those that have a default may be missing
        needed = {known.name for known in fields(Record) if known.default is known.default_factory is MISSING}
        return Record(
            **{known.name: content[known.name] for known in fields(Record) if known.name in {*needed, *content}}
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"Run record {path} is damaged. Restore it from your backup, or move it away."
        ) from None


def _files(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob("*.json") if path.stem.isdecimal()), key=lambda path: int(path.stem))
