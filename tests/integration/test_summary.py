"""Every run leaves a summary page, and reviews of runs are published without whoever made them."""

from datetime import datetime

import pytest

from bigtrust import reviews
from warehouse import Warehouse

pytestmark = pytest.mark.slow


def test_a_review_is_published_with_the_next_run_and_who_made_it_is_not(warehouse: Warehouse) -> None:
    given = ("--run", "1", "--by", "Clémence Vauquelin", "--note", "Looked at zibeline.", "--verdict", "objected")
    assert warehouse.bigtrust("review", *given).exit_code == 0
    before = warehouse.digests()
    result = warehouse.run()
    assert f"Summary of the run: {warehouse.settings.summary}" in result.stdout

    ((review,),) = reviews.read(warehouse.settings.reviews).values()
    rows = warehouse.query("governance", "select run, verdict, reviewed_at from marts.reviews")
    assert rows == [(1, "objected", datetime.fromisoformat(review.reviewed_at))]
    codes = "select distinct code from marts.check_results where run = 2 and relation = 'governance.marts.reviews'"
    assert {"COL-01", "ROW-01", "GRE-01", "GRE-02"} <= {code for (code,) in warehouse.query("governance", codes)}
    assert warehouse.digests().keys() == before.keys()
    for path in [warehouse.settings.vault, *(warehouse.root / "published").glob("*.duckdb")]:
        content = path.read_bytes()
        assert b"Vauquelin" not in content, path
        assert b"zibeline" not in content, path
    page = warehouse.settings.summary.read_text(encoding="utf-8")
    assert "Run 2 was published" in page


def test_a_run_that_stops_before_it_reads_anything_leaves_a_page(warehouse: Warehouse) -> None:
    for path in [*warehouse.landing.glob("products*")]:
        path.rename(warehouse.root / path.name)
    result = warehouse.bigtrust("run")
    assert result.exit_code == 3, result.output
    assert f"Summary of the run: {warehouse.settings.summary}" in result.stdout
    page = warehouse.settings.summary.read_text(encoding="utf-8")
    assert "Run 2 stopped before its checks, and nothing was published." in page
    assert "The publications are still those of run 1." in page
    assert "This run came to no check." in page


def test_a_page_that_cannot_be_written_changes_nothing_of_the_run(warehouse: Warehouse) -> None:
    pages = warehouse.settings.summary.parent
    pages.rename(warehouse.root / "pages.before")
    pages.write_text("in the way", encoding="utf-8")
    result = warehouse.run_unchecked()
    assert "The summary page could not be written; what was recorded stands." in result.stdout
    assert "Summary of the run" not in result.stdout
    assert warehouse.query("governance", "select verdict, exit_code from marts.runs where run = 2") == [
        ("published", 0)
    ]


def test_a_page_shows_no_value_of_a_governance_that_leaks(warehouse: Warehouse) -> None:
    """A candidate that failed its checks is not what the page counts from."""
    project = warehouse.own_project()
    rejected = project / "models" / "governance" / "governance__rejected_rows.sql"
    rejected.write_text(
        "select 'customers' as landing_table, (select min(lower(email)) from {{ ref('stg_customers') }}) as reason, "
        "cast(1 as bigint) as rejected\n",
        encoding="utf-8",
    )
    result = warehouse.bigtrust("run")
    assert result.exit_code == 1, result.output
    page = warehouse.settings.summary.read_text(encoding="utf-8")
    assert "governance.marts.rejected_rows" in page
    assert "Counted by run 1." in page
    assert "@" not in page.partition("</style>")[2]
