# mypy: allow-subclassing-any
"""CEL-02: no subtraction shows a group of fewer than k persons."""

from typing import Any, ClassVar

from bigtrust.gx.cells import WITH_A_TOTAL, counted_cells, same
from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine


class ExpectMissingCellsToDescribeEnoughPersons(CountedExpectation):
    """CEL-02: the cells that the relation leaves out describe at least k persons together.

    Rule: a column of `by` other than the month or the campaign divides what was sold or sent into cells. Of each month
    or campaign (and each value of the other columns of `by`) of which cells are written, those that are not describe at
    least k persons together, or there are none. Persons are counted as in CEL-01.

    Counted: months or campaigns (and values of the other columns) with cells; violations: those in which so few are
    left out.

    Reason: the amount of a month is known, from the other aggregates of the publication or from the accounts. What is
    visible, taken away from it, leaves what is not: if that is one cell of two persons, it was left out in vain
    (secondary suppression; Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).

    Remedy: leave out the smallest other cell as well, as the models of insights do.

    Known limits: the file of yesterday beside that of today shows what changed in between, which no check of one file
    can prevent. Where regions and categories are left out of the same month, the difference of the two totals mixes
    them: it is not looked at. Persons are counted; whether an amount is that of its cell is not examined.
    """

    by: list[str]
    k: int

    success_keys: ClassVar[tuple[str, ...]] = ("by", "k")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        counts = Counts()
        enough, others = counted_cells(engine, self.by, self.k)
        for divided in self.by:
            if divided in WITH_A_TOTAL:
                continue
            within = [column for column in self.by if column != divided]
            examined, violations = engine.rows(f"""
                with shown as (select distinct {", ".join(within)} from {relation}),
                missing as (
                    select others.* from {others} as others
                    anti join {relation} as cells on {same("others", "cells", self.by)}
                ),
                large as (
                    select enough.* from {enough} as enough
                    anti join {relation} as cells on {same("enough", "cells", self.by)}
                ),
                few as (
                    select {", ".join(within)} from missing
                    group by {", ".join(within)}
                    having count(distinct person) < {self.k}
                )
                select
                    (select count(*) from shown),
                    (
                        select count(*)
                        from shown
                        semi join few on {same("shown", "few", within)}
                        anti join large on {same("shown", "large", within)}
                    )""")[0]
            counts.examined += examined
            counts.violations += violations
            if violations:
                counts.where[divided] = f"{violations} of {examined} leave out fewer than k persons"
        return counts

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "What is left out of the combinations of $by describes at least k persons together."
