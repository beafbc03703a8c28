"""A warehouse of its own for a test: folders under one temporary folder, the command line run inside this process."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import duckdb
from click.testing import CliRunner, Result
from dbt.cli.main import dbtRunnerResult

from bigtrust import checks
from bigtrust.build import Dbt, Progress
from bigtrust.cli import main
from bigtrust.settings import FOLDERS, PROJECT, Settings

PUBLICATIONS = ("analytics", "insights", "finance", "marketing", "service", "governance")
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/dbt", "expectations")


@dataclass
class Warehouse:
    """The folders of a warehouse under `root`, and what a test asks of it."""

    root: Path
    project: Path = PROJECT
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of this warehouse."""
        return {
            "BIGTRUST_PROJECT": str(self.project),
            **{f"BIGTRUST_{name.upper()}": str(self.root / name) for name in FOLDERS},
            "BIGTRUST_SECRET_FILE": str(self.root / "secrets" / "pseudonymisation.key"),
            "BIGTRUST_AS_OF": "",
            **self.variables,
        }

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.root / "landing"

    @property
    def settings(self) -> Settings:
        """The settings as the command line would read them."""
        return Settings.load(self.environment)

    def bigtrust(self, *arguments: str, is_defect: bool = False) -> Result:
        """Run a command. `exit_code`, `stdout`, `stderr` and `output` are as on a terminal that is none.

        A refusal is a sentence: an error that nobody foresaw fails the test, unless `is_defect` says that it is meant.
        """
        result = CliRunner().invoke(main, arguments, env=self.environment)
        assert is_defect or not re.search(r"Unexpected \w+ in bigtrust", result.output), result.output
        return result

    def run(self, *arguments: str) -> Result:
        """`bigtrust run`, which must publish."""
        result = self.bigtrust("run", *arguments)
        assert result.exit_code == 0, result.output
        return result

    def run_unchecked(self, *arguments: str) -> Result:
        """`bigtrust run` that publishes without checks: for tests of what is built; checks take longer."""
        with unchecked():
            return self.run(*arguments)

    def query(self, publication: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query on a publication."""
        return self._rows(self.root / "published" / f"{publication}.duckdb", sql, parameters)

    def vault(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query on the vault."""
        return self._rows(self.root / "warehouse" / "vault.duckdb", sql, parameters)

    def digests(self) -> dict[str, str]:
        """The digest of each publication but governance, which every run replaces."""
        files = sorted((self.root / "published").glob("*.duckdb"))
        return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.stem != "governance"}

    def copy(self, root: Path) -> Warehouse:
        """The same warehouse in another folder."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Warehouse(root, self.project, dict(self.variables))

    def own_project(self) -> Path:
        """Give this warehouse a copy of the project, to be broken, and return its folder."""
        target = self.root / "project"
        for part in PROJECT_PARTS:
            source = PROJECT / part
            if source.is_dir():
                shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.mkdir(exist_ok=True)
                shutil.copy(source, target / part)
        self.project = target
        return target

    def renew_project(self) -> Path:
        """Make the copy of the project as it was, and return its folder."""
        shutil.rmtree(self.project)
        return self.own_project()

    @staticmethod
    def _rows(path: Path, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()


@contextmanager
def unchecked() -> Iterator[None]:
    """Let a run publish without checks, data tests included."""
    invoke = Dbt._invoke

    def without_data_tests(dbt: Dbt, arguments: list[str], progress: Progress) -> dbtRunnerResult:
        others = ["--exclude-resource-type", "test"] if arguments[0] == "build" else []
        return invoke(dbt, [*arguments, *others], progress)

    report = SimpleNamespace(results=(), passed=True, unused_exceptions=())
    with (
        patch.object(checks, "run", lambda *_: report),
        patch.object(checks, "load", lambda _: checks.Prepared([], [], [], {"nodes": {}})),
        patch.object(checks, "require_passed", lambda *_: None),
        patch.object(Dbt, "_invoke", without_data_tests),
        patch.object(Dbt, "_require_every_test", lambda _: None),
    ):
        yield


def replace_in(path: Path, old: str, new: str) -> None:
    """Replace a text in a file; it must occur exactly once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def let_k_be_1(project: Path) -> None:
    """Let nobody give up a value for being one of few: that would hide what is tested."""
    replace_in(project / "seeds" / "policy" / "settings.csv", "\nk,5,", "\nk,1,")


def show_areas_as_countries(project: Path) -> None:
    """Let analytics show a postal area as the country: the lineage knows it as a treatment, so the suites must refuse.

    k is 1, so that nobody gives the value up for being one of few.
    """
    attributes = project / "models" / "vault" / "persons" / "customer_attributes.sql"
    replace_in(attributes, '{{ country("kept_customers.country") }} as country,', "regions.postal_area as country,")
    let_k_be_1(project)
