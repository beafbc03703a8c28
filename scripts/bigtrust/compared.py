"""Two builds of the same sample compared: all that is in the candidates, with pseudonyms translated back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from bigtrust import sql
from bigtrust.settings import Settings
from bigtrust.sql import identifier

EVERY_COLUMN = "every column"

_IDENTIFIERS = {"person_pseudonym": "customer_id", "purchase_pseudonym": "purchase_id"}  # what a map translates to
_DESCRIBED = """
    select schema_name || '.' || table_name, 'definition', coalesce(sql, '') || coalesce(comment, '')
    from duckdb_tables() where database_name = $publication
    union all
    select schema_name || '.' || view_name, 'definition', coalesce(sql, '') || coalesce(comment, '')
    from duckdb_views() where database_name = $publication and not internal
    union all
    select
        schema_name || '.' || table_name,
        column_name,
        data_type || ' ' || coalesce(column_default, '') || ' ' || coalesce(comment, '')
    from duckdb_columns() where database_name = $publication and not internal
    union all
    select schema_name || '.' || type_name, 'definition', coalesce(labels::varchar, '') || coalesce(comment, '')
    from duckdb_types() where database_name = $publication and not internal
    union all
    select schema_name || '.' || index_name, 'definition', sql
    from duckdb_indexes() where database_name = $publication
    union all
    select schema_name || '.' || sequence_name, 'definition', sql
    from duckdb_sequences() where database_name = $publication
    union all
    select schema_name || '.' || function_name, 'definition', string_agg(macro_definition order by macro_definition)
    from duckdb_functions() where database_name = $publication and not internal
    group by all
    union all
    select schema_name, 'definition', coalesce(comment, '')
    from duckdb_schemas() where database_name = $publication and not internal
