"""What a build reads is read once, handed to dbt in the same process, and refused before anything is built."""

from pathlib import Path

import pytest

from bigtrust import contract, inputs, register
from bigtrust.errors import InputError
from bigtrust.settings import PROJECT
from warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with a minimal delivery and a request."""
    warehouse = Warehouse(tmp_path)
    for table in contract.load(PROJECT).values():
        if table.required:
            folder = warehouse.landing / table.name
            folder.mkdir(parents=True)
            (folder / "1.csv").write_text(",".join(table.required_columns) + "\n", encoding="utf-8")
    register.add(warehouse.root / "register", register.new_request(channel="till", customer="C1"))
    return warehouse


def test_the_landing_tables_the_register_and_the_plan_are_read_together(warehouse: Warehouse) -> None:
    read = inputs.read(warehouse.settings)
    assert set(read.tables) == set(contract.load(PROJECT))
    assert [request.customer_id for request in read.requests.values()] == ["C1"]
    assert {(file.landing_table, file.file_name, file.rows) for file in read.plan.manifest} == {
        (table.name, "1.csv", 0) for table in contract.load(PROJECT).values() if table.required
    }


def test_whoever_reads_without_asking_builds_everything(warehouse: Warehouse) -> None:
    assert inputs.read(warehouse.settings).plan.reason == "it was asked for"
    assert inputs.read(warehouse.settings, full_refresh=False).plan.reason == "there is no earlier build"


def test_what_was_read_is_handed_over_while_a_build_lasts_and_no_longer(warehouse: Warehouse) -> None:
    read = inputs.read(warehouse.settings)
    assert inputs.handed_over() is None
    with inputs.hand_over(read):
        assert inputs.handed_over() is read
    with pytest.raises(KeyboardInterrupt), inputs.hand_over(read):
        raise KeyboardInterrupt
    assert inputs.handed_over() is None


def test_a_landing_folder_that_breaks_the_contract_is_refused(warehouse: Warehouse) -> None:
    (warehouse.landing / "weather.csv").write_text("day\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"weather\.csv is no table of the landing contract"):
        inputs.read(warehouse.settings)


def test_a_register_that_lacks_a_request_is_refused(warehouse: Warehouse) -> None:
    [name] = register.read(warehouse.root / "register")
    warehouse.settings.warehouse.mkdir()
    register.remember([name], warehouse.settings.seen_requests)
    (warehouse.root / "register" / f"{name}.json").unlink()
    with pytest.raises(InputError, match="The register lacks 1 erasure request"):
        inputs.read(warehouse.settings)
