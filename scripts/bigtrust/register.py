"""The register of erasure requests: one small JSON file per request, outside every database.

It can be written while a run goes on, and it survives `clean`, a full refresh, a lost vault and a restored backup:
what was forgotten stays forgotten.
"""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

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
LANDED_REQUESTS = """
    select
        request_id, scope, customer_id, purchase_id, line_number, category_id,
        strftime(requested_at, '%Y-%m-%dT%H:%M:%S.%f+00:00'), coalesce(channel, 'unknown'),
        strftime(withdrawn_at, '%Y-%m-%dT%H:%M:%S.%f+00:00')
    from staging.stg_erasure_requests
"""


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
    if any(name is not None and not name.strip() for name in (customer, purchase, category)):
        raise ValueError("An identifier is blank: nobody knows what to forget. Name it, or leave the option out.")
    if purchase is not None and category is None:
        scope = "purchase" if line is None else "purchase_line"
    elif customer is not None and purchase is None and line is None:
        scope = "category" if category is not None else "person"
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
    write_durably(path, _text(request), mode=0o600)
    return path


def _text(request: Request) -> str:
    return json.dumps(asdict(request), ensure_ascii=False, indent=2) + "\n"


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


def keep(register: Path, vault: Path) -> None:
    """Copy the requests that landing delivered into the register, so that an older delivery cannot take them back.

    `vault` is the vault after a build. A request is one file, named after what it asks for; the file is written anew
    when what landing says of it has changed (a withdrawal).
    """
    with duckdb.connect(str(vault), read_only=True) as connection:
        rows = connection.execute(LANDED_REQUESTS).fetchall()
    for row in rows:
        request = Request(**dict(zip(FIELDS, row, strict=True)))
        asked = json.dumps([getattr(request, name) for name in FIELDS if name not in ("requested_at", "withdrawn_at")])
        path = register / f"L-{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"
        text = _text(request)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_durably(path, text, mode=0o600)


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
