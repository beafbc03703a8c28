r"""The raw values that must not be published, and the search for them.

A raw value and a published value are compared after normalisation: lower case, accents stripped, everything but
letters and digits (`\p{L}\p{N}`) removed; of a number that is all digits, leading zeros removed; of a phone
number the last nine digits, which are the same in 06 12 34 56 78, +33 6 12 34 56 78 and 33612345678. A published
value holds a raw one if it contains it.

The search is set-based. Each raw value is filed under one of its 8-character pieces (its anchor: of the first, the
middle and the last, the one that the fewest share); each published value is cut into its 8-character pieces; the
two are joined on the piece, and what meets is verified. Hence eight: no shorter value is searched for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from bigtrust.gx.columns import Kind, decoded, whole_number
from bigtrust.gx.engine import quoted, withheld

SHORTEST = 8

# In the in-memory database of the session, so that the cursor of each publication finds them.
RAW_VALUES = "memory.main.raw_values"
_ANCHORS = "memory.main.raw_anchors"

_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


@dataclass(frozen=True)
class RawColumn:
    """A column whose values must not be published.

    `relation` is the full name of its relation (`vault.staging.base_customers`), `column` the column; or, with
    `expression` (`first_name || ' ' || last_name`, evaluated over the relation), a name for what is composed.
    """

    relation: str
    column: str
    identifier_class: str = ""
    expression: str | None = None

    @property
    def origin(self) -> str:
        """The name of the column in reports."""
        return f"{self.relation}.{self.column}"

    @property
    def source(self) -> str:
        """SQL: the relation."""
        return ".".join(quoted(part) for part in self.relation.split("."))

    @property
    def text(self) -> str:
        """SQL: the value, as text."""
        return f"cast(({self.expression or quoted(self.column)}) as varchar)"


@dataclass(frozen=True)
class RawValueCount:
    """Distinct values of one column: searched for, too short to search, left out as product or category data."""

    origin: str
    identifier_class: str
    searched: int
    too_short: int
    left_out: int


@dataclass(frozen=True)
class RawValueSummary:
    """What the search for raw values looked for, one entry per column."""

    columns: tuple[RawValueCount, ...] = ()

    @property
    def searched(self) -> int:
        """Distinct values searched for, summed over the columns."""
        return sum(column.searched for column in self.columns)

    @property
    def too_short(self) -> int:
        """Distinct values too short to search, summed over the columns."""
        return sum(column.too_short for column in self.columns)


def normalised(expression: str) -> str:
    """SQL: the form in which values are compared."""
    return rf"regexp_replace(strip_accents(lower({expression})), '[^\p{{L}}\p{{N}}]', '', 'g')"


def build_raw_values(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[RawColumn],
    also_in: Sequence[RawColumn] = (),
) -> RawValueSummary:
    """Collect what must not be published into `raw_values(normalised, identifier_class, origin)`; once per check run.

    `connection` is that of an open session (engine.opened). `also_in` are columns of product and category data:
    a raw value that one of them contains is left out, or every product of that name would alarm.
    Raises QueryFailed, message withheld, if a column cannot be read.
    """
    with withheld():
        connection.execute(f"""
            create or replace table {RAW_VALUES} (
                normalised varchar, identifier_class varchar, origin varchar
            )""")
        connection.execute(f"create or replace table {_ANCHORS} (anchor varchar, normalised varchar)")
        too_short = {column.origin: _collect(connection, column) for column in columns}
        _file_under_anchors(connection)
        left_out = _leave_out(connection, also_in)
        searched = _count_by_origin(connection)
    return RawValueSummary(
        tuple(
            RawValueCount(
                origin=column.origin,
                identifier_class=column.identifier_class,
                searched=searched.get(column.origin, 0),
                too_short=too_short[column.origin],
                left_out=left_out.get(column.origin, 0),
            )
            for column in columns
        )
    )


def _collect(connection: duckdb.DuckDBPyConnection, column: RawColumn) -> int:
    """Add the values of a column; give how many distinct ones are too short."""
    named_phone = "true" if any(word in column.column.lower() for word in ("phone", "mobile")) else "false"
    connection.execute(f"""
        create or replace temp table collected as
        with raw as (select distinct {column.text} as value from {column.source}),
        forms as (
            select
                {normalised("value")} as text,
                case
                    when regexp_full_match(value, '[+(0-9][0-9 ()./-]*')
                        and ({named_phone} or regexp_matches(value, '^[+(0]'))
                    then regexp_replace(value, '[^0-9]', '', 'g')
                end as phone_digits,
            from raw
            where value is not null
        ),
        shortened as (
            select
                case when length(phone_digits) between 9 and 15 then right(phone_digits, 9) else text end as text,
            from forms
            where text <> ''
        )
        select distinct
            case
                when regexp_full_match(text, '[0-9]+') and length(ltrim(text, '0')) >= {SHORTEST}
                    then ltrim(text, '0')
                else text
            end as text,
        from shortened""")
    connection.execute(
        f"insert into {RAW_VALUES} select text, $1, $2 from collected where length(text) >= {SHORTEST}",
        [column.identifier_class, column.origin],
    )
    row = connection.execute(f"select count(*) from collected where length(text) < {SHORTEST}").fetchone()
    connection.execute("drop table collected")
    return int(row[0]) if row else 0


def _file_under_anchors(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"""
        insert into {_ANCHORS}
        with patterns as (select distinct normalised from {RAW_VALUES}),
        pieces as (
            select
                normalised,
                unnest(list_distinct([
                    left(normalised, {SHORTEST}),
                    substr(normalised, 1 + (length(normalised) - {SHORTEST}) // 2, {SHORTEST}),
                    right(normalised, {SHORTEST}),
                ])) as piece,
            from patterns
        ),
        shared as (select piece, count(*) as patterns from pieces group by piece)
        select arg_min(pieces.piece, shared.patterns), pieces.normalised
        from pieces inner join shared on pieces.piece = shared.piece
        group by pieces.normalised""")


def _leave_out(connection: duckdb.DuckDBPyConnection, also_in: Sequence[RawColumn]) -> dict[str, int]:
    """Drop the raw values that a column of product data contains; give how many per origin."""
    if not also_in:
        return {}
    connection.execute("create or replace temp table left_out (normalised varchar)")
    for column in also_in:
        published = f"select distinct {column.text} as value from {column.source}"
        connection.execute(f"""
            insert into left_out
            with {_found(f"select value as text from ({published}) where value is not null")}
            select normalised from found""")
    counted = connection.execute(f"""
        select origin, count(*) from {RAW_VALUES} semi join left_out using (normalised) group by origin
        """).fetchall()
    for table in (RAW_VALUES, _ANCHORS):
        connection.execute(f"delete from {table} where normalised in (select normalised from left_out)")
    connection.execute("drop table left_out")
    return {str(origin): int(values) for origin, values in counted}


def _count_by_origin(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counted = connection.execute(f"select origin, count(*) from {RAW_VALUES} group by origin").fetchall()
    return {str(origin): int(values) for origin, values in counted}


def _found(texts: str) -> str:
    """SQL, common table expressions: `found(id, normalised)`, each text that holds a raw value, and the value.

    `texts` is a query with one column `text`, distinct and without nulls. A UUID inside a text is compared on its
    own: its hexadecimal digits would meet the raw values that are numbers.
    """
    is_uuid = f"regexp_matches(text, '{_UUID}')"
    return f"""
        numbered as materialized (select row_number() over () as id, {decoded("text")} as text from ({texts})),
        parts as (
            select id, text from numbered where not {is_uuid}
            union all
            select id, regexp_replace(text, '{_UUID}', ' ', 'g') from numbered where {is_uuid}
            union all
            select id, unnest(regexp_extract_all(text, '{_UUID}')) from numbered where {is_uuid}
        ),
        comparable as materialized (
            select row_number() over () as part, id, text
            from (select id, {normalised("text")} as text from parts)
            where length(text) >= {SHORTEST}
        ),
        equal as materialized (
            select comparable.part, comparable.id, comparable.text as normalised
            from comparable semi join {_ANCHORS} as raw on comparable.text = raw.normalised
        ),
        pieces as (
            select part, substr(text, unnest(range(1, length(text) - {SHORTEST} + 2)), {SHORTEST}) as piece
            from comparable
            where part not in (select part from equal)
        ),
        met as (
            select distinct pieces.part, raw.normalised
            from pieces inner join {_ANCHORS} as raw on pieces.piece = raw.anchor
        ),
        found as materialized (
            select id, normalised from equal
            union
            select comparable.id, met.normalised
            from met inner join comparable on met.part = comparable.part
            where contains(comparable.text, met.normalised)
        )"""


def search(relation: str, column: str, column_kind: Kind) -> str:
    """SQL that looks for raw values in one column of a relation (quoted SQL name).

    One row per identifier class met: class (null on the first row, for all together), distinct non-null values
    looked at, distinct values that hold a raw one.
    """
    name = quoted(column)
    values = f"select distinct {name} as value from {relation} where {name} is not null"
    if column_kind is Kind.NUMBER:
        long_enough = f"abs(value) >= {10 ** (SHORTEST - 1)}"
        texts = f"select distinct {whole_number('value')} as text from looked_at where {long_enough}"
        texts = f"select text from ({texts}) where text is not null"
    else:
        texts = "select cast(value as varchar) as text from looked_at"
    return f"""
        with looked_at as materialized ({values}),
        {_found(texts)}
        select null as identifier_class, (select count(*) from looked_at), (select count(distinct id) from found)
        union all
        select raw.identifier_class, 0, count(distinct found.id)
        from found inner join {RAW_VALUES} as raw on found.normalised = raw.normalised
        group by raw.identifier_class
        order by identifier_class nulls first"""


def search_uuids(relation: str, column: str) -> str:
    """SQL like `search`, for a column of type UUID: only a raw value that is a UUID itself can equal one.

    A pseudonym equals none, and comparing whole values costs no normalisation of millions of them.
    """
    name = quoted(column)
    raw_uuids = (
        f"select try_cast(normalised as uuid) as value, identifier_class from {RAW_VALUES}"
        " where regexp_full_match(normalised, '[0-9a-f]{32}')"
    )
    return f"""
        with looked_at as materialized (select distinct {name} as value from {relation} where {name} is not null),
        found as (select looked_at.value, raw.identifier_class from looked_at inner join ({raw_uuids}) as raw
            on looked_at.value = raw.value)
        select null as identifier_class, (select count(*) from looked_at), (select count(distinct value) from found)
        union all
        select identifier_class, 0, count(distinct value) from found group by identifier_class
        order by identifier_class nulls first"""
