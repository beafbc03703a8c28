"""Suites of expectations: one YAML file per relation, in `expectations/<publication>/<schema>/<relation>.yml`.

    relation: analytics.marts.customers
    needs: [customers]
    expectations:
      - expect_column_values_to_match_regex: {column: country, regex: '^[A-Z]{2}$'}
        code: CUS-01
        because: A country is a two-letter code, so nothing else can hide in it.
        needs: [customers.country]
        severity: critical

`needs` names what the retailer must deliver, a landing table or a column of one, for an expectation to apply (by
default what the suite needs). `severity` is critical (the default: a failure blocks publication) or warning.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from bigtrust.errors import ConfigurationError
from bigtrust.gx.engine import opened
from bigtrust.gx.permitted import load_custom_expectations, nearest, require_arguments, require_permitted
from bigtrust.settings import PROJECT

FOLDER = PROJECT / "expectations"
BASELINE_CODES = frozenset(
    {"COL-01", "RAW-01", "PAT-01", "PAT-02", "PAT-03", "PAT-04", "PAT-05", "PAT-06", "PAT-07", "PSE-01", "PSE-02"}
    | {"CEL-01", "CEL-02", "RET-01", "RET-02", "ROW-01"}
)
SCHEMAS = ("marts", "protected")

_SUITE_KEYS = ("relation", "needs", "expectations")
_RULE_KEYS = ("code", "because", "needs", "severity")
_SEVERITIES = ("critical", "warning")
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}-\d{2,3}")


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite, with its permanent code and the reason for it."""

    code: str
    expectation: str
    arguments: dict[str, Any]
    because: str
    needs: tuple[str, ...] = ()
    severity: str = "critical"


@dataclass(frozen=True)
class Suite:
    """The expectations of one relation (`publication.schema.name`)."""

    relation: str
    rules: tuple[Rule, ...]
    origin: Literal["baseline", "written"] = "written"
    file: Path | None = None

    @property
    def publication(self) -> str:
        """The publication that holds the relation."""
        return self.relation.split(".")[0]


def load_suites(
    folder: Path = FOLDER,
    *,
    relations: Collection[str],
    landing: Collection[str] | None = None,
    expectations: Path = FOLDER,
) -> list[Suite]:
    """Read all written suites under a folder, strictly.

    `relations` are the full names of the relations that exist (published_relations, or from the manifest);
    `landing` the tables and `table.column` that `needs` may name (None: not verified); `expectations` the folder
    with the project's own expectations. Raises ConfigurationError naming file and key.
    """
    custom = load_custom_expectations(expectations)
    suites: list[Suite] = []
    meaning: dict[str, tuple[Rule, Path]] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        suite = _suite(path, relations, landing, custom)
        expected = folder.joinpath(*suite.relation.split(".")).with_suffix(".yml")
        for other in suites:
            if other.relation == suite.relation:
                raise ConfigurationError(
                    f"{path}: relation: {other.file} is a suite of {suite.relation} already. Join the two."
                )
        if path != expected:
            raise ConfigurationError(f"{path}: relation: the suite of {suite.relation} belongs into {expected}.")
        for rule in suite.rules:
            _require_one_meaning(rule, path, meaning)
        suites.append(suite)
    return suites


def published_relations(publications: Mapping[str, Path]) -> set[str]:
    """The full names of all relations in the schemas `marts` and `protected` of publication files."""
    with opened(publications) as (_, connection):
        rows = connection.execute("""
            select database_name, schema_name, table_name from duckdb_tables() where not internal
            union
            select database_name, schema_name, view_name from duckdb_views() where not internal""").fetchall()
    return {".".join(row) for row in rows if row[0] in publications and row[1] in SCHEMAS}


def require_suites(relations: Collection[str], suites: Sequence[Suite], folder: Path = FOLDER) -> None:
    """Raise ConfigurationError if a relation has no written suite; names the relation and the file to write."""
    written = {suite.relation for suite in suites if suite.origin == "written"}
    for relation in sorted(set(relations) - written):
        path = folder.joinpath(*relation.split(".")).with_suffix(".yml")
        raise ConfigurationError(f"{relation} has no suite of expectations. Write {path}.")


