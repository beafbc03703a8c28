"""Whether a mart hides what has expired: RET-05.

A mart is a view. Each protected relation with a retention window that it reads must be compared with today where it is
read, or its rows go on being shown when their window has ended and nothing is built.
"""

from collections.abc import Callable, Iterator
from datetime import date

import sqlglot
from sqlglot import exp

from bigtrust.lineage.declared import ENDS

_TODAY = "cast(timezone('UTC', now()) as date)"  # as the macro today writes it
_KEEP_EVERY_ROW = ("RIGHT", "FULL")  # sides of joins of whose own rows the condition hides none


def read(
    query: exp.Expr, has_window: Callable[[exp.Table], bool], as_of: date | None = None
) -> Iterator[tuple[exp.Table, bool]]:
    """Each reading of a relation with a window in a qualified query, and whether it hides what has expired.

    `has_window` says of a relation whether it has one; `as_of` is the day that stands for today (None: none does).
    """
    text = f"cast('{as_of}' as date)" if as_of else _TODAY
    today = sqlglot.parse_one(text, dialect="duckdb").sql(dialect="duckdb")
    for table in query.find_all(exp.Table):
        if has_window(table):
            yield table, any(_is_window(condition, table.alias_or_name, today) for condition in _conditions(table))


def _conditions(table: exp.Table) -> Iterator[exp.Expr]:
    """What is true of every row of the relation that is read."""
    select, join = table.find_ancestor(exp.Select), table.parent
    where = select.args.get("where") if select else None
    if where:
        yield from _conjuncts(where.this)
    if isinstance(join, exp.Join) and join.side not in _KEEP_EVERY_ROW:
        yield from _conjuncts(join.args.get("on"))


def _conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    while isinstance(condition, exp.Paren):
        condition = condition.this
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif condition is not None:
        yield condition


def _is_window(condition: exp.Expr, table: str, today: str) -> bool:
    """Whether it is `table.visible_until > today`."""
    if not isinstance(condition, exp.GT):
        return False
    ends = condition.left
    is_of_table = isinstance(ends, exp.Column) and ends.name == ENDS and ends.table == table
    return is_of_table and condition.right.sql(dialect="duckdb") == today
