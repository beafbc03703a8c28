"""The guards that dbt meets when it opens its first connection, and the way in for landing data."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError

from bigtrust import contract, inputs, keys, records, register, secret
from bigtrust.dbt_plugin import Plugin
from bigtrust.files import digest
from bigtrust.records import Record
from bigtrust.settings import PROJECT
from warehouse import Warehouse

CANARY = "geheim.canary@example.org"
SECRET = "DBT_ENV_SECRET_BIGTRUST"


@pytest.fixture(params=["plain", "l'été [1] *"])
def warehouse(tmp_path: Path, request: pytest.FixtureRequest) -> Warehouse:
    """A warehouse with a minimal delivery, a request and a record, in folders with and without special names."""
    warehouse = Warehouse(tmp_path / str(request.param), variables={SECRET: "5ec2e7" * 20})
    for table in contract.load(PROJECT).values():
        if table.required:
            folder = warehouse.landing / table.name
            folder.mkdir(parents=True)
            (folder / "1.csv").write_text(",".join(table.required_columns) + "\n", encoding="utf-8")
    register.add(warehouse.root / "register", register.new_request(channel="till", customer=CANARY))
    records.write(warehouse.settings.runs, Record(run=1, started_at=records.now(), as_of=None))
    return warehouse


def plugin(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    for name, value in warehouse.environment.items():
        monkeypatch.setenv(name, value)
    return Plugin("bigtrust", {"record_only": "no"})


def test_landing_register_and_records_are_relations_of_the_vault(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards = plugin(warehouse, monkeypatch)
    with duckdb.connect() as connection:
        guards.configure_connection(connection)
        counts = "select (from (select count(*) from {})) as rows"
        assert connection.execute(counts.format("landing.customers")).fetchall() == [(0,)]
        assert connection.execute(counts.format("landing.web_events")).fetchall() == [(0,)]
        assert connection.execute("select scope, customer_id from landing.register_requests").fetchall() == [
            ("person", CANARY)
        ]
        assert connection.execute("select run, record ->> 'verdict' from runs.records").fetchall() == [(1, "stopped")]
        files = connection.execute("select * from landing.files where landing_table = 'customers'").fetchall()
        path = warehouse.landing / "customers" / "1.csv"
        assert files == [("customers", 0, "1.csv", path.stat().st_size, digest(path), 0)]
        present = "select column_name from landing.columns where landing_table = 'purchases' and is_present"
        assert connection.execute(present).fetchall() == [("purchase_id",), ("customer_id",), ("purchased_at",)]


def last_run(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What the vault remembers of the last run."""
    tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'last_run' order by all")
    return [name for (name,) in tables.fetchall()]


