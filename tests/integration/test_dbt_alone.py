"""`dbt build` without the command line: the same models, the same guards, the same sentences."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from bigtrust import inputs
from bigtrust.demo import write_demo
from warehouse import Warehouse, replace_in

pytestmark = pytest.mark.xdist_group("dbt_alone")

CANARY = "geheim.canary@example.org"
SECRET = "DBT_ENV_SECRET_BIGTRUST"


def dbt(warehouse: Warehouse, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run dbt in a process of its own, as a scheduler would; stderr is part of stdout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BIGTRUST_", "DBT_"))}
    environment |= warehouse.settings.environment() | variables
    command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A demo warehouse of 60 customers that `dbt build` built. Its folders are left as they are."""
    warehouse = Warehouse(tmp_path_factory.mktemp("dbt_alone"))
    write_demo(warehouse.landing, customers=60, seed=3, until=datetime.now(UTC).date())
    done = dbt(warehouse, "build")
    (warehouse.root / "output.txt").write_text(done.stdout, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-3000:]
    return warehouse


@pytest.fixture
def broken_project(built: Warehouse, tmp_path: Path) -> Warehouse:
    """A warehouse of its own with a copy of the project, to be broken, and the landing files of `built`."""
    warehouse = Warehouse(tmp_path)
    shutil.copytree(built.landing, warehouse.landing)
    warehouse.own_project()
    return warehouse


def written(warehouse: Warehouse) -> str:
    """Everything that dbt wrote beside the databases: logs, compiled SQL, artefacts."""
    files = [path for path in (warehouse.root / "warehouse" / "dbt").rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode("utf-8", errors="replace") for path in files)


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    return " ".join(done.stdout.split())


def test_dbt_alone_builds_everything_and_runs_every_test(built: Warehouse) -> None:
    output = (built.root / "output.txt").read_text(encoding="utf-8")
    assert "Completed successfully" in output
    assert "SKIP=0" in output
    declared = sum(path.read_text(encoding="utf-8").count("\n  - name: ") for path in unit_test_files(built))
    assert declared > 40
    assert f"{declared} unit tests" in output
    candidate = built.root / "warehouse" / "candidate" / "analytics.duckdb"
    with duckdb.connect(str(candidate), read_only=True) as connection:
        assert connection.execute("select count(*) > 0 from marts.purchase_lines").fetchall() == [(True,)]


def unit_test_files(warehouse: Warehouse) -> list[Path]:
    return sorted((warehouse.project / "models").rglob("*__unit_tests.yml"))


def test_dbt_alone_does_not_take_an_exception_that_its_owner_approves(broken_project: Warehouse) -> None:
    path = broken_project.project / "seeds" / "policy" / "check_exceptions.csv"
    row = "PAT-01,analytics.marts.returns,Later,Data team,data Team,2020-01-31\n"
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    done = dbt(broken_project, "build", "--select", "check_exceptions")
    assert "FAIL 1 policy_check_exceptions_are_decided" in refusal(done)
    path.write_text(path.read_text(encoding="utf-8").replace("data Team", "Privacy office"), encoding="utf-8")
    assert dbt(broken_project, "build", "--select", "check_exceptions").returncode == 0


def test_dbt_alone_does_not_take_a_policy_for_which_nobody_answers(broken_project: Warehouse) -> None:
    path = broken_project.project / "seeds" / "policy" / "controller.csv"
    path.write_text("role,name,contact\ndata_protection_officer,Privacy office,By appointment\n", encoding="utf-8")
    done = dbt(broken_project, "build", "--select", "controller")
    assert "FAIL 2 policy_controller_can_be_reached" in refusal(done)  # no controller, and no e-mail address


def test_dbt_alone_publishes_nothing(built: Warehouse) -> None:
    assert not (built.root / "published").exists()


def test_after_dbt_alone_a_run_builds_everything(built: Warehouse) -> None:
    assert inputs.read(built.settings, full_refresh=False).plan.reason == "the last build was not published"


