"""What of dbt's manifest is shown: what is listed here, and nothing else."""

from collections.abc import Collection, Mapping
from typing import Any

# Left out, among others: compiled SQL, which holds constants of the policy; checksums; where the project lies on the
# machine; environment variables; who invoked dbt, and when; unit tests, whose rows look like data.
_NODE = frozenset(
    {"access", "alias", "attached_node", "column_name", "columns", "config", "constraints", "database", "depends_on"}
    | {
        "description",
        "docs",
        "file_key_name",
        "fqn",
        "group",
        "label",
        "language",
        "latest_version",
        "maturity",
        "meta",
    }
    | {"name", "original_file_path", "owner", "package_name", "patch_path", "path", "raw_code", "refs", "relation_name"}
    | {"resource_type", "schema", "sources", "tags", "test_metadata", "type", "unique_id", "url", "version"}
    | {"identifier", "loader", "source_description", "source_name"}  # of sources
    | {"arguments", "macro_sql", "block_contents"}  # of macros and doc blocks
)
_CONFIG = frozenset({"access", "contract", "enabled", "group", "materialized", "meta", "severity", "tags"})
_COLUMN = frozenset({"constraints", "data_type", "description", "meta", "name", "tags"})
_METADATA = frozenset({"adapter_type", "dbt_schema_version", "dbt_version", "project_name"})
_SHOWN = ("nodes", "sources", "macros", "docs", "exposures", "groups")
_EMPTY = ("metrics", "disabled", "saved_queries", "semantic_models", "unit_tests", "functions", "selectors")


def manifest(of_dbt: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest as it is shown. dbt's own macros and hooks are no part of the project."""
    project = of_dbt["metadata"]["project_name"]
    kinds = {
        kind: {
            name: node
            for name, node in of_dbt[kind].items()
            if node.get("package_name", project) == project and node["resource_type"] != "operation"
        }
        for kind in _SHOWN
    }
    known = {name for nodes in kinds.values() for name in nodes}
    shown: dict[str, Any] = {
        kind: {name: _node(node, known) for name, node in nodes.items()} for kind, nodes in kinds.items()
    }
    metadata = _only(of_dbt["metadata"], _METADATA) | {"send_anonymous_usage_stats": False, "user_id": None}
    maps = {
        name: {
            node: [other for other in others if other in known]
            for node, others in of_dbt[name].items()
            if node in known
        }
        for name in ("parent_map", "child_map")
    }
    return {"metadata": metadata, **shown, **maps, **{name: {} for name in _EMPTY}}


def catalog(of_dbt: Mapping[str, Any]) -> dict[str, Any]:
    """Return a catalog as dbt makes one from the databases, with the types that the contracts say."""
    return {
        "metadata": {},
        "nodes": {
            name: _relation(node)
            for name, node in of_dbt["nodes"].items()
            if node["resource_type"] in ("model", "seed")
        },
        "sources": {name: _relation(node) for name, node in of_dbt["sources"].items()},
        "errors": None,
    }


def _relation(node: Mapping[str, Any]) -> dict[str, Any]:
    columns = {
        name: {"name": name, "index": number, "type": column["data_type"] or "", "comment": None}
        for number, (name, column) in enumerate(node["columns"].items(), start=1)
    }
    kind = node["config"].get("materialized", "")
    about = {"type": kind, "database": node["database"], "schema": node["schema"], "name": node["name"]}
    return {
        "metadata": about | {"comment": None, "owner": None},
        "columns": columns,
        "stats": {},
        "unique_id": node["unique_id"],
    }


def _node(node: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    shown = _only(node, _NODE)
    if "config" in shown:
        shown["config"] = _only(shown["config"], _CONFIG)
    if isinstance(shown.get("columns"), dict):
        shown["columns"] = {name: _only(column, _COLUMN) for name, column in shown["columns"].items()}
    if "depends_on" in shown:
        shown["depends_on"] = {
            kind: [name for name in names if name in known] for kind, names in shown["depends_on"].items()
        }
    return shown


def _only(mapping: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name in names}
