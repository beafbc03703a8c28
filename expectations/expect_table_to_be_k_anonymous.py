# mypy: allow-subclassing-any
"""KAN-01: nobody is one of fewer than k."""

from typing import Any, ClassVar

from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine, quoted


class ExpectTableToBeKAnonymous(CountedExpectation):
    """KAN-01: each combination of quasi-identifiers is one of at least k persons.

    Rule: of the persons (distinct values of `person`), at least `k` have each combination of values of `columns` that
    occurs; that a value is missing is a value, too. `k` is given by the run: it is a setting of the policy. If there
    are fewer than k persons in all, each of these values must be given up: null or 'unknown'.

    Counted: persons (violations: those in combinations of fewer than k). With fewer than k persons in all, those who
    show a value are violations, and nothing counts as examined.

    Reason: whoever knows the region, the language and the decade of birth of a neighbour finds the row of the
    neighbour, and all purchases with it, if no other person is alike (Sweeney, k-anonymity: a model for protecting
    privacy, IJUFKS 10(5), 2002).

    Remedy: select the columns through k_anonymous (macros/privacy/), all of them in one call. On a day after the
    build, rows may have expired: run again.

    Known limits: only what one row says counts. Purchases and contacts of a person can single them out, too.
    """

    columns: list[str]
    k: int
    person: str = "person_pseudonym"

    success_keys: ClassVar[tuple[str, ...]] = ("columns", "k", "person")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        combination = ", ".join(quoted(column) for column in self.columns)
        persons, classes, rare = engine.rows(
            f"""
            with classes as (
                select count(distinct {quoted(self.person)}) as persons from {relation} group by {combination}
            )
            select
                (select count(distinct {quoted(self.person)}) from {relation}),
                count(*) filter (where persons < $1),
                coalesce(sum(persons) filter (where persons < $1), 0)
            from classes""",
            [self.k],
        )[0]
        if persons < self.k:
            return self._count_of_few(engine, relation)
        where = {"combinations": f"{classes:,} of fewer than {self.k} persons"} if classes else {}
        return Counts(persons, int(rare), where)

    def _count_of_few(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        shown = [f"coalesce(cast({quoted(column)} as varchar), 'unknown') <> 'unknown'" for column in self.columns]
        query = f"select count(distinct {quoted(self.person)}) from {relation} where {' or '.join(shown)}"
        violations = engine.rows(query)[0][0]
        where = {"combinations": f"not given up, although there are fewer than {self.k} persons"} if violations else {}
        return Counts(0, violations, where)

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "At least $k persons have each combination of $columns."
