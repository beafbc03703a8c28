# mypy: allow-subclassing-any
"""RET-01: nothing kept for too long."""

from typing import Any, ClassVar

from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine, quoted


class ExpectTableToHoldOnlyRowsWithinRetention(CountedExpectation):
    """RET-01: every row is within its retention window.

    Rule: each row says until when it may be seen (`column`, by default visible_until), and that date is after
    today. `today` is an ISO date, given by the run, never by a suite. A row without the date violates the rule.

    Counted: rows.

    Reason: data kept longer than the published policy says breaks a promise, whether or not a view hides it.

    Remedy: run the build again; if it fails still, the delete of expired rows in the protected model is wrong,
    or an event without a date got a window.
    """

    today: str
    column: str = "visible_until"

    success_keys: ClassVar[tuple[str, ...]] = ("column", "today")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        is_within = f"coalesce({quoted(self.column)} > cast($1 as date), false)"
        query = f"select count(*), count(*) filter (not {is_within}) from {relation}"
        examined, violations = engine.rows(query, [self.today])[0]
        return Counts(examined, violations)

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "Every row may still be seen after $today."
