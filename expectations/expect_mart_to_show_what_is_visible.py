# mypy: allow-subclassing-any
"""RET-02: a mart shows the visible rows of its protected table, no more and no fewer."""

from typing import Any, ClassVar

import sqlglot
from sqlglot import exp

from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine, literal, quoted, unquoted

_ASKED = 1000  # rows: a filter hides all that expire, or none


class ExpectMartToShowWhatIsVisible(CountedExpectation):
    """RET-02: the mart has as many rows as its protected table has visible ones, and goes on hiding what expires.

    Rule: of `protected`, the table of that name in the schema protected, the mart shows the rows whose date in
    `until` is after today (all rows if `until` is not given). `today` is an ISO date, given by the run. If all rows had
    expired today, it would show none: its SQL is asked that over a thousand of them; what is no view cannot be.

    Counted: rows of the protected table; violations: by how many rows the mart has more or fewer, and how many it would
    show of those that expire.

    Reason: a mart without its filter goes on showing what has expired, on days without a build; a mart that loses
    rows gives wrong answers that nobody notices.

    Remedy: the mart selects from its protected table, and only filters visible_until > today().
    """

    protected: str
    today: str
    until: str | None = None

    success_keys: ClassVar[tuple[str, ...]] = ("protected", "until", "today")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        visible = f"{quoted(self.until)} > cast($1 as date)" if self.until else "$1 is not null"
        table = f"protected.{quoted(self.protected)}"
        examined, expected, shown = engine.rows(
            f"""
            select count(*), count(*) filter (where {visible}), (select count(*) from {relation})
            from {table}""",
            [self.today],
        )[0]
        where = {} if expected == shown else {"rows": f"{shown:,} shown, {expected:,} visible"}
        late = self._shown_when_expired(engine, relation) if self.until else 0
        if late:
            where["filter"] = f"{late:,} of {_ASKED:,} rows would be shown on the day on which they expire"
        return Counts(examined, abs(expected - shown) + late, where)

    def _shown_when_expired(self, engine: DuckDBExecutionEngine, relation: str) -> int:
        """How many rows the mart's SQL gives over rows that expire today. A mart that is no view hides none."""
        written = engine.rows(
            """
            select sql from duckdb_views()
            where database_name = current_database() and schema_name = $1 and view_name = $2""",
            unquoted(relation),
        )
        if not written:
            return _ASKED
        query = sqlglot.parse_one(written[0][0], dialect="duckdb").expression
        for table in list(query.find_all(exp.Table)):
            if (table.db, table.name) == ("protected", self.protected):
                expiring = f"""
                    select * replace (cast({literal(self.today)} as date) as {quoted(str(self.until))})
                    from protected.{quoted(self.protected)} limit {_ASKED}"""
                table.replace(
                    sqlglot.parse_one(expiring, dialect="duckdb").subquery(table.alias_or_name)  # type: ignore[attr-defined]
                )
        return int(engine.rows(f"select count(*) from ({query.sql(dialect='duckdb')})")[0][0])

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "The mart shows every visible row of protected.$protected, and no other."
