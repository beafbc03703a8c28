"""The registered treatments: the only things that lower a class.

They are declared once, in the model `treatments` of the vault: each of its columns is one macro, applied to a stand-in
(`the_text`, `the_date`, `the_time`, `the_number`, `the_identifier`), and its YAML says which class it turns into
which, and of which landing columns. An expression of another model is that treatment if it is written exactly so, with
anything in the place of the stand-in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from bigtrust.errors import ConfigurationError
from bigtrust.lineage.taint import CLASSES, Flow, Taint

MODEL = "treatments"
STAND_INS = ("the_text", "the_date", "the_time", "the_number", "the_identifier")


@dataclass(frozen=True)
class Treatment:
    """One treatment. `into` is None if it only reads a value: class and identifier stay. `of` are landing columns
    (empty: any); `needs_identity` if it may be applied to nothing but an identifier as it is; `orders` if to compare
    two of these times tells no more than the treatment does."""

    name: str
    pattern: exp.Expr
    turns: frozenset[str]
    into: str | None
    of: frozenset[str]
    needs_identity: bool
    orders: bool = False

    def applied_to(self, taint: Taint) -> Taint:
        """What is left of what flows into the value that is treated."""
        if self.into is None:
            return taint
        if self.needs_identity and taint.identity is None:
            return taint.derived
        return Taint(frozenset(self._treated(flow) for flow in taint.flows))

    def _treated(self, flow: Flow) -> Flow:
        if self.into is None or flow.identifier_class not in self.turns or (self.of and flow.column not in self.of):
            return flow
        return Flow(flow.column, self.into, (*flow.treatments, self.name))


class Treatments:
    """All treatments, found by the expressions that they are written as."""

    def __init__(self, treatments: Sequence[Treatment]) -> None:
        self._by_kind: dict[type, list[Treatment]] = {}
        self._of_order = [treatment for treatment in treatments if treatment.orders][:1]
        for treatment in treatments:
            self._by_kind.setdefault(type(treatment.pattern), []).append(treatment)

    def find(self, expression: exp.Expr) -> tuple[Treatment, exp.Expr] | None:
        """The treatment that an expression is, and what it is applied to."""
        for treatment in self._by_kind.get(type(expression), ()):
            held: list[exp.Expr] = []
            if _is_written_so(treatment.pattern, expression, held):
                return treatment, held[0]
        return None

    def of_order(self, taint: Taint) -> Taint:
        """What is left of two times of which it is asked which came first."""
        return self._of_order[0].applied_to(taint) if self._of_order else taint


def read(select: exp.Select, meta: Mapping[str, Mapping[str, Any]], landing: frozenset[str]) -> Treatments:
    """Read the treatments from the compiled SQL of their model, and the `meta` of its columns.

    `landing` are all landing columns. Raises ConfigurationError, naming the column, if one is not declared as it must
    be.
    """
    found = []
    for column in select.expressions:
        name = column.alias_or_name
        declared = meta.get(name)
        where = f"The treatment {name} (models/vault/_vault__models.yml)"
        if declared is None or not {"turns", "into"} <= declared.keys():
            raise ConfigurationError(f"{where} does not say what it turns into what. Give it `turns` and `into`.")
        turns, into, of = frozenset(declared["turns"]), declared["into"], frozenset(declared.get("of", ()))
        unknown = sorted((turns | {into} - {None}) - set(CLASSES)) + sorted(of - landing)
        if unknown:
            raise ConfigurationError(
                f"{where} names {unknown[0]}, which is no class and no landing column. Correct it."
            )
        pattern = _bare(column.unalias())
        holes = [hole for hole in pattern.find_all(exp.Column) if hole.name in STAND_INS]
        if not holes or len({hole.name for hole in holes}) > 1 or pattern is holes[0]:
            raise ConfigurationError(f"{where} must treat exactly one of {', '.join(STAND_INS)}. Correct the model.")
        is_of_identifier = holes[0].name == "the_identifier" and into is not None
        found.append(Treatment(name, pattern, turns, into, of, is_of_identifier, declared.get("orders", False)))
    return Treatments(found)


def _bare(expression: exp.Expr) -> exp.Expr:
    while isinstance(expression, exp.Paren):
        expression = expression.this
    return expression


def _is_written_so(pattern: Any, written: Any, held: list[exp.Expr]) -> bool:
    """Whether two syntax trees are the same but for the stand-in, which is the same expression wherever it stands."""
    if not isinstance(pattern, exp.Expr) or not isinstance(written, exp.Expr):
        return bool(pattern == written)
    pattern, written = _bare(pattern), _bare(written)
    if isinstance(pattern, exp.Column) and pattern.name in STAND_INS:
        if not held:
            held.append(written)
        return bool(held[0] == written)
    if type(pattern) is not type(written):
        return False
    names = {name for node in (pattern, written) for name, value in node.args.items() if value not in (None, [], False)}
    for name in names:
        one, other = pattern.args.get(name), written.args.get(name)
        if isinstance(one, list) != isinstance(other, list):
            return False
        parts, others = (one, other) if isinstance(one, list) and isinstance(other, list) else ([one], [other])
        if len(parts) != len(others):
            return False
        if not all(_is_written_so(part, its, held) for part, its in zip(parts, others, strict=True)):
            return False
    return True
