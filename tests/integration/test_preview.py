"""A privacy officer sees what an edit of the policy would remove or show, before it happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigtrust import lock
from bigtrust.preview import Change, preview
from warehouse import Warehouse, replace_in

pytestmark = pytest.mark.slow


class Silent:
    """Nobody is told how far it is."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def progress(self, what: str, finished: int, total: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


def changes(warehouse: Warehouse) -> dict[str, Change]:
    """The changes that a preview of this warehouse's project tells, by mart."""
    found = {change.mart: change for change in preview(warehouse.settings, Silent()).changes}
    for change in found.values():
        assert change.now - change.removed + change.shown == change.then, change
    return found


def policy(warehouse: Warehouse) -> Path:
    """The policy tables of a copy of the project, to be edited."""
    return warehouse.own_project() / "seeds" / "policy"


def files_of(warehouse: Warehouse) -> dict[str, bytes]:
    """Everything under the folders of a warehouse, the lock of previews aside."""
    folders = ("landing", "warehouse", "published", "register")
    files = [path for name in folders for path in (warehouse.root / name).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if path.parent.name != "preview"}


def test_shorter_windows_and_a_larger_k_remove_what_the_next_run_removes(warehouse: Warehouse) -> None:
    tables = policy(warehouse)
    replace_in(tables / "retention_windows.csv", "purchases,analytics,36", "purchases,analytics,12")
    replace_in(tables / "settings.csv", "k,5,", "k,9,")
    before = files_of(warehouse)
    with lock.exclusive(warehouse.settings.warehouse):  # a run goes on meanwhile
        result = warehouse.bigtrust("preview")
    assert result.exit_code == 0, result.output
    assert files_of(warehouse) == before
    assert "- settings: k,5," in result.output
    assert "+ settings: k,9," in result.output
    told = {
        name: tuple(int(number.replace(",", "")) for number in numbers.split())
        for name, numbers in re.findall(r"^ *(\w+\.\w+) +((?:[\d,]+ *){4})$", result.output, flags=re.MULTILINE)
    }
    for mart in ("purchases", "purchase_lines", "returns"):
        now, removed, shown, then = told[f"analytics.{mart}"]
        assert removed > 0
        assert shown == 0
        assert warehouse.query("analytics", f"select count(*) from marts.{mart}") == [(now,)]
    ended = (
        "select count(*) from marts.purchases where purchased_on + interval 12 month <= timezone('UTC', now())::date"
    )
    assert warehouse.query("analytics", ended) == [(told["analytics.purchases"][1],)]
    assert told["analytics.products"][1:3] == (0, 0)
    assert told["insights.sales_by_category_month"][1] > 0

    warehouse.run_unchecked()
    for name, (_, _, _, then) in told.items():
        publication, mart = name.split(".")
        assert warehouse.query(publication, f"select count(*) from marts.{mart}") == [(then,)], name
    assert "Nothing would change" in warehouse.bigtrust("preview").output


def test_a_longer_window_shows_what_had_expired(warehouse: Warehouse) -> None:
    replace_in(policy(warehouse) / "retention_windows.csv", "web_events,analytics,25", "web_events,analytics,48")
    found = changes(warehouse)
    shown, journeys = found.pop("analytics.touchpoints"), found.pop("analytics.journeys")
    assert shown.removed == 0
    assert shown.shown > 0
    assert journeys.then - journeys.now == shown.shown
    assert all(change.removed == change.shown == 0 for change in found.values())


def test_a_longer_interest_window_takes_more_visits_along_with_what_was_forgotten(warehouse: Warehouse) -> None:
    replace_in(policy(warehouse) / "settings.csv", "interest_window_days,90", "interest_window_days,3000")
    found = changes(warehouse)
    assert found["analytics.touchpoints"].removed > 0
    assert found["analytics.touchpoints"].shown == 0
    assert found["analytics.purchases"] == Change(
        "analytics.purchases", found["analytics.purchases"].now, 0, 0, found["analytics.purchases"].then
    )


def test_an_edit_that_is_not_possible_says_what_is_wrong_and_leaves_nothing_behind(warehouse: Warehouse) -> None:
    replace_in(policy(warehouse) / "retention_windows.csv", "returns,analytics,36", "returns,analytics,soon")
    before = files_of(warehouse)
    result = warehouse.bigtrust("preview")
    assert result.exit_code == 2
    assert "period_months must be a whole number from 1 to 1200" in result.stderr
    assert files_of(warehouse) == before
    assert [path.name for path in (warehouse.root / "warehouse" / "preview").iterdir()] == ["run.lock"]


def test_there_is_nothing_to_compare_with_before_the_first_publication(tmp_path: Path) -> None:
    result = Warehouse(tmp_path).bigtrust("preview")
    assert result.exit_code == 2
    assert "There is no published policy to compare with. Run `bigtrust run` first." in result.stderr
