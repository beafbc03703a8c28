"""A run reads only the changes if it knows what the last one was made from, and everything otherwise."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from bigtrust import changes, contract, keys, landing, register, secret
from bigtrust.changes import Plan
from bigtrust.contract import Column, Table
from bigtrust.files import digest
from bigtrust.register import new_request
from bigtrust.settings import PROJECT, PUBLICATIONS, Settings
from warehouse import Warehouse

TABLES = {
    name: Table(name, required=False, columns=(Column("number", "attribute", required=True),))
    for name in (*changes.EVENT_TABLES, "customers", "products", "product_categories")
}


@dataclass
class Shop:
    """A warehouse with a small project, landing files, and a vault and candidates that a build might have left."""

    warehouse: Warehouse

    @property
    def settings(self) -> Settings:
        """The settings of the warehouse."""
        return self.warehouse.settings

    def deliver(self, path: str, content: str = "number\n1\n") -> None:
        """Write a landing file."""
        file = self.warehouse.landing / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def delivered(self) -> tuple[changes.Delivered, ...]:
        """The manifest of the landing files."""
        return changes.manifest(landing.inspect(self.warehouse.landing, TABLES))

    def plan(self, *, full_refresh: bool = False) -> Plan:
        """The plan of the next run."""
        return changes.plan(self.settings, self.delivered(), full_refresh=full_refresh)

    def publish(self, *, recheck_at: datetime | None = None) -> None:
        """Write into the vault what a run that published writes there."""
        with duckdb.connect(str(self.settings.vault)) as connection:
            connection.execute(
                "create or replace table restricted.landing_set_aside as select $1::timestamp as recheck_at",
                [recheck_at],
            )
            connection.execute(
                "create or replace table landing.files (landing_table varchar, file_number integer, "
                "file_name varchar, size bigint, digest varchar, rows bigint)"
            )
            for file in self.delivered():
                values = [file.landing_table, file.file_number, file.file_name, file.size, file.digest, file.rows]
                connection.execute("insert into landing.files values (?, ?, ?, ?, ?, ?)", values)
            changes.remember(connection)
            changes.complete(self.settings, connection)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop after a run that published."""
    project = tmp_path / "project"
    for path in ("dbt_project.yml", "profiles.yml", "models/vault/model.sql", "macros/macro.sql", "seeds/settings.csv"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(path, encoding="utf-8")
    variables = {"DBT_ENV_SECRET_BIGTRUST": "5ec2e7" * 20, "BIGTRUST_AS_OF": "2026-06-30"}
    shop = Shop(Warehouse(tmp_path, project=project, variables=variables))
    shop.deliver("purchases/2025.csv")
    shop.deliver("purchases/2026-01.csv")
    shop.deliver("web_events.csv")
    shop.deliver("customers.csv")
    secret.load(shop.settings, shop.warehouse.variables)
    shop.settings.candidates.mkdir(parents=True)
    for name in PUBLICATIONS:
        duckdb.connect(str(shop.settings.candidates / f"{name}.duckdb")).close()
    with duckdb.connect(str(shop.settings.vault)) as connection:
        connection.execute(
            """
            create schema landing; create schema staging; create schema restricted;
            create table restricted.erasure_requests as
                select 1 as request_key, 'P9' as purchase_id, 'effective' as state;
            create table staging.stg_products as select 'P1' as product_id, 'kitchen' as category_id;
            create table restricted.product_category_tree as select 'kitchen' as category_id, 'kitchen' as ancestor_id;
            create table restricted.category_cycles as select 'kitchen' as category_id, 120 as months;
            create table restricted.category_numbers as select 'kitchen' as category_id, 1 as category_number;
            create table restricted.customer_states as from (values ('C1', 1), ('C2', 2)) as s(customer_id, row_state);
            create table restricted.person_pseudonyms as select 'C1' as customer_id;
            """
        )
    shop.publish()
    return shop


def test_a_manifest_names_each_file_with_its_size_digest_and_rows(shop: Shop) -> None:
    shop.deliver("purchases/2026-01.csv", "number\n1\n2\n")
    files = {(file.landing_table, file.file_name): file for file in shop.delivered()}
    assert list(files) == [
        ("purchases", "2025.csv"),
        ("purchases", "2026-01.csv"),
        ("web_events", "web_events.csv"),
        ("customers", "customers.csv"),
    ]
    file = files["purchases", "2026-01.csv"]
    path = shop.warehouse.landing / "purchases" / "2026-01.csv"
    assert (file.file_number, file.size, file.digest, file.rows) == (1, 11, digest(path), 2)


# --- only the changes


def test_nothing_changed_and_every_file_of_events_was_read_before(shop: Shop) -> None:
    plan = shop.plan()
    assert plan.reason is None
    assert plan.only_changes
    assert plan.read_before["purchases"] == {"2025.csv", "2026-01.csv"}
    assert plan.read_before["web_events"] == {"web_events.csv"}


def test_tables_that_are_no_events_are_read_as_a_whole(shop: Shop) -> None:
    shop.deliver("customers.csv", "number\n1\n2\n")
    shop.deliver("products.csv")
    plan = shop.plan()
    assert plan.only_changes
    assert plan.read_before["customers"] == frozenset()
    assert plan.read_before.get("products", frozenset()) == frozenset()


def added_day(shop: Shop) -> None:
    shop.deliver("purchases/2026-02.csv")


def added_events(shop: Shop) -> None:
    shop.deliver("returns/2020.csv")  # the first file of its table: nothing was read before


def removed_whole_table(shop: Shop) -> None:
    (shop.warehouse.landing / "customers.csv").unlink()


def later_day(shop: Shop) -> None:
    shop.warehouse.variables["BIGTRUST_AS_OF"] = "2027-08-04"


def written_anew(shop: Shop) -> None:
    shop.deliver("purchases/2025.csv")


def governance_recorded(shop: Shop) -> None:
    with duckdb.connect(str(shop.settings.candidates / "governance.duckdb")) as connection:
        connection.execute("create table runs as select 1 as run")


HARMLESS = (added_day, added_events, removed_whole_table, later_day, written_anew, governance_recorded)


@pytest.mark.parametrize("change", HARMLESS, ids=[change.__name__ for change in HARMLESS])
def test_only_the_changes_are_read_after(shop: Shop, change: Callable[[Shop], None]) -> None:
    change(shop)
    assert shop.plan().reason is None


def test_a_new_file_is_not_among_those_that_were_read_before(shop: Shop) -> None:
    added_day(shop)
    assert "2026-02.csv" not in shop.plan().read_before["purchases"]


# --- everything, and why


def test_everything_is_built_if_it_was_asked_for(shop: Shop) -> None:
    assert shop.plan(full_refresh=True).reason == "it was asked for"


def no_vault(shop: Shop) -> None:
    shop.settings.vault.unlink()


def no_candidate(shop: Shop) -> None:
    (shop.settings.candidates / "insights.duckdb").unlink()


def damaged_vault(shop: Shop) -> None:
    shop.settings.vault.write_bytes(b"no database")


def lost_inventory(shop: Shop) -> None:
    with duckdb.connect(str(shop.settings.vault)) as connection:
        connection.execute("drop table last_run.files")


def began(shop: Shop) -> None:
    changes.begin(shop.settings)


def candidate_of_another_build(shop: Shop) -> None:
    with duckdb.connect(str(shop.settings.candidates / "analytics.duckdb")) as connection:
        connection.execute("create table brought_back as select 'forgotten' as name")


def changed_policy(shop: Shop) -> None:
    (shop.warehouse.project / "seeds" / "settings.csv").write_text("k,3\n", encoding="utf-8")


def changed_model(shop: Shop) -> None:
    (shop.warehouse.project / "models" / "vault" / "model.sql").write_text("select 2", encoding="utf-8")


def added_macro(shop: Shop) -> None:
    (shop.warehouse.project / "macros" / "another.sql").write_text("", encoding="utf-8")


def rotated_key(shop: Shop) -> None:
    keys.rotate(shop.settings, "analytics")


def earlier_day(shop: Shop) -> None:
    shop.warehouse.variables["BIGTRUST_AS_OF"] = "2026-06-29"


def today_instead_of_a_day(shop: Shop) -> None:
    del shop.warehouse.variables["BIGTRUST_AS_OF"]


def future_that_has_come(shop: Shop) -> None:
    shop.publish(recheck_at=datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1))


