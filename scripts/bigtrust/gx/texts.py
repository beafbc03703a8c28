"""What can be read of the relations under test: the distinct texts of their columns, and what the catalogue says.

Many checks compare these with many patterns. So they are read and decoded once, of all relations together, into the
in-memory database of the session, where the cursor of each publication finds them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from bigtrust.gx.columns import Kind, kind
from bigtrust.gx.disguises import decoded
from bigtrust.gx.engine import DuckDBExecutionEngine, Session, literal, quoted, unquoted, withheld

# Of each relation (its SQL name with that of the publication): the distinct texts of its columns, nulls aside, as they
# are (`value`) and without escapes (`text`); what the catalogue says of it, without escapes.
TEXTS = "memory.main.texts"
CATALOGUE = "memory.main.catalogue"


def texts_of(columns: Sequence[tuple[str, Kind]]) -> list[str]:
    """The columns that hold text, nested values as text among them."""
    return [column for column, column_kind in columns if column_kind in (Kind.TEXT, Kind.NESTED)]


def gather(session: Session, relations: Sequence[str]) -> None:
    """Read the texts of relations (SQL names with the publication) that are not gathered yet.

    Raises QueryFailed, message withheld, if one of them cannot be read; then none is gathered.
    """
    new = [relation for relation in dict.fromkeys(relations) if relation not in session.texts]
    if not new:
        return
    connection = session.connection
    columns = {
        relation: texts_of([(name, kind(data_type)) for name, data_type in session.columns(relation)])
        for relation in new
    }
    with withheld(), _whole(connection):
        described = "relation varchar, name varchar, value varchar"
        connection.execute(f"create table if not exists {TEXTS} ({described}, text varchar)")
        connection.execute(f"create table if not exists {CATALOGUE} (relation varchar, text varchar)")
        connection.execute(f"create temp table read ({described})")
        for relation, names in columns.items():
            for name in names:
                connection.execute(f"""
                    insert into read
                    select {literal(relation)}, {literal(name)}, value
                    from (select distinct cast({quoted(name)} as varchar) as value from {relation})
                    where value is not null""")
        connection.execute(f"insert into {TEXTS} select relation, name, value, {decoded('value')} from read")
        connection.execute("drop table read")
        connection.execute(f"""
            insert into {CATALOGUE}
            select distinct relation, {decoded("text")} from ({_described(new)}) where text is not null""")
        counted = connection.execute(f"select relation, count(*) from {TEXTS} group by relation").fetchall()
        catalogue = connection.execute(f"select relation, list(text) from {CATALOGUE} group by relation").fetchall()
    session.texts.update(dict.fromkeys(new, 0) | dict(counted))
    session.described.update(catalogue)


@contextmanager
def _whole(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or nothing."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _described(relations: Sequence[str]) -> str:
    """SQL, rows of `relation` and `text`: names and comments, a view's SQL, types, which hold labels and fields."""
    names = ", ".join(f"({', '.join(map(literal, [relation, *unquoted(relation)]))})" for relation in relations)
    catalogue = f"(values {names}) as named (relation, database_name, schema_name, name)"
    of = "{0}.database_name = named.database_name and {0}.schema_name = named.schema_name"
    columns = f"duckdb_columns() as columns on {of.format('columns')} and columns.table_name = named.name"
    tables = f"duckdb_tables() as tables on {of.format('tables')} and tables.table_name = named.name"
    views = f"duckdb_views() as views on {of.format('views')} and views.view_name = named.name"
    return f"""
        select named.relation, unnest([columns.comment, columns.column_name, columns.data_type]) as text
        from {catalogue} inner join {columns}
        union all select named.relation, tables.comment from {catalogue} inner join {tables}
        union all select named.relation, unnest([views.comment, views.sql]) from {catalogue} inner join {views}
        union all select named.relation, named.name from {catalogue}"""


def texts(engine: DuckDBExecutionEngine, relation: str) -> tuple[str, int]:
    """SQL, `(name, value, text)`: the distinct texts of the columns of a relation (quoted SQL name); and how many."""
    full_name = engine.full_name(relation)
    gather(engine.session, [full_name])
    where = f"relation = {literal(full_name)}"
    return f"(select name, value, text from {TEXTS} where {where})", engine.session.texts[full_name]


def described(engine: DuckDBExecutionEngine, relation: str) -> list[str]:
    """What the catalogue says of a relation (quoted SQL name), escapes undone."""
    full_name = engine.full_name(relation)
    gather(engine.session, [full_name])
    return engine.session.described[full_name]
