"""Exceptions: failures that somebody answers for, for some time (seeds/policy/check_exceptions.csv).

An excepted check stays failed, but does not keep anything from being published. Each exception has a code, the object
that the failure is on (a relation, or relation.column), a reason, an owner, who approved it, and the last day on which
it counts, compared with the real day: `--as-of` moves retention windows, not decisions.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from bigtrust.errors import ConfigurationError
from bigtrust.gx.patterns import found_in
from bigtrust.gx.permitted import nearest
from bigtrust.registry import Check
from bigtrust.settings import to_date
from bigtrust.verdicts import CheckResult, of_project

FILE = Path("seeds/policy/check_exceptions.csv")
COLUMNS = ("code", "object", "reason", "owner", "approved_by", "expires_on")


@dataclass(frozen=True)
class CheckException:
    """A row of the table. It counts until `expires_on`, that day included."""

    code: str
    object: str
    reason: str
    owner: str
    approved_by: str
    expires_on: date

    @property
    def text(self) -> str:
        """What a result that it covers shows."""
        return f"until {self.expires_on}, owner: {self.owner}, approved by: {self.approved_by}"

    def covers(self, result: CheckResult) -> bool:
        """Whether the result is of its check, on its object."""
        return result.code == self.code and self.object in objects(result.relation, result.column)


def objects(relation: str, column: str | None) -> tuple[str, ...]:
    """What an exception may name to cover a result on this relation, or column of it."""
    return (relation, f"{relation}.{column}") if column else (relation,)


def today() -> date:
    """The real day in UTC."""
    return datetime.now(UTC).date()


def load(
    project: Path, checks: Iterable[Check], judged: Mapping[str, AbstractSet[str]], day: date
) -> list[CheckException]:
    """Read the exceptions strictly; expired ones are given, too (`expiry` judges them).

    `judged` gives, by code, the objects that the check is made on. Raises ConfigurationError naming the row.
    """
    known = {check.code: check for check in checks}
    exceptions: list[CheckException] = []
    for number, row in read(project / FILE):
        exception = _exception(row, known, judged, day, f"{FILE} row {number}")
        if any((other.code, other.object) == (exception.code, exception.object) for other in exceptions):
            raise ConfigurationError(f"{FILE} row {number}: the same code and object are there twice. Remove one row.")
        exceptions.append(exception)
    return exceptions


def expiry(exceptions: Sequence[CheckException], day: date) -> CheckResult:
    """EXC-01: no exception has expired."""
    expired = [exception for exception in exceptions if exception.expires_on < day]
    reason = "; ".join(f"{it.code} on {it.object} has expired on {it.expires_on}" for it in expired)
    return of_project(
        "EXC-01",
        "static",
        str(FILE),
        len(exceptions),
        len(expired),
        "failed" if expired else "passed" if exceptions else "not applicable",
        reason if exceptions else "the policy has no exception",
    )


def apply(
    results: Iterable[CheckResult], exceptions: Sequence[CheckException], day: date
) -> tuple[list[CheckResult], list[CheckException]]:
    """Say of each failed result whether an exception covers it; give the exceptions that were made for nothing, too.

    An expired exception covers nothing. Unused is one whose check was made and did not fail on its object.
    """
    in_force = [exception for exception in exceptions if exception.expires_on >= day]
    used: set[CheckException] = set()
    judged: list[CheckResult] = []
    for result in results:
        covering = [it for it in in_force if result.verdict == "failed" and it.covers(result)]
        used.update(covering)
        judged.append(replace(result, exception=covering[0].text) if covering else result)
    codes = {result.code for result in judged}
    return judged, [it for it in in_force if it.code in codes and it not in used]


def read(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows with their numbers, as they are written; the header is row 1.

    Raises ConfigurationError if the file is no such table.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file, strict=True)) or [[]]
    except FileNotFoundError:
        raise ConfigurationError(f"{FILE} is missing. Write it with the header {','.join(COLUMNS)}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigurationError(f"{FILE} is no well-formed CSV in UTF-8. Correct it.") from None
    if tuple(header) != COLUMNS:
        raise ConfigurationError(f"{FILE}: the header is not {','.join(COLUMNS)}. Correct it.")
    numbered = [(number, row) for number, row in enumerate(rows, start=2) if row]
    for number, row in numbered:
        if len(row) != len(COLUMNS):
            raise ConfigurationError(
                f"{FILE} row {number} has {len(row)} values instead of {len(COLUMNS)}. Put a text with a comma between "
                "quotation marks."
            )
    return [(number, dict(zip(COLUMNS, row, strict=True))) for number, row in numbered]


def _exception(
    row: Mapping[str, str],
    checks: Mapping[str, Check],
    judged: Mapping[str, AbstractSet[str]],
    day: date,
    where: str,
) -> CheckException:
    for name in COLUMNS:
        if row[name] != " ".join(row[name].split()) or not row[name]:
            raise ConfigurationError(f"{where}: {name} is empty or has spaces around it. Fill it in, without them.")
    code, named = row["code"], row["object"]
    if code not in checks:
        raise ConfigurationError(f"{where}: there is no check of this code.{nearest(code.upper(), checks)}")
    if checks[code].no_exception:
        raise ConfigurationError(f"{where}: {code} cannot be excepted. {checks[code].no_exception} Remove the row.")
    if named not in judged.get(code, set()):
        raise ConfigurationError(
            f"{where}: {code} is not judged on such an object.{nearest(named, judged.get(code, set()))} Write "
            "publication.schema.relation, or publication.schema.relation.column if the check is about a column."
        )
    for name in ("reason", "owner", "approved_by"):
        if found_in(row[name]):
            raise ConfigurationError(
                f"{where}: {name} holds what looks like personal data, and would be published in governance. Name a "
                "role, such as Privacy office."
            )
    if _folded(row["owner"]) == _folded(row["approved_by"]):
        raise ConfigurationError(f"{where}: the owner approves it. Have it approved by somebody else.")
    expires_on = to_date(row["expires_on"], f"{where}: expires_on")
    if expires_on > _in_twelve_months(day):
        raise ConfigurationError(f"{where}: expires_on is more than 12 months ahead. Name an earlier day.")
    return CheckException(code, named, row["reason"], row["owner"], row["approved_by"], expires_on)


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def _in_twelve_months(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 1, day=28)
