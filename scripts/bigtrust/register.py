"""The register of erasure requests: one small JSON file per request, outside every database.

It can be written while a run goes on, and it survives `clean`, a full refresh, a lost vault and a restored backup:
what was forgotten stays forgotten.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bigtrust import sql
from bigtrust.errors import InputError
from bigtrust.files import private_folder, write_durably

FIELDS = (
    "request_id",
    "scope",
    "customer_id",
    "purchase_id",
    "line_number",
    "category_id",
    "requested_at",
    "channel",
    "withdrawn_at",
)
CHANNELS = ("till", "web", "support")


@dataclass(frozen=True)
class Request:
    """An erasure request. Identifiers are text as in the landing tables; times are ISO 8601 in UTC."""

    request_id: str
    scope: str
    customer_id: str | None
    purchase_id: str | None
    line_number: str | None
    category_id: str | None
    requested_at: str
    channel: str
    withdrawn_at: str | None = None


def new_request(
    *,
    channel: str,
    customer: str | None = None,
    purchase: str | None = None,
    line: int | None = None,
    category: str | None = None,
) -> Request:
    """Return a request whose scope follows from what it names.

    A purchase (with a line: only that line), a customer with a category, or a customer alone: the whole person.
    Raises ValueError for any other combination.
    """
    if purchase and not category:
        scope = "purchase" if line is None else "purchase_line"
    elif customer and not purchase and line is None:
        scope = "category" if category else "person"
    else:
        raise ValueError("Name a purchase (and a line of it), or a customer (and a category), not both.")
    now = datetime.now(UTC)
    return Request(
        request_id=f"R{now:%Y%m%d%H%M%S}-{secrets.token_hex(4)}",
        scope=scope,
        customer_id=customer,
        purchase_id=purchase,
        line_number=None if line is None else str(line),
        category_id=category,
        requested_at=now.isoformat(timespec="microseconds"),
        channel=channel,
    )


def add(register: Path, request: Request) -> Path:
    """Write a request into the register, synced to disk before this returns. Returns the file."""
    path = private_folder(register) / f"{request.request_id}.json"
    write_durably(path, json.dumps(asdict(request), ensure_ascii=False, indent=2) + "\n", mode=0o600)
    return path


def files(register: Path) -> list[Path]:
    """Return the request files in name order, after checking that each is a request.

    Raises InputError that names the first file that is not: what a person asked for is never skipped.
    """
    paths = sorted(path for path in register.glob("*.json") if not path.name.startswith("."))
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            moment = datetime.fromisoformat(content["requested_at"])
            is_request = set(content) == set(FIELDS) and moment.tzinfo is not None
        except (OSError, ValueError, TypeError, KeyError):
            is_request = False
        if not is_request:
            raise InputError(
                f"Register file {path.name} is no readable erasure request. Repair it from your backup: what a person "
                "asked for is never skipped."
            )
    return paths


def require_complete(paths: list[Path], seen: Path) -> None:
    """Compare the register with the requests that earlier runs have seen (a text file, one identifier per line).

    Raises InputError if one is missing: a lost register would bring back what was forgotten.
    """
    if not seen.exists():
        return
    missing = set(seen.read_text(encoding="utf-8").split()) - {path.stem for path in paths}
    if missing:
        raise InputError(
            f"The register lacks {len(missing)} erasure request(s) that an earlier run has seen, such as "
            f"{min(missing)}. Restore the register from your backup: without them, what was forgotten would come back."
        )


def remember(paths: list[Path], seen: Path) -> None:
    """Write down which requests a run has seen."""
    write_durably(seen, "".join(f"{path.stem}\n" for path in paths), mode=0o600)


def view_sql(paths: list[Path]) -> str:
    """Return the SELECT that reads the register: the fields as text, `file_number`, `row_number`."""
    if not paths:
        nothing = ", ".join(f"cast(null as varchar) as {name}" for name in FIELDS)
        return f"select {nothing}, 0 as file_number, 0 as row_number where false"
    names = ", ".join(sql.file(path) for path in paths)
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in FIELDS)
    return (
        f"select {', '.join(FIELDS)}, cast(file_index as integer) as file_number, 0 as row_number\n"
        f"from read_json([{names}], format = 'unstructured', columns = {{{columns}}})"
    )