"""


@dataclass(frozen=True, order=True)
class Place:
    """Where something differs: `relation` with its schema, and a column or another part of it."""

    publication: str
    relation: str
    part: str

    def __str__(self) -> str:
        """The full name."""
        return f"{self.publication}.{self.relation}.{self.part}"


@dataclass
class Contents:
    """What a build made of some publications: a schema of a connection that holds the rows of each relation (the table
    `publication.schema.relation`), and the texts that describe them: names, types, comments, SQL."""

    schema: str
    rows: dict[tuple[str, str], int] = field(default_factory=dict)  # by publication and relation
    columns: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # pseudonyms first
    described: dict[Place, str] = field(default_factory=dict)


def read(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    build: Settings,
    manifest: Mapping[str, Any],
    publications: Sequence[str],
    renamed: Mapping[str, str],
) -> Contents:
    """Read the candidates of a build into a new schema. Pseudonyms become the identifiers that they stand for.

    `renamed` tells for columns of identifiers (customer_id) in which table of `value`, `other` the build's identifier
    (`other`) stands beside the one that is wanted (`value`).
    """
    contents = Contents(schema)
    maps = _maps(manifest, publications)
    connection.execute(f"create schema {schema}")
    connection.execute(f"create table {schema}.pseudonyms (map varchar, pseudonym varchar, original varchar)")
    connection.execute(f"attach {sql.text(str(build.vault))} as maps (read_only)")
    for name in sorted({name for names in maps.values() for name in names.values()}):
        _read_map(connection, schema, name, renamed)
    connection.execute("detach maps")
    for publication in publications:
        path = build.candidates / f"{publication}.duckdb"
        connection.execute(f"attach {sql.text(str(path))} as {publication} (read_only)")
        for relation, part, text in connection.execute(_DESCRIBED, {"publication": publication}).fetchall():
            contents.described[Place(publication, relation, part)] = text
        _read_relations(connection, contents, publication, maps)
        connection.execute(f"detach {publication}")
    return contents


def differences(connection: duckdb.DuckDBPyConnection, first: Contents, other: Contents) -> dict[Place, int]:
    """Where another build differs from the first, in the publications that it has, and in how many rows.

    Rows are compared as sets that count repetitions. None: only what describes it differs.
    """
    publications = {publication for publication, _ in other.rows}
    found: dict[Place, int] = {}
    for place in first.described.keys() | other.described.keys():
        if place.publication in publications and first.described.get(place) != other.described.get(place):
            found[place] = 0
    for key, columns in first.columns.items():
        if other.columns.get(key) == columns:
            found |= _differing_columns(connection, Place(*key, ""), columns, first.schema, other.schema)
    return found


def _differing_columns(
    connection: duckdb.DuckDBPyConnection, relation: Place, columns: list[str], first: str, other: str
) -> dict[Place, int]:
    name = identifier(f"{relation.publication}.{relation.relation}")

    def differing(selected: Sequence[str]) -> int:
        names = ", ".join(map(identifier, selected))
        one, two = (f"select {names} from {schema}.{name}" for schema in (first, other))
        both = f"({one} except all {two}) union all ({two} except all {one})"
        return _count(connection, f"({both})")

    if not differing(columns):
        return {}
    # those that differ by themselves; then those that stand beside others than before, pseudonyms first
    found = {column: rows for column in columns if (rows := differing([column]))}
    equal: list[str] = []
    for column in columns:
        if column not in found:
            if rows := differing([*equal, column]):
                found[column] = rows
            else:
                equal.append(column)
    if len(found) == len(columns) > 1:
        found = {EVERY_COLUMN: differing(columns)}
    return {replace(relation, part=column): rows for column, rows in found.items()}


def _maps(manifest: Mapping[str, Any], publications: Sequence[str]) -> dict[tuple[str, str], dict[str, str]]:
    """The map of the vault that each column of pseudonyms is issued in, by publication and relation."""
    return {
        (node["database"], f"{node['schema']}.{node['alias']}"): {
            name: column["config"]["meta"]["issued_in"]
            for name, column in node["columns"].items()
            if column["config"]["meta"].get("treatment") == "pseudonym"
        }
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["database"] in publications
    }


def _read_map(connection: duckdb.DuckDBPyConnection, schema: str, name: str, renamed: Mapping[str, str]) -> None:
    relation = f"maps.restricted.{identifier(name)}"
    columns = [column for column, *_ in connection.execute(f"describe {relation}").fetchall()]
    pseudonym = next(column for column in columns if column in _IDENTIFIERS)
    number = _IDENTIFIERS[pseudonym]
    original, join = f"pseudonyms.{number}", ""
    if number in renamed:
        original = "renamed.value"
        join = f"inner join {renamed[number]} as renamed on renamed.other = pseudonyms.{number}"
    connection.execute(
        f"insert into {schema}.pseudonyms select {sql.text(name)}, cast(pseudonyms.{pseudonym} as varchar), {original} "
        f"from {relation} as pseudonyms {join}"
    )


def _read_relations(
    connection: duckdb.DuckDBPyConnection,
    contents: Contents,
    publication: str,
    maps: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    relations = connection.execute(
        """
        select schema_name, table_name, list(column_name order by column_index)
        from duckdb_columns()
        where database_name = ? and not internal
        group by all
        """,
        [publication],
    ).fetchall()
    for schema, table, columns in relations:
        key = (publication, f"{schema}.{table}")
        pseudonyms = maps.get(key, {})
        selected, joins = [], []
        for column in columns:
            published = f"published.{identifier(column)}"
            expression = published
            if column in pseudonyms:
                joined = identifier(f"map of {column}")
                joins.append(
                    f"left join {contents.schema}.pseudonyms as {joined} on {joined}.map = "
                    f"{sql.text(pseudonyms[column])} and {joined}.pseudonym = cast({published} as varchar)"
                )
                # one that no map issued is a difference, even from itself
                alien = f"'{contents.schema} ' || {published}"
                expression = f"case when {published} is not null then coalesce({joined}.original, {alien}) end"
            selected.append(f"{expression} as {identifier(column)}")
        where = "where fact <> 'built_at'" if table == "about" else ""
        target = f"{contents.schema}.{identifier(f'{publication}.{schema}.{table}')}"
        connection.execute(
            f"create table {target} as select {', '.join(selected)} "
            f"from {publication}.{identifier(schema)}.{identifier(table)} as published {' '.join(joins)} {where}"
        )
        contents.columns[key] = sorted(columns, key=lambda column: column not in pseudonyms)
        contents.rows[key] = _count(connection, target)


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(connection.execute(f"select count(*) from {relation}").fetchall()[0][0])
