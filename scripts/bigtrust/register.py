"""The register of erasure requests: one small JSON file per request, outside every database.

It can be written while a run goes on, and it survives `clean`, a full refresh, a lost vault and a restored backup:
what was forgotten stays forgotten.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import sql
from bigtrust.errors import ConfigurationError, InputError
from bigtrust.files import alone_in, private_folder, sync_folder, write_durably, write_together

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
KEY = FIELDS[:6]
# A number that tells nothing of whom the request is about: one of ours, or a UUID that a till has made.
REQUEST_ID = re.compile(r"R\d{14}-[0-9a-f]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STATES = "states.json"  # what became of each request (bigtrust.states)
LANDED = "L-"  # names of files that keep what landing delivered
SPACES = " \t\n\r\u00a0\u200b\u202f\u3000\ufeff"  # as the macro read_text
FORGOTTEN_LINES = "forgotten_lines.parquet"
_LINE = {
    "purchase_id": "varchar",
    "line_number": "varchar",
    "customer_id": "varchar",
    "category_id": "varchar",
    "purchased_at": "timestamp",
}
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

    @property
    def key(self) -> tuple[str | None, ...]:
        """What the vault knows the request by: landing may use a number twice, for two requests."""
        return tuple(cleaned(getattr(self, name)) for name in KEY)


def cleaned(value: str | None) -> str | None:
    """An identifier as staging reads it, without spaces of any kind around it; None if nothing is left."""
    return (value or "").strip(SPACES) or None


def normalised(request_id: str) -> str:
    """A number of a request as the register writes it: a UUID in small letters."""
    return request_id if request_id.startswith("R") else request_id.lower()


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
    if any(name is not None and not cleaned(name) for name in (customer, purchase, category)):
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
        customer_id=cleaned(customer),
        purchase_id=cleaned(purchase),
        line_number=None if line is None else str(line),
        category_id=cleaned(category),
        requested_at=now.isoformat(timespec="microseconds"),
        channel=channel,
    )


def add(register: Path, request: Request) -> Path:
    """Write a request into the register, synced to disk before this returns. Returns the file."""
    path = private_folder(register) / f"{request.request_id}.json"
    write_durably(path, _text(request), mode=0o600)
    return path


def add_new(register: Path, requests: Iterable[Request]) -> list[Request]:
    """Write those requests into the register that it does not hold yet, all synced to disk before this returns.

    Returns those that were written; the others had been registered before, word for word. Raises InputError, and
    writes nothing, if a number already stands for another request.
    """
    with alone_in(private_folder(register)):
        new: dict[Path, Request] = {}
        for request in requests:
            path = register / f"{request.request_id}.json"
            known = new.get(path) or (_read(path) if path.exists() else None)
            if known is None:
                new[path] = request
            elif replace(known, withdrawn_at=None) != request:
                raise InputError(
                    f"Nothing was registered: the number {request.request_id} already stands for another request. Give "
                    "each request a number of its own."
                )
        write_together({path: _text(request) for path, request in new.items()}, mode=0o600)
    return list(new.values())


def withdraw(register: Path, request_id: str) -> Request:
    """Write down that a request is withdrawn, synced to disk before this returns. Returns it as it then is.

    What was withdrawn before stays withdrawn since then. Raises ConfigurationError if the register does not hold the
    request, or if landing delivered it: what landing says is the later word, so it is withdrawn there.
    """
    name = normalised(request_id)
    path = register / f"{name}.json"
    if not REQUEST_ID.fullmatch(name) or not path.exists():
        if any(request.request_id == request_id for request in read(register).values()):
            raise ConfigurationError(
                "This request came with the landing table erasure_requests. Withdraw it there: deliver it again with "
                "withdrawn_at."
            )
        raise ConfigurationError(
            "The register holds no request of this number. `bigtrust forget --status` lists the numbers."
        )
    with alone_in(register):
        request = _read(path)
        if request.withdrawn_at is None:
            request = replace(request, withdrawn_at=datetime.now(UTC).isoformat(timespec="microseconds"))
            write_durably(path, _text(request), mode=0o600)
    return request


def _text(request: Request) -> str:
    return json.dumps(asdict(request), ensure_ascii=False, indent=2) + "\n"


def files(register: Path) -> list[Path]:
    """Return the request files in name order, after checking that each is a request.

    Raises InputError that names the first file that is not: what a person asked for is never skipped.
    """
    return [register / f"{name}.json" for name in read(register)]


def read(register: Path) -> dict[str, Request]:
    """Return the requests by the name of their file (without `.json`), in name order. Raises as `files` does."""
    paths = sorted(path for path in register.glob("*.json") if not path.name.startswith(".") and path.name != STATES)
    return {path.stem: _read(path) for path in paths}


def _read(path: Path) -> Request:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if set(content) == set(FIELDS) and datetime.fromisoformat(content["requested_at"]).tzinfo is not None:
            texts: dict[str, Any] = {name: None if value is None else str(value) for name, value in content.items()}
            return Request(**texts)
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise InputError(
        f"Register file {path.name} is no readable erasure request. Repair it from your backup: what a person "
        "asked for is never skipped."
    )


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
        path = register / f"{LANDED}{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"
        text = _text(request)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_durably(path, text, mode=0o600)


def require_complete(names: Iterable[str], seen: Path) -> None:
    """Compare the register with the requests that earlier runs have seen (a text file, one name per line).

    Raises InputError if one is missing: a lost register would bring back what was forgotten.
    """
    if not seen.exists():
        return
    missing = set(seen.read_text(encoding="utf-8").split()) - set(names)
    if missing:
        raise InputError(
            f"The register lacks {len(missing)} erasure request(s) that an earlier run has seen, such as "
            f"{min(missing)}. Restore the register from your backup: without them, what was forgotten would come back."
        )


def remember(names: Iterable[str], seen: Path) -> None:
    """Write down which requests a run has seen."""
    write_durably(seen, "".join(f"{name}\n" for name in names), mode=0o600)


def view_sql(paths: list[Path]) -> str:
    """Return the SELECT that reads the register: the fields as text, `file_number`, `row_number`."""
    if not paths:
        nothing = ", ".join(f"cast(null as varchar) as {name}" for name in FIELDS)
        return f"select {nothing}, 0 as file_number, 0 as row_number, true as is_new where false"
    names = ", ".join(sql.file(path) for path in paths)
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in FIELDS)
    return (
        f"select {', '.join(FIELDS)}, cast(file_index as integer) as file_number, 0 as row_number, "
        f"true as is_new\n"
        f"from read_json([{names}], format = 'unstructured', columns = {{{columns}}})"
    )


def write_table(connection: duckdb.DuckDBPyConnection, name: str, requests: Mapping[str, Request]) -> None:
    """Write what `view_sql` reads, of requests that were read already, into a table: it takes a view's place.

    The models read the register several times; to open thousands of small files again takes seconds each time.
    """
    _drop(connection, "view", name)
    columns = ", ".join(f"{field} varchar" for field in FIELDS)
    connection.execute(
        f"create or replace table {name} ({columns}, file_number integer, row_number integer, is_new boolean)"
    )
    if requests:
        values = [[getattr(request, field) for request in requests.values()] for field in FIELDS]
        places = ", ".join("unnest(?::varchar[])" for _ in FIELDS)
        connection.execute(
            f"insert into {name} select {places}, unnest(range(?))::integer, 0, true", [*values, len(requests)]
        )


def write_view(connection: duckdb.DuckDBPyConnection, name: str, paths: list[Path]) -> None:
    """Put the view that `view_sql` makes in the place of that table: what the register holds is then in no database."""
    _drop(connection, "table", name)
    connection.execute(f"create or replace view {name} as {view_sql(paths)}")


def _drop(connection: duckdb.DuckDBPyConnection, kind: str, name: str) -> None:
    """Drop a relation if it is of that kind, "table" or "view"; `create or replace` does not change the kind."""
    schema, _, relation = name.partition(".")
    found = f"select count(*) from duckdb_{kind}s() where schema_name = ? and {kind}_name = ?"
    if connection.execute(found, [schema, relation]).fetchall()[0][0]:
        connection.execute(f"drop {kind} {name}")


def forgotten_lines_sql(register: Path) -> str:
    """Return the SELECT that reads the forgotten lines that the register remembers: columns of FORGOTTEN_LINES."""
    path = register / FORGOTTEN_LINES
    if not path.exists():
        return f"select {', '.join(f'cast(null as {kind}) as {name}' for name, kind in _LINE.items())} where false"
    return f"select {', '.join(_LINE)} from read_parquet({sql.file(path)})"


def keep_forgotten_lines(register: Path, vault: Path) -> None:
    """Remember the lines that are forgotten: person, category and time, for their footprint.

    The source system may delete a forgotten purchase; visits and messages about it must stay forgotten. Which lines
    these are is the model lines_to_remember; `vault` is the vault after a build, before it is put to rest.
    """
    path = register / FORGOTTEN_LINES
    unfinished = path.with_name(f".{path.name}")
    with duckdb.connect(str(vault), read_only=True) as connection:
        known = forgotten_lines_sql(register)
        lines = f"select {', '.join(_LINE)} from restricted.lines_to_remember"
        differing = f"select count(*) from (({lines} except {known}) union all ({known} except {lines}))"
        if not connection.execute(differing).fetchall()[0][0]:
            return
        connection.execute(f"copy ({lines} order by all) to {sql.file(unfinished)} (format parquet)")
    unfinished.chmod(0o600)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(register)
