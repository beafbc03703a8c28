"""`bigtrust check --as-if-never`: the comparison on one's own data."""

from pathlib import Path

import duckdb

import source_system
from warehouse import Warehouse, replace_in

VERDICTS = "marts.check_results where code = 'MET-01' and run = (select max(run) from marts.runs)"


def test_forgetting_on_own_data_leaves_no_trace(warehouse: Warehouse) -> None:
    before = warehouse.digests()
    result = warehouse.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == 0, result.output
    assert "none differ" in result.output
    assert warehouse.digests() == before
    assert _left_behind(warehouse) == []

    result = warehouse.bigtrust("run")
    assert result.exit_code == 0, result.output
    found = warehouse.query(
        "governance", f"select verdict, count(*) >= 18, sum(examined) > 1000 from {VERDICTS} group by 1"
    )
    assert found == [("passed", True, True)]


def test_a_model_that_shows_what_was_forgotten_is_found_out_without_a_value(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    replace_in(project / "models" / "vault" / "erased_purchase_lines.sql", "select *\nfrom by_purchase\nunion\n", "")
    result = warehouse.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == 1, result.output
    assert "analytics.marts.purchase_lines differs" in result.output
    assert _left_behind(warehouse) == []

    before = warehouse.digests()
    result = warehouse.bigtrust("run")  # while a verdict of these models is failed, nothing is published
    assert result.exit_code == 1, result.output
    assert "MET-01 on analytics.marts.purchase_lines" in result.stderr
    assert warehouse.digests() == before
    with (project / "models" / "vault" / "erased_purchase_lines.sql").open("a", encoding="utf-8") as model:
        model.write("\n-- another model, of which the check says nothing\n")
    result = warehouse.bigtrust("run")
    assert "ERA-02" in result.stderr  # which counts what was forgotten, in the build
    ((verdict, reason),) = warehouse.query("governance", f"select verdict, reason from {VERDICTS}")
    assert verdict == "not applicable"
    assert "changed since it was made" in reason


def test_what_the_source_system_has_deleted_leaves_no_trace_either(warehouse: Warehouse) -> None:
    """Only the register still knows what a late visit would reveal."""
    with duckdb.connect() as connection:
        purchase, customer, category, sold_at = connection.execute(
            f"""
            select purchase_id, customer_id, category_id, purchased_at
            from '{warehouse.root}/register/forgotten_lines.parquet'
            where customer_id is not null and category_id is not null
            order by purchased_at desc
            """
        ).fetchall()[0]
        assert source_system.delete(warehouse.landing, [("purchases", {"purchase_id": purchase})]) >= 2
        events = warehouse.landing / "web_events.parquet"
        connection.execute(f"create table events as from '{events}'")
        connection.execute(
            """
            insert into events by name
            select
                * exclude (event_id, customer_id, occurred_at, category_id, product_id, purchase_id),
                'LATE' as event_id, ? as customer_id, ? as occurred_at, ? as category_id
            from events limit 1
            """,
            [customer, sold_at, category],
        )
        connection.execute(f"copy events to '{events}' (format parquet)")

    result = warehouse.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == 0, result.output
    project = warehouse.own_project()
    model = project / "models" / "vault" / "erased_purchase_lines.sql"
    replace_in(model, "where\n            not exists (", "where\n            false and not exists (")
    result = warehouse.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == 1, result.output
    assert "analytics.marts.touchpoints differs" in result.output


def test_without_a_request_there_is_nothing_to_compare(warehouse: Warehouse) -> None:
    (warehouse.landing / "erasure_requests.parquet").unlink()
    for path in (warehouse.root / "register").glob("*.json"):
        path.unlink()
    result = warehouse.bigtrust("check", "--as-if-never")
    assert result.exit_code == 0, result.output
    assert "not applicable" in result.output


def _left_behind(warehouse: Warehouse) -> list[Path]:
    return [*(warehouse.root / "warehouse").glob("as_if_never-*")]
