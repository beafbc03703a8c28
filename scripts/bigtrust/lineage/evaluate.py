"""Evaluate a query over taints instead of values.

A value is tainted by everything that it is computed from: also by the condition of a `case`, the order of a window and
the key of a lookup. What rows there are is tainted by the conditions that decide it (filters, joins, groups, limits),
if they are about what nobody may learn: an identifier, a free text, a secret.

Some questions about an identifier tell nothing of it, because any consistent renaming gives the same answer: whether
two values of the same identifier are the same, whether one is missing, how many different ones there are. Nothing else
is free: not its length, not its order, not a comparison with a constant.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import duckdb
from sqlglot import exp

from bigtrust.lineage.taint import CONSTANT, NULL, TELLING, Flow, Taint, either, union
from bigtrust.lineage.treatments import Treatments

# Functions of the engine that give something else than what their arguments, or the clock, give.
_NOT_OF_THEIR_ARGUMENTS = ("getenv", "current_setting", "currval", "nextval", "query", "query_table", "in_search_path")
_SAME = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
_SESSION = "the session"


class Unresolved(Exception):
    """Something that cannot be followed. The message names it, and quotes nothing but names."""


@dataclass(frozen=True)
class Relation:
    """The taint of each column, and of which rows there are."""

    columns: dict[str, Taint]
    rows: Taint = CONSTANT


@dataclass
class _Scope:
    """What names stand for: common table expressions, the relations of a `from`, what a select lists."""

    parent: "_Scope | None" = None
    tables: dict[str, Relation] = field(default_factory=dict)
    sources: dict[str, Relation] = field(default_factory=dict)
    listed: dict[str, Taint] = field(default_factory=dict)

    def table(self, name: str) -> Relation | None:
        if name in self.tables:
            return self.tables[name]
        return self.parent.table(name) if self.parent else None

    def column(self, table: str, name: str) -> Taint:
        if table in self.sources and name in self.sources[table].columns:
            return self.sources[table].columns[name]
        if not table and name in self.listed:
            return self.listed[name]
        if self.parent:
            return self.parent.column(table, name)
        raise Unresolved(f"the column {table}.{name}" if table else f"the column {name}")


def evaluate(query: exp.Expr, relations: Mapping[str, Relation], treatments: Treatments) -> Relation:
    """The taints of what a qualified query gives.

    `relations` are those that it may read, by `database.schema.name`. Raises Unresolved for a table, column, function
    or construct that cannot be followed.
    """
    return _Evaluation(relations, treatments).query(query, _Scope())


class _Evaluation:
    def __init__(self, relations: Mapping[str, Relation], treatments: Treatments) -> None:
        self._relations = relations
        self._treatments = treatments

    # --- queries

    def query(self, query: exp.Expr, scope: _Scope) -> Relation:
        scope = _Scope(scope)
        if isinstance(query, exp.Query):
            self._define(query, scope)
        if isinstance(query, exp.Subquery):
            return self._sorted(query, self.query(query.this, scope), scope)
        if isinstance(query, exp.SetOperation):
            return self._sorted(query, self._set_operation(query, scope), scope)
        if isinstance(query, exp.Select):
            return self._select(query, scope)
        if isinstance(query, exp.Values):
            rows = [self._values(row.expressions, scope) for row in query.expressions]
            return Relation({f"col{number}": either(column) for number, column in enumerate(zip(*rows, strict=True))})
        raise Unresolved(f"the construct {type(query).__name__}")

    def _define(self, query: exp.Query, scope: _Scope) -> None:
        """The common table expressions of a query."""
        with_ = query.args.get("with_")
        if with_ is None:
            return
        for definition in with_.expressions:
            name, names = definition.alias, definition.args["alias"].columns
            if with_.args.get("recursive") and isinstance(definition.this, exp.SetOperation):
                scope.tables[name] = _named(self.query(definition.this.left, scope), names)
                while (found := _named(self.query(definition.this, scope), names)) != scope.tables[name]:
                    scope.tables[name] = found
            else:
                scope.tables[name] = _named(self.query(definition.this, scope), names)

    def _set_operation(self, query: exp.SetOperation, scope: _Scope) -> Relation:
        left, right = self.query(query.left, scope), self.query(query.right, scope)
        if query.args.get("by_name"):
            pairs = {name: [side.columns.get(name, CONSTANT) for side in (left, right)] for name in left.columns}
            pairs |= {name: [taint] for name, taint in right.columns.items() if name not in pairs}
        elif len(left.columns) != len(right.columns):
            raise Unresolved("a set operation whose sides differ in their columns")
        else:
            sides = zip(left.columns.items(), right.columns.values(), strict=True)
            pairs = {name: [taint, other] for (name, taint), other in sides}
        columns = {name: either(taints) for name, taints in pairs.items()}
        told = [left.rows, right.rows]
        if query.args.get("distinct") or not isinstance(query, exp.Union):
            told += [_unlike(taint) for taint in columns.values()]
        return Relation(columns, union(told))

    def _select(self, select: exp.Select, scope: _Scope) -> Relation:
        told: list[Taint] = []
        from_ = select.args.get("from_")
        if from_:
            told.append(self._source(from_.this, scope))
        for lateral in select.args.get("laterals") or ():
            told.append(self._source(lateral, scope))
        for join in select.args.get("joins") or ():
            told.append(self._join(join, scope))
        told += self._values([select.args.get("where")], scope)
        columns: dict[str, Taint] = {}
        for projection in select.expressions:
            if projection.is_star:
                raise Unresolved("a star whose columns are not known")
            name, taint = projection.alias_or_name, self.value(projection, scope)
            if isinstance(projection.unalias(), exp.Anonymous) and projection.unalias().name.lower() == "hash":
                taint = replace(taint, identity=name)  # a digest stands for what it is of
            columns[name] = scope.listed[name] = taint
        told += self._values([select.args.get("having"), select.args.get("qualify")], scope)
        group = select.args.get("group")
        if group:
            keys = group.expressions + [
                key for name in ("rollup", "cube", "grouping_sets") for key in group.args.get(name) or ()
            ]
            told += [_unlike(self.value(key, scope)) for key in keys]
            if group.args.get("all"):
                told += [_unlike(self.value(part, scope)) for part in select.expressions if not part.find(exp.AggFunc)]
        if distinct := select.args.get("distinct"):
            on = distinct.args.get("on")
            keys = [self.value(key, scope) for key in on.expressions] if on else list(columns.values())
            told += [_unlike(taint) for taint in keys]
        return self._sorted(select, Relation(columns, union(told).telling), scope)

    def _sorted(self, query: exp.Expr, found: Relation, scope: _Scope) -> Relation:
        """A limit leaves the rows that an order puts first; and the order itself can be read from a file."""
        order = query.args.get("order")
        listed = _Scope(scope, listed=found.columns)
        told = [self.value(part.this, listed) for part in order.expressions] if order else []
        told += self._values([query.args.get("limit"), query.args.get("offset")], listed)
        return Relation(found.columns, union([found.rows, *told]).telling)

    def _source(self, source: exp.Expr, scope: _Scope) -> Taint:
        """Add what a `from` names to the scope; gives the taint of its rows."""
        name, names = source.alias_or_name, source.args["alias"].columns if source.args.get("alias") else []
        if isinstance(source, exp.Lateral):
            source = source.this
        if isinstance(source, exp.Table):
            found = self._table(source, scope)
            for join in source.args.get("joins") or ():
                raise Unresolved(f"the construct {type(join).__name__} within a table")
        elif isinstance(source, exp.Unnest):
            found = Relation({f"col{n}": self.value(part, scope) for n, part in enumerate(source.expressions)})
        elif isinstance(source, exp.Query | exp.Values):
            found = self.query(source, scope)
        else:
            raise Unresolved(f"the construct {type(source).__name__} in a from")
        scope.sources[name] = _named(found, names)
        return found.rows

    def _table(self, table: exp.Table, scope: _Scope) -> Relation:
        if not isinstance(table.this, exp.Identifier):
            raise Unresolved(f"the table function {getattr(table.this, 'name', '') or type(table.this).__name__}")
        name = ".".join(part.name for part in table.parts)
        found = self._relations.get(name) if table.db else scope.table(name)
        if found is None:
            raise Unresolved(f"the relation {name}")
        return found

    def _join(self, join: exp.Join, scope: _Scope) -> Taint:
        rows = self._source(join.this, scope)
        if join.args.get("using"):
            raise Unresolved("a join with using")
        on = self.value(join.args["on"], scope) if join.args.get("on") else CONSTANT
        name = join.this.alias_or_name
        joined = scope.sources[name]
        if on.flows and not any(taint.flows for taint in joined.columns.values()):
            # in a table of constants, what is found is a function of what was looked for
            looked_up = dict.fromkeys(joined.columns, on.derived)
            scope.sources[name] = Relation(looked_up, joined.rows)
        return union([rows, on])

    # --- values

    def value(self, expression: exp.Expr, scope: _Scope) -> Taint:
        """The taint of a value."""
        if treated := self._treatments.find(expression):
            treatment, of = treated
            return treatment.applied_to(self.value(of, scope))
        for kind, rule in _RULES.items():
            if isinstance(expression, kind):
                return rule(self, expression, scope)
        return self._computed(expression, scope)

    def _values(self, expressions: Iterable[exp.Expr | None], scope: _Scope) -> list[Taint]:
        return [self.value(expression, scope) for expression in expressions if expression is not None]

    def _computed(self, expression: exp.Expr, scope: _Scope) -> Taint:
        return union(self._values(expression.iter_expressions(), scope))

    def _column(self, column: exp.Expr, scope: _Scope) -> Taint:
        return CONSTANT if isinstance(column.this, exp.Star) else scope.column(column.text("table"), column.name)

    def _constant(self, expression: exp.Expr, scope: _Scope) -> Taint:
        return CONSTANT

    def _null(self, expression: exp.Expr, scope: _Scope) -> Taint:
        return NULL

    def _within(self, expression: exp.Expr, scope: _Scope) -> Taint:
        return self.value(expression.this, scope)

    def _cast(self, cast: exp.Expr, scope: _Scope) -> Taint:
        taint = self.value(cast.this, scope)
        return taint if cast.args["to"].is_type(*exp.DataType.TEXT_TYPES) else taint.derived

    def _is(self, question: exp.Expr, scope: _Scope) -> Taint:
        taint = self.value(question.this, scope)
        is_missing = isinstance(question.expression, exp.Null)
        return CONSTANT if is_missing and taint.identity else taint.derived

    def _same(self, question: exp.Expr, scope: _Scope) -> Taint:
        return _sameness(self._values([question.this, question.expression], scope))

    def _compared(self, question: exp.Expr, scope: _Scope) -> Taint:
        sides = self._values(question.iter_expressions(), scope)
        compared = union(sides)
        return self._treatments.of_order(compared) if all(side.flows for side in sides) else compared

    def _in(self, question: exp.Expr, scope: _Scope) -> Taint:
        asked = self.value(question.this, scope)
        if question.args.get("query"):
            found = self.query(question.args["query"], scope)
            several = Taint(fields=tuple(found.columns.items()))
            other = several if len(found.columns) > 1 else either(found.columns.values())
            return union([_sameness([asked, other]), found.rows])
        return _sameness([asked, *self._values([*question.expressions, question.args.get("unnest")], scope)])

    def _exists(self, question: exp.Expr, scope: _Scope) -> Taint:
        return self.query(question.this, scope).rows

    def _scalar(self, query: exp.Expr, scope: _Scope) -> Taint:
        found = self.query(query, scope)
        taint = either(found.columns.values())
        return Taint(taint.flows | found.rows.flows, taint.identity, taint.fields)

    def _case(self, case: exp.Expr, scope: _Scope) -> Taint:
        branches = case.args.get("ifs") or [case]
        given = case.this if isinstance(case, exp.Case) else None
        conditions = self._values([given, *(branch.this for branch in branches)], scope)
        results = [branch.args.get("true") for branch in branches]
        results.append(case.args.get("default") if isinstance(case, exp.Case) else case.args.get("false"))
        chosen, condition = either(self._values(results, scope)), union(conditions)
        identity = None if condition.telling.flows else chosen.identity
        return Taint(chosen.flows | condition.flows, identity, chosen.fields)

    def _first(self, expression: exp.Expr, scope: _Scope) -> Taint:
        return either(self._values(expression.iter_expressions(), scope))

    def _count(self, count: exp.Expr, scope: _Scope) -> Taint:
        counted = count.this.expressions if isinstance(count.this, exp.Distinct) else [count.this, *count.expressions]
        return union(_unlike(taint) for taint in self._values(counted, scope))

    def _picked(self, pick: exp.Expr, scope: _Scope) -> Taint:
        """One of many, or all of them as a list: each as it is. An order tells of what it is by."""
        taint = self.value(pick.this, scope)
        others = self._values((part for part in pick.iter_expressions() if part is not pick.this), scope)
        return Taint(taint.flows | union(others).flows, taint.identity, taint.fields)

    def _filtered(self, expression: exp.Expr, scope: _Scope) -> Taint:
        taint, condition = self.value(expression.this, scope), self.value(expression.expression, scope)
        identity = None if condition.telling.flows else taint.identity
        return Taint(taint.flows | condition.flows, identity, taint.fields)

    def _window(self, window: exp.Expr, scope: _Scope) -> Taint:
        taint = self.value(window.this, scope)
        told = [_unlike(part) for part in self._values(window.args.get("partition_by") or (), scope)]
        order = window.args.get("order")
        told += self._values([part.this for part in order.expressions] if order else [], scope)
        told += self._values([window.args.get("spec")], scope)
        return Taint(taint.flows | union(told).flows, taint.identity if not union(told).telling.flows else None)

    def _struct(self, struct: exp.Expr, scope: _Scope) -> Taint:
        fields = []
        for number, part in enumerate(struct.expressions):
            is_named = isinstance(part, exp.PropertyEQ | exp.Alias)
            name = (part.this.name if isinstance(part, exp.PropertyEQ) else part.alias) if is_named else str(number)
            fields.append((name, self.value(part.expression if isinstance(part, exp.PropertyEQ) else part, scope)))
        return Taint(union(taint for _, taint in fields).flows, None, tuple(fields))

    def _dot(self, dot: exp.Expr, scope: _Scope) -> Taint:
        return self.value(dot.this, scope).field(dot.expression.name)

    def _function(self, function: exp.Expr, scope: _Scope) -> Taint:
        name = function.name.lower()
        arguments = self._values(function.expressions, scope)
        if name == "getvariable":
            variable = function.expressions[0].name if function.expressions else ""
            if variable.endswith("_key_version"):
                return CONSTANT
            return Taint(frozenset({Flow(_SESSION, "secret")}))
        if name not in _functions():
            raise Unresolved(f"the function {name}")
        return union(arguments)

    def _unknown(self, expression: exp.Expr, scope: _Scope) -> Taint:
        raise Unresolved(f"the construct {type(expression).__name__}")


_RULES: dict[Any, Callable[[_Evaluation, exp.Expr, _Scope], Taint]] = {
    exp.Column: _Evaluation._column,
    (exp.Literal, exp.Boolean, exp.Star, exp.DataType, exp.Var, exp.Identifier): _Evaluation._constant,
    exp.Null: _Evaluation._null,
    (exp.Alias, exp.Paren, exp.Explode, exp.Ordered): _Evaluation._within,
    exp.Cast: _Evaluation._cast,
    exp.Is: _Evaluation._is,
    _SAME: _Evaluation._same,
    (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between): _Evaluation._compared,
    exp.In: _Evaluation._in,
    exp.Exists: _Evaluation._exists,
    exp.Query: _Evaluation._scalar,
    (exp.Case, exp.If): _Evaluation._case,
    exp.Coalesce: _Evaluation._first,
    exp.Count: _Evaluation._count,
    (exp.ArrayAgg, exp.AnyValue, exp.First, exp.ArgMax, exp.ArgMin, exp.Order): _Evaluation._picked,
    exp.Filter: _Evaluation._filtered,
    exp.Window: _Evaluation._window,
    (exp.Struct, exp.Tuple): _Evaluation._struct,
    exp.Dot: _Evaluation._dot,
    (
        exp.AnonymousAggFunc,
        exp.CombinedAggFunc,
        exp.UDTF,
        exp.Command,
        exp.Placeholder,
        exp.Parameter,
    ): _Evaluation._unknown,
    exp.Anonymous: _Evaluation._function,
}


@cache
def _functions() -> frozenset[str]:
    """The engine's own functions that depend on their arguments alone (or on the clock)."""
    with duckdb.connect() as connection:
        rows = connection.execute("""
            select distinct lower(function_name) from duckdb_functions()
            where internal and function_type in ('scalar', 'aggregate')""").fetchall()
    return frozenset(name for (name,) in rows) - set(_NOT_OF_THEIR_ARGUMENTS)


def _sameness(taints: list[Taint]) -> Taint:
    """Whether values are the same: of one identifier that tells nothing, whatever it is."""
    widths = {len(taint.fields) for taint in taints}
    if len(widths) == 1 and widths != {0}:
        parts = zip(*([part for _, part in taint.fields] for taint in taints), strict=True)
        return union(_sameness(list(part)) for part in parts)
    identities = {taint.identity for taint in taints}
    return CONSTANT if len(identities) == 1 and None not in identities else union(taints)


def _unlike(taint: Taint) -> Taint:
    """How many different ones there are: of an identifier that tells nothing, of anything else what it is made of."""
    return (
        CONSTANT
        if taint.identity
        else Taint(frozenset(flow for flow in taint.flows if flow.identifier_class in TELLING))
    )


def _named(relation: Relation, names: list[exp.Expr]) -> Relation:
    """The relation with the names that an alias gives its columns."""
    if not names:
        return relation
    given = [name.name for name in names] + list(relation.columns)[len(names) :]
    return Relation(dict(zip(given, relation.columns.values(), strict=True)), relation.rows)