def _suite(path: Path, relations: Collection[str], landing: Collection[str] | None, custom: Collection[str]) -> Suite:
    content = _mapping(_yaml(path), path, "the file")
    _require_keys(content, _SUITE_KEYS, str(path))
    relation = content.get("relation")
    if not isinstance(relation, str):
        raise ConfigurationError(f"{path}: relation is missing. Write publication.schema.name.")
    if relation not in relations:
        raise ConfigurationError(f"{path}: relation: there is no {relation}.{nearest(relation, relations)}")
    needs = _needs(content.get("needs", []), landing, str(path))
    entries = content.get("expectations")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(f"{path}: expectations is missing or empty. A suite has at least one.")
    rules: list[Rule] = []
    for number, entry in enumerate(entries, start=1):
        rule = _rule(
            _mapping(entry, path, f"expectation {number}"), f"{path}: expectation {number}", needs, landing, custom
        )
        if rule.code in {other.code for other in rules}:
            raise ConfigurationError(f"{path}: code: {rule.code} is used twice. Each expectation has its own code.")
        rules.append(rule)
    return Suite(relation, tuple(rules), "written", path)


def _rule(
    entry: Mapping[str, Any],
    where: str,
    suite_needs: tuple[str, ...],
    landing: Collection[str] | None,
    custom: Collection[str],
) -> Rule:
    names = [key for key in entry if str(key).startswith("expect")]
    _require_keys(entry, (*_RULE_KEYS, *names), where)
    if len(names) != 1:
        raise ConfigurationError(f"{where}: exactly one key must name an expectation (expect_...), not {len(names)}.")
    name = names[0]
    code = entry.get("code")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ConfigurationError(f"{where}: code is missing or not of the form CUS-01.")
    where = f"{where} ({code})"
    if code in BASELINE_CODES:
        raise ConfigurationError(f"{where}: code belongs to the baseline. Choose another.")
    require_permitted(name, custom, where)
    arguments = entry[name] if entry[name] is not None else {}
    if not isinstance(arguments, dict):
        raise ConfigurationError(f"{where}: {name} takes its arguments as {{name: value}}.")
    require_arguments(name, arguments, where)
    because = entry.get("because")
    if not isinstance(because, str) or not because.strip():
        raise ConfigurationError(f"{where}: because is missing. Say in one sentence why the rule is there.")
    severity = entry.get("severity", "critical")
    if severity not in _SEVERITIES:
        raise ConfigurationError(f"{where}: severity must be one of {', '.join(_SEVERITIES)}.")
    needs = _needs(entry["needs"], landing, where) if "needs" in entry else suite_needs
    return Rule(code, name, arguments, because.strip(), needs, severity)


def _require_one_meaning(rule: Rule, path: Path, meaning: dict[str, tuple[Rule, Path]]) -> None:
    """A code says the same wherever it stands: relations may share a rule, two rules never share a code."""
    first, first_path = meaning.setdefault(rule.code, (rule, path))
    if (first.expectation, first.arguments) != (rule.expectation, rule.arguments):
        raise ConfigurationError(
            f"{path}: code: {rule.code} already stands for another rule in {first_path}. Choose another code."
        )


def _needs(value: Any, landing: Collection[str] | None, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{where}: needs is a list of landing tables or table.column.")
    for item in value:
        if landing is not None and item not in landing:
            raise ConfigurationError(f"{where}: needs: landing has no {item}.{nearest(item, landing)}")
    return tuple(value)


def _require_keys(content: Mapping[str, Any], valid: Sequence[str], where: str) -> None:
    for key in content:
        if key not in valid:
            raise ConfigurationError(f"{where}: unknown key {key}.{nearest(str(key), valid)}")


def _mapping(value: Any, path: Path, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: {what} is not of the form key: value.")
    return value


class _Loader(yaml.SafeLoader):
    """YAML without surprises: a key twice is an error, and only true and false are truth values (NO is Norway)."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"key {key} twice")
        return super().construct_mapping(node, deep)


_KEPT_AS_TEXT = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag not in _KEPT_AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not readable as YAML: {error}") from None
