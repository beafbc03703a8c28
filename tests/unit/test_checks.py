"""What a candidate may hold beside the rows of its relations: nothing."""

from pathlib import Path

import duckdb
import pytest

from bigtrust.checks import _require_declared
from bigtrust.errors import CheckFailed

CANARY = "canari_secret_example_com"
DECLARED = {"analytics.protected.customers", "analytics.marts.customers"}


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    path = tmp_path / "analytics.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema protected")
        connection.execute("create table protected.customers (region varchar not null)")
        connection.execute("create view marts.customers as select region from protected.customers")
    return path


def test_declared_relations_may_be_there(candidate: Path) -> None:
    _require_declared("analytics", candidate, DECLARED)


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("relation", f"create table marts.{CANARY} (x integer)"),
        ("relation", "create table main.customers (x integer)"),
        ("relation", f"create view protected.{CANARY} as select 1 as x"),
        ("schema", f"create schema {CANARY}"),
        ("macro", f"create macro marts.who() as '{CANARY}'"),
        ("macro", f"create macro marts.whoever() as table select '{CANARY}' as x"),
        ("type", f"create type protected.names as enum ('{CANARY}')"),
        ("sequence", f"create sequence protected.{CANARY}"),
        ("index", f"create index {CANARY} on protected.customers (region)"),
        ("column default", f"alter table protected.customers alter region set default '{CANARY}'"),
    ],
)
def test_anything_else_in_the_file_is_refused_and_not_named(candidate: Path, kind: str, sql: str) -> None:
    with duckdb.connect(str(candidate)) as connection:
        connection.execute(sql)
    with pytest.raises(CheckFailed, match=f"holds a {kind} that no model declares") as refusal:
        _require_declared("analytics", candidate, DECLARED)
    assert CANARY not in str(refusal.value)


def test_a_check_constraint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema protected")
        connection.execute(f"create table protected.customers (region varchar check (region <> '{CANARY}'))")
    with pytest.raises(CheckFailed, match="holds a constraint"):
        _require_declared("analytics", path, DECLARED)
