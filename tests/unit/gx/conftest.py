"""Fixtures for the checks by Great Expectations."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from gx_shop import Shop, open_shop

from bigtrust.gx.permitted import load_custom_expectations
from bigtrust.gx.suites import FOLDER

load_custom_expectations(FOLDER)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A vault with four customers, and no publication yet."""
    return open_shop(tmp_path)


@pytest.fixture
def write_suites(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Write suite files by their path; give the folder."""

    def write(files: Mapping[str, str]) -> Path:
        folder = tmp_path / "suites"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write
