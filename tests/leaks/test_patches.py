"""Each patch that leaks is refused, and by the checks that are meant for its family."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from bigtrust import checks, secret
from bigtrust.build import Dbt
from bigtrust.errors import BigTrustError, ExitCode
from bigtrust.settings import PUBLICATIONS
from leaks import marketing, patches, stopping
from leaks.patches import Known, Patch
from leaks.plant import declare, let_travel
from leaks.stopping import FORGOTTEN
from warehouse import Warehouse, let_k_be_1

pytestmark = pytest.mark.slow

FOUND = [*patches.FOUND, *marketing.FOUND]
FOUND_WITH_K_1 = [*patches.FOUND_WITH_K_1, *marketing.FOUND_WITH_K_1]
BUILT = stopping.BUILT
# what a data test of BUILT refuses, nothing is built upon: these are found in a run of their own
BUILT_UPON = [*marketing.BUILT, *FORGOTTEN]
STOPPED = [*stopping.STOPPED, *marketing.STOPPED]
PARSED = "partial_parse.msgpack"

FAILED = """
    select code, relation, column_name, reason from marts.check_results
    where run = 2 and verdict = 'failed' and severity = 'critical'"""


def known_in(warehouse: Warehouse) -> Known:
    """An address that is long enough to be searched for, and the secret."""
    ((email,),) = warehouse.vault(
        "select min(lower(email)) from staging.base_customers where regexp_full_match(email, '[a-z.-]{9,}@[a-z.]+')"
    )
    return Known(email, secret.load(warehouse.settings).hex())


def refused(warehouse: Warehouse, patches: Sequence[Patch], *, has_k_1: bool = False) -> Warehouse:
    """The warehouse with some patches, after a run that must not publish."""
    before, known, project = warehouse.digests(), known_in(warehouse), warehouse.own_project()
    if has_k_1:
        let_k_be_1(project)
    for leak in patches:
        leak.edit(project, known)
    result = warehouse.bigtrust("run")
    assert result.exit_code == ExitCode.CHECK_FAILED, result.output
    assert warehouse.digests() == before
    assert known.email not in result.output
    assert known.email.encode() not in (warehouse.root / "published" / "governance.duckdb").read_bytes()
    return warehouse


def assert_caught(warehouse: Warehouse, leak: Patch) -> None:
    """The checks that are meant for a leak failed, on what it is in."""
    failed = warehouse.query("governance", FAILED)
    found = {(code, name) for code, relation, column, _ in failed for name in (relation, f"{relation}.{column}", "")}
    assert {pair for pair in leak.caught_by if pair[0] != "MET-01"} <= found
    reasons = " ".join(reason for code, _, _, reason in failed if code in leak.codes)
    assert leak.says in reasons or leak in FORGOTTEN


@pytest.fixture(scope="module")
def with_found(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return refused(published.copy(tmp_path_factory.mktemp("found") / "warehouse"), FOUND)


@pytest.fixture(scope="module")
def with_k_1(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = published.copy(tmp_path_factory.mktemp("k") / "warehouse")
    return refused(warehouse, FOUND_WITH_K_1, has_k_1=True)


@pytest.fixture(scope="module")
def with_built(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return refused(published.copy(tmp_path_factory.mktemp("built") / "warehouse"), BUILT)


@pytest.fixture(scope="module")
def with_forgotten(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return refused(published.copy(tmp_path_factory.mktemp("forgotten") / "warehouse"), BUILT_UPON)


@pytest.mark.xdist_group("leaks found")
@pytest.mark.parametrize("leak", FOUND, ids=lambda leak: leak.name)
def test_what_is_found_on_the_candidates(with_found: Warehouse, leak: Patch) -> None:
    assert_caught(with_found, leak)


@pytest.mark.xdist_group("leaks with k 1")
@pytest.mark.parametrize("leak", FOUND_WITH_K_1, ids=lambda leak: leak.name)
def test_what_is_found_where_k_hides_nothing(with_k_1: Warehouse, leak: Patch) -> None:
    assert_caught(with_k_1, leak)


@pytest.mark.xdist_group("leaks with k 1")
def test_a_reason_that_quotes_a_value_is_in_no_record(with_k_1: Warehouse) -> None:
    email = known_in(with_k_1).email.encode()
    recorded = [*(with_k_1.root / "warehouse" / "runs").glob("*.json"), with_k_1.settings.summary]
    assert recorded[1:]
    assert [path for path in recorded if email in path.read_bytes()] == []


@pytest.mark.xdist_group("leaks built")
@pytest.mark.parametrize("leak", BUILT, ids=lambda leak: leak.name)
def test_what_stops_a_build(with_built: Warehouse, leak: Patch) -> None:
    assert_caught(with_built, leak)


@pytest.mark.xdist_group("leaks built upon")
@pytest.mark.parametrize("leak", BUILT_UPON, ids=lambda leak: leak.name)
def test_what_stops_a_build_further_on(with_forgotten: Warehouse, leak: Patch) -> None:
    assert_caught(with_forgotten, leak)


@pytest.mark.xdist_group("leaks built upon")
def test_what_was_forgotten_is_found_each_by_itself(with_forgotten: Warehouse) -> None:
    """The data test of ERA-02 says of what there is something left."""
    compiled = with_forgotten.settings.dbt_target / "compiled" / "big_trust" / "tests" / "dbt"
    query = (compiled / "nothing_forgotten_is_kept.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{with_forgotten.settings.vault}' as vault (read_only)")
        for name in PUBLICATIONS:
            connection.execute(f"attach '{with_forgotten.settings.candidates}/{name}.duckdb' as {name} (read_only)")
        found = {what for (what,) in connection.execute(f"select distinct what from ({query})").fetchall()}
    assert {leak.says for leak in FORGOTTEN} <= found
    # and what follows from lines that stay
    assert {"guarantees", "cool-downs"} <= found


@pytest.mark.xdist_group("leaks built upon")
def test_building_again_shows_what_was_forgotten(with_forgotten: Warehouse) -> None:
    result = with_forgotten.bigtrust("check", "--as-if-never", "--sample", "1000")
    assert result.exit_code == ExitCode.CHECK_FAILED, result.output
    for leak in FORGOTTEN:
        for code, relation in leak.caught_by:
            assert code != "MET-01" or f"MET-01 failed: {relation} differs" in result.output


@pytest.fixture(scope="module")
def parsed(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with a project of its own, in an environment in which dbt parses it; the first time takes longest."""
    warehouse = published.copy(tmp_path_factory.mktemp("stopped") / "warehouse")
    warehouse.own_project()
    with patch.dict(os.environ, warehouse.environment):
        Dbt(warehouse.settings).parse(2)
        shutil.copy(warehouse.settings.dbt_target / PARSED, warehouse.root)
        yield warehouse


