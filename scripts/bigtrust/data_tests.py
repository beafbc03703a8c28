"""The data tests of dbt as checks: which code each has, and what they say of the last build."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import duckdb

from bigtrust import sql
from bigtrust.errors import ConfigurationError
from bigtrust.registry import CHECKS
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import EXAMINED_NOTHING, CheckResult, Verdict, of_project

_POLICY, _KEYS = "POL-01", "KEY-01"
_COMPUTED = ("view", "scoped")  # what is no table
# What a data test must be configured as, or it looks at less than all rows, fails at nothing, or keeps the rows.
_AS_IT_IS = {
    "severity": ("ERROR",),
    "where": (None,),
    "limit": (None,),
    "fail_calc": ("count(*)",),
    "warn_if": ("!= 0",),
    "error_if": ("!= 0",),
    "store_failures": (None, False),
    "store_failures_as": (None, "ephemeral"),
}


def code(node: Any) -> str:
    """The code of a data test, a node of dbt's manifest: its own, or that of all tests on policy tables or models."""
    return _code(node.config.meta or {}, _attached(node))


def _code(meta: Mapping[str, Any], attached: str) -> str:
    return str(meta.get("code") or (_POLICY if attached.startswith("seed.") else _KEYS))


def require_in_force(manifest: Mapping[str, Any]) -> None:
    """Every check that dbt makes has a data test, and none of the data tests is switched off or weakened.

    `manifest` is dbt's manifest.json. Raises ConfigurationError naming the check or the test.
    """
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    for node in (node for nodes in manifest.get("disabled", {}).values() for node in nodes):
        if node["resource_type"] == "test":
            _refuse(node, "enabled")
    for node in tests:
        for name, values in _AS_IT_IS.items():
            value = node["config"].get(name)
            if (value.upper() if name == "severity" else value) not in values:
                _refuse(node, name)
    made = {_code(node["config"].get("meta", {}), node.get("attached_node") or "") for node in tests}
    for check in CHECKS:
        if check.kind == "build" and check.code not in made:
            raise ConfigurationError(f"{check.code}: there is no data test of it. Restore it in tests/dbt/.")


def _refuse(node: Mapping[str, Any], name: str) -> None:
    code_of_it = _code(node["config"].get("meta", {}), node.get("attached_node") or "")
    raise ConfigurationError(
        f"{code_of_it}: the data test {node['name']} is switched off, weakened, or keeps rows: by its {name}. Remove "
        "that from its configuration."
    )


def results(settings: Settings, manifest: Any, tests: Sequence[Any]) -> list[CheckResult]:
    """One result for each code and what its tests read, of dbt's results (`node`, `status`, `failures`).

    Examined are the rows that its meta `examines` names ("from … where …"): those of which the test says something.
    Without it, they are all rows of the tables that are read. If there is none, what the test reads must be of the
    vault or the policy, or its meta `if_empty` say what that means. A test that was skipped, or could not be made, has
    no result here: the build says why.
    """
    violations: dict[tuple[str, tuple[str, ...], str, str], int] = {}
    for test in tests:
        if test.status in ("pass", "fail"):
            meta = test.node.config.meta or {}
            key = (
                code(test.node),
                tuple(_reads(test.node)),
                str(meta.get("examines", "")),
                str(meta.get("if_empty", "")),
            )
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
            _result(
                key,
                manifest.nodes,
                reads,
                broken,
                _rows_of(connection, key, examines) if examines else _rows(connection, manifest.nodes, reads),
                if_empty,
            )
            for (key, reads, examines, if_empty), broken in violations.items()
        ]


def _reads(node: Any) -> list[str]:
    """The unique id of what a test is attached to, or of all that it reads."""
    attached = _attached(node)
    return [attached] if attached else list(node.depends_on.nodes)


def _attached(node: Any) -> str:
    """The unique id of the seed or model that a generic test is written at; a singular one is at none."""
    return getattr(node, "attached_node", None) or ""


def _rows_of(connection: duckdb.DuckDBPyConnection, key: str, examines: str) -> int:
    try:
        ((rows,),) = connection.execute(f"select count(*) {examines}").fetchall()
    except duckdb.Error as error:
        raise ConfigurationError(
            f"{key}: what its data test examines cannot be counted ({type(error).__name__}). Correct `examines` in its "
            "configuration: 'from …', with the full names of relations."
        ) from None
    return int(rows)


def _rows(connection: duckdb.DuckDBPyConnection, nodes: Any, reads: Iterable[str]) -> int:
    rows = 0
    for name in reads:
        config = getattr(nodes[name], "config", None)
        if config is not None and config.materialized in _COMPUTED:
            continue  # to count it, it would have to be computed again
        with suppress(duckdb.Error):  # of a build that stopped there may be less: then less was examined
            counted = connection.execute(f"select count(*) from {nodes[name].relation_name}").fetchall()
            rows += int(counted[0][0])
    return rows


def _result(key: str, nodes: Any, reads: Sequence[str], violations: int, examined: int, if_empty: str) -> CheckResult:
    verdict: Verdict = "failed" if violations else "passed"
    reason = f"{violations:,} rows break the rule" if violations else ""
    if not examined and not violations:
        # a policy table may be empty, and a table of the vault: nobody has opted in, nothing is held
        if not if_empty and all(nodes[name].database == "vault" for name in reads):
            if_empty = "the table holds no row"
        verdict, reason = ("not applicable", if_empty) if if_empty else ("failed", EXAMINED_NOTHING)
    relation = ", ".join(_name(nodes[name]) for name in reads)
    return of_project(key, "build", relation, examined, violations, verdict, reason)


def _name(node: Any) -> str:
    if node.resource_type == "seed":
        return str(node.original_file_path)
    return f"{node.database}.{node.schema}.{node.alias}"
