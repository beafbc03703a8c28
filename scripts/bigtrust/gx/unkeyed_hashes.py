"""Hashes that anybody could compute from an identifier, and the search for them.

Who has a list of customers needs no secret to undo them: every digest of every identifier is computed and compared.
So does this check, for a sample: of each published relation that has pseudonyms, the first ones are looked up in the
maps of the vault (rows are stored in the order of pseudonyms, which is none of the identifiers'); some more
identifiers are taken from the maps and from landing. All direct identifiers of these customers, as they were landed,
in lower and in upper case, with and without what is usually written before them, are hashed. One hit is proof. If a
relation holds hashes of everybody, it holds those of its sample; hashes of a few persons may be missed.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import duckdb

from bigtrust.gx.columns import Kind, whole_number
from bigtrust.gx.engine import QueryFailed, literal, quoted, sql_name, withheld
from bigtrust.gx.raw_values import RawColumn
from bigtrust.secret import DOMAINS

# In the in-memory database of the session, so that the cursor of each publication finds them.
_DIGESTS = "memory.main.unkeyed_digests"
_UUIDS = "memory.main.unkeyed_uuids"
_NUMBERS = "memory.main.unkeyed_numbers"

_CUSTOMERS, _PURCHASES = "vault.staging.base_customers", "vault.staging.base_purchases"
# The identifiers that pseudonyms stand for.
_IDENTIFIERS = {"person_pseudonym": "customer_id", "purchase_pseudonym": "purchase_id"}

_OF_EACH_RELATION, _OF_EACH_MAP = 20, 50
# Of a column, so many rows are read for the sample; so many characters of a digest are compared, in hexadecimal digits
# (64 bits) and in base64 (120 bits).
_ROWS, _HEXADECIMAL, _BASE64 = 1000, 16, 20
_SMALLEST_NUMBER = 10**12

_PREFIXES = ("", "person:", "customer:", "purchase:", *(f"{domain}:" for domain in DOMAINS))
# Of UUIDs that are made of a name (RFC 9562, 6.6): DNS, URL, OID, X.500.
_NAMESPACES = tuple(f"6ba7b81{number}9dad11d180b400c04fd430c8" for number in "0124")


@dataclass(frozen=True)
class PseudonymColumn:
    """A published column of pseudonyms: its relation, its name, and the map of the vault that issued them."""

    relation: str
    column: str
    issued_in: str


def build_unkeyed_hashes(
    connection: duckdb.DuckDBPyConnection, raw_columns: Sequence[RawColumn], pseudonyms: Sequence[PseudonymColumn]
) -> int:
    """Compute what must not be published, once per check run; give the number of identifiers that were hashed.

    `connection` is that of an open session (engine.opened); of `raw_columns`, those of customers are hashed.
    Raises QueryFailed, message withheld, if a column of the vault cannot be read.
    """
    with withheld():
        connection.execute("create or replace temp table chosen (customer_id varchar, purchase_id varchar)")
        for query in _samples(raw_columns, [column for column in pseudonyms if column.column in _IDENTIFIERS]):
            # of a map or a column that is not there, or of another type, nothing is known: PSE-01 fails for it
            with suppress(QueryFailed), withheld():
                connection.execute(f"insert into chosen by name {query}")
        identifiers = _hash(connection, [column for column in raw_columns if column.relation == _CUSTOMERS])
        connection.execute("drop table chosen")
    return identifiers


def _samples(raw_columns: Sequence[RawColumn], pseudonyms: Sequence[PseudonymColumn]) -> Iterator[str]:
    """Queries of identifiers: behind the first pseudonyms of each column, the first of each map, the first landed."""
    for pseudonym in pseudonyms:
        relation = sql_name(pseudonym.relation)
        column, identifier = quoted(pseudonym.column), _IDENTIFIERS[pseudonym.column]
        yield f"""
            select issued.{identifier} from vault.restricted.{quoted(pseudonym.issued_in)} as issued
            semi join (
                select distinct {column} from (select {column} from {relation} where {column} is not null limit {_ROWS})
                limit {_OF_EACH_RELATION}
            ) as published on issued.{column} = published.{column}"""
    for name, column in sorted({(pseudonym.issued_in, pseudonym.column) for pseudonym in pseudonyms}):
        yield f"select {_IDENTIFIERS[column]} from vault.restricted.{quoted(name)} limit {_OF_EACH_MAP}"
    for raw in raw_columns:
        if (raw.relation, raw.column) in ((_CUSTOMERS, "customer_id"), (_PURCHASES, "purchase_id")):
            yield f"select {raw.column} from {raw.relation} where {raw.column} is not null limit {_OF_EACH_MAP}"


def _hash(connection: duckdb.DuckDBPyConnection, of_customers: Sequence[RawColumn]) -> int:
    values = "select unnest([customer_id, purchase_id]) as value from chosen"
    if of_customers:
        values += f"""
            union select unnest([{", ".join(column.text for column in of_customers)}]) from {_CUSTOMERS}
            where customer_id in (select customer_id from chosen)"""
    prefixes = [f"encode({literal(prefix)})" for prefix in _PREFIXES]
    prefixes += [f"unhex('{namespace}')" for namespace in _NAMESPACES]
    inner, outer = (f"unhex('{pad * 64}')" for pad in ("36", "5c"))
    connection.execute(f"""
        create or replace temp table identifiers as select distinct value from ({values}) where trim(value) <> ''""")
    connection.execute("""
        create or replace temp table written as
        select distinct unnest([value, lower(value), upper(value)]) as value from identifiers""")
    connection.execute(f"""
        create or replace temp table digests as
        with messages as (select unnest([{", ".join(prefixes)}]) || encode(value) as message from written)
        select md5(message) as digest, '3' as version from messages
        union all select sha1(message), '5' from messages
        union all select sha256(message), '8' from messages
        union all select sha256({outer} || unhex(sha256({inner} || message))), '8' from messages""")
    # of a UUID that is made of a hash, six bits are its version and its variant
    variant = "translate(substr(digest, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')"
    marked = f"left(digest, 12) || mark || substr(digest, 14, 3) || {variant} || substr(digest, 18, 15)"
    connection.execute(f"""
        create or replace table {_UUIDS} as
        select distinct cast(digest as uuid) as value
        from (
            select left(digest, 32) as digest from digests
            union all
            select {marked} from (select digest, unnest([version, '4']) as mark from digests)
        )""")
    connection.execute(f"""
        create or replace table {_DIGESTS} as
        select left(replace(cast(value as varchar), '-', ''), {_HEXADECIMAL}) as beginning from {_UUIDS}
        union
        select left(to_base64(unhex(digest)), {_BASE64}) from digests""")
    numbers = "hash(value), md5_number(value), md5_number_lower(value), md5_number_upper(value)"
    connection.execute(f"""
        create or replace table {_NUMBERS} as
        select distinct unnest([{numbers}, hash(try_cast(value as bigint))]::varchar[]) as value from written""")
    (identifiers,) = connection.execute("select count(*) from identifiers").fetchall()[0]
    for table in ("identifiers", "written", "digests"):
        connection.execute(f"drop table {table}")
    return int(identifiers)


IS_SEARCHING = f"select exists (select * from {_DIGESTS})"


def search(relation: str, columns: Sequence[tuple[str, Kind]], texts: str | None) -> str:
    """SQL that looks for unkeyed hashes in columns of a relation (quoted SQL name).

    `texts` are the distinct texts of its columns (texts.texts; None: it has none). Rows of:
    column, distinct values that are or hold such a hash. A column without any is not among them.
    """
    found = []
    if texts:
        hexadecimal = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}"
        base64 = f"[A-Za-z0-9+/_-]{{{_BASE64 + 2},}}"
        found.append(f"""
            select tokens.name, tokens.value
            from (
                select name, value, replace(unnest(regexp_extract_all(lower(text), '{hexadecimal}')), '-', '') as token
                from {texts}
                union all
                select name, value, left(translate(unnest(regexp_extract_all(text, '{base64}')), '-_', '+/'), {_BASE64})
                from {texts}
            ) as tokens
            semi join {_DIGESTS} as digests on tokens.token = digests.beginning""")
    for name, column_kind in columns:
        column = quoted(name)
        if column_kind is Kind.UUID:
            found.append(f"""
                select {literal(name)} as name, cast(published.{column} as varchar) as value
                from {relation} as published semi join {_UUIDS} as unkeyed on published.{column} = unkeyed.value""")
        if column_kind is Kind.NUMBER:
            found.append(f"""
                select {literal(name)} as name, numbers.value
                from (
                    select distinct {whole_number(column)} as value from {relation}
                    where {column} not between -{_SMALLEST_NUMBER} and {_SMALLEST_NUMBER}
                ) as numbers
                semi join {_NUMBERS} as unkeyed on numbers.value = unkeyed.value""")
    return f"""
        select name, count(distinct value)
        from ({" union all ".join(found) or "select '' as name, '' as value limit 0"})
        group by name
        order by name"""
