"""As if it never happened: every build with a request equals one from landing files in which it left no trace."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from as_if_never.builds import Builds
from as_if_never.edges import EDGES
from as_if_never.found import FOUND
from as_if_never.histories import CALENDARS, draw
from as_if_never.mutations import unfit
from as_if_never.shrink import smallest

HISTORIES = int(os.environ.get("BIGTRUST_HISTORIES", "300"))
START = int(os.environ.get("BIGTRUST_HISTORIES_START", "0"))  # another start, other histories
BATCH = int(os.environ.get("BIGTRUST_HISTORIES_BATCH", "100"))  # histories of one build

pytestmark = pytest.mark.xdist_group("as_if_never")  # one process, one parse


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """dbt, parsed once for all histories."""
    return Builds(tmp_path_factory.mktemp("as_if_never"))


def test_the_mutations_fit_the_models() -> None:
    """They are run by hand (CONTRIBUTING.md), and must not go stale in the meantime."""
    assert [mutation.promise for mutation in unfit()] == []


@pytest.mark.slow
def test_what_was_forgotten_might_as_well_never_have_been(builds: Builds) -> None:
    """What is drawn by chance; and beside it, for a build takes long, what was once found and what is on an edge."""
    drawn, by_hand = draw(HISTORIES, start=START), [*FOUND.values(), *EDGES]
    shown = removed = removed_by_hand = 0
    rows: Counter[str] = Counter()
    for number, calendar in enumerate(CALENDARS):
        ours = [history for history in drawn if history.calendar == number]
        known = [history for history in by_hand if history.calendar == number]
        for first in range(0, len(ours), BATCH):
            chance = ours[first : first + BATCH]
            batch = [*chance, *(known if first == 0 else [])]
            outcome = builds.check(batch)
            assert not outcome.differences, smallest(builds, batch, outcome)
            shown += len([history for history in outcome.shown if history < len(chance)])
            removed += len([history for history in outcome.removed if history < len(chance)])
            removed_by_hand += len([history for history in outcome.removed if history >= len(chance)])
            rows.update(outcome.rows)
        assert builds.expire_everything(calendar.days[-1]) == [], "marts that show rows whose window is over"
    print(f"{len(drawn)} histories: {shown} showed rows, {removed} lost rows by a request.")
    assert shown >= 0.8 * len(drawn), "too many histories are empty"
    assert removed >= 0.3 * len(drawn), "too few histories lose anything"
    assert removed_by_hand > len(by_hand) / 3, "hardly anything on an edge loses anything"
    assert all(rows.values()), f"relations that never held a row: {[name for name in rows if not rows[name]]}"
