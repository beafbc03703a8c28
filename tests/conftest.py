"""Fixtures: a published demo warehouse, made once per test process and copied where a test changes it."""

import gc
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from dbt.artifacts.resources import FileHash
from dbt.parser.manifest import ManifestLoader

from bigtrust.build import Dbt
from bigtrust.demo import write_demo
from bigtrust.lineage import project
from bigtrust.settings import PROJECT
from warehouse import Warehouse

gc.set_threshold(100_000, 50, 1000)  # to look through what is kept of dbt and sqlglot took a tenth of the time


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
    """dbt parses this project once per test process; of a copy of it that a test changes, what changed.

    For dbt, the folders of another warehouse are other settings, after which it would parse everything anew.
    """
    parse, state = Dbt.parse, ManifestLoader.build_manifest_state_check
    known: list[tuple[Any, dict[str, bytes]]] = []  # the manifest, and the files that dbt writes of it

    def parse_once(self: Dbt, run: int) -> None:
        folder = self._settings.dbt_target
        if known:
            manifest, files = known[0]
            folder.mkdir(parents=True, exist_ok=True)
            if self._settings.project == PROJECT:
                (folder / "manifest.json").write_bytes(files["manifest.json"])
                self.manifest = manifest.deepcopy()
                return
            (folder / "partial_parse.msgpack").write_bytes(files["partial_parse.msgpack"])
        parse(self, run)
        if self._settings.project == PROJECT:
            files = {name: (folder / name).read_bytes() for name in ("manifest.json", "partial_parse.msgpack")}
            known.append((self.manifest.deepcopy(), files))

    def state_whatever_the_folders(self: ManifestLoader) -> Any:
        check = state(self)
        check.profile_hash = check.project_env_vars_hash = FileHash.from_contents("any folders")
        return check

    with (
        patch.object(Dbt, "parse", parse_once),
        patch.object(ManifestLoader, "build_manifest_state_check", state_whatever_the_folders),
    ):
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