def test_after_dbt_alone_the_next_run_cannot_know_what_was_built(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards = plugin(warehouse, monkeypatch)
    with duckdb.connect() as connection:
        guards.configure_connection(connection)  # also in a vault that no run has been in
        connection.execute("create schema last_run; create table last_run.build (basis varchar)")
        connection.execute("create table last_run.files (file_name varchar)")
        guards.configure_connection(connection)
        assert last_run(connection) == ["files"]


def test_a_run_hands_over_which_files_were_read_before(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = warehouse.landing / "purchase_lines"
    for name in ("1.csv", "2.csv"):
        header = (lines / "1.csv").read_text(encoding="utf-8").splitlines()[0]
        (lines / name).write_text(f"{header}\n{name}{',' * header.count(',')}\n", encoding="utf-8")
    read = inputs.read(warehouse.settings)
    plan = replace(read.plan, reason=None, read_before={"purchase_lines": frozenset(["1.csv"])})
    with inputs.hand_over(replace(read, plan=plan)):
        guards = plugin(warehouse, monkeypatch)
    with duckdb.connect() as connection:
        connection.execute("create schema last_run; create table last_run.build (basis varchar)")
        guards.configure_connection(connection)
        assert last_run(connection) == ["build"]
        new = connection.execute("select purchase_id, is_new from landing.purchase_lines order by all").fetchall()
        assert new == [("1.csv", False), ("2.csv", True)]


def test_the_keys_are_given_to_the_session_and_to_no_relation(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards = plugin(warehouse, monkeypatch)
    with duckdb.connect() as connection:
        guards.configure_connection(connection)
        guards.configure_cursor(connection)
        keys = "select getvariable('analytics_inner_pad'), getvariable('analytics_outer_pad')"
        assert [len(key) for key in connection.execute(keys).fetchall()[0]] == [64, 64]
        assert connection.cursor().execute(keys).fetchall() == [(None, None)]


def test_each_domain_has_the_pads_of_the_key_version_in_force(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.load(warehouse.settings, warehouse.variables)
    keys.rotate(warehouse.settings, "marketing")
    guards = plugin(warehouse, monkeypatch)
    value = bytes.fromhex(warehouse.variables[SECRET])
    with duckdb.connect() as connection:
        guards.configure_cursor(connection)
        for domain, version in (("analytics", 1), ("marketing", 2), ("service", 1)):
            names = [f"getvariable('{domain}_{name}')" for name in ("inner_pad", "outer_pad", "key_version")]
            row = connection.execute(f"select {', '.join(names)}").fetchall()
            assert row == [(*secret.pads(secret.domain_key(value, domain, version)), version)]
    assert keys.used(warehouse.settings) == {"analytics": 1, "marketing": 2, "service": 1}


def test_only_recording_a_run_uses_no_key(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in warehouse.environment.items():
        monkeypatch.setenv(name, value)
    guards = Plugin("bigtrust", {"record_only": "yes"})
    with duckdb.connect() as connection:
        guards.configure_cursor(connection)
        assert connection.execute("select getvariable('analytics_outer_pad')").fetchall() == [(None,)]
    assert keys.used(warehouse.settings) == {}


def damaged_request(warehouse: Warehouse) -> None:
    (warehouse.root / "register" / "R1.json").write_text(f'{{"customer_id": "{CANARY}"', encoding="utf-8")


def damaged_record(warehouse: Warehouse) -> None:
    (warehouse.settings.runs / "000002.json").write_text("{", encoding="utf-8")


def no_header(warehouse: Warehouse) -> None:
    (warehouse.landing / "customers" / "2.csv").write_text(f"C-1,{CANARY}\n", encoding="utf-8")


def other_secret(warehouse: Warehouse) -> None:
    warehouse.variables[SECRET] = "ca7a59" * 20


def lost_rotation(warehouse: Warehouse) -> None:
    keys.remember(warehouse.settings, {"analytics": 2, "marketing": 1})


def damaged_rotation(warehouse: Warehouse) -> None:
    path = warehouse.root / "register" / "key_rotations" / "analytics.2.json"
    path.parent.mkdir()
    path.write_text(CANARY, encoding="utf-8")


def no_date(warehouse: Warehouse) -> None:
    warehouse.variables["BIGTRUST_AS_OF"] = "20260131"


def file_in_the_place_of_a_folder(warehouse: Warehouse) -> None:
    (warehouse.root / "file").write_text("")
    warehouse.variables["BIGTRUST_WAREHOUSE"] = str(warehouse.root / "file")


def folder_that_cannot_be(warehouse: Warehouse) -> None:
    (warehouse.root / "file").write_text("")
    warehouse.variables["BIGTRUST_REGISTER"] = str(warehouse.root / "file" / "register")


GUARDS: dict[Callable[[Warehouse], None], str] = {
    damaged_request: "Register file R1.json is no readable erasure request.",
    damaged_record: "000002.json is damaged.",
    no_header: "Landing table customers (2.csv) lacks the column customer_id.",
    other_secret: "it is not the one that made the pseudonyms of this warehouse",
    lost_rotation: "A key rotation of the domain analytics is lost from",
    damaged_rotation: "analytics.2.json is damaged or cannot be read.",
    no_date: "--as-of (BIGTRUST_AS_OF) is not a date. Write it as YYYY-MM-DD.",
    file_in_the_place_of_a_folder: "warehouse folder: ",
    folder_that_cannot_be: "file/register cannot be used (Not a directory).",
}


@pytest.mark.parametrize("spoil", GUARDS, ids=[spoil.__name__ for spoil in GUARDS])
def test_dbt_is_told_in_one_sentence(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Warehouse], None]
) -> None:
    plugin(warehouse, monkeypatch)
    spoil(warehouse)
    with pytest.raises(DbtRuntimeError) as caught:
        plugin(warehouse, monkeypatch)
    message = str(caught.value)
    assert GUARDS[spoil] in message
    assert CANARY not in message
    assert "5ec2e7" not in message
    assert "ca7a59" not in message
    assert caught.value.__suppress_context__