def replaced_file(shop: Shop) -> None:
    shop.deliver("purchases/2025.csv", "number\n2\n")


def longer_file(shop: Shop) -> None:
    shop.deliver("web_events.csv", "number\n1\n2\n")


def removed_file(shop: Shop) -> None:
    (shop.warehouse.landing / "purchases" / "2026-01.csv").unlink()


def renamed_file(shop: Shop) -> None:
    folder = shop.warehouse.landing / "purchases"
    (folder / "2026-01.csv").rename(folder / "2026-02.csv")


def removed_table(shop: Shop) -> None:
    shutil.rmtree(shop.warehouse.landing / "purchases")


def file_into_folder(shop: Shop) -> None:
    (shop.warehouse.landing / "web_events.csv").unlink()
    shop.deliver("web_events/2026.csv")


def earlier_file(shop: Shop) -> None:
    shop.deliver("purchases/2025-12.csv")


BASIS = "the policy, the models, the program, a key or the version of the engine changed"
REASONS: dict[Callable[[Shop], None], str] = {
    no_vault: "there is no earlier build",
    no_candidate: "there is no earlier build",
    damaged_vault: "the vault of the last build cannot be read",
    lost_inventory: "the vault of the last build cannot be read",
    began: "the last build was not published",
    candidate_of_another_build: "a candidate is not the one of the last build",
    changed_policy: BASIS,
    changed_model: BASIS,
    added_macro: BASIS,
    rotated_key: BASIS,
    today_instead_of_a_day: BASIS,
    earlier_day: "today is before the day of the last build",
    future_that_has_come: "a row that was dated in the future is no longer",
    replaced_file: "a file of purchases was replaced or removed",
    longer_file: "a file of web_events was replaced or removed",
    removed_file: "a file of purchases was replaced or removed",
    renamed_file: "a file of purchases was replaced or removed",
    removed_table: "a file of purchases was replaced or removed",
    file_into_folder: "a file of web_events was replaced or removed",
    earlier_file: "a new file of purchases comes before one that was read already",
}


