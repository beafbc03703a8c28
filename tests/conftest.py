"""Fixtures: a published demo warehouse, made once per test process and copied where a test changes it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bigtrust.demo import write_demo
from warehouse import Warehouse


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
