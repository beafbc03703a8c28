"""FLW-05: what runs beside the models, so that no lineage shows it: hooks, and what the Jinja of the project calls."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bigtrust.lineage.project import Finding

_CODE = "FLW-05"
# What may run beside the models: deletes before a build of the changes, and the guards when a run starts.
_DELETE = re.compile(r"\s*\{\{\s*(delete_\w+)\(.*\)\s*\}\}\s*", re.DOTALL)
_GUARD = re.compile(r"\s*\{\{\s*(require_\w+)\(\)\s*\}\}\s*")
_WRITES = re.compile(
    r"\b(insert|update|create|alter|copy|attach|set|merge|comment|export|pragma|call)\b", re.IGNORECASE
)

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_DEFINITION = re.compile(r"\{%-?\s*(?:macro|test|materialization)\b.*?%\}", re.DOTALL)
_CALLED = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
# What Jinja may call, beside the project's own macros and dbt's tests: what only writes SQL. No query, log or file.
_HARMLESS = frozenset(
    {"ref", "source", "config", "env_var", "namespace", "return", "exceptions.raise_compiler_error", "this.incorporate"}
    | {
        "append",
        "extend",
        "get",
        "items",
        "setdefault",
        "split",
        "values",
        "join",
        "map",
        "and",
        "in",
        "not",
        "or",
        "if",
    }
    | {"materialization_table_duckdb", "materialization_view_default", "run_hooks"}
)
# Who may ask the database, and for what: the policy, whether something is there; and the way to add rows to a table.
_ASKING = re.compile(r"require_\w+|retention_policy|retention_window|setting|materialization_updated_duckdb")
_ASKS = frozenset({"run_query", "statement", "adapter.commit"})
_DISPATCHED = re.compile("^(?:default|duckdb)__")  # dbt looks for these of its macros in the project first
_MAY_BE_REPLACED = frozenset({"generate_schema_name", "generate_alias_name"})  # dbt wants a project to


def beside_the_models(manifest: Mapping[str, Any]) -> tuple[int, list[Finding]]:
    """How much there is beside the models, and what must not be. `manifest` is dbt's manifest.json."""
    examined, found = 0, []
    project = manifest["metadata"]["project_name"]
    macros = list(manifest["macros"].values())
    own = [macro for macro in macros if macro["package_name"] == project]
    own_names = {macro["name"] for macro in own}
    names_of_dbt = {macro["name"] for macro in macros if macro["package_name"] != project}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "operation":
            examined += 1
            if not _GUARD.fullmatch(node["raw_code"]):
                found.append(Finding(_CODE, "dbt_project.yml", None, "a run hook is none of the guards (require_…)"))
            continue
        for hook in [*node["config"].get("pre-hook", ()), *node["config"].get("post-hook", ())]:
            examined += 1
            if not _DELETE.fullmatch(hook["sql"]):
                found.append(Finding(_CODE, node["name"], None, "a hook is none of the deletes (delete_…)"))
        if node["resource_type"] != "seed":  # its raw code is empty
            found += _calling(node["name"], node.get("raw_code") or "", own_names)
    for macro in own:
        name, text = macro["name"], macro["macro_sql"]
        examined += 1
        found += _calling(name, text, own_names | (_ASKS if _ASKING.fullmatch(name) else frozenset()))
        if {name, _DISPATCHED.sub("", name)} & (names_of_dbt - _MAY_BE_REPLACED):
            found.append(Finding(_CODE, name, None, "the macro takes the place of one of dbt's"))
        if name.startswith("delete_") and _WRITES.search(re.sub(r"\{%.*?%\}|\{#.*?#\}", " ", text, flags=re.DOTALL)):
            found.append(Finding(_CODE, name, None, "the macro does something else than delete"))
    return examined, found


def _calling(name: str, code: str, allowed: Collection[str]) -> Iterator[Finding]:
    """What the Jinja of a node or macro calls beside what is allowed and what is harmless."""
    called = {
        call
        for part in _JINJA.findall(_DEFINITION.sub("", code))
        for call in _CALLED.findall(_TEXT.sub("''", part))
        if call not in allowed and call.rpartition(".")[2] not in _HARMLESS and call not in _HARMLESS
    }
    for call in sorted(called):
        if not call.startswith("test_"):
            yield Finding(_CODE, name, None, f"calls {call}, which no lineage follows")
