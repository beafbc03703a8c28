"""An error that nobody foresaw is told without quoting data, and fails a test that did not mean it."""

from pathlib import Path

import pytest

from bigtrust.settings import Settings
from warehouse import Warehouse


def test_an_error_that_nobody_foresaw_fails_whoever_runs_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "load", lambda **_: int("Kanari"))
    warehouse = Warehouse(tmp_path)
    with pytest.raises(AssertionError, match=r"Unexpected ValueError in bigtrust\.cli"):
        warehouse.bigtrust("status")
    result = warehouse.bigtrust("status", is_defect=True)
    assert result.exit_code == 2
    assert "Kanari" not in result.output