def no_landing_folder(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    return {"BIGTRUST_LANDING": str(folder / "nowhere")}


def unknown_column(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    return customers(warehouse, folder, f"customer_id,loyalty_card\nC-1,{CANARY}\n")


def customers(warehouse: Warehouse, folder: Path, content: str) -> dict[str, str]:
    landing = shutil.copytree(warehouse.landing, folder / "landing")
    remove_table(landing, "customers")
    (landing / "customers.csv").write_text(content, encoding="utf-8")
    return {"BIGTRUST_LANDING": str(landing)}


def short_secret(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    return {SECRET: "5ec2e7" * 5}


def changed_secret(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    return {SECRET: "5ec2e7" * 12}


def lost_secret(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    return {"BIGTRUST_SECRET_FILE": str(folder / "lost.key")}


def secret_that_others_can_read(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    path = Path(shutil.copy(warehouse.settings.secret_file, folder / "open.key"))
    path.chmod(0o644)
    return {"BIGTRUST_SECRET_FILE": str(path)}


def lost_rotation(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    (folder / "warehouse").mkdir(mode=0o700)
    (folder / "warehouse" / "keys.used").write_text("analytics 2\nmarketing 1\n", encoding="ascii")
    return {"BIGTRUST_WAREHOUSE": str(folder / "warehouse")}


GUARDS: dict[Callable[[Warehouse, Path], dict[str, str]], str] = {
    no_landing_folder: "nowhere does not exist. Create it and deliver the tables, or write demo data with",
    unknown_column: "Landing table customers (customers.csv) has the unknown column loyalty_card. Classify it in",
    short_secret: f"the environment variable {SECRET} holds fewer than 32 bytes. Set it to at least 32 random bytes",
    changed_secret: "Pseudonymisation secret: it is not the one that made the pseudonyms of this warehouse",
    lost_secret: "Restore the secret from your backup: a new one would change every pseudonym.",
    secret_that_others_can_read: "open.key can be read by others (mode 644). Run `chmod 600` on it.",
    lost_rotation: "A key rotation of the domain analytics is lost from",
}


@pytest.mark.parametrize("spoil", GUARDS, ids=[spoil.__name__ for spoil in GUARDS])
def test_dbt_alone_stops_with_the_same_sentence(
    built: Warehouse, tmp_path: Path, spoil: Callable[[Warehouse, Path], dict[str, str]]
) -> None:
    before = databases(built)
    output = refusal(dbt(built, "build", **spoil(built, tmp_path)))
    assert GUARDS[spoil] in output
    assert databases(built) == before
    assert databases(Warehouse(tmp_path)) == {}
    everything = output + written(built)
    assert CANARY not in everything
    assert "5ec2e7" not in everything
    assert "Traceback" not in everything


def databases(warehouse: Warehouse) -> dict[str, bytes]:
    """What has been built so far."""
    return {path.name: path.read_bytes() for path in (warehouse.root / "warehouse").rglob("*.duckdb")}


def remove_table(landing: Path, table: str) -> None:
    for path in landing.glob(f"{table}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_mart_that_refers_to_staging_does_not_parse(broken_project: Warehouse) -> None:
    mart = broken_project.project / "models" / "marts" / "analytics" / "analytics__products.sql"
    replace_in(mart, 'ref("protected_analytics__products")', 'ref("stg_products")')
    output = refusal(dbt(broken_project, "parse"))
    assert "analytics__products" in output
    assert "attempted to reference node" in output
    assert "stg_products" in output


def test_a_staging_column_without_an_identifier_class_stops_the_build(broken_project: Warehouse) -> None:
    models = broken_project.project / "models" / "staging" / "_staging__models.yml"
    lines = models.read_text(encoding="utf-8").splitlines(keepends=True)
    (email,) = [number for number, line in enumerate(lines) if "{name: email," in line]
    lines[email] = '      - {name: email, data_type: "varchar", description: "E-mail address."}\n'
    models.write_text("".join(lines), encoding="utf-8")
    output = refusal(dbt(broken_project, "run", "--select", "base_products"))
    assert "Column email of staging model stg_customers has no identifier class. Give it one of: " in output


def test_a_failing_cast_quotes_no_value_in_output_logs_or_artefacts(broken_project: Warehouse) -> None:
    remove_table(broken_project.landing, "customers")
    path = broken_project.landing / "customers.csv"
    path.write_text(f"customer_id,email\nC-1,{CANARY}\n", encoding="utf-8")
    model = broken_project.project / "models" / "vault" / "careless.sql"
    model.write_text("select cast(email as date) as email from {{ ref('base_customers') }}", encoding="utf-8")
    output = refusal(dbt(broken_project, "build", "--select", "settings", "base_customers", "careless"))
    assert "DuckDB refused the query: ConversionException (message withheld, it may quote data)" in output
    assert CANARY not in output + written(broken_project)
