"""What dbt left out of a build is noticed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bigtrust.build import Dbt
from bigtrust.errors import ConfigurationError
from warehouse import Warehouse


def node(name: str, kind: str, code: str = "") -> Any:
    return SimpleNamespace(unique_id=name, resource_type=kind, config=SimpleNamespace(meta={"code": code}))


@pytest.mark.parametrize(("made", "left_out"), [(("a", "b"), ""), (("a",), "1 data tests (OPT-01)"), ((), "2 data")])
def test_a_build_that_left_out_a_data_test_is_no_build(tmp_path: Path, made: tuple[str, ...], left_out: str) -> None:
    dbt = Dbt(Warehouse(tmp_path).settings)
    nodes = [node("a", "test", "ERA-02"), node("b", "test", "OPT-01"), node("c", "model"), node("d", "unit_test")]
    dbt.manifest = SimpleNamespace(nodes={it.unique_id: it for it in nodes})
    dbt.tests = [SimpleNamespace(node=it) for it in nodes if it.unique_id in made]
    if not left_out:
        dbt._require_every_test()
        return
    with pytest.raises(ConfigurationError) as refused:
        dbt._require_every_test()
    assert left_out in str(refused.value)
