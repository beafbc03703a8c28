"""How landing rows are read: text, moments, numbers; which rows are set aside; which row of a key counts.

From design.md, section 4. What it leaves open, and is read here as staging reads it:

- A moment more than a day ahead of now or before 1900, and an amount beyond ten million, are mistakes: the row is bad.
- A local time that the change to winter time makes ambiguous is the later one; one that the change to summer time
  skips is moved forward.
- Dates may be written as 2026-07-05 or 2026-7-5; a time without seconds counts; a day alone is its midnight.
- Of the records of a customer, one without `updated_at` was written at `created_at`; one without both comes first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

Position = tuple[int, int]  # number of the file in name order, number of the row within it
Row = Mapping[str, str | None]  # a landed row: text by column; a column that was not delivered is absent or None
Landing = Mapping[str, Mapping[Position, Row]]  # by landing table
Values = dict[str, Any]  # a staged row: text, datetime (UTC, aware), date or Decimal by column; None: nothing there

SPACES = " \t\n\r\u00a0\u200b\u202f\u3000\ufeff"
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r" ?(UTC|GMT|Z|z|[+-]\d{2}(?::?\d{2})?)?"
)
_TRUE, _FALSE = ("true", "t", "yes", "oui", "1"), ("false", "f", "no", "non", "0")
_OLDEST, _LARGEST = datetime(1900, 1, 1, tzinfo=UTC), Decimal(10_000_000)


@dataclass(frozen=True)
class _Table:
    key: tuple[str, ...]
    required: tuple[str, ...]  # besides the key
    moments: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


_REQUEST = _Table(
    key=("request_id", "scope", "customer_id", "purchase_id", "line_number", "category_id"),
    required=("request_id", "scope", "requested_at"),
    moments=("requested_at", "withdrawn_at"),
)
_TABLES = {
    "customers": _Table(("customer_id",), ("customer_id",), ("created_at", "updated_at"), dates=("birth_date",)),
    "consents": _Table(
        ("customer_id", "purpose", "recorded_at", "channel", "granted"),
        ("customer_id", "purpose", "granted", "recorded_at"),
        ("recorded_at",),
        flags=("granted",),
    ),
    "product_categories": _Table(("category_id",), ("category_id",), counts=("replacement_cycle_months",)),
    "products": _Table(("product_id",), ("product_id",), amounts=("list_price",)),
    "purchases": _Table(("purchase_id",), ("purchase_id", "purchased_at"), ("purchased_at",)),
    "purchase_lines": _Table(
        ("purchase_id", "line_number"),
        ("purchase_id", "line_number", "product_id", "quantity", "unit_price"),
        amounts=("quantity", "unit_price", "discount"),
    ),
    "returns": _Table(
        ("return_id",),
        ("return_id", "purchase_id", "line_number", "returned_at", "quantity"),
        ("returned_at",),
        amounts=("quantity",),
    ),
    "web_events": _Table(("event_id",), ("event_id", "occurred_at"), ("occurred_at",)),
    "support_tickets": _Table(
        ("ticket_id",), ("ticket_id", "opened_at"), ("opened_at", "closed_at"), counts=("satisfaction",)
    ),
    "marketing_messages": _Table(
        ("message_id",), ("message_id", "customer_id", "sent_at"), ("sent_at", "opened_at", "clicked_at")
    ),
    "erasure_requests": _REQUEST,
    "register": _REQUEST,
}
KEYS = {name: table.key for name, table in _TABLES.items()}


def read_text(value: str | None) -> str | None:
    """The text without spaces of any kind around it; None if nothing is left."""
    return (value or "").strip(SPACES) or None


def read_moment(value: str | None, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC; one without an offset is in `zone`. None if there is none or it cannot be read."""
    match = _MOMENT.fullmatch((value or "").strip(" "))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        read = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    read += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    if offset is None:
        return max(read.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return read.replace(tzinfo=UTC) - _offset(offset)


def read_date(value: str | None) -> date | None:
    """The date, with or without a time after it. None if there is none or it cannot be read."""
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})([ T].*)?", (value or "").strip(" "))
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()[:3]))
    except ValueError:
        return None


def read_number(value: str | None) -> Decimal | None:
    """The number, with a decimal point or comma, with or without spaces in it. None if it is no number."""
    text = re.sub(r"[\s\u00a0\u202f]", "", value or "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def read_flag(value: str | None) -> bool | None:
    """True or false, in English or French. None if it is neither."""
    word = (value or "").strip(" ").lower()
    return True if word in _TRUE else False if word in _FALSE else None


def read(table: str, row: Row, *, now: datetime, zone: ZoneInfo) -> Values | None:
    """The values of a landed row, typed; None if the row is bad."""
    contract = _TABLES[table]
    values: Values = {column: read_text(text) for column, text in row.items()}
    for columns, reader in (
        (contract.moments, lambda text: read_moment(text, zone)),
        (contract.dates, read_date),
        (contract.amounts, read_number),
        (contract.counts, read_number),
        (contract.flags, read_flag),
    ):
        for column in columns:
            landed = values.get(column)
            values[column] = None if landed is None else reader(row[column])
            if landed is not None and values[column] is None:
                return None
    moments = [values[column] for column in contract.moments if values[column] is not None]
    amounts = [values[column] for column in contract.amounts if values[column] is not None]
    is_bad = (
        any(values.get(column) is None for column in contract.required)
        or any(not _OLDEST <= moment <= now + timedelta(days=1) for moment in moments)
        or any(abs(amount) > _LARGEST for amount in amounts)
    )
    return None if is_bad else values


def staged(table: str, rows: Mapping[Position, Row], *, now: datetime, zone: ZoneInfo) -> dict[Position, Values]:
    """The rows that count, by position: of each key the last delivered one, of a customer the latest record."""
    last: dict[tuple[Any, ...], tuple[Any, Position, Values]] = {}
    for position, row in rows.items():
        values = read(table, row, now=now, zone=zone)
        if values is None:
            continue
        key = tuple(values.get(column) for column in KEYS[table])
        rank = (values["updated_at"] or values["created_at"] or _OLDEST, position) if table == "customers" else position
        if key not in last or rank > last[key][0]:
            last[key] = (rank, position, values)
    return {position: values for _, position, values in last.values()}


def _offset(text: str) -> timedelta:
    if text in ("UTC", "GMT", "Z", "z"):
        return timedelta()
    digits = text[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return size if text[0] == "+" else -size
