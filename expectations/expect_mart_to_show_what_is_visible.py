# mypy: allow-subclassing-any
"""RET-02: a mart shows the visible rows of its protected table, no more and no fewer."""

from typing import Any, ClassVar

from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine, quoted


class ExpectMartToShowWhatIsVisible(CountedExpectation):
    """RET-02: the mart has as many rows as its protected table has visible ones.

    Rule: of `protected`, the table of that name in the schema protected, the mart shows the rows whose date in
    `until` is after today (all rows if `until` is not given). `today` is an ISO date, given by the run.

    Counted: rows of the protected table; violations: by how many rows the mart has more or fewer.

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
        return Counts(examined, abs(expected - shown), where)

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "The mart shows every visible row of protected.$protected, and no other."
