"""Each leak is refused, and by the checks that are meant for its family."""

from collections.abc import Iterator

import pytest

from leaks.plant import plant
from leaks.relations import LEAKS, Leak
from warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leaks")]


@pytest.fixture(scope="module")
def refused(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A demo warehouse whose project has all leaks, after a run."""
    warehouse = published.copy(tmp_path_factory.mktemp("leaks") / "warehouse")
    before = warehouse.digests()
    plant(warehouse.own_project(), LEAKS)
    result = warehouse.bigtrust("run")
    assert result.exit_code == 1, result.output
    assert "nothing was published" in result.stderr
    assert warehouse.digests() == before
    yield warehouse


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
def test_a_leak_is_caught_by_the_checks_of_its_family(refused: Warehouse, leak: Leak) -> None:
    failed = refused.query(
        "governance",
        "select distinct code from marts.check_results where run = 2 and verdict = 'failed' and severity = 'critical'"
        " and relation = $1",
        f"analytics.protected.{leak.relation}",
    )
    assert {code for (code,) in failed} == leak.caught_by
