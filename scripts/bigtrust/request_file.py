"""Files of erasure requests, as tills and other systems write them: one request or many.

    .json    one request (an object) or many (a list of objects)
    .jsonl   one request per line
    .csv     a header with columns of the landing table erasure_requests, one request per row

`docs/schemas/forget_request.schema.json` specifies a request; `docs/examples/till_request.json` is one.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bigtrust.errors import InputError
from bigtrust.register import FIELDS, REQUEST_ID, Request, cleaned, normalised

SUFFIXES = (".json", ".jsonl", ".csv")
# what a request of each scope names, and what it may name besides
SCOPES = {
    "purchase_line": (("purchase_id", "line_number"), ("customer_id",)),
    "purchase": (("purchase_id",), ("customer_id",)),
    "category": (("customer_id", "category_id"), ()),
    "person": (("customer_id",), ()),
}
CHANNELS = ("till", "web", "support")
_IDENTIFIERS = ("customer_id", "purchase_id", "line_number", "category_id")
_REQUIRED = ("request_id", "scope", "requested_at", "channel")
_DELIMITERS = ",;\t|"


def load(path: Path, *, now: datetime) -> list[Request]:
    """Read all requests of a file (UTF-8), in its order. `now` has a zone.

    Raises InputError that names the file, the first request that is wrong (counted from 1) and the field, never a
    value: a file is taken as a whole or not at all.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise _error(path, f"its name tells no format. End it with {', '.join(SUFFIXES)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _error(path, "it is not UTF-8 text. Write it in UTF-8.") from None
    except OSError as error:
        raise _error(path, f"it cannot be read ({error.strerror}). Check its name, owner and mode.") from None
    read = {".json": _json, ".jsonl": _json_lines, ".csv": _csv}[path.suffix.lower()]
    try:
        requests = [_request(number, fields, now) for number, fields in enumerate(read(text), start=1)]
    except _Wrong as wrong:
        raise _error(path, str(wrong)) from None
    if not requests:
        raise _error(path, "it holds no request.")
    return requests


class _Wrong(Exception):
    """What is wrong with a file, and what to do."""


_Tell = Callable[[str], _Wrong]


def _error(path: Path, sentence: str) -> InputError:
    return InputError(f"Nothing was registered. Request file {path.name}: {sentence}")


def _json(text: str) -> Iterator[Any]:
    content = _parsed(text, "it is no well-formed JSON. Write one object, or a list of objects.")
    yield from content if isinstance(content, list) else [content]


def _json_lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parsed(line, f"line {number} is no well-formed JSON. Write one object per line.")


def _parsed(text: str, otherwise: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_fields_once)
    except (ValueError, RecursionError):
        raise _Wrong(otherwise) from None


def _fields_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Wrong("an object has a field twice. Write each field once.")
    return fields


def _csv(text: str) -> Iterator[dict[str, Any]]:
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        header, *rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row
        ]
    except (csv.Error, ValueError):
        raise _Wrong("it is no well-formed CSV. Write a header and one request per row.") from None
    names = [name.strip().lower() for name in header]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise _Wrong(f"its header lacks the column {missing[0]}.")
    if not set(names) <= set(FIELDS) or len(set(names)) != len(names):
        raise _Wrong(f"its header has an unknown column, or one twice. Use {', '.join(FIELDS)}.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise _Wrong(f"request {number} has another number of columns than the header.")
        yield dict(zip(names, row, strict=True))


def _request(number: int, fields: Any, now: datetime) -> Request:
    def wrong(sentence: str) -> _Wrong:
        return _Wrong(f"request {number}: {sentence}")

    if not isinstance(fields, dict):
        raise wrong("it is no object with fields.")
    if not set(fields) <= set(FIELDS):
        raise wrong(f"it has an unknown field. The fields are {', '.join(FIELDS)}.")
    values: dict[str, Any] = {name: _text(name, fields.get(name), wrong) for name in FIELDS}
    for name in _REQUIRED:
        if values[name] is None:
            raise wrong(f"{name} is missing.")
    if values["withdrawn_at"] is not None:
        raise wrong("it is withdrawn already. Leave it out, or withdraw it with `bigtrust forget --withdraw`.")
    request_id = normalised(values["request_id"])
    if not REQUEST_ID.fullmatch(request_id):
        raise wrong("request_id is no UUID. Give each request a UUID of its own, once and for all.")
    if values["channel"] not in CHANNELS:
        raise wrong(f"channel is unknown. Use one of {', '.join(CHANNELS)}.")
    _require_scope(values, wrong)
    return Request(**values | {"request_id": request_id, "requested_at": _moment(values["requested_at"], now, wrong)})


def _text(name: str, value: Any, wrong: _Tell) -> str | None:
    """A value as text; a whole number may stand for an identifier."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and name in _IDENTIFIERS:
        value = str(value)
    if not isinstance(value, str):
        raise wrong(f"{name} is no text.")
    text = cleaned(value)
    if text is not None and not text.isprintable():
        raise wrong(f"{name} holds a character that cannot be printed.")
    return text


def _require_scope(values: Mapping[str, Any], wrong: _Tell) -> None:
    """A request names what its scope needs and no more: nobody is forgotten by mistake."""
    if values["scope"] not in SCOPES:
        raise wrong(f"scope is unknown. Use one of {', '.join(SCOPES)}.")
    needed, possible = SCOPES[values["scope"]]
    for name in _IDENTIFIERS:
        if name in needed and values[name] is None:
            raise wrong(f"{name} is missing, without which nobody knows what to forget.")
        if name not in (*needed, *possible) and values[name] is not None:
            raise wrong(f"it names more than its scope: leave out {name}, or correct the scope.")


def _moment(text: str, now: datetime, wrong: _Tell) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong("requested_at is no time. Write it as 2026-01-31T17:05:00+01:00.") from None
    if moment.tzinfo is None:
        raise wrong("requested_at has no time zone. Add Z or an offset such as +01:00.")
    if moment.year < 1900 or moment > now + timedelta(days=1):
        raise wrong("requested_at is more than a day ahead, or before 1900. Correct the clock.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