def renewed(warehouse: Warehouse) -> Path:
    """The project without any leak, as dbt has parsed it first: dbt does not always see that an edit is undone."""
    shutil.copy(warehouse.root / PARSED, warehouse.settings.dbt_target)
    return warehouse.renew_project()


@pytest.mark.xdist_group("leaks stopped")
@pytest.mark.parametrize("leak", STOPPED, ids=lambda leak: leak.name)
def test_what_stops_a_run_before_any_data_moves(parsed: Warehouse, leak: Patch) -> None:
    """What a run does first: it parses the project and makes the static checks (bigtrust.pipeline)."""
    leak.edit(renewed(parsed), Known("somebody@example.org", "00"))
    with pytest.raises(BigTrustError) as stopped:
        Dbt(parsed.settings).parse(2)
        made = checks.load(parsed.settings).made
        checks.require_passed(made, " ".join(f"{result.code}: {result.reason}" for result in made if result.blocks))
    assert stopped.value.exit_code in (ExitCode.CHECK_FAILED, ExitCode.CONFIGURATION)
    assert leak.says in str(stopped.value)
    assert all(code in str(stopped.value) for code in leak.codes)


@pytest.mark.xdist_group("leaks stopped")
def test_a_patch_that_stops_a_run_stops_the_command(parsed: Warehouse) -> None:
    before = parsed.digests()
    STOPPED[0].edit(renewed(parsed), Known("somebody@example.org", "00"))
    result = parsed.bigtrust("run")
    assert result.exit_code == ExitCode.CONFIGURATION, result.output
    assert STOPPED[0].says in result.stderr
    assert parsed.digests() == before


@pytest.mark.xdist_group("leaks stopped")
def test_an_error_of_the_engine_that_quotes_a_value_is_withheld(warehouse: Warehouse) -> None:
    before, project = warehouse.digests(), warehouse.own_project()
    let_travel(project)
    sql = "select case when email like '%@%' then error('nobody: ' || lower(email)) else 'none' end as segment"
    declare(project, "zoo_error", sql + " from {{ ref('kept_customers') }}", {"segment": "varchar"})

    result = warehouse.bigtrust("run")

    assert result.exit_code == ExitCode.CONFIGURATION, result.output
    assert "message withheld, it may quote data" in result.stderr
    assert warehouse.digests() == before
    folder = warehouse.root / "warehouse"
    left = [path for path in folder.rglob("*") if path.is_file() and path != warehouse.settings.vault]
    assert [path for path in left if re.search(rb"nobody: [a-z]", path.read_bytes())] == []
    assert not re.search("nobody: [a-z]", result.output)
