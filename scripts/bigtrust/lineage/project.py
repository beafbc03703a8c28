"""The lineage of a dbt project: from each landing column to each column of each publication."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from bigtrust.errors import ConfigurationError
from bigtrust.lineage import treatments, windows
from bigtrust.lineage.declared import ENDS, differences
from bigtrust.lineage.evaluate import Relation, Unresolved, evaluate
from bigtrust.lineage.taint import CLASSES, CONSTANT, FORBIDDEN, NULL, UNTREATED, Flow, Taint

_FROM_OUTSIDE = ("landing", "register")  # the other sources hold what earlier builds made of these
_POSITION = {"file_number": "position", "row_number": "position", "is_new": "attribute"}


@dataclass(frozen=True)
class Finding:
    """What is wrong with a column (or, with `column` None, with which rows there are) of a relation or a model."""

    code: str
    relation: str
    column: str | None
    reason: str


@dataclass(frozen=True)
class Lineage:
    """`landing` are all landing columns (`table.column`) with their class, `relations` all models by
    `database.schema.name`, `published` the names of those that are in a publication, `declared` how many columns of
    staging have a class, `windows` how many relations with a retention window each mart reads; `findings` what must not
    be."""

    landing: Mapping[str, str]
    relations: Mapping[str, Relation]
    published: tuple[str, ...]
    models: int
    declared: int
    windows: Mapping[str, int]
    findings: tuple[Finding, ...]


def analyse(
    manifest: Mapping[str, Any], compiled: Path, publications: Collection[str], as_of: date | None = None
) -> Lineage:
    """Follow every landing column through the compiled models.

    `manifest` is dbt's manifest.json, `compiled` the folder `target/compiled` of the same build, `as_of` the day that
    stood for today in it. Raises ConfigurationError if a treatment or a class is not declared as it must be.
    """
    return _Project(manifest, compiled, publications, as_of).analyse()


def is_compiled(manifest: Mapping[str, Any], compiled: Path) -> bool:
    """Whether the compiled SQL of every model is there: a build of the changes does not write that of a view anew."""
    return all(_compiled(node, compiled).exists() for node in _models(manifest))


class _Project:
    def __init__(
        self, manifest: Mapping[str, Any], compiled: Path, publications: Collection[str], as_of: date | None
    ) -> None:
        self._compiled = compiled
        self._as_of = as_of
        self._publications = publications
        self._models = _models(manifest)
        self._findings: list[Finding] = []
        self._relations: dict[str, Relation] = {}
        self._landing: dict[str, str] = {}
        self._windows: dict[str, int] = {}
        self._lost: set[str] = set()  # models that cannot be followed, and those that read them
        for node in manifest["sources"].values():
            self._relations[_name(node, node["identifier"])] = self._source(node)
        for node in manifest["nodes"].values():
            if node["resource_type"] == "seed":
                columns = _header(Path(node["root_path"]) / node["original_file_path"]) if node.get("root_path") else ()
                self._relations[_name(node, node["alias"])] = Relation(dict.fromkeys(columns, CONSTANT))
        self._schema: dict[str, Any] = {}
        for name, relation in self._relations.items():
            self._know(name, relation)

    def analyse(self) -> Lineage:
        self._treatments = self._read_treatments()
        declared = 0
        for node in _in_order(self._models):
            if node["name"] == treatments.MODEL:
                continue
            name = _name(node, node["alias"])
            if self._lost.intersection(node["depends_on"]["nodes"]):
                self._lost.add(node["unique_id"])  # the finding is of what it reads
                continue
            relation = self._model(name, node)
            if relation is None:
                self._lost.add(node["unique_id"])
                continue
            if node["fqn"][1] == "staging" and node["fqn"][2] != "base":
                declared += len(node["columns"])
                relation = self._as_declared(name, node, relation)
            self._relations[name] = relation
            self._know(name, relation)
        published = tuple(
            sorted(_name(node, node["alias"]) for node in self._models if node["database"] in self._publications)
        )
        followed = {_name(node, node["alias"]) for node in self._models if node["unique_id"] not in self._lost}
        relations = {name: self._relations[name] for name in sorted(followed & self._relations.keys())}
        for name in published:
            if name in relations:
                self._findings.extend(_leaks(name, relations[name]))
        for node in self._models:
            name = _name(node, node["alias"])
            if name in published and name in relations:
                told = differences(node["database"], node["columns"], relations[name])
                for column, difference in zip(relations[name].columns, told, strict=True):
                    if difference:
                        self._findings.append(Finding("FLW-06", name, column, difference))
        counts = len(self._models), declared
        return Lineage(self._landing, relations, published, *counts, self._windows, tuple(self._findings))

    def _source(self, node: Mapping[str, Any]) -> Relation:
        """The columns of a source with their declared classes; of landing, also where a row lay."""
        is_landing = node["source_name"] == "landing"
        columns = {}
        for column in node["columns"].values():
            identifier_class = _declared_class(column, f"source {node['source_name']}.{node['name']}")
            origin = f"{node['name']}.{column['name']}"
            if node["source_name"] in _FROM_OUTSIDE:
                self._landing[origin] = identifier_class
            identity = _meta(column).get("identifier", column["name"])
            flow = Flow(origin, identifier_class)
            columns[column["name"]] = Taint(frozenset({flow}), identity)
        if is_landing:
            for name, identifier_class in _POSITION.items():
                self._landing[f"{node['name']}.{name}"] = identifier_class
                columns[name] = Taint(frozenset({Flow(f"{node['name']}.{name}", identifier_class)}))
        return Relation(columns)

    def _read_treatments(self) -> treatments.Treatments:
        node = next((node for node in self._models if node["name"] == treatments.MODEL), None)
        if node is None:
            raise ConfigurationError("The model treatments (models/vault/treatments.sql) is missing. Restore it.")
        if not _compiled(node, self._compiled).exists():
            raise ConfigurationError("The compiled SQL of the models is missing. Run `bigtrust run --full-refresh`.")
        try:
            select = self._qualified(treatments.MODEL, node)
        except Unresolved as error:
            raise ConfigurationError(f"The model treatments cannot be read: {error}. Correct it.") from None
        if not isinstance(select, exp.Select):
            raise ConfigurationError("The model treatments is no plain select. Correct it.")
        meta = {column["name"]: _meta(column) for column in node["columns"].values()}
        return treatments.read(select, meta, frozenset(self._landing))

    def _model(self, name: str, node: Mapping[str, Any]) -> Relation | None:
        """The relation that a model makes; None, with a finding, if it cannot be followed."""
        # a model that reads itself, as the last build left it, declares its columns
        relation = Relation(dict.fromkeys(node["columns"], NULL))
        try:
            if node["columns"]:
                self._know(name, relation)
            query = self._qualified(name, node)
            if node["schema"] == "marts" and node["config"].get("materialized") == "view":
                self._look_at_windows(name, query)
            reads_itself = any(_full_name(table) == name for table in query.find_all(exp.Table))
            while True:
                known = {**self._relations, name: relation} if reads_itself else self._relations
                last, relation = relation, evaluate(query, known, self._treatments)
                if relation == last or not reads_itself:
                    return relation
        except Unresolved as error:
            self._findings.append(Finding("FLW-03", name, None, f"cannot be followed: {error} (model {node['name']})"))
            return None

    def _look_at_windows(self, name: str, query: exp.Expr) -> None:
        def has_window(table: exp.Table) -> bool:
            known = self._relations.get(_full_name(table))
            return known is not None and table.db == "protected" and ENDS in known.columns

        for table, hides_expired in windows.read(query, has_window, self._as_of):
            self._windows[name] = self._windows.get(name, 0) + 1
            if not hides_expired:
                reason = f"reads {_full_name(table)} without comparing its {ENDS} with today"
                self._findings.append(Finding("RET-05", name, None, reason))

    def _qualified(self, name: str, node: Mapping[str, Any]) -> exp.Expr:
        """The compiled query of a model, each column with its table, stars written out."""
        path = _compiled(node, self._compiled)
        try:
            queries = sqlglot.parse(path.read_text(encoding="utf-8"), dialect="duckdb")
            if len(queries) != 1 or queries[0] is None:
                raise Unresolved("it is not one query")
            for table in queries[0].find_all(exp.Table):
                if table.db and _full_name(table) not in self._relations and _full_name(table) != name:
                    raise Unresolved(f"the relation {_full_name(table)}")
            return qualify(queries[0], dialect="duckdb", schema=self._schema, quote_identifiers=False, identify=False)
        except OSError:
            raise Unresolved("its compiled SQL is missing") from None
        except SqlglotError as error:
            # sqlglot quotes the query around the place; a query may hold a constant
            raise Unresolved(f"its SQL is not understood ({type(error).__name__})") from None

    def _as_declared(self, name: str, node: Mapping[str, Any], relation: Relation) -> Relation:
        """A column of staging is what its YAML says, if that is at least what flows into it."""
        columns = {}
        for column, taint in relation.columns.items():
            declared = node["columns"].get(column)
            if declared is None:
                self._findings.append(Finding("FLW-04", name, column, "is not declared"))
                columns[column] = taint
                continue
            identifier_class = _declared_class(declared, f"model {node['name']}")
            worse = [flow for flow in taint.flows if _rank(flow.identifier_class) < _rank(identifier_class)]
            if worse:
                self._findings.append(
                    Finding("FLW-04", name, column, f"is declared {identifier_class}, but is {_described(worse)}")
                )
            stricter = (
                flow
                if _rank(flow.identifier_class) <= _rank(identifier_class)
                else Flow(flow.column, identifier_class, flow.treatments)
                for flow in taint.flows
            )
            columns[column] = Taint(frozenset(stricter), taint.identity, taint.fields)
        return Relation(columns, relation.rows)

    def _know(self, name: str, relation: Relation) -> None:
        database, schema, table = name.split(".")
        columns = dict.fromkeys(relation.columns, "unknown")
        self._schema.setdefault(database, {}).setdefault(schema, {})[table] = columns


def _models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"].get("materialized") != "ephemeral"
    ]


def _compiled(node: Mapping[str, Any], compiled: Path) -> Path:
    return compiled / str(node["package_name"]) / str(node["original_file_path"])


def _leaks(name: str, relation: Relation) -> Iterator[Finding]:
    for column, taint in [*relation.columns.items(), (None, relation.rows)]:
        forbidden = [flow for flow in taint.flows if flow.identifier_class in FORBIDDEN]
        if forbidden:
            yield Finding("FLW-01", name, column, f"derives from {_described(forbidden)}")
        untreated = [flow for flow in taint.flows if flow.identifier_class in UNTREATED]
        if untreated and column is not None:
            yield Finding("FLW-02", name, column, f"derives without a treatment from {_described(untreated)}")


def _described(flows: Collection[Flow]) -> str:
    names = sorted({f"{flow.column} ({flow.identifier_class.replace('_', ' ')})" for flow in flows})
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _declared_class(column: Mapping[str, Any], where: str) -> str:
    identifier_class = _meta(column).get("identifier_class")
    if identifier_class not in CLASSES:
        raise ConfigurationError(
            f"Column {column['name']} of {where} has no identifier class. Give it one of: {', '.join(CLASSES[1:])}."
        )
    return str(identifier_class)


def _rank(identifier_class: str) -> int:
    return CLASSES.index(identifier_class)


def _name(node: Mapping[str, Any], identifier: str) -> str:
    return f"{node['database']}.{node['schema']}.{identifier}"


def _full_name(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts)


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = node.get("config", {}).get("meta", {})
    return meta


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        return [name.strip().strip('"') for name in file.readline().rstrip("\n").split(",")]


def _in_order(models: Collection[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each model after those that it reads."""
    waiting = {node["unique_id"]: node for node in models}
    while waiting:
        ready = [
            node for node in waiting.values() if not any(other in waiting for other in node["depends_on"]["nodes"])
        ]
        for node in ready:
            del waiting[node["unique_id"]]
            yield node
