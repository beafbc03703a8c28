"""`bigtrust check --as-if-never`: the comparison on one's own data."""

from pathlib import Path

from warehouse import Warehouse, replace_in


def test_forgetting_on_own_data_leaves_no_trace(warehouse: Warehouse) -> None:
    before = warehouse.digests()
    result = warehouse.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == 0, result.output
    assert "none differ" in result.output
    assert warehouse.digests() == before
    assert _left_behind(warehouse) == []


def test_a_model_that_shows_what_was_forgotten_is_found_out_without_a_value(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    replace_in(project / "models" / "vault" / "erased_purchase_lines.sql", "select *\nfrom by_purchase\nunion\n", "")
    result = warehouse.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == 1, result.output
    assert "analytics.marts.purchase_lines differs" in result.output
    assert _left_behind(warehouse) == []


def test_without_a_request_there_is_nothing_to_compare(warehouse: Warehouse) -> None:
    (warehouse.landing / "erasure_requests.parquet").unlink()
    for path in (warehouse.root / "register").glob("*.json"):
        path.unlink()
    result = warehouse.bigtrust("check", "--as-if-never")
    assert result.exit_code == 0, result.output
    assert "not applicable" in result.output


def _left_behind(warehouse: Warehouse) -> list[Path]:
    return [*(warehouse.root / "warehouse").glob("as_if_never-*")]
