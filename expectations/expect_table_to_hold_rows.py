# mypy: allow-subclassing-any
"""ROW-01: there are rows."""

from typing import Any

from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine


class ExpectTableToHoldRows(CountedExpectation):
    """ROW-01: the relation holds at least one row.

    Rule: there is a row. Counted: rows.

    Reason: an empty relation passes every rule about what it must not hold, and tells nothing to who reads it.

    Remedy: look at the counts of landed, rejected and expired rows of the run; a table that the retailer does not
    have belongs into the `needs` of the model.
    """

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        rows = engine.rows(f"select count(*) from {relation}")[0][0]
        return Counts(rows)

    def _holds(self, counts: Counts) -> bool:
        return counts.examined > 0

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "There is at least one row."
