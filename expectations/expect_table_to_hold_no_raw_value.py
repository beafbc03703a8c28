# mypy: allow-subclassing-any
"""RAW-01: no raw value."""

from typing import Any

from bigtrust.gx.columns import Kind, kind
from bigtrust.gx.counted import CountedExpectation, Counts
from bigtrust.gx.engine import DuckDBExecutionEngine
from bigtrust.gx.raw_values import RAW_VALUES, search, search_uuids


class ExpectTableToHoldNoRawValue(CountedExpectation):
    """RAW-01: no column of the relation holds a raw value of a person.

    Rule: no published value contains, in any case, with any accents and punctuation, a value of a direct
    identifier in the vault that has at least 8 letters and digits. Text, numbers and nested values (as text) are
    looked at; a column of type UUID only for raw values that are UUIDs themselves. Columns of dates, times and
    truth values are not looked at: non-interference covers them. A column that cannot be read as text (BLOB) fails.
    Of a number with decimals, the digits before the point are looked at.

    Counted: distinct values (examined: those that are not null; violations: those that hold a raw value).
    A relation examined while there was no raw value to search for counts as nothing examined.

    Reason: pseudonymisation is void if the identifier travels along, in a free text, a web address or a number.

    Remedy: the result names the column and the class of identifier. Leave the column out of the protected model,
    or give it a treatment; a free text is not repaired, it is left out.
    """

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        counts = Counts()
        is_searching = bool(engine.rows(f"select exists (select * from {RAW_VALUES})")[0][0])
        for column, data_type in engine.columns(relation):
            column_kind = kind(data_type)
            if column_kind is Kind.WITHOUT_TEXT:
                continue
            if column_kind is Kind.OPAQUE:
                counts.violations += 1
                counts.where[column] = f"type {data_type} cannot be examined"
                continue
            query = (
                search_uuids(relation, column) if column_kind is Kind.UUID else search(relation, column, column_kind)
            )
            everything, *classes = engine.rows(query)
            counts.examined += everything[1] if is_searching else 0
            if everything[2]:
                counts.violations += everything[2]
                counts.where[column] = ", ".join(f"{name or 'raw value'} {found}" for name, _, found in classes)
        return counts

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "No column holds a raw value of a person."
