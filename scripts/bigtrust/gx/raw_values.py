r"""The raw values that must not be published, and the search for them.

A raw value and a published value are compared after normalisation: lower case, accents stripped, letters that look
like Latin ones replaced by those, everything but letters and digits (`\p{L}\p{N}`) removed; of a number that is all
digits, leading zeros removed; of a phone number the last nine digits, which are the same in 06 12 34 56 78,
+33 6 12 34 56 78 and 33612345678. A published value holds a raw one if it contains it, as it is, backwards or in ROT13;
or if what stands in it in base64, in hexadecimal digits or in escapes does.

The search is set-based. Each raw value is filed under one of its 8-character pieces (its anchor: of the first, the
middle and the last, the one that the fewest share); each published value is cut into its 8-character pieces; the
two are joined on the piece, and what meets is verified. Hence eight: no shorter value is searched for. A piece is
filed and looked up in a form that is the same backwards and in ROT13, so that these cost no second search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from bigtrust.gx.columns import Kind, kind, whole_number
from bigtrust.gx.disguises import (
    folded,
    from_base64,
    from_hexadecimal,
    is_base64,
    is_escaped,
    is_hexadecimal,
    plain,
    rot13,
    unescaped,
)
from bigtrust.gx.engine import DuckDBExecutionEngine, Session, literal, quoted, sql_name, withheld
from bigtrust.gx.texts import CATALOGUE, TEXTS, gather

SHORTEST = 8
_SAMPLE = 200_000  # values, to see which pieces many share
DESCRIBED = "names, comments or definition"

# In the in-memory database of the session, so that the cursor of each publication finds them.
RAW_VALUES = "memory.main.raw_values"
_ANCHORS = "memory.main.raw_anchors"
_UUIDS = "memory.main.raw_uuids"
_FOUND = "memory.main.raw_found"

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
        return sql_name(self.relation)

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
    return rf"regexp_replace(strip_accents(lower({plain(expression)})), '[^\p{{L}}\p{{N}}]', '', 'g')"


def _filed(piece: str) -> str:
    """SQL: the form in which a folded piece is filed: the same forwards and backwards."""
    return f"least({piece}, reverse({piece}))"


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
        for column in columns:
            _collect(connection, column)
        too_short = _drop_too_short(connection)
        _file_under_anchors(connection)
        left_out = _leave_out(connection, also_in)
        connection.execute(f"""
            create or replace table {_UUIDS} as
            select cast(normalised as uuid) as value, identifier_class from {RAW_VALUES}
            where length(normalised) = 32 and regexp_full_match(normalised, '[0-9a-f]+')""")
        searched = _count_by_origin(connection)
    return RawValueSummary(
        tuple(
            RawValueCount(
                origin=column.origin,
                identifier_class=column.identifier_class,
                searched=searched.get(column.origin, 0),
                too_short=too_short.get(column.origin, 0),
                left_out=left_out.get(column.origin, 0),
            )
            for column in columns
        )
    )


def _collect(connection: duckdb.DuckDBPyConnection, column: RawColumn) -> None:
    """Add the values of a column, those that are too short as well."""
    named_phone = "true" if any(word in column.column.lower() for word in ("phone", "mobile")) else "false"
    query = f"""
        insert into {RAW_VALUES}
        with raw as (select distinct {column.text} as value from {column.source}),
        forms as (
            select
                {normalised("value")} as text,
                case
                    when regexp_full_match(value, '[+(0-9][0-9 ()./-]*')
                        and ({named_phone} or regexp_matches(value, '^([+(]|00?[1-9])'))
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
            end,
            $1,
            $2
        from shortened"""
    connection.execute(query, [column.identifier_class, column.origin])


def _drop_too_short(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Drop the values that are too short to search for; give how many distinct ones per origin."""
    is_short = f"length(normalised) < {SHORTEST}"
    too_short = connection.execute(f"select origin, count(*) from {RAW_VALUES} where {is_short} group by origin")
    counted = {str(origin): int(values) for origin, values in too_short.fetchall()}
    connection.execute(f"delete from {RAW_VALUES} where {is_short}")
    return counted


def _file_under_anchors(connection: duckdb.DuckDBPyConnection) -> None:
    """File each raw value under that of its three pieces which the fewest of a sample of the values share."""
    (values,) = connection.execute(f"select count(*) from {RAW_VALUES}").fetchall()[0]
    is_in_sample = f"hash(normalised) % {1 + values // _SAMPLE} = 0"
    connection.execute(f"""
        insert into {_ANCHORS}
        with patterns as (select distinct normalised from {RAW_VALUES}),
        pieces as (
            select
                normalised,
                {_filed(f"left(text, {SHORTEST})")} as first_piece,
                {_filed(f"substr(text, 1 + (length(text) - {SHORTEST}) // 2, {SHORTEST})")} as middle_piece,
                {_filed(f"right(text, {SHORTEST})")} as last_piece
            from (select normalised, {folded("normalised")} as text from patterns)
        ),
        shared as (
            select piece, count(distinct normalised) as patterns
            from (
                select normalised, unnest([first_piece, middle_piece, last_piece]) as piece
                from pieces where {is_in_sample}
            )
            group by piece
            having count(distinct normalised) > 1
        )
        select
            case
                when ifnull(lasts.patterns, 1) <= least(ifnull(middles.patterns, 1), ifnull(firsts.patterns, 1))
                    then last_piece
                when ifnull(middles.patterns, 1) <= ifnull(firsts.patterns, 1) then middle_piece
                else first_piece
            end,
            normalised
        from pieces
        left join shared as firsts on pieces.first_piece = firsts.piece
        left join shared as middles on pieces.middle_piece = middles.piece
        left join shared as lasts on pieces.last_piece = lasts.piece""")


def _leave_out(connection: duckdb.DuckDBPyConnection, also_in: Sequence[RawColumn]) -> dict[str, int]:
    """Drop the raw values that a column of product data contains; give how many per origin."""
    if not also_in:
        return {}
    connection.execute("create or replace temp table left_out (normalised varchar)")
    for column in also_in:
        published = f"select distinct {column.text} as value from {column.source}"
        connection.execute(f"""
            insert into left_out
            with {_found(f"select value as text from ({published})")}
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
    """SQL, common table expressions: `found(text, normalised)`, texts that hold a raw value, and the value.

    `texts` is a query of `text`. A UUID inside a text is compared on its own: its hexadecimal digits would meet the raw
    values that are numbers.
    """
    is_uuid = f"regexp_matches(text, '{_UUID}')"
    holds = " or ".join(
        f"contains({form}, met.normalised)" for form in ("text", "reverse(text)", rot13("text"), rot13("reverse(text)"))
    )
    return f"""
        numbered as materialized (
            select row_number() over () as id, text from (select distinct text from ({texts}) where text is not null)
        ),
        readings as (
            select id, text from numbered
            union all
            select id, {unescaped("text")} from numbered where {is_escaped("text")}
            union all
            select id, unnest({from_base64("text")}) from numbered where {is_base64("text")}
        ),
        parts as (
            select id, text from readings where not {is_uuid}
            union all
            select id, regexp_replace(text, '{_UUID}', ' ', 'g') from readings where {is_uuid}
            union all
            select id, unnest(regexp_extract_all(text, '{_UUID}')) from readings where {is_uuid}
        ),
        compact as materialized (
            select id, text from (select id, {normalised("text")} as text from parts)
            where length(text) >= {SHORTEST}
        ),
        comparable as materialized (
            select row_number() over () as part, id, text
            from (
                select id, text from compact
                union all
                select id, {normalised("hidden")}
                from (
                    select id, unnest({from_hexadecimal("text")}) as hidden
                    from compact
                    where {is_hexadecimal("text")}
                )
            )
        ),
        equal as materialized (
            select comparable.part, comparable.id, comparable.text as normalised
            from comparable semi join {_ANCHORS} as raw on comparable.text = raw.normalised
        ),
        pieces as (
            select part, substr(text, unnest(range(1, length(text) - {SHORTEST} + 2)), {SHORTEST}) as piece
            from (select part, {folded("text")} as text from comparable where part not in (select part from equal))
        ),
        met as (
            select distinct pieces.part, raw.normalised
            from pieces inner join {_ANCHORS} as raw on {_filed("pieces.piece")} = raw.anchor
        ),
        held as (
            select id, normalised from equal
            union
            select comparable.id, met.normalised
            from met inner join comparable on met.part = comparable.part
            where {holds}
        ),
        found as materialized (
            select numbered.text, held.normalised from held inner join numbered on held.id = numbered.id
        )"""


def find(session: Session, relations: Sequence[str]) -> None:
    """Search relations (SQL names with the publication) that are not searched yet, all of them at once.

    Raises QueryFailed, message withheld, if one of them cannot be read; then none is searched.
    """
    new = [relation for relation in dict.fromkeys(relations) if relation not in session.searched]
    if not new:
        return
    gather(session, new)
    with withheld():
        columns = "relation varchar, name varchar, identifier_class varchar, held bigint"
        session.connection.execute(f"create table if not exists {_FOUND} ({columns})")
        session.connection.execute(f"insert into {_FOUND} {_search(session, new)}")
    session.searched.update(new)


def found_in(engine: DuckDBExecutionEngine, relation: str) -> list[tuple[str, str | None, int]]:
    """Where a relation (quoted SQL name) holds raw values.

    Column (DESCRIBED for what the catalogue says of the relation), identifier class (None for all together), distinct
    values that hold a raw one. A column without any is not among them. In a column of type UUID only a raw value that
    is a UUID itself can be found.
    """
    full_name = engine.full_name(relation)
    find(engine.session, [full_name])
    return engine.rows(f"""
        select name, identifier_class, held from {_FOUND} where relation = {literal(full_name)}
        order by name, identifier_class nulls first""")


def _search(session: Session, relations: Sequence[str]) -> str:
    """SQL, rows of: relation, column, identifier class, distinct values that hold a raw one."""
    columns = [(relation, *column) for relation in relations for column in session.columns(relation)]
    among = f"relation in ({', '.join(map(literal, relations))})"
    read = [
        f"select relation, name, value as text from {TEXTS} where {among}",
        f"select relation, {literal(DESCRIBED)}, text from {CATALOGUE} where {among}",
        *(_numbers(*column) for column in columns if kind(column[2]) is Kind.NUMBER),
    ]
    uuids = [
        f"select distinct {literal(relation)} as relation, {literal(name)} as name, {quoted(name)} as value"
        f" from {relation} semi join {_UUIDS} as raw on {quoted(name)} = raw.value"
        for relation, name, data_type in columns
        if kind(data_type) is Kind.UUID
    ]
    return f"""
        with texts as materialized ({" union all ".join(read)}),
        {_found("select text from texts")},
        uuids as ({" union all ".join(uuids) or "select '' as relation, '' as name, null::uuid as value limit 0"}),
        hits as (
            select texts.relation, texts.name, raw.identifier_class, texts.text as value
            from found
            inner join texts on found.text = texts.text
            inner join {RAW_VALUES} as raw on found.normalised = raw.normalised
            union all
            select uuids.relation, uuids.name, raw.identifier_class, uuids.value::varchar
            from uuids inner join {_UUIDS} as raw on uuids.value = raw.value
        )
        select relation, name, identifier_class, count(distinct value)
        from hits
        group by grouping sets ((relation, name), (relation, name, identifier_class))"""


def _numbers(relation: str, column: str, data_type: str) -> str:
    name = quoted(column)
    # numbers without a sign cannot be compared so; of others, whole blocks are skipped
    compared = f"cast({name} as double)" if data_type.startswith("U") else name
    long_enough = f"{compared} not between -{10 ** (SHORTEST - 1) - 1} and {10 ** (SHORTEST - 1) - 1}"
    return f"""
        select distinct {literal(relation)}, {literal(column)}, {whole_number(name)}
        from {relation} where {long_enough}"""
