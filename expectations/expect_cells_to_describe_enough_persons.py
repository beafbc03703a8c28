# mypy: allow-subclassing-any
"""CEL-01: no cell of an aggregate describes fewer than k persons."""

from typing import Any, ClassVar

from bigtrust.gx.cells import counted_cells, same
from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine


class ExpectCellsToDescribeEnoughPersons(CountedExpectation):
    """CEL-01: every cell of the relation describes at least k persons.

    Rule: behind each row, a combination of the columns of `by`, there are at least k persons (a setting of the policy).
    They are counted again from the sales and messages in the vault: persons and not purchases, and only those with a
    pseudonym that the vault has issued. A row of which the vault knows none describes nobody, and violates the rule.

    Counted: rows.

    Reason: an aggregate of few people is data about them (Article 29 Working Party, Opinion 05/2014, 2.2.2).

    Remedy: leave the cell out in the protected model, as `having count(distinct person_pseudonym) >= k` does.

    Known limits: a cell of many persons in which one of them bought nearly everything (CEL-03).
    """

    by: list[str]
    k: int

    success_keys: ClassVar[tuple[str, ...]] = ("by", "k")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        enough, others = counted_cells(engine, self.by, self.k)
        examined, violations = engine.rows(f"""
            with counted as (
                select {", ".join(self.by)}, count(person) as persons from {others} group by {", ".join(self.by)}
            )
            select
                (select count(*) from {relation}),
                (
                    select count(*)
                    from {relation} as cells
                    anti join {enough} as enough on {same("cells", "enough", self.by)}
                    left join counted on {same("cells", "counted", self.by)}
                    where coalesce(counted.persons, 0) < {self.k}
                )""")[0]
        return Counts(examined, violations)

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "Every combination of $by describes at least k persons."
