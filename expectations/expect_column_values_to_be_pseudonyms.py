# mypy: allow-subclassing-any
"""PSE-01: pseudonyms are well-formed."""

from typing import Any, ClassVar

from bigtrust.gx.columns import type_name
from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine, quoted

_NIL = "00000000-0000-0000-0000-000000000000"


class ExpectColumnValuesToBePseudonyms(CountedExpectation):
    """PSE-01: the column holds pseudonyms and nothing else.

    Rule: the column is of type UUID (128 bits of a keyed hash), no value is the nil UUID, and none is null unless
    `nullable` says that there are rows without a person. With `issued_in`, a pseudonym map of the vault, each value
    is one that the vault has issued in the column of the same name: an unkeyed hash is none.

    Counted: rows; with `nullable`, rows that have a value. In a column of another type every row is a violation.

    Reason: a number or a text where a pseudonym should be is an identifier that was forgotten; a null is a join
    with the pseudonym map that missed; the nil UUID puts different people under one pseudonym.

    Remedy: write the column with the pseudonym macro, and look for identifiers that the map does not know.
    """

    column: str
    nullable: bool = False
    issued_in: str | None = None

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "column")
    success_keys: ClassVar[tuple[str, ...]] = ("column", "nullable", "issued_in")

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        name = quoted(self.column)
        rows, nulls, nils = engine.rows(f"""
            select count(*), count(*) - count({name}), count(*) filter (cast({name} as varchar) = '{_NIL}')
            from {relation}""")[0]
        examined = rows - nulls if self.nullable else rows
        data_type = dict(engine.columns(relation)).get(self.column)
        if data_type != "UUID":
            return Counts(examined, rows, {self.column: f"type {type_name(data_type or 'none')} instead of UUID"})
        counts = Counts(examined, nils + (0 if self.nullable else nulls))
        if self.issued_in:
            # `not exists` would say the same in five times the time
            ((unknown,),) = engine.rows(f"""
                select count(*)
                from (select {name} from {relation} where {name} is not null) as published
                anti join vault.restricted.{quoted(self.issued_in)} as issued on published.{name} = issued.{name}""")
            if unknown:
                counts.violations += unknown
                counts.where[self.column] = f"{unknown} that the vault has not issued"
        return counts

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "Every value of $column is a pseudonym" + (
            "; rows without one are allowed." if kwargs.get("nullable") == "True" else "."
        )
