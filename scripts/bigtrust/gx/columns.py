"""What a DuckDB column type can hold, and how its values are read as text."""

import re
from enum import Enum

_TEXT = ("VARCHAR", "ENUM", "TEXT", "STRING", "CHAR")
_NUMBERS = (
    *("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("UHUGEINT", "BIGNUM", "DECIMAL", "NUMERIC", "FLOAT", "REAL", "DOUBLE"),
)
_WITHOUT_TEXT = ("DATE", "TIME", "TIMESTAMP", "INTERVAL", "BOOLEAN", '"NULL"')
_NESTED = ("STRUCT", "TUPLE", "MAP", "UNION", "JSON")
_OPAQUE = re.compile(r"\b(BLOB|BIT|VARIANT|GEOMETRY)\b")


class Kind(Enum):
    """What a check can do with a column."""

    TEXT = "text"
    NUMBER = "number"
    NESTED = "nested"
    UUID = "uuid"
    WITHOUT_TEXT = "dates, times and truth values"
    OPAQUE = "not examinable"


def kind(data_type: str) -> Kind:
    """The kind of a DuckDB type, as DESCRIBE or a dbt contract names it. An unknown type is not examinable."""
    data_type = data_type.upper()
    if _OPAQUE.search(data_type):
        return Kind.OPAQUE
    if data_type.endswith("]") or data_type.startswith(_NESTED):
        return Kind.NESTED
    if data_type.startswith(_TEXT):
        return Kind.TEXT
    if data_type == "UUID":
        return Kind.UUID
    if data_type.startswith(_WITHOUT_TEXT):
        return Kind.WITHOUT_TEXT
    if data_type.startswith(_NUMBERS):
        return Kind.NUMBER
    return Kind.OPAQUE


def type_name(data_type: str) -> str:
    """The name of a DuckDB type alone: what follows it can be data, as the labels of an ENUM are."""
    return re.split(r"\W", data_type, maxsplit=1)[0]


def whole_number(expression: str) -> str:
    """SQL: the digits before the decimal point of a number, so that no price looks like a longer number."""
    return f"cast(try_cast(trunc({expression}) as hugeint) as varchar)"
