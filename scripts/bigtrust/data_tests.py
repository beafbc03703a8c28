"""The data tests of dbt as checks: which code each has, and what they say of the last build."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import duckdb

from bigtrust import sql
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import EXAMINED_NOTHING, CheckResult, Verdict, of_project

_POLICY, _KEYS = "POL-01", "KEY-01"


def code(node: Any) -> str:
    """The code of a data test, a node of dbt's manifest: its own, or that of all tests on policy tables or models."""
    own = (node.config.meta or {}).get("code")
    return str(own or (_POLICY if _attached(node).startswith("seed.") else _KEYS))


def results(settings: Settings, manifest: Any, tests: Sequence[Any]) -> list[CheckResult]:
    """One result for each code and what its tests read, of dbt's results (`node`, `status`, `failures`).

    Examined are the rows of what is read. A test that was skipped, or could not be made, has no result here: the build
    says why.
    """
    violations: dict[tuple[str, tuple[str, ...]], int] = {}
    for test in tests:
        if test.status in ("pass", "fail"):
            key = (code(test.node), tuple(_reads(test.node)))
            violations[key] = violations.get(key, 0) + int(test.failures or 0)
    if not violations:
        return []
    with duckdb.connect() as connection:
        for name, path in [
            ("vault", settings.vault),
            *((n, settings.candidates / f"{n}.duckdb") for n in PUBLICATIONS),
        ]:
            connection.execute(f"attach {sql.text(str(path))} as {name} (read_only)")
        return [
            _result(key, manifest.nodes, reads, broken, _rows(connection, manifest.nodes, reads))
            for (key, reads), broken in violations.items()
        ]


def _reads(node: Any) -> list[str]:
    """The unique id of what a test is attached to, or of all that it reads."""
    attached = _attached(node)
    return [attached] if attached else list(node.depends_on.nodes)


def _attached(node: Any) -> str:
    """The unique id of the seed or model that a generic test is written at; a singular one is at none."""
    return getattr(node, "attached_node", None) or ""


def _rows(connection: duckdb.DuckDBPyConnection, nodes: Any, reads: Iterable[str]) -> int:
    rows = 0
    for name in reads:
        with suppress(duckdb.Error):  # of a build that stopped there may be less: then less was examined
            counted = connection.execute(f"select count(*) from {nodes[name].relation_name}").fetchall()
            rows += int(counted[0][0])
    return rows


def _result(key: str, nodes: Any, reads: Sequence[str], violations: int, examined: int) -> CheckResult:
    verdict: Verdict = "failed" if violations else "passed"
    reason = f"{violations:,} rows break the rule" if violations else ""
    if not examined and not violations:
        # a policy table may be empty, and a table of the vault: nobody has opted in, nothing is held
        may_be_empty = all(nodes[name].database == "vault" for name in reads)
        verdict = "not applicable" if may_be_empty else "failed"
        reason = "the table holds no row" if may_be_empty else EXAMINED_NOTHING
    relation = ", ".join(_name(nodes[name]) for name in reads)
    return of_project(key, "build", relation, examined, violations, verdict, reason)


def _name(node: Any) -> str:
    if node.resource_type == "seed":
        return str(node.original_file_path)
    return f"{node.database}.{node.schema}.{node.alias}"
