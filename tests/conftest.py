"""Fixtures: a published demo warehouse, made once per test process and copied where a test changes it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bigtrust.build import Dbt
from bigtrust.demo import write_demo
from bigtrust.lineage import project
from bigtrust.settings import PROJECT
from warehouse import Warehouse


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of an xdist group in one process, as `--dist loadgroup` promises.

    pytest-xdist 3.8 writes the group into the id of a test where pytest 9.2 no longer looks for it: without this, the
    fixtures of every module are made in both processes.
    """
    if config.getoption("loadgroup", False):
        for item in items:
            group = item.get_closest_marker("xdist_group")
            if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
                item._id = type(item.id).parse(f"{item.nodeid}@{group.args[0]}")


@pytest.fixture(scope="session", autouse=True)
def parsed_once() -> Iterator[None]:
    """dbt parses this project once per test process, and every copy of it that a test changes."""
    parse = Dbt.parse
    known: list[tuple[object, bytes]] = []  # the manifest, and the file that dbt writes of it

    def parse_once(self: Dbt, run: int) -> None:
        file = self._settings.dbt_target / "manifest.json"
        if not known or self._settings.project != PROJECT:
            parse(self, run)
            if self._settings.project == PROJECT:
                known.append((self.manifest.deepcopy(), file.read_bytes()))
        else:
            manifest, content = known[0]
            self.manifest = manifest.deepcopy()  # type: ignore[attr-defined]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    with patch.object(Dbt, "parse", parse_once):
        yield


@pytest.fixture(scope="session", autouse=True)
def understood_once() -> Iterator[None]:
    """The lineage reads the same SQL over the same relations once per test process."""
    qualified = project._Project._qualified
    known: dict[tuple[str, str, int], Any] = {}

    def qualified_once(self: project._Project, name: str, node: Mapping[str, Any]) -> Any:
        path = project._compiled(node, self._compiled)
        if not path.exists():
            return qualified(self, name, node)
        key = (name, path.read_text(encoding="utf-8"), hash(repr(self._schema)))
        if key not in known:
            known[key] = qualified(self, name, node)
        return known[key]  # it is only read

    with patch.object(project._Project, "_qualified", qualified_once):
        yield


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A demo warehouse of 150 customers after one run. Not to be changed: take `warehouse` for that."""
    warehouse = Warehouse(tmp_path_factory.mktemp("published"))
    write_demo(warehouse.landing, customers=150, seed=7, until=datetime.now(UTC).date())
    result = warehouse.run()
    (warehouse.root / "output.txt").write_text(result.output, encoding="utf-8")
    return warehouse


@pytest.fixture
def warehouse(published: Warehouse, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of the published demo warehouse, to be changed."""
    yield published.copy(tmp_path / "warehouse")
