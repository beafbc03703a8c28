"""What is published of persons so that nobody is one of fewer than k, in plain Python, without the macro's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

# What is given up, one after the other, and what stands for it then.
LADDER = {
    "customer_since_month": None,
    "language": "unknown",
    "region": "unknown",
    "country": "unknown",
    "birth_decade": None,
    "value_band": "unknown",
    "recency_band": "unknown",
    "preferred_channel": "unknown",
    "contact_pressure": "unknown",
}
Person = TypeVar("Person", bound=Hashable)


def given_up(columns: Sequence[str]) -> tuple[Any, ...]:
    """The values of somebody who has given up everything."""
    return tuple(LADDER[column] for column in columns)


def shown(persons: Mapping[Person, Sequence[Any]], columns: Sequence[str], k: int) -> dict[Person, tuple[Any, ...]]:
    """The values of each person in `columns`, as they are published; `persons` has them as they are known."""
    values = {person: list(known) for person, known in persons.items()}
    for column in [column for column in LADDER if column in columns]:
        alike = Counter(tuple(of_one) for of_one in values.values())
        for of_one in [of_one for of_one in values.values() if alike[tuple(of_one)] < k]:
            of_one[columns.index(column)] = LADDER[column]
    classes = Counter(tuple(of_one) for of_one in values.values())
    smallest = sorted(classes, key=lambda combination: (classes[combination], _nulls_last(combination)))[:2]
    are_joined = bool(smallest) and classes[smallest[0]] < k
    return {
        person: given_up(columns) if are_joined and tuple(of_one) in smallest else tuple(of_one)
        for person, of_one in values.items()
    }


def _nulls_last(combination: Sequence[Any]) -> list[tuple[bool, Any]]:
    return [(value is None, value) for value in combination]
