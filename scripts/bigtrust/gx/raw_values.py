r"""The raw values that must not be published, and the search for them.

A raw value and a published value are compared after normalisation: lower case, accents stripped, letters that look
like Latin ones replaced by those, everything but letters and digits (`\p{L}\p{N}`) removed; of a number that is all
digits, leading zeros removed; of a phone number the last nine digits, which are the same in 06 12 34 56 78,
+33 6 12 34 56 78 and 33612345678. A published value holds a raw one if it contains it, as it is, backwards or in ROT13;
or if what stands in it in base64, in hexadecimal digits or in escapes does.

The search is set-based, and asks the other way round: there are millions of raw values, and most of what is published
is few texts and many numbers. So the published texts are cut into their 8-character pieces first, and of the raw values
only those are looked at whose first, middle and last eight characters are among these pieces. Each of them is filed
under one of the three (its anchor: the one that the fewest share), each published text is joined with them on the
piece, and what meets is verified. Hence eight: no shorter value is searched for. A piece is filed and looked up in a
form that is the same backwards and in ROT13, so that these cost no second search.
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

# In the in-memory database of the session, so that the cursor of each publication finds them. Columns of one name hold
# much the same values, so these are kept once: `name` is the number of the name, of `landed_in` each bit is a column.
RAW_VALUES = "memory.main.raw_values"  # normalised, name, landed_in
_UUIDS = "memory.main.raw_uuids"  # value, name, landed_in
_CLASSES = "memory.main.raw_classes"  # name, landed_in, identifier_class
_FOUND = "memory.main.raw_found"  # relation, name, identifier_class, held

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
    """Collect what must not be published; once per check run.

    `connection` is that of an open session (engine.opened). `also_in` are columns of product and category data:
    a raw value that one of them contains is left out, or every product of that name would alarm.
    Raises QueryFailed, message withheld, if a column cannot be read.
    """
    names = [
        [column for column in columns if column.column == name] for name in dict.fromkeys(c.column for c in columns)
    ]
    with withheld():
        connection.execute(
            f"create or replace table {RAW_VALUES} (normalised varchar, name usmallint, landed_in ubigint)"
        )
        for number, of_a_name in enumerate(names):
            _collect(connection, number, of_a_name)
        too_short = _drop(connection, names, f"length(normalised) < {SHORTEST}")
        left_out = _leave_out(connection, names, also_in)
        connection.execute(f"""
            create or replace table {_UUIDS} as
            select cast(normalised as uuid) as value, name, landed_in from {RAW_VALUES}
            where length(normalised) = 32 and regexp_full_match(normalised, '[0-9a-f]+')""")
        searched = _count(connection, names, "true")
        _tell_classes(connection, names)
    return RawValueSummary(
        tuple(
            RawValueCount(
                origin=column.origin,
                identifier_class=column.identifier_class,
                searched=searched[column],
                too_short=too_short[column],
                left_out=left_out[column],
            )
            for column in columns
        )
    )


def _collect(connection: duckdb.DuckDBPyConnection, number: int, columns: Sequence[RawColumn]) -> None:
    """Add the values of the columns of a name, those that are too short as well."""
    named_phone = "true" if any(word in columns[0].column.lower() for word in ("phone", "mobile")) else "false"
    landed = [
        f"select {column.text} as value, {1 << place}::ubigint as landed_in from {column.source}"
        for place, column in enumerate(columns)
    ]
    connection.execute(f"""
        insert into {RAW_VALUES}
        with raw as (
            select value, bit_or(landed_in) as landed_in
            from ({" union all ".join(landed)})
            where value is not null
            group by value
        ),
        forms as (
            select
                landed_in,
                {normalised("value")} as text,
                case
                    when regexp_full_match(value, '[+(0-9][0-9 ()./-]*')
                        and ({named_phone} or regexp_matches(value, '^([+(]|00?[1-9])'))
                    then regexp_replace(value, '[^0-9]', '', 'g')
                end as phone_digits
            from raw
        ),
        shortened as (
            select
                landed_in,
                case when length(phone_digits) between 9 and 15 then right(phone_digits, 9) else text end as text
            from forms
            where text <> ''
        ),
        values_of_the_name as (
            select
                landed_in,
                case
                    when regexp_full_match(text, '[0-9]+') and length(ltrim(text, '0')) >= {SHORTEST}
                        then ltrim(text, '0')
                    else text
                end as normalised
            from shortened
        )
        select normalised, {number}, bit_or(landed_in) from values_of_the_name group by normalised""")


def _count(
    connection: duckdb.DuckDBPyConnection, names: Sequence[Sequence[RawColumn]], where: str
) -> dict[RawColumn, int]:
    """How many distinct values of each column satisfy a condition (SQL)."""
    counted = connection.execute(
        f"select name, landed_in, count(*) from {RAW_VALUES} where {where} group by name, landed_in"
    ).fetchall()
    return {
        column: sum(values for name, landed_in, values in counted if name == number and landed_in >> place & 1)
        for number, columns in enumerate(names)
        for place, column in enumerate(columns)
    }


def _drop(
    connection: duckdb.DuckDBPyConnection, names: Sequence[Sequence[RawColumn]], where: str
) -> dict[RawColumn, int]:
    """Drop the values that satisfy a condition (SQL); give how many distinct ones of each column."""
    counted = _count(connection, names, where)
    connection.execute(f"delete from {RAW_VALUES} where {where}")
    return counted


def _leave_out(
    connection: duckdb.DuckDBPyConnection, names: Sequence[Sequence[RawColumn]], also_in: Sequence[RawColumn]
) -> dict[RawColumn, int]:
    """Drop the raw values that a column of product data contains; give how many distinct ones of each column."""
    published = " union all ".join(f"select {column.text} as text from {column.source}" for column in also_in)
    look_for_raw_values(connection, published or "select '' as text")
    return _drop(connection, names, "normalised in (select normalised from found)")


def _tell_classes(connection: duckdb.DuckDBPyConnection, names: Sequence[Sequence[RawColumn]]) -> None:
    """Say of which identifier classes values are that landed in the same columns."""
    connection.execute(
        f"create or replace table {_CLASSES} (name usmallint, landed_in ubigint, identifier_class varchar)"
    )
    for number, landed_in in connection.execute(f"select distinct name, landed_in from {RAW_VALUES}").fetchall():
        columns = [column for place, column in enumerate(names[number]) if landed_in >> place & 1]
        for identifier_class in {column.identifier_class for column in columns}:
            connection.execute(f"insert into {_CLASSES} values (?, ?, ?)", [number, landed_in, identifier_class])


def look_for_raw_values(connection: duckdb.DuckDBPyConnection, texts: str) -> None:
    """Make the table `found(text, normalised)`: texts that hold a raw value, and the value.

    `texts` is a query of `text`.
    """
    _make_comparable(connection, texts)
    _file_under_anchors(connection)
    holds = " or ".join(
        f"contains({form}, met.normalised)" for form in ("text", "reverse(text)", rot13("text"), rot13("reverse(text)"))
    )
    connection.execute(f"""
        create or replace temp table found as
        with equal as materialized (
            select comparable.part, comparable.id, comparable.text as normalised
            from comparable semi join anchors on comparable.text = anchors.normalised
        ),
        others as (
            select part, {folded("text")} as text from comparable where part not in (select part from equal)
        ),
        met as (
            select distinct pieces.part, anchors.normalised
            from (select part, {_pieces("text")} as piece from others) as pieces
            inner join anchors on {_filed("pieces.piece")} = anchors.anchor
        ),
        held as (
            select id, normalised from equal
            union
            select comparable.id, met.normalised
            from met inner join comparable on met.part = comparable.part
            where {holds}
        )
        select numbered.text, held.normalised from held inner join numbered on held.id = numbered.id""")


def _make_comparable(connection: duckdb.DuckDBPyConnection, texts: str) -> None:
    """Make the tables `numbered(id, text)`, distinct texts, and `comparable(part, id, text)`, what stands in them.

    A UUID inside a text is compared on its own: its hexadecimal digits would meet the raw values that are numbers.
    """
    is_uuid = f"regexp_matches(text, '{_UUID}')"
    connection.execute(f"""
        create or replace temp table numbered as
        select row_number() over () as id, text from (select distinct text from ({texts}) where text is not null)""")
    connection.execute(f"""
        create or replace temp table comparable as
        with readings as (
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
        hidden as (
            select id, unnest({from_hexadecimal("text")}) as text from compact where {is_hexadecimal("text")}
        )
        select row_number() over () as part, id, text
        from (select id, text from compact union all select id, {normalised("text")} from hidden)""")


def _pieces(text: str) -> str:
    """SQL: the pieces of a text, one per row."""
    return f"substr({text}, unnest(range(1, length({text}) - {SHORTEST} + 2)), {SHORTEST})"


_FIRST = f"left(normalised, {SHORTEST})"
_MIDDLE = f"substr(normalised, 1 + (length(normalised) - {SHORTEST}) // 2, {SHORTEST})"
_LAST = f"right(normalised, {SHORTEST})"


def _file_under_anchors(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `possible(normalised, name, landed_in)`, the raw values that the comparable texts may hold, and
    `anchors(anchor, normalised)`: each is filed under that of its three pieces which the fewest of a sample share."""
    forms = ", ".join(("piece", "reverse(piece)", rot13("piece"), rot13("reverse(piece)")))
    connection.execute(f"""
        create or replace temp table occurring as
        select distinct unnest([{forms}]) as piece
        from (select distinct {_pieces("text")} as piece from comparable)""")
    connection.execute(f"""
        create or replace temp table possible as
        select raw.*
        from {RAW_VALUES} as raw
        semi join occurring as lasts on {_LAST} = lasts.piece
        semi join occurring as firsts on {_FIRST} = firsts.piece
        semi join occurring as middles on {_MIDDLE} = middles.piece""")
    (values,) = connection.execute("select count(*) from possible").fetchall()[0]
    connection.execute(f"""
        create or replace temp table anchors as
        with patterns as (select distinct normalised from possible),
        pieces as (
            select
                normalised,
                {_filed(folded(_FIRST))} as first_piece,
                {_filed(folded(_MIDDLE))} as middle_piece,
                {_filed(folded(_LAST))} as last_piece
            from patterns
        ),
        shared as (
            select piece, count(distinct normalised) as patterns
            from (
                select normalised, unnest([first_piece, middle_piece, last_piece]) as piece
                from pieces where hash(normalised) % {1 + values // _SAMPLE} = 0
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
            end as anchor,
            normalised
        from pieces
        left join shared as firsts on pieces.first_piece = firsts.piece
        left join shared as middles on pieces.middle_piece = middles.piece
        left join shared as lasts on pieces.last_piece = lasts.piece""")


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
        session.connection.execute(f"create or replace temp table searched as {_searched(session, new)}")
        look_for_raw_values(session.connection, "select text from searched")
        session.connection.execute(f"insert into {_FOUND} {_held(session, new)}")
        for table in ("searched", "found", "possible", "anchors", "occurring", "comparable", "numbered"):
            session.connection.execute(f"drop table {table}")
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


def _searched(session: Session, relations: Sequence[str]) -> str:
    """SQL, rows of: relation, column (DESCRIBED), a text of it."""
    among = f"relation in ({', '.join(map(literal, relations))})"
    read = [
        f"select relation, name, value as text from {TEXTS} where {among}",
        f"select relation, {literal(DESCRIBED)}, text from {CATALOGUE} where {among}",
        *(
            _numbers(relation, name, data_type)
            for relation, name, data_type in _columns(session, relations, Kind.NUMBER)
        ),
    ]
    return " union all ".join(read)


def _held(session: Session, relations: Sequence[str]) -> str:
    """SQL, rows of: relation, column, identifier class (null: all), distinct values that hold a raw one."""
    hits = [
        """
        select searched.relation, searched.name, possible.name as raw_name, possible.landed_in, searched.text as value
        from found
        inner join searched on found.text = searched.text
        inner join possible on found.normalised = possible.normalised""",
        *(
            f"select distinct {literal(relation)}, {literal(name)}, raw.name, raw.landed_in, raw.value::varchar"
            f" from {relation} inner join {_UUIDS} as raw on {quoted(name)} = raw.value"
            for relation, name, _ in _columns(session, relations, Kind.UUID)
        ),
    ]
    return f"""
        select hits.relation, hits.name, classes.identifier_class, count(distinct hits.value)
        from ({" union all ".join(hits)}) as hits
        inner join {_CLASSES} as classes on hits.raw_name = classes.name and hits.landed_in = classes.landed_in
        group by grouping sets ((hits.relation, hits.name), (hits.relation, hits.name, classes.identifier_class))"""


def _columns(session: Session, relations: Sequence[str], of_kind: Kind) -> list[tuple[str, str, str]]:
    """Relation, name and type of the columns of a kind."""
    columns = [(relation, *column) for relation in relations for column in session.columns(relation)]
    return [column for column in columns if kind(column[2]) is of_kind]


def _numbers(relation: str, column: str, data_type: str) -> str:
    name = quoted(column)
    # numbers without a sign cannot be compared so; of others, whole blocks are skipped
    compared = f"cast({name} as double)" if data_type.startswith("U") else name
    long_enough = f"{compared} not between -{10 ** (SHORTEST - 1) - 1} and {10 ** (SHORTEST - 1) - 1}"
    return f"""
        select distinct {literal(relation)}, {literal(column)}, {whole_number(name)}
        from {relation} where {long_enough}"""
