"""What may be known from a value: the landing columns that flow into it, and what each of them still is by then.

A class is what a flow still is when it arrives. `direct_identifier`, `quasi_identifier`, `free_text`, `attribute` and
`key` are the classes of the landing contract; `secret` is the key of a pseudonymisation domain, `position` where a row
lay in its delivery; `generalised` and `pseudonym` are what registered treatments turn a class into.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

# From what must never get out to what says nothing of anybody.
CLASSES = (
    "secret",
    "direct_identifier",
    "free_text",
    "position",
    "quasi_identifier",
    "generalised",
    "pseudonym",
    "key",
    "attribute",
)
FORBIDDEN = frozenset({"secret", "direct_identifier", "free_text", "position"})
UNTREATED = frozenset({"quasi_identifier"})
# Whose content must not even decide which rows there are.
TELLING = frozenset({"secret", "direct_identifier", "free_text"})


@dataclass(frozen=True, order=True)
class Flow:
    """A landing column (`table.column`), what it still is, and the treatments that it went through, in order."""

    column: str
    identifier_class: str
    treatments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taint:
    """What flows into a value.

    `identity` names the identifier that the value stands for, unchanged: of two such values of the same identifier it
    may be asked whether they are the same. `fields` are the taints of the parts of a struct; `is_null` is a null that
    is written in the query.
    """

    flows: frozenset[Flow] = frozenset()
    identity: str | None = None
    fields: tuple[tuple[str, "Taint"], ...] = ()
    is_null: bool = False

    @property
    def classes(self) -> frozenset[str]:
        """The classes of all flows."""
        return frozenset(flow.identifier_class for flow in self.flows)

    @property
    def telling(self) -> "Taint":
        """The flows of which a mere condition tells something of a person."""
        return Taint(frozenset(flow for flow in self.flows if flow.identifier_class in TELLING))

    @property
    def derived(self) -> "Taint":
        """The same flows in a value that is computed from this one, and stands for no identifier."""
        return Taint(self.flows, is_null=self.is_null)

    def field(self, name: str) -> "Taint":
        """The part of that name of a struct."""
        return dict(self.fields).get(name, self.derived)


CONSTANT = Taint()
NULL = Taint(is_null=True)


def union(taints: Iterable[Taint]) -> Taint:
    """What is computed from all of the values."""
    return Taint(frozenset().union(*(taint.flows for taint in taints)))


def either(taints: Iterable[Taint]) -> Taint:
    """What is one of the values as it is: it stands for the identifiers that they stand for, if each does."""
    told = [taint for taint in taints if not taint.is_null]
    identities = sorted({part for taint in told if taint.identity for part in taint.identity.split("|")})
    names = dict.fromkeys(name for taint in told for name, _ in taint.fields)
    return replace(
        union(told),
        identity="|".join(identities) or None if all(taint.identity for taint in told) else None,
        fields=tuple((name, either(taint.field(name) for taint in told)) for name in names),
        is_null=not told,
    )
