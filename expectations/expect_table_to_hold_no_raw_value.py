# mypy: allow-subclassing-any
"""RAW-01: no raw value."""

from typing import Any

from bigtrust.gx.columns import Kind
from bigtrust.gx.counted import CountedExpectation, Counts, examinable_columns, values
from bigtrust.gx.engine import DuckDBExecutionEngine
from bigtrust.gx.raw_values import RAW_VALUES, found_in


class ExpectTableToHoldNoRawValue(CountedExpectation):
    """RAW-01: no column of the relation holds a raw value of a person.

    Rule: no published value contains, in any case, with any accents and punctuation, a value of a direct
    identifier in the vault that has at least 8 letters and digits: as it is, backwards, in ROT13, in base64 (with or
    without padding, beginning anywhere), in hexadecimal digits, in escapes of web addresses (twice, too), HTML and
    JSON, with look-alike letters, full-width digits or characters that nobody sees. Text, numbers and nested values
    (as text) are looked at; a column of type UUID only for raw values that are UUIDs themselves. Columns of dates,
    times and truth values are not looked at: non-interference covers them. A column that cannot be read as text (BLOB)
    fails. Of a number with decimals, the digits before the point are looked at.

    What the catalogue says of the relation is looked at as well: its name, comments, the SQL of a view, the names of
    its columns and their types, which hold the labels of an ENUM and the fields of a STRUCT.

    Known limits: one encoding is undone, not one upon the other (base64 of hexadecimal digits); a value with accents
    in base64 or hexadecimal digits amid bytes that are no text; a value that is cut into pieces, computed with (a phone
    number plus one) or enciphered. Lineage and non-interference cover those.

    Counted: distinct texts, and values of numbers and UUIDs (examined: those that are not null; violations: distinct
    values that hold a raw one).
    A relation examined while there was no raw value to search for counts as nothing examined.

    Reason: pseudonymisation is void if the identifier travels along, in a free text, a web address or a number.

    Remedy: the result names the column and the class of identifier. Leave the column out of the protected model,
    or give it a treatment; a free text is not repaired, it is left out.
    """

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        counts = Counts()
        columns = [
            (column, column_kind)
            for column, column_kind in examinable_columns(engine, relation, counts)
            if column_kind is not Kind.WITHOUT_TEXT
        ]
        is_searching = engine.rows(f"select exists (select * from {RAW_VALUES})")[0][0]
        if is_searching:
            _, counts.examined = values(engine, relation, columns)
            found: dict[str, list[str]] = {}
            for place, identifier_class, holding in found_in(engine, relation):
                if identifier_class is None:
                    counts.violations += holding
                else:
                    found.setdefault(place, []).append(f"{identifier_class or 'raw value'} {holding}")
            counts.where.update({place: ", ".join(classes) for place, classes in found.items()})
        return counts

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "No column holds a raw value of a person."