@pytest.mark.parametrize("change", REASONS, ids=[change.__name__ for change in REASONS])
def test_everything_is_built_after(shop: Shop, change: Callable[[Shop], None]) -> None:
    change(shop)
    plan = shop.plan()
    assert plan.reason == REASONS[change]
    assert not plan.only_changes
    assert plan.read_before == {}


def test_everything_is_built_by_another_engine(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "__version__", "9.9.9")
    assert shop.plan().reason == BASIS


def test_everything_is_built_by_another_version_of_the_program(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    program = shop.warehouse.root / "program"
    shutil.copytree(changes._PROGRAM, program, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(changes, "_PROGRAM", program)
    assert shop.plan().reason is None
    (program / "landing.py").write_text("# reads otherwise", encoding="utf-8")
    assert shop.plan().reason == BASIS


def test_everything_is_built_once_after_an_older_version_that_remembered_less(shop: Shop) -> None:
    with duckdb.connect(str(shop.settings.vault)) as connection:
        connection.execute("alter table last_run.build drop column candidates")
    assert shop.plan().reason == "a candidate is not the one of the last build"


def test_a_future_that_has_not_come_changes_nothing(shop: Shop) -> None:
    shop.publish(recheck_at=datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1))
    assert shop.plan().reason is None


def test_a_build_that_begins_leaves_the_rest_of_the_vault_alone(shop: Shop) -> None:
    changes.begin(shop.settings)
    changes.begin(shop.settings)
    with duckdb.connect(str(shop.settings.vault), read_only=True) as connection:
        assert connection.execute("select count(*) from last_run.files").fetchall() == [(4,)]


def test_every_event_table_is_one_of_the_contract() -> None:
    assert set(changes.EVENT_TABLES) <= set(contract.load(PROJECT))


# --- what is left at rest


def test_what_is_remembered_names_no_purchase_and_no_person_who_is_not_kept(shop: Shop) -> None:
    with duckdb.connect(str(shop.settings.vault), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'last_run'").fetchall()
        assert {name for (name,) in tables} == {
            "build",
            "category_cycles",
            "category_numbers",
            "customers",
            "files",
            "product_categories",
            "products",
            "requests",
        }
        assert connection.execute("from last_run.requests").fetchall() == [(1, "effective")]
        assert sorted(connection.execute("from last_run.customers").fetchall(), key=str) == [("C1", 1), (None, 2)]


def a_model(name: str, materialized: str) -> SimpleNamespace:
    """A model of the vault as dbt's manifest describes it."""
    config = SimpleNamespace(materialized=materialized)
    return SimpleNamespace(resource_type="model", schema="restricted", alias=name, config=config)


def test_what_only_a_build_works_with_is_gone_at_rest_and_nothing_else(tmp_path: Path) -> None:
    models = {
        "a map": "updated",
        "counts": "table",
        "shown": "view",
        "worked with": "working",
        "a view of landing": "scoped",
        "a table of changes": "scoped",
        "not built": "working",
    }
    settings = Warehouse(tmp_path).settings
    nodes = {name: a_model(name, materialized) for name, materialized in models.items()}
    manifest = SimpleNamespace(nodes=nodes | {"a test": SimpleNamespace(resource_type="test")})
    asked = new_request(channel="till", purchase="P1")
    register.add(settings.register, asked)
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema restricted; create schema landing;
            create table restricted."a map" as select 'C1' as customer_id;
            create table restricted.counts as select 1 as one;
            create table restricted."worked with" as from restricted."a map";
            create view restricted.shown as from restricted.counts;
            create view restricted."a view of landing" as from restricted."worked with";
            create table restricted."a table of changes" as from restricted."worked with";
            """
        )
        register.write_table(connection, "landing.register_requests", register.read(settings.register))
        for _ in range(2):
            changes.put_to_rest(settings, connection, manifest, [asked.request_id])
            kinds = connection.execute(
                "select table_name, table_type from information_schema.tables "
                "where table_schema in ('landing', 'restricted') order by all"
            ).fetchall()
            assert kinds == [
                ("a map", "BASE TABLE"),
                ("counts", "BASE TABLE"),
                ("register_requests", "VIEW"),
                ("shown", "VIEW"),
            ]
            assert connection.execute("select purchase_id from landing.register_requests").fetchall() == [("P1",)]
        (settings.register / f"{asked.request_id}.json").write_text("", encoding="utf-8")
        assert connection.execute("from landing.register_requests").fetchall() == []
