# mypy: allow-subclassing-any
"""CEL-03: no cell of an aggregate is nearly all of one person."""

from typing import Any, ClassVar

from bigtrust.gx.cells import cells_of_one_person
from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine


class ExpectCellsNotToBeOfOnePerson(CountedExpectation):
    """CEL-03: in no cell of the relation does one person make more than 80 percent of the amount.

    Rule: of what was paid in each cell, a combination of the columns of `by`, no person paid more than 80 percent.
    Amounts are added up again from the sales in the vault, per person with a pseudonym that the vault has issued; an
    anonymous sale is nobody's, and part of the whole. Where k is 1, nothing is asked.

    Counted: rows.

    Reason: the amount of such a cell is nearly what that person paid, however many others are in it (the dominance
    rule; Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).

    Remedy: leave the cell out in the protected model, as is_of_one_person does in the models of insights.

    Known limits: quantities are not looked at. Who knows the amount of the whole month can still estimate what was left
    out, if what was left out with it is little beside it.
    """

    by: list[str]
    k: int

    success_keys: ClassVar[tuple[str, ...]] = ("by", "k")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        examined = int(engine.rows(f"select count(*) from {relation}")[0][0])
        return Counts(examined, cells_of_one_person(engine, self.by, relation) if self.k > 1 else 0)

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "In no combination of $by does one person make more than 80 percent of the amount."
