"""Whether a mart hides what has expired: RET-05.

A mart is a view. Each protected relation with a retention window that it reads must be compared with today where it is
read, or its rows go on being shown when their window has ended and nothing is built.
"""

from collections.abc import Callable, Iterator

from sqlglot import exp

ENDS = "visible_until"


def read(query: exp.Expr, has_window: Callable[[str], bool]) -> Iterator[tuple[str, bool]]:
    """Each reading of a relation with a window in a qualified query: its name, and whether it hides what has expired.

    `has_window` says of the name of a relation (`database.schema.name`) whether it has one.
    """
    for table in query.find_all(exp.Table):
        name = ".".join(part.name for part in table.parts)
        if has_window(name):
            yield name, _hides_expired(table)


def _hides_expired(table: exp.Table) -> bool:
    select, join = table.find_ancestor(exp.Select), table.parent
    if select is None:
        return False
    where = select.args.get("where")
    conditions = [*_conjuncts(where.this if where else None)]
    if isinstance(join, exp.Join):
        conditions += _conjuncts(join.args.get("on"))
    return any(_is_window(condition, table.alias_or_name) for condition in conditions)


def _conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    while isinstance(condition, exp.Paren):
        condition = condition.this
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif condition is not None:
        yield condition


def _is_window(condition: exp.Expr, table: str) -> bool:
    """Whether it is `table.visible_until > today`, with today as the macro writes it: of no column."""
    if not isinstance(condition, exp.GT):
        return False
    ends, today = condition.left, condition.right
    is_of_table = isinstance(ends, exp.Column) and ends.name == ENDS and ends.table == table
    return is_of_table and today.find(exp.Column) is None
