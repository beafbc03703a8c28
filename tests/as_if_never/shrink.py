"""The smallest history that still shows a difference: many smaller variants are tried in one build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from as_if_never.builds import Builds, Outcome
from as_if_never.histories import CALENDARS, History

_VARIANTS = 60  # of one build


def smallest(builds: Builds, batch: Sequence[History], outcome: Outcome) -> str:
    """Say what differs, in the smallest history that was found to differ by itself."""
    candidates = [batch[number] for number in sorted(outcome.suspects)] or list(batch)
    found = _first_that_differs(builds, candidates)
    if found is None:
        return "No history differs alone; together:\n" + "\n".join(outcome.differences)
    history, alone = found
    while (smaller := _first_that_differs(builds, list(_variants(history)))) is not None:
        history, alone = smaller
    rows = "\n".join(f"    {row}" for row in history.rows)
    days = ", ".join(map(str, CALENDARS[history.calendar].days))
    return "\n".join([*alone.differences, f"In this history (runs of {days}):", rows])


def _first_that_differs(builds: Builds, histories: list[History]) -> tuple[History, Outcome] | None:
    """The first history that differs with nothing beside it, if any does."""
    for first in range(0, len(histories), _VARIANTS):
        batch = histories[first : first + _VARIANTS]
        for number in sorted(builds.check(batch).suspects):
            alone = builds.check([batch[number]])
            if alone.differences:
                return batch[number], alone
    return None


def _variants(history: History) -> Iterator[History]:
    """The history without some rows, the largest parts first; then with rows that are there all the time."""
    size = len(history.rows) // 2
    while size:
        for first in range(0, len(history.rows), size):
            yield replace(history, rows=history.rows[:first] + history.rows[first + size :])
        size //= 2
    for number, row in enumerate(history.rows):
        plain = replace(row, first=0, last=None, file=0)
        if plain != row:
            yield replace(history, rows=(*history.rows[:number], plain, *history.rows[number + 1 :]))
