"""The mess of real data: rows twice, late, corrected, missing, and values that nobody can read.

Each kind of mess takes one row in `period`: every kind is there in a small demo, and rare in a large one.
Consents and erasure requests come twice at times, but can always be read: an unreadable one would stop
the warehouse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb


@dataclass(frozen=True)
class Mess:
    """What happens to a table on its way.

    spoilt: per column, what comes instead of the value (SQL over the row), one kind of mess each.
    corrected: per column, what came first; the right row follows in the last file.
    last_file: where late rows and corrections go.
    absent: whether some rows never come.
    """

    spoilt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    corrected: Mapping[str, str] = field(default_factory=dict)
    last_file: str | None = None
    absent: bool = False
    period: int = 2000


MESS: dict[str, Mess] = {
    "customers": Mess(
        spoilt={
            "customer_id": ("null",),
            "first_name": ("first_name || ' 🌸'", "'  ' || lower(first_name)"),
            "last_name": ("last_name || ' ☀️'",),
            "birth_date": ("'31/02/1980'", "'0000-00-00'"),
        },
        last_file="updates-2",
        period=400,
    ),
    "products": Mess(spoilt={"list_price": ("replace(list_price, '.', ',')",)}, period=100),
    "purchases": Mess(
        spoilt={
            "purchase_id": ("null",),
            "purchased_at": ("'31/02/2024'", "'hier'", "'0000-00-00'", "'9999-12-31 23:59:59'"),
        },
        corrected={"customer_id": "null", "channel": "'store'"},
        last_file="late",
        absent=True,
    ),
    "purchase_lines": Mess(
        spoilt={
            "purchase_id": ("null",),
            "line_number": ("null",),
            "quantity": ("quantity || ',0'",),
            "unit_price": ("replace(unit_price, '.', ',')", "unit_price || ' '", "'gratuit'"),
        },
        corrected={"quantity": "quantity || '0'"},
        last_file="late",
    ),
    "returns": Mess(spoilt={"return_id": ("null",)}),
    "web_events": Mess(
        spoilt={"event_id": ("null",), "occurred_at": ("'hier'", "replace(occurred_at, 'Z', '+00:00')")}
    ),
    "support_tickets": Mess(spoilt={"ticket_id": ("null",), "opened_at": ("'31/02/2024'",)}, period=400),
    "marketing_messages": Mess(spoilt={"customer_id": ("null",), "sent_at": ("'0000-00-00'",)}),
    "consents": Mess(),
    "erasure_requests": Mess(period=40),
}


def deliver(connection: duckdb.DuckDBPyConnection, table: str) -> list[str | None]:
    """Create the view `landed_<table>` over `clean_<table>`; returns its files (None: the table is one file).

    Columns beside those of the contract: `file`, and `i` and `copy` for the order within a file.
    """
    clean = f"clean_{table}"
    mess = MESS.get(table)
    if mess is None:
        connection.execute(f"create view landed_{table} as select *, 0 as copy from {clean}")
    else:
        connection.execute(_delivery(table, mess, _period(connection, clean, mess.period)))
    files = connection.execute(f"select distinct file from landed_{table} order by file").fetchall()
    return [file for (file,) in files]


def _period(connection: duckdb.DuckDBPyConnection, clean: str, longest: int) -> int:
    rows = sum(count for (count,) in connection.execute(f"select count(*) from {clean}").fetchall())
    return int(max(15, min(longest, rows // 2)))


def _delivery(table: str, mess: Mess, period: int) -> str:
    """The SQL of the view. A row's `kind` says which mess it meets; 7919 is prime, so kinds lie far apart."""
    kinds = iter(range(period))
    twice = next(kinds)
    twice_later = late = corrected = absent = -1
    if mess.last_file:
        twice_later, late = next(kinds), next(kinds)
    if mess.corrected:
        corrected = next(kinds)
    if mess.absent:
        absent = next(kinds)

    spoilt = {column: [(next(kinds), value) for value in values] for column, values in mess.spoilt.items()}
    for column, value in mess.corrected.items():
        spoilt.setdefault(column, []).append((corrected, value))
    changes = []
    for column, cases in spoilt.items():
        whens = " ".join(f"when {kind} then {value}" for kind, value in cases)
        changes.append(f"case if(copy = 0, kind, null) {whens} else {column} end as {column}")
    if mess.last_file:
        later = f"kind = {late} or (copy = 1 and kind in ({twice_later}, {corrected}))"
        changes.append(f"if({later}, '{mess.last_file}', file) as file")
    return f"""
        create view landed_{table} as
        with kinds as (
            select *, (i * 7919) % {period} as kind from clean_{table}
        ),
        copies as (
            select *, unnest(if(kind in ({twice}, {twice_later}, {corrected}), [0, 1], [0])) as copy
            from kinds where kind != {absent}
        )
        select * exclude (kind) {f"replace ({', '.join(changes)})" if changes else ""} from copies
    """
